"""Charts hold the rows they are of, and a specification that can do nothing but draw."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from garret.base.errors import UsageError
from garret.features.data.contracts import ChartSpec
from garret.features.data.results.chart_svg import svg
from garret.features.data.results.drawing import MOST_POINTS, chart_of, charts_of, check_spec
from tests.features.data.results.tables import table

EVIL = "a.b[0]'\"<script>"
QUERIES = {
    "figure": "SELECT 12.50::DECIMAL(9,2) AS total_eur",
    "bar": "SELECT 'r' || range AS region, range + 1 AS total FROM range(4)",
    "pie": "SELECT 'r' || range AS region, range + 1 AS total FROM range(4)",
    "line": "SELECT DATE '2024-01-01' + range::INT AS day, range - 5.5 AS change FROM range(30)",
    "area": "SELECT TIMESTAMP '2024-01-01' + to_hours(range) AS hour, range AS v, range % 2 = 0 AS odd"
    " FROM range(30)",
    "stacked": "SELECT 'c' || range % 9 AS city, 'r' || range % 3 AS region, range AS total FROM range(40)",
    "heatmap": "SELECT 'c' || range % 9 AS city, 'r' || range % 4 AS region FROM range(40)",
    "scatter": "SELECT range * 1.5 AS price, range ** 2 AS weight FROM range(50)",
    "histogram": "SELECT range % 37 + 0.25 AS price FROM range(500)",
    "points": "SELECT 47 + range / 10 AS lat, 6 + range / 9 AS lon, 'k' || range % 3 AS kind FROM range(60)",
}


@pytest.mark.parametrize("kind", QUERIES)
def test_each_kind_is_drawn(kind: Any) -> None:
    with table(QUERIES[kind]) as opened:
        chart = chart_of(opened, kind)
    check_spec(chart.spec)
    json.dumps([chart.spec, chart.data], allow_nan=False)
    fields = {channel["field"] for channel in chart.spec["encoding"].values()}
    assert all(fields <= set(row) for row in chart.data)
    assert chart.sampled is None
    picture = ET.fromstring(svg(chart))
    marks = [part for part in picture.iter() if part.tag.rpartition("}")[2] in MARKS[kind]]
    assert len(marks) >= 1
    assert svg(chart) == svg(chart)


MARKS = {
    "figure": {"text"}, "bar": {"rect"}, "pie": {"path"}, "line": {"polyline"}, "area": {"polygon"},
    "stacked": {"rect"}, "heatmap": {"rect"}, "scatter": {"circle"}, "histogram": {"rect"},
    "points": {"circle"},
}  # fmt: skip


def drawn(query: str, kind: Any) -> ChartSpec:
    with table(query) as opened:
        return chart_of(opened, kind)


def test_bars_are_the_sums_highest_first() -> None:
    chart = drawn("SELECT unnest(['a', 'b', 'a', NULL]) AS k, unnest([1, 5, 2, 4]) AS v", "bar")
    assert chart.data == ({"x": "b", "y": 5.0}, {"x": "(missing)", "y": 4.0}, {"x": "a", "y": 3.0})


def test_bars_beyond_what_can_be_read_are_left_out_and_that_is_said() -> None:
    chart = drawn("SELECT 'k' || range AS k, range AS v FROM range(100)", "bar")
    assert (len(chart.data), chart.sampled) == (40, 100)
    assert chart.data[0] == {"x": "k99", "y": 99.0}


@pytest.mark.parametrize("kind", ["scatter", "line"])
def test_beyond_ten_thousand_points_a_sample_is_drawn_and_that_is_said(kind: Any) -> None:
    query = (
        "SELECT TIMESTAMP '2024-01-01' + to_seconds(range) AS t, range AS a, range * 2 AS b FROM range(30001)"
    )
    chart = drawn(query if kind == "line" else f"SELECT a, b FROM ({query})", kind)
    assert chart.sampled == 30_001
    assert 7_000 < len(chart.data) <= MOST_POINTS
    if kind == "line":
        xs = [row["x"] for row in chart.data]
        assert xs == sorted(xs)
        assert xs[0] == "2024-01-01T00:00:00Z"


def test_bins_hold_every_value_once() -> None:
    chart = drawn(
        "SELECT (range % 1000) / 7 AS v FROM range(5000) UNION ALL SELECT 'nan'::DOUBLE", "histogram"
    )
    assert sum(row["y"] for row in chart.data) == 5000
    assert all(row["x"] < row["x2"] for row in chart.data)
    assert 10 <= len(chart.data) <= 30


def test_times_that_javascript_cannot_read_are_left_out() -> None:
    days = "DATE '0044-03-15 (BC)', DATE '2024-01-01', DATE '99999-01-01', 'infinity'::DATE"
    query = f"SELECT unnest([{days}]) AS d"
    chart = drawn(f"SELECT d, row_number() OVER () AS v FROM ({query})", "line")
    assert chart.data == ({"x": "2024-01-01T00:00:00Z", "y": 2.0},)


def test_names_and_values_are_never_fields_or_markup() -> None:
    quoted = EVIL.replace('"', '""')
    with table(
        f'SELECT \'</text><script>\' || range AS "{quoted}", range + 1 AS "n.{quoted}" FROM range(5)'
    ) as opened:
        for chart in charts_of(opened, title=EVIL):
            used = json.dumps(chart.spec)
            assert all(
                channel["field"] in {"x", "x2", "y", "colour"} for channel in chart.spec["encoding"].values()
            )
            assert (
                EVIL
                in json.loads(used)["encoding"]["y"]["title"] + json.loads(used)["encoding"]["x"]["title"]
            )
            assert "<script" not in svg(chart)
            ET.fromstring(svg(chart))


def test_hints_bring_a_chart_to_the_front_and_alternatives_follow() -> None:
    with table(QUERIES["pie"]) as opened:
        assert [chart.kind for chart in charts_of(opened, ("share",))] == ["pie", "bar"]
        assert [chart.kind for chart in charts_of(opened, ("share",), most=1)] == ["pie"]


def test_a_chart_that_does_not_fit_is_refused_with_those_that_do() -> None:
    with table(QUERIES["bar"]) as opened, pytest.raises(UsageError, match="These do: bar, pie"):
        chart_of(opened, "points")


@pytest.mark.parametrize(
    "spec",
    [
        {"data": {"url": "x"}},
        {"mark": {"type": "bar", "href": "x"}},
        {"encoding": {"x": {"field": "x", "condition": {"test": "1"}}}},
        {"transform": [{"calculate": "1"}]},
        {"params": []},
        {"encoding": {"x": {"scale": {"domain": {"signal": "x"}}}}},
        {"mark": object()},
    ],
)
def test_a_specification_that_could_do_more_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="chart may"):
        check_spec(spec)


def test_odd_numbers_are_drawn_all_the_same() -> None:
    for values in ("[1e308, -1e308, 5, 6, 7, 8]", "[5e-324, 0, 1, 2, 3, 4]", "[7, 7, 7, 7, 7.5, 8]"):
        with table(f"SELECT unnest({values}::DOUBLE[]) AS a, unnest([1, 2, 3, 4, 5, 6]) AS b") as opened:
            for chart in charts_of(opened):
                assert "nan" not in svg(chart)
                assert "inf" not in svg(chart)
