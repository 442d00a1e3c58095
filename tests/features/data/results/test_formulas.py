"""What a spreadsheet would run is told from what it would not, in Python and in the engine alike."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from garret.features.data.results.formulas import is_formula, neutral, neutral_sql


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\u00a0=1",
        "＝1",
        "-cmd",
        "-inf",
        "+",
        "-1,5",
        "|calc",
    ],
)
def test_a_formula(text: str) -> None:
    assert is_formula(text)
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["", "1=1", "-1", "+1.5", "-1e5", "a=b", "'=1", " 1", "é"])
def test_no_formula(text: str) -> None:
    assert not is_formula(text)
    assert neutral(text) == text


ENGINE = duckdb.connect()


@given(st.text(alphabet="=+-@\t\r\n| 1.eE'a\u00a0\ufeff＝＋", max_size=6))
@example("-1\n")
def test_the_engine_says_the_same(text: str) -> None:
    row = ENGINE.execute(f"SELECT {neutral_sql('t')} FROM (SELECT ?::VARCHAR AS t)", [text]).fetchone()
    assert row == (neutral(text),)
