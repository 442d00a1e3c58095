"""The rules of charts, as a table that can be read."""

from __future__ import annotations

import pytest

from garret.features.data.contracts import ColumnKind
from garret.features.data.results.charts import RULES, Fact, recommend, role


def fact(
    name: str,
    kind: ColumnKind,
    distinct: int,
    lowest: float | None = None,
    highest: float | None = None,
    missing: int = 0,
) -> Fact:
    return Fact(name=name, kind=kind, distinct=distinct, lowest=lowest, highest=highest, missing=missing)


REGION = fact("region", "text", 4)
CITY = fact("city", "text", 30)
PERSON = fact("person", "text", 500)
DAY = fact("day", "date", 100)
YEAR = fact("year", "integer", 10, 2010, 2019)
TOTAL = fact("total", "decimal", 4, 10, 90)
CHANGE = fact("change", "real", 400, -5, 5)
PRICE = fact("price", "real", 400, 1, 900)
WEIGHT = fact("weight", "real", 400, 1, 90)
ID = fact("customer_id", "integer", 500, 1, 500)
LAT = fact("lat", "real", 400, 47, 55)
LON = fact("lon", "real", 400, 6, 15)

TABLE = [
    # columns, rows, words of the question, the charts that fit, best first
    ([TOTAL], 1, (), ["figure"]),
    ([fact("region", "text", 1), TOTAL], 1, (), ["figure"]),
    ([REGION, TOTAL], 4, (), ["bar", "pie"]),
    ([REGION, TOTAL], 4, ("share",), ["pie", "bar"]),
    ([REGION, fact("total", "decimal", 4, -1, 90)], 4, ("share",), ["bar"]),
    ([REGION, fact("total", "decimal", 4, 0, 90)], 4, ("share",), ["bar"]),
    ([CITY, fact("total", "decimal", 30, 1, 90)], 30, ("share",), ["bar", "histogram"]),
    ([REGION, fact("weight", "real", 4, 1, 90)], 4, ("share",), ["bar"]),
    ([REGION, TOTAL], 40, (), ["bar"]),
    ([DAY, PRICE], 100, (), ["line", "area", "histogram"]),
    ([DAY, CHANGE], 100, (), ["line", "histogram"]),
    ([YEAR, TOTAL], 10, (), ["line", "bar", "area"]),
    ([YEAR, TOTAL], 10, ("compare",), ["bar", "line", "area"]),
    ([DAY, REGION, PRICE], 400, (), ["line", "bar", "area", "histogram"]),
    ([CITY, REGION, TOTAL], 100, (), ["stacked", "bar", "heatmap"]),
    ([CITY, REGION], 100, (), ["heatmap", "bar"]),
    ([PRICE, WEIGHT], 400, (), ["scatter", "histogram"]),
    ([PERSON, PRICE, WEIGHT], 500, (), ["scatter", "histogram", "bar"]),
    ([PRICE], 400, (), ["histogram"]),
    ([PRICE, WEIGHT], 400, ("distribution",), ["histogram", "scatter"]),
    ([LAT, LON], 400, (), ["points"]),
    ([CITY, LAT, LON, PRICE], 400, ("map",), ["points", "bar", "histogram"]),
    ([REGION], 400, (), ["bar"]),
    ([ID], 500, (), []),
    ([fact("note", "json", 0)], 50, (), []),
    ([PRICE], 0, (), []),
]


@pytest.mark.parametrize(("columns", "rows", "hints", "kinds"), TABLE)
def test_which_charts_fit(columns: list[Fact], rows: int, hints: tuple[str, ...], kinds: list[str]) -> None:
    assert [choice.kind for choice in recommend(columns, rows, hints)] == kinds


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (DAY, "time"),
        (YEAR, "time"),
        (fact("year", "integer", 3, 1, 3), "number"),
        (ID, "label"),
        (fact("zip", "integer", 3, 1, 3), "label"),
        (fact("number_of_orders", "integer", 3, 1, 3), "number"),
        (LAT, "latitude"),
        (fact("lat", "real", 3, -100, 3), "number"),
        (fact("flat", "real", 3, 1, 3), "number"),
        (fact("price", "real", 0), "none"),
        (fact("photo", "binary", 0), "none"),
    ],
)
def test_the_role_of_a_column(column: Fact, expected: str) -> None:
    assert role(column) == expected


def test_every_choice_names_columns_that_are_there_and_says_why() -> None:
    for columns, rows, hints, _ in TABLE:
        names = {column.name for column in columns} | {""}
        for choice in recommend(columns, rows, hints):
            assert {choice.x, choice.y, choice.colour} <= names
            assert choice.why.endswith(".")


def test_rows_of_one_label_are_added_up_and_that_is_said() -> None:
    (bar,) = recommend([REGION, TOTAL], 40)
    assert bar.gather == "sum"
    assert "added up" in bar.why


def test_every_rule_is_met_by_the_table() -> None:
    met = {kind for *_, kinds in TABLE for kind in kinds}
    assert met == {
        "figure",
        "points",
        "line",
        "stacked",
        "bar",
        "scatter",
        "heatmap",
        "pie",
        "area",
        "histogram",
    }
    assert len(RULES) >= len(met)
