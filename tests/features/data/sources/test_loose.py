"""Columns that the first values decide."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.sources.loose import EXACT, LooseColumn, Vocabulary

WORDS = {bool: "flag", int: "whole", float: "fraction", str: "text", list: "list"}
VOCABULARY = Vocabulary(
    lambda value: WORDS[type(value)],
    {
        "flag": ("boolean", pa.bool_()),
        "whole": ("integer", pa.int64()),
        "wide": ("integer", pa.int64()),
        "fraction": ("real", pa.float64()),
        "list": ("array", pa.string()),
    },
    lambda value: value,
    lambda value: value if isinstance(value, str) else json.dumps(value),
    ("whole", "wide"),
    "fraction",
)


def column_of(*values: Any) -> LooseColumn:
    return LooseColumn("a", {VOCABULARY.word_in_column(value) for value in values}, VOCABULARY)


@pytest.mark.parametrize(
    ("values", "word", "kind"),
    [
        ([], "null", "text"),
        ([True], "flag", "boolean"),
        ([1], "whole", "integer"),
        ([1, EXACT + 1], "wide", "integer"),
        ([1, 0.5], "fraction", "real"),
        ([EXACT + 1, 0.5], "mixed", "text"),
        (["a"], "text", "text"),
        ([[1]], "list", "array"),
        ([True, 1], "mixed", "text"),
    ],
)
def test_what_the_first_values_decide(values: list[Any], word: str, kind: str) -> None:
    column = column_of(*values)
    assert (column.word, column.kind) == (word, kind)
    assert column.array([None, *values]).null_count == 1
    assert column.misfit == ""


def test_a_later_value_that_does_not_fit_is_left_out_and_told_once() -> None:
    column = column_of(1)
    assert column.array([2, "x" * 100, None, "y"]).to_pylist() == [2, None, None, None]
    assert column.misfit == (f"Later values of `a` that are no whole are left out; one is “{'x' * 60}”.")


def test_a_later_whole_number_fits_however_large_and_among_fractions_where_it_is_exact() -> None:
    assert column_of(1).array([2**62]).to_pylist() == [2**62]
    assert column_of(0.5).array([3, EXACT + 1]).to_pylist() == [3.0, None]


@given(
    st.lists(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()
    )
)
def test_no_value_becomes_another(values: list[Any]) -> None:
    column = column_of(*(value for value in values if value is not None))
    shown = column.array(values).to_pylist()
    for value, got in zip(values, shown, strict=True):
        if column.word == "mixed" and value is not None:
            assert got == VOCABULARY.text_of(value).encode("utf-8", "backslashreplace").decode()
        else:
            assert got == value or value is None
