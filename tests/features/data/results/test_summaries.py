"""Summaries of columns against what is counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.features.data.results.summaries import edges, facts, summary
from tests.features.data.results.tables import table


def test_numbers_have_extremes_a_mean_and_a_shape() -> None:
    with table("SELECT range AS v FROM range(100) UNION ALL SELECT NULL") as opened:
        found = summary(opened, "v")
    assert (found.rows, found.missing, found.distinct) == (101, 1, 100)
    assert (found.lowest, found.highest, found.mean) == ("0", "99", 49.5)
    assert found.bins[0] == ("0", 5)
    assert sum(count for _, count in found.bins) == 100


def test_few_values_are_counted_the_most_frequent_first() -> None:
    with table("SELECT unnest(['b', 'a', 'b', NULL, 'c']) AS v") as opened:
        found = summary(opened, "v")
    assert found.bins == (("b", 2), ("a", 1), ("c", 1))
    assert (found.lowest, found.highest, found.mean) == ("a", "c", None)


@pytest.mark.parametrize(
    ("values", "lowest", "highest"),
    [
        (
            "[12345678901234567890123456789012345.678::DECIMAL(38,3), 1]",
            "1.000",
            "12345678901234567890123456789012345.678",
        ),
        ("['inf'::DOUBLE, '-inf'::DOUBLE, 2]", "-inf", "inf"),
        ("[DATE '0044-03-15 (BC)', DATE '99999-12-31']", "0044-03-15 (BC)", "99999-12-31"),
        ("[true, false]", "false", "true"),
        ("[NULL::INT]", "", ""),
        ("['x'::BLOB]", "", ""),
        ("[[1], [2]]", "", ""),
    ],
)
def test_values_of_every_kind_are_summed_up(values: str, lowest: str, highest: str) -> None:
    with table(f"SELECT unnest({values}) AS v") as opened:
        found = summary(opened, "v")
    assert (found.lowest, found.highest) == (lowest, highest)


def test_a_column_that_is_not_there_is_refused() -> None:
    with table("SELECT 1 AS v") as opened, pytest.raises(UsageError, match="no column"):
        summary(opened, "w")


def test_facts_are_of_finite_values() -> None:
    with table("SELECT unnest('[1, 2, 2, nan, inf, NULL]'::DOUBLE[]) AS v, 'x' AS t, [1] AS l") as opened:
        number, text, nested = facts(opened)
    assert (number.lowest, number.highest, number.missing, number.distinct) == (1.0, 2.0, 1, 4)
    assert (text.lowest, text.distinct) == (None, 1)
    assert nested.distinct == 0


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_bins_begin_at_or_below_the_lowest_and_are_round(one: float, other: float) -> None:
    lowest, highest = sorted((one, other))
    start, width = edges(lowest, highest)
    assert width > 0
    assert start <= lowest
    if highest - lowest > 1e-300:
        assert (highest - start) / width <= 42
