"""Words of time: what days they are, and which column they are held against."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.contracts import Catalogue, Column, ColumnKind, Table
from garret.features.data.translator.periods import periods
from garret.features.data.translator.translator import Translator
from garret.features.data.translator.words import tokens
from tests.features.data.translator.library import SCRIPT, TODAY, library, written

_SATURDAY = dt.date(2024, 6, 15)
_WORDS = (
    "last next this past previous the in since before after until between and to from ago more than 3 9999 "
    "days weeks month months year years quarter q1 2024 1000 2100 90s march may february 30 31 today"
).split()


def spans(text: str, today: dt.date = _SATURDAY) -> list[tuple[str, str]]:
    return [(str(each.period.start), str(each.period.end)) for each in periods(tokens(text), today)]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("yesterday", "2024-06-14", "2024-06-15"), ("today", "2024-06-15", "2024-06-16"),
        ("last week", "2024-06-03", "2024-06-10"), ("this week", "2024-06-10", "2024-06-17"),
        ("next week", "2024-06-17", "2024-06-24"), ("last month", "2024-05-01", "2024-06-01"),
        ("next month", "2024-07-01", "2024-08-01"), ("this quarter", "2024-04-01", "2024-07-01"),
        ("last quarter", "2024-01-01", "2024-04-01"), ("last year", "2023-01-01", "2024-01-01"),
        ("in the last year", "2023-06-16", "2024-06-16"), ("in the past month", "2024-05-16", "2024-06-16"),
        ("last 7 days", "2024-06-09", "2024-06-16"), ("the past two weeks", "2024-06-02", "2024-06-16"),
        ("last 3 months", "2024-03-16", "2024-06-16"), ("next 10 days", "2024-06-15", "2024-06-25"),
        ("3 days ago", "2024-06-12", "2024-06-13"), ("more than 3 months ago", "None", "2024-03-15"),
        ("less than a year ago", "2023-06-15", "2024-06-16"),
        ("in march", "2024-03-01", "2024-04-01"), ("in August", "2023-08-01", "2023-09-01"),
        ("March 2022", "2022-03-01", "2022-04-01"), ("March of last year", "2023-03-01", "2023-04-01"),
        ("on March 5, 2024", "2024-03-05", "2024-03-06"), ("5th of March", "None", "None"),
        ("on 5 March 2024", "2024-03-05", "2024-03-06"), ("February 29, 2023", "None", "None"),
        ("Q1 2024", "2024-01-01", "2024-04-01"), ("2023 Q4", "2023-10-01", "2024-01-01"),
        ("Q3", "2023-07-01", "2023-10-01"), ("the second quarter of 2022", "2022-04-01", "2022-07-01"),
        ("in the 90s", "1990-01-01", "2000-01-01"), ("the 1980s", "1980-01-01", "1990-01-01"),
        ("in the 10s", "2010-01-01", "2020-01-01"), ("the sixties", "1960-01-01", "1970-01-01"),
        ("since March", "2024-03-01", "None"), ("after March", "2024-04-01", "None"),
        ("before last month", "None", "2024-05-01"), ("until March 2024", "None", "2024-04-01"),
        ("until 2023", "None", "2024-01-01"), ("prior to yesterday", "None", "2024-06-14"),
        ("between March and May 2023", "2023-03-01", "2023-06-01"),
        ("from 2020 to 2022", "2020-01-01", "2023-01-01"),
        ("from 2024-01-05 through 2024-02-01", "2024-01-05", "2024-02-02"),
    ],
)  # fmt: skip
def test_words_of_time_are_half_open_ranges(text: str, start: str, end: str) -> None:
    expected = [] if start == end == "None" else [(start, end)]
    assert spans(f"loans {text}") == expected


@pytest.mark.parametrize(
    "text",
    ["who may borrow", "in 2024", "since 2010", "between 3 and 5", "the last three books",
     "march to the door", "each month", "the last year", "more than 3 days", "'last month'", "first quarter"],
)  # fmt: skip
def test_other_words_are_no_period(text: str) -> None:
    assert spans(text) == []


def test_the_last_day_of_a_month_moves_to_the_last_of_a_shorter_one() -> None:
    assert spans("more than 1 month ago", dt.date(2024, 3, 31)) == [("None", "2024-02-29")]
    assert spans("last month", dt.date(2024, 1, 31)) == [("2023-12-01", "2024-01-01")]


@given(
    st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join),
    st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)),
)
def test_a_period_never_ends_before_it_begins(text: str, today: dt.date) -> None:
    end = 0
    for each in periods(tokens(text), today):
        assert end <= each.start < each.end
        end = each.end
        if each.period.start is not None and each.period.end is not None:
            assert each.period.start < each.period.end


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("How many loans were made last month?", [(2,)]), ("How many loans in March 2023?", [(1,)]),
        ("How many loans in 2023?", [(2,)]), ("How many loans since March 2024?", [(2,)]),
        ("How many loans before last month?", [(3,)]), ("How many loans in March or May 2024?", [(2,)]),
        ("How many loans not in May 2024?", [(3,)]), ("How many loans after 2023?", [(3,)]),
        ("How many loans between July 2023 and January 2024?", [(2,)]),
        ("What are the titles of the books with loans in July 2023?", [("The Quiet Sea",)]),
        ("Which members have no loans this year?", [("Ada", "Brook"), ("Dov", "Field"), ("Edda", "Stone")]),
    ],
)  # fmt: skip
def test_the_rows_of_a_period_are_found(question: str, rows: list[tuple[object, ...]]) -> None:
    with duckdb.connect() as connection:
        connection.execute(SCRIPT)
        assert sorted(connection.execute(written(question)).fetchall()) == rows


def shop(*columns: tuple[str, ColumnKind]) -> Catalogue:
    identifier = Column(name="id", type="integer", kind="integer")
    made = (identifier, *(Column(name=name, type=kind, kind=kind) for name, kind in columns))
    return Catalogue(source="shop", dialect="duckdb", tables=(Table(name="orders", columns=made),))


def test_a_timestamp_is_held_against_the_whole_day() -> None:
    made = written("How many orders after 2024-03-05?", shop(("placed", "timestamp")))
    assert made.endswith("WHERE \"placed\" >= '2024-03-06'")


def test_several_columns_of_time_are_asked_back() -> None:
    dates = shop(("created_at", "timestamp"), ("shipped_at", "timestamp"))
    made = Translator(dates).translate("How many orders last month?", today=TODAY)
    assert (made.outcome, made.query) == ("unclear", "")
    assert [each.label for each in made.alternatives[:2]] == ["by created at", "by shipped at"]
    assert "\"shipped_at\" >= '2024-05-01'" in made.alternatives[1].query


def test_a_named_column_of_time_is_taken() -> None:
    dates = shop(("created_at", "timestamp"), ("shipped_at", "timestamp"))
    made = Translator(dates).translate("How many orders were shipped last month?", today=TODAY)
    assert "\"shipped_at\" >= '2024-05-01' AND \"shipped_at\" < '2024-06-01'" in written(
        "How many orders were shipped last month?", dates
    )
    assert all("created_at" not in each.query for each in made.alternatives)


def test_a_period_without_a_column_of_time_is_not_left_out_silently() -> None:
    made = Translator(shop(("total", "decimal"))).translate("How many orders last month?", today=TODAY)
    assert (made.outcome, made.alternatives) == ("abstained", ())
    assert "last month" in made.message


def test_a_table_that_was_not_spoken_of_gives_its_dates_only_to_choose() -> None:
    made = Translator(library()).translate("How many books last month?", today=TODAY)
    assert made.outcome == "unclear"
    assert "loan_date" in made.alternatives[0].query


def test_a_month_that_is_kept_as_text_is_a_value() -> None:
    month = Column(name="Month", type="VARCHAR", kind="text", samples=("May", "June"))
    hours = Catalogue(source="s", dialect="duckdb", tables=(Table(name="happy_hour", columns=(month,)),))
    assert written("How many happy hours in May?", hours).endswith("WHERE \"Month\" = 'May'")


def test_years_kept_as_numbers_are_compared_as_numbers() -> None:
    years = shop(("year", "integer"))
    assert written("How many orders last year?", years).endswith('WHERE "year" >= 2023 AND "year" < 2024')


def test_trino_is_given_dates_rather_than_texts() -> None:
    assert written("How many loans last month?", library("trino")).endswith(
        "WHERE \"loan_date\" >= DATE '2024-05-01' AND \"loan_date\" < DATE '2024-06-01'"
    )
