"""Follow-ups: a few words that refine the last draft, run in DuckDB."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from garret.features.data.contracts import Translation
from garret.features.data.translator.translator import Translator
from tests.features.data.translator.library import SCRIPT, TODAY, library, written

TRANSLATOR = Translator(library())


def refined(first: str, *words: str) -> list[tuple[Any, ...]]:
    draft = Translation(outcome="query", query=written(first), reading="The last one.", confidence=0.9)
    for said in words:
        draft = TRANSLATOR.translate(said, today=TODAY, previous=draft)
        assert draft.outcome == "query"
        assert draft.reading.startswith("The last one, ")
    with duckdb.connect() as connection:
        connection.execute(SCRIPT)
        return connection.execute(draft.query).fetchall()


def test_only_a_year_keeps_the_rows_of_that_year() -> None:
    assert refined("How many loans are there?", "only 2024") == [(3,)]


def test_only_a_value_keeps_the_rows_that_have_it() -> None:
    assert refined("How many books are there?", "only Novel") == [(2,)]


def test_the_top_of_a_count_comes_in_its_order() -> None:
    assert refined("How many books are there for each genre?", "and the top one") == [("Novel", 2)]


def test_a_share_adds_up_to_a_hundred() -> None:
    rows = refined("How many books are there for each genre?", "as a share")
    assert dict(rows) == {"Novel": 50.0, "Nature": 25.0, "Cooking": 25.0}


def test_by_month_groups_by_year_and_month_in_order() -> None:
    rows = refined("How many loans are there?", "by month instead")
    assert rows == [(2023, 3, 1), (2023, 7, 1), (2024, 1, 1), (2024, 5, 2)]


def test_follow_ups_build_on_one_another() -> None:
    assert refined("How many loans are there?", "by year", "only 2023") == [(2023, 2)]


@pytest.mark.parametrize("words", ["only Atlantis", "by month instead", "as a share", "the top many"])
def test_words_that_do_not_fit_the_last_query_change_nothing_of_it(words: str) -> None:
    draft = Translation(outcome="query", query=written("What are the titles of all books?"), reading="x.")
    made = TRANSLATOR.translate(words, today=TODAY, previous=draft)
    assert not made.reading.startswith("x,")
