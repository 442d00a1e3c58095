"""Figures that a person named, and what was written about tables and columns, as questions use them."""

from __future__ import annotations

import duckdb
import msgspec
import pytest

from garret.features.data.contracts import Catalogue, Column, Measure, Table
from garret.features.data.translator.translator import Translator
from tests.features.data.translator.library import SCRIPT, TODAY, library, written

_MEASURES = (
    Measure(name="income", table="loan", expression="sum(FINE) * 2", synonyms=("takings",)),
    Measure(name="price per page", table="book", expression="price / pages"),
    Measure(name="head count", table="member", expression="count(*)"),
)


def measured(*measures: Measure) -> Catalogue:
    return msgspec.structs.replace(library(), measures=measures or _MEASURES)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("What is the income?", [(8.0,)]), ("What is the total income in 2024?", [(5.0,)]),
        ("What are the takings last month?", [(5.0,)]),
        ("income per genre", [("Nature", 0.0), ("Novel", 8.0)]),
        ("takings by title", [("Rivers", 0.0), ("The Quiet Sea", 4.0), ("Winter Roads", 4.0)]),
        ("Which genre has the highest income?", [("Novel",)]),
        ("Which members have an income above 4?", [("Cleo", "Marsh")]),
        ("income for each genre sorted by income in descending order", [("Nature", 0.0), ("Novel", 8.0)]),
        ("What is the head count?", [(5,)]), ("head count by city", [("Bern", 3), ("Kiel", 2)]),
        ("Which book has the highest price per page?", [("Bread",)]),
        ("What is the average price per page of Novel books?", [(pytest.approx(0.0458, abs=1e-3),)]),
    ],
)  # fmt: skip
def test_a_measure_is_asked_for_like_a_column(question: str, rows: list[tuple[object, ...]]) -> None:
    with duckdb.connect() as connection:
        connection.execute(SCRIPT)
        assert sorted(connection.execute(written(question, measured())).fetchall()) == rows


@pytest.mark.parametrize("question", ["average income", "head count for each genre"])
def test_what_a_measure_cannot_say_is_not_said(question: str) -> None:
    assert written(question, measured()) == ""


@pytest.mark.parametrize(
    "expression",
    ["(SELECT 1)", "sum(nothing)", "1; DROP TABLE loan", "sum(", "", "sum(fine) OVER ()", "book.price"],
)
def test_an_expression_beyond_its_table_is_never_written(expression: str) -> None:
    odd = measured(Measure(name="windfall", table="loan", expression=expression))
    made = Translator(odd).translate("What is the windfall?", today=TODAY)
    assert made.query == ""


def test_a_sure_measure_is_answered_and_read_by_its_name() -> None:
    made = Translator(measured()).translate("What is the total income in 2024?", today=TODAY)
    assert made.outcome == "query"
    assert made.reading == "Income of loan where loan date is from 2024-01-01 up to but not 2025-01-01."


def test_what_was_written_about_a_table_is_a_name_of_it() -> None:
    columns = (
        Column(name="id", type="INTEGER", kind="integer"),
        Column(name="v1", type="DOUBLE", kind="real", comment="Net weight"),
    )
    noted = Catalogue(
        source="s",
        dialect="duckdb",
        tables=(
            Table(name="t_17", columns=columns, comment="Parcels"),
            Table(
                name="t_18", columns=columns[:1], description="What couriers carried by bicycle, and when."
            ),
        ),
    )
    assert written("How many parcels are there?", noted) == 'SELECT COUNT(*) AS "count" FROM "t_17"'
    assert (
        written("What is the average net weight of parcels?", noted)
        == 'SELECT AVG("v1") AS "average_v1" FROM "t_17"'
    )
    assert written("How many couriers are there?", noted) == 'SELECT COUNT(*) AS "count" FROM "t_18"'
