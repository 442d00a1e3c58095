"""Values that Arrow cannot hold become text, with a note; never an exception, never another value.

A `Fit` is how one column of a driver becomes an Arrow column. The first batch decides its type: what does
not fit there makes the column text. A later value that does not fit a type that was announced is left out,
and the notes say how many and show one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute

from garret.features.data.contracts import ColumnKind

# Its functions are made as it is loaded, so that no type checker knows them.
pc: Final[Any] = pyarrow.compute

DIGITS: Final = 38
"""Of a decimal: what Arrow's decimal128 and DuckDB hold."""
SHOWN: Final = 60
"""Characters of a value that a note shows."""
_WIDE: Final = Context(prec=2_000)


class Fit:
    """Columns that Arrow holds as the driver gives them."""

    kind: ColumnKind | None = None
    """What the values turned out to be, where that is not what was announced."""

    def __init__(self, name: str, type_: pa.DataType) -> None:
        self.name = name
        self.type = type_

    def first(self, column: pa.Array) -> pa.Array:
        self.type = column.type
        return column

    def later(self, column: pa.Array) -> pa.Array:
        return column

    def notes(self) -> Sequence[str]:
        return ()


class TextFit(Fit):
    """Texts that stand for values of `wanted`: `None` is a decimal of whatever digits the first batch has."""

    def __init__(self, name: str, wanted: pa.DataType | None, what: str) -> None:
        super().__init__(name, pa.string() if wanted is None else wanted)
        self._wanted = wanted
        self._what = what
        self._is_text = False
        self._left_out = 0
        self._rounded = 0
        self._example = ""

    def first(self, column: pa.Array) -> pa.Array:
        wanted = self._wanted or _decimal_of(column)
        if wanted is not None:
            try:
                fitted = cast_text(column, wanted)
            except pa.ArrowInvalid:
                self._example = _first_misfit(column, wanted)
            else:
                self.type = wanted
                return fitted
        elif column.null_count < len(column):
            self._example = max((value for value in column.to_pylist() if value is not None), key=len)
        self.type = pa.string()
        self.kind = "text"
        self._is_text = True
        return column

    def later(self, column: pa.Array) -> pa.Array:
        if self._is_text:
            return column
        try:
            return cast_text(column, self.type)
        except pa.ArrowInvalid:
            return self._salvaged(column)

    def _salvaged(self, column: pa.Array) -> pa.Array:
        """What fits of a batch that holds something that does not."""
        if pa.types.is_decimal(self.type):
            return pa.array([self._decimal(value) for value in column.to_pylist()], self.type)
        pieces = [_fitted_or_null(column.slice(at, 1), self.type) for at in range(len(column))]
        fitted = pa.concat_arrays(pieces)
        missing = pc.and_(pc.is_null(fitted), pc.is_valid(column))
        self._left_out += pc.sum(missing).as_py() or 0
        self._example = self._example or column.filter(missing)[0].as_py()
        return fitted

    def _decimal(self, value: str | None) -> Decimal | None:
        if value is None:
            return None
        try:
            number = Decimal(value)
            if not number.is_finite():
                raise InvalidOperation
            fitted = number.quantize(Decimal(1).scaleb(-self.type.scale), ROUND_HALF_EVEN, _WIDE)
            if len(fitted.as_tuple().digits) > self.type.precision:
                raise InvalidOperation
        except (InvalidOperation, ValueError):
            self._left_out += 1
            self._example = self._example or value
            return None
        self._rounded += fitted != number
        return fitted

    def notes(self) -> Sequence[str]:
        shown = self._example[:SHOWN]
        if self._is_text and shown:
            return (f"`{self.name}` is shown as text: not every value is {self._what}. One is “{shown}”.",)
        notes: list[str] = []
        if self._left_out:
            notes.append(
                f"{self._left_out:,} later values of `{self.name}` are left out, since they are not "
                f"{self._what} that can be held, such as “{shown}”."
            )
        if self._rounded:
            notes.append(
                f"{self._rounded:,} later values of `{self.name}` have more than {self.type.scale} digits "
                "after "
                "the point, and are rounded."
            )
        return notes


class InstantFit(Fit):
    """Dates and moments in which the driver lets some values run over, as PostgreSQL's infinities do.

    `holds` gives true for each value that is what it says; `name_of` names one that is not.
    """

    def __init__(
        self,
        name: str,
        type_: pa.DataType,
        holds: Callable[[pa.Array], pa.Array],
        name_of: Callable[[int], str],
    ) -> None:
        super().__init__(name, type_)
        self._holds = holds
        self._name_of = name_of
        self._is_text = False
        self._left_out = 0
        self._example = ""

    def first(self, column: pa.Array) -> pa.Array:
        held = self._holds(column)
        if pc.all(held, min_count=0).as_py():
            return super().first(column)
        self._is_text = True
        self.kind = "text"
        self.type = pa.string()
        return self.later(column)

    def later(self, column: pa.Array) -> pa.Array:
        held = self._holds(column)
        if pc.all(held, min_count=0).as_py():
            return _text_of(column) if self._is_text else column
        over = column.filter(pc.invert(held)).cast(_whole(column.type)).to_pylist()
        names = [None if value is None else self._name_of(value) for value in over]
        self._example = self._example or next(name for name in names if name is not None)
        safe = pc.if_else(held, column, pa.scalar(None, column.type))
        if not self._is_text:
            self._left_out += len(names)
            return safe
        return pc.replace_with_mask(_text_of(safe), pc.invert(held), pa.array(names, pa.string()))

    def notes(self) -> Sequence[str]:
        if self._is_text:
            return (f"`{self.name}` is shown as text, since it holds “{self._example}”.",)
        if self._left_out:
            return (
                f"{self._left_out:,} later values of `{self.name}` are left out, such as “{self._example}”.",
            )
        return ()


def cast_text(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Texts as values of a type. Raises ArrowInvalid where one does not stand for such a value."""
    if pa.types.is_time(wanted):
        moments = pc.binary_join_element_wise("1970-01-01", column, " ")
        return moments.cast(pa.timestamp("us")).cast(wanted)
    return column.cast(wanted)


def _fitted_or_null(single: pa.Array, wanted: pa.DataType) -> pa.Array:
    try:
        return cast_text(single, wanted)
    except pa.ArrowInvalid:
        return pa.array([None], wanted)


def _first_misfit(column: pa.Array, wanted: pa.DataType) -> str:
    """The first text that does not fit, found by halving."""
    while len(column) > 1:
        half = column.slice(0, len(column) // 2)
        try:
            cast_text(half, wanted)
        except pa.ArrowInvalid:
            column = half
        else:
            column = column.slice(len(half))
    return str(column[0].as_py())


def _decimal_of(column: pa.Array) -> pa.DataType | None:
    """A decimal that holds all of these texts exactly; None where there is none."""
    whole = after = 0
    for value in column.to_pylist():
        if value is None:
            continue
        try:
            sign_digits = Decimal(value).as_tuple()
        except InvalidOperation:
            return None
        if not isinstance(sign_digits.exponent, int):
            return None  # NaN and the infinities
        after = max(after, -sign_digits.exponent)
        whole = max(whole, len(sign_digits.digits) + sign_digits.exponent)
    if whole + after > DIGITS:
        return None
    return pa.decimal128(DIGITS, after)


def _whole(type_: pa.DataType) -> pa.DataType:
    return pa.int32() if type_.bit_width == 32 else pa.int64()


def _text_of(column: pa.Array) -> pa.Array:
    return column.cast(pa.string())


def array_of(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """Python values as an Arrow array; texts with lone surrogates are shown by their escapes."""
    try:
        return pa.array(values, type_)
    except UnicodeEncodeError:
        return pa.array([_plain(value) for value in values], type_)


def _plain(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
