"""Values become Arrow's, or text with a note; never another value."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.sources.fitting import TextFit, array_of

decimals = st.decimals(allow_nan=True, allow_infinity=True, places=3) | st.decimals(allow_nan=False)
texts = st.none() | decimals.map(str) | st.text(max_size=8)


def strings(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


@given(st.lists(texts, max_size=20))
def test_no_decimal_changes(values: list[str | None]) -> None:
    fit = TextFit("n", None, "a decimal number")
    fitted = fit.first(strings(*values)).to_pylist()
    if fit.type == pa.string():
        assert fitted == values
    else:
        assert fitted == [None if value is None else Decimal(value) for value in values]


@given(st.lists(texts, max_size=10), st.lists(texts, max_size=10))
def test_later_values_are_kept_or_told(first: list[str | None], later: list[str | None]) -> None:
    fit = TextFit("n", None, "a decimal number")
    fit.first(strings(*first))
    fitted = fit.later(strings(*later))
    assert fitted.type == fit.type
    if fit.type == pa.string():
        assert fitted.to_pylist() == later
        return
    changed = 0
    for value, got in zip(later, fitted.to_pylist(), strict=True):
        try:
            same = (value is None) == (got is None) and (value is None or Decimal(value) == got)
        except ArithmeticError:
            same = False
        changed += not same
    assert bool(changed) == bool(fit.notes())


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        (pa.date32(), "2024-02-29", "0000-00-00"),
        (pa.time64("us"), "23:59:59.5", "-01:00:00"),
        (pa.timestamp("us"), "2024-02-29 10:11:12.5", "0000-00-00 00:00:00"),
        (pa.int64(), "9223372036854775807", "9223372036854775808"),
        (pa.decimal128(4, 2), "12.34", "123.45"),
    ],
)
def test_types(wanted: pa.DataType, good: str, bad: str) -> None:
    fit = TextFit("x", wanted, "such a value")
    assert fit.first(strings(good, None)).type == wanted
    assert fit.later(strings(good, bad, None)).null_count == 2
    assert f"“{bad}”" in fit.notes()[0]
    fit = TextFit("x", wanted, "such a value")
    assert fit.first(strings(good, bad)).to_pylist() == [good, bad]
    assert (fit.type, fit.kind) == (pa.string(), "text")
    assert f"“{bad}”" in fit.notes()[0]
    assert fit.later(strings("anything")).to_pylist() == ["anything"]


def test_lone_surrogates_are_shown() -> None:
    assert array_of(["a\ud800"], pa.string()).to_pylist() == ["a\\ud800"]
