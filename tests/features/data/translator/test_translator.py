"""The translator as a whole: what it answers, asks back and leaves alone, whatever it is asked."""

from __future__ import annotations

import re
import sqlite3

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from garret.features.data.contracts import Catalogue, Column, Table
from garret.features.data.translator.refusal import LONGEST
from garret.features.data.translator.translator import Translator
from tests.features.data.translator.library import SCRIPT, TODAY, library, written

TRANSLATOR = Translator(library())
_WORDS = (
    "how many what is are the of all books members loans branches title titles price pages genre "
    "Novel Kiel city age "
    "names first last for each more than less 3 200 2024 and or not without most highest average "
    "total different with "
    "who whose in order by descending between 'x' \" ; -- top never sorted both"
).split()


def queries(question: str) -> list[str]:
    made = TRANSLATOR.translate(question, today=TODAY)
    return [query for query in (made.query, *(each.query for each in made.alternatives)) if query]


def test_a_plain_question_is_answered_with_its_reading() -> None:
    made = TRANSLATOR.translate("How many books are there?", today=TODAY)
    assert made.outcome == "query"
    assert made.query == 'SELECT COUNT(*) AS "count" FROM "book"'
    assert made.reading == "The number of rows of book."
    assert made.by == "grammar"
    assert 0.5 < made.confidence <= 1.0


@pytest.mark.parametrize(
    "question",
    [
        "", "   ", "???", "x" * (LONGEST + 1), "delete all books", "please drop the table member",
        "Update the price of Rivers to 3", "insert a new member named Finn", "show books; drop table book",
        "Wie viele Bücher haben wir und welche sind die teuersten?", "показать все книги", "有多少本书",
        "what is the meaning of life", "tell me a joke",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_here_gets_words_and_no_query(question: str) -> None:
    made = TRANSLATOR.translate(question, today=TODAY)
    assert made.outcome == "abstained"
    assert made.query == ""
    assert made.message.endswith(".")


def test_a_doubtful_question_is_asked_back_with_readings_to_choose_from() -> None:
    made = TRANSLATOR.translate("members books price stuff whatever things", today=TODAY)
    assert made.outcome in ("unclear", "abstained")
    assert made.query == ""
    assert made.message


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(_WORDS), max_size=18).map(" ".join)))
def test_any_text_gives_queries_that_read_catalogued_tables_alone(question: str) -> None:
    tables = {"book", "member", "loan", "branch"}
    for query in queries(question):
        (tree,) = sqlglot.parse(query, read="duckdb")
        assert isinstance(tree, exp.Select | exp.SetOperation)
        assert {table.name for table in tree.find_all(exp.Table)} <= tables


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), min_size=3, max_size=14).map(" ".join))
def test_the_same_question_is_read_the_same_way_every_time(question: str) -> None:
    again = Translator(library()).translate(question, today=TODAY)
    assert again == TRANSLATOR.translate(question, today=TODAY)


@pytest.mark.parametrize(
    "question",
    ["How many books are there?", "List the titles of all books", "What is the average price of books?"],
)
def test_duckdb_and_sqlite_give_the_same_rows(question: str) -> None:
    with duckdb.connect() as duck:
        duck.execute(SCRIPT)
        lite = sqlite3.connect(":memory:")
        lite.executescript(SCRIPT)
        found = lite.execute(written(question, library("sqlite"))).fetchall()
        assert found
        assert found == duck.execute(written(question)).fetchall()
        lite.close()


def test_mysql_names_stand_between_its_own_marks() -> None:
    made = Translator(library("mysql")).translate("How many books are there?", today=TODAY)
    assert made.query == "SELECT COUNT(*) AS `count` FROM `book`"


def test_a_source_that_is_not_asked_in_sql_is_left_to_its_own_language() -> None:
    assert (
        Translator(library("cypher")).translate("How many books are there?", today=TODAY).outcome
        == "abstained"
    )


def test_an_empty_catalogue_answers_nothing() -> None:
    empty = Translator(Catalogue(source="none", dialect="duckdb"))
    assert empty.translate("How many books are there?", today=TODAY).outcome == "abstained"


def test_names_with_quotes_and_spaces_are_written_as_names() -> None:
    odd = Table(name='my "odd" table', columns=(Column(name="a b", type="INTEGER", kind="integer"),))
    made = Translator(Catalogue(source="odd", dialect="duckdb", tables=(odd,)))
    answer = made.translate("How many odd table are there?", today=TODAY)
    for query in (answer.query, *(each.query for each in answer.alternatives)):
        assert not query or re.search(r'FROM "my ""odd"" table"', query)


def test_words_of_a_person_for_a_column_are_known() -> None:
    column = Column(name="c17", type="DOUBLE", kind="real", synonyms=("turnover",))
    table = Table(name="shop", columns=(Column(name="id", type="INTEGER", kind="integer"), column))
    made = Translator(Catalogue(source="shop", dialect="duckdb", tables=(table,)))
    answer = made.translate("What is the average turnover of shops?", today=TODAY)
    assert 'AVG("c17")' in "".join([answer.query, *(each.query for each in answer.alternatives)])
