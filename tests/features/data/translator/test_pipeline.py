"""Questions of MongoDB: one collection by a pipeline, let through by the guard, with the rows of SQL."""

from __future__ import annotations

import datetime as dt
import importlib
import json
from typing import Any

import duckdb
import pytest

from garret.features.data.contracts import Catalogue, Column, Limits, Table
from garret.features.data.translator.emit import NoPathError
from garret.features.data.translator.grammar import parse
from garret.features.data.translator.index import Index
from garret.features.data.translator.paths import Paths
from garret.features.data.translator.pipeline import write_pipeline
from garret.features.data.translator.translator import Translator
from tests.features.data.translator.library import SCRIPT, TODAY, library, written

LIBRARY = library("mongo", keys=False)
QUESTIONS = (
    "How many loans are there?",
    "List the titles of all books",
    "titles of books in alphabetical order",
    "What is the average price of Novel books?",
    "What is the highest fine?",
    "How many books are there for each genre?",
    "Which genre has the most books?",
    "genres with at least 2 books",
    "How many different genres are there?",
    "What are the different genres of books?",
    "titles of books with more than 200 pages sorted by price in descending order",
    "the 2 most expensive books",
    "youngest member",
    "How many loans last month?",
    "loans not in May 2024",
    "total fine of loans in 2024",
    "average price and total pages of each genre with average price above 10",
    "names of members older than 30 or younger than 20",
    'titles of books containing "Sea"',
    'members whose first name starts with "A"',
    "titles of books that are not Novel",
    "total fine by year",
    "loans over 1",
    "last 2 loans",
)


def pipeline(question: str, catalogue: Catalogue = LIBRARY) -> dict[str, Any]:
    index = Index(catalogue)
    query = parse(question, index, Paths(index.edges), TODAY).query
    assert query is not None
    found: dict[str, Any] = json.loads(write_pipeline(query))
    return found


def test_a_count_is_a_stage_of_its_own() -> None:
    made = Translator(LIBRARY).translate("How many loans last month?", today=TODAY)
    assert made.outcome == "query"
    assert json.loads(made.query) == {
        "collection": "loan",
        "pipeline": [
            {
                "$match": {
                    "loan_date": {
                        "$gte": {"$date": "2024-05-01T00:00:00Z"},
                        "$lt": {"$date": "2024-06-01T00:00:00Z"},
                    }
                }
            },
            {"$count": "count"},
        ],
    }


def test_groups_are_held_to_conditions_ordered_and_shown_by_name() -> None:
    made = pipeline("genres with at least 2 books")
    assert made["pipeline"] == [
        {"$group": {"_id": {"k0": "$genre"}, "v0": {"$sum": 1}}},
        {"$match": {"v0": {"$gte": 2}}},
        {"$project": {"_id": 0, "genre": "$_id.k0"}},
    ]


def test_fields_within_documents_are_read_by_their_path() -> None:
    columns = (
        Column(name="_id", type="objectId", kind="other"),
        Column(name="address.city", type="string", kind="text", samples=("Kiel", "Bern")),
    )
    people = Table(name="people", kind="collection", columns=columns, primary_key=("_id",))
    made = pipeline(
        "How many people for each city?", Catalogue(source="s", dialect="mongo", tables=(people,))
    )
    group, show = made["pipeline"]
    assert group["$group"]["_id"] == {"k0": "$address.city"}
    assert show["$project"] == {"_id": 0, "address_city": "$_id.k0", "count": "$v0"}


def test_what_needs_several_collections_is_left_alone_and_said_so() -> None:
    made = Translator(LIBRARY).translate("How many members live in Kiel?", today=TODAY)
    assert (made.outcome, made.query, made.alternatives) == ("abstained", "", ())
    assert "member, branch" in made.message


def test_a_query_within_another_has_no_pipeline() -> None:
    with pytest.raises(NoPathError):
        pipeline("books with price above the average")


def test_a_text_that_looks_like_an_operator_stays_a_text() -> None:
    made = pipeline('titles of books with genre "$where.*"')
    assert made["pipeline"][0] == {"$match": {"genre": {"$regex": r"^\$where\.\*$", "$options": "i"}}}


UNITS = {
    "loans per month": [("2023-03", 1), ("2023-07", 1), ("2024-01", 1), ("2024-05", 2)],
    "number of loans per quarter": [("2023-Q1", 1), ("2023-Q3", 1), ("2024-Q1", 1), ("2024-Q2", 2)],
}
"""Texts of a unit of time, which SQL gives as the first day."""


@pytest.mark.parametrize("question", [*QUESTIONS, *UNITS])
def test_the_guard_lets_every_pipeline_through(question: str) -> None:
    guard = importlib.import_module("garret.features.data.guard")
    if not hasattr(guard, "check"):
        pytest.skip("the guard is not here")
    checked = guard.check(json.dumps(pipeline(question)), LIBRARY, Limits())
    assert checked.tables == (pipeline(question)["collection"],)


def test_a_server_gives_the_rows_that_sql_gives() -> None:
    pymongo = pytest.importorskip("pymongo")
    json_util = pytest.importorskip("bson.json_util")
    engines = pytest.importorskip("tests.features.data.sources.engines", reason="no server of MongoDB's kind")
    with (
        engines.mongo() as port,
        duckdb.connect() as connection,
        pymongo.MongoClient("127.0.0.1", port, directConnection=True) as client,
    ):
        connection.execute(SCRIPT)
        for table in LIBRARY.tables:
            rows = connection.execute(f'SELECT * FROM "{table.name}"').fetchall()
            names = [column.name for column in table.columns]
            client.library[table.name].insert_many(
                [dict(zip(names, map(_stored, row), strict=True)) for row in rows]
            )
        for question in QUESTIONS:
            query = json_util.loads(json.dumps(pipeline(question)))
            found = client.library[query["collection"]].aggregate(query["pipeline"])
            expected = connection.execute(written(question, library(keys=False))).fetchall()
            rows = [tuple(_given(value) for name, value in row.items() if name != "_id") for row in found]
            assert sorted(map(repr, rows)) == sorted(map(repr, expected))
        for question, months in UNITS.items():
            query = json_util.loads(json.dumps(pipeline(question)))
            found = client.library[query["collection"]].aggregate(query["pipeline"])
            assert [tuple(row.values()) for row in found] == months


def _given(value: object) -> object:
    return value.date() if isinstance(value, dt.datetime) else value


def _stored(value: object) -> object:
    return dt.datetime.combine(value, dt.time(), dt.UTC) if isinstance(value, dt.date) else value
