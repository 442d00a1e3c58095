"""Values of Trino, which come as JSON, as columns that Arrow holds.

Types are declared, so that most columns are texts that a `TextFit` reads: what does not fit, such as dates
beyond the year 9999 or before the year 1, makes its column text. Moments with a zone are moments in UTC;
where a place's clock showed the same time twice they stay as they are written. Arrays, maps and rows are
JSON.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from garret.features.data.contracts import ResultColumn
from garret.features.data.sources.fitting import Fit, TextFit, array_of
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.rows import unique_names

_INTEGERS: Final = frozenset(("tinyint", "smallint", "integer", "bigint"))
_FRACTIONS: Final = frozenset(("real", "double"))
_NESTED: Final = frozenset(("array", "map", "row"))
_PRECISION: Final = re.compile(r"\((\d+)\)")
_ZONED: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)? (\S+)")

Signature = dict[str, Any]


class Field:
    """A column as the server describes it; `values` are as a page has them."""

    def __init__(self, name: str, described: dict[str, Any]) -> None:
        self.word: str = described["type"]
        self.column = ResultColumn(name=name, type=self.word, kind=kind_of("trino", self.word))
        self._signature: Signature = described.get("typeSignature") or {"rawType": self.word}
        base = self._signature["rawType"]
        self._type = _TYPES.get(base, pa.string())
        self._read = _reader(base, self._signature)
        self.fit = _fit(name, base, self.word)

    def array(self, values: Sequence[Any]) -> pa.Array:
        """The values, before they are fitted."""
        read = self._read
        return array_of([None if value is None else read(value) for value in values], self._type)


def fields_of(columns: Sequence[dict[str, Any]]) -> list[Field]:
    """The columns of a result, under names of their own."""
    names = unique_names([column["name"] for column in columns])
    return [Field(name, column) for name, column in zip(names, columns, strict=True)]


_TYPES: Final[dict[str, pa.DataType]] = {
    **dict.fromkeys(_INTEGERS, pa.int64()),
    **dict.fromkeys(_FRACTIONS, pa.float64()),
    "boolean": pa.bool_(),
    "varbinary": pa.binary(),
}


def _reader(base: str, signature: Signature) -> Callable[[Any], Any]:
    if base in _INTEGERS or base == "boolean":
        return lambda value: value
    if base in _FRACTIONS:
        return float  # NaN and the infinities come as words
    if base == "varbinary":
        return base64.b64decode
    if base == "timestamp with time zone":
        return in_utc
    if base in _NESTED:
        return lambda value: json.dumps(named(value, signature), ensure_ascii=False)
    return lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fit(name: str, base: str, word: str) -> Fit:
    if base == "decimal":
        return TextFit(name, _decimal(word), "a decimal number of 38 digits")
    if base == "date":
        return TextFit(name, pa.date32(), "a date of the years 1 to 9999")
    found = _PRECISION.search(word)
    digits = int(found.group(1)) if found else 3
    if base == "time" and digits <= 6:
        return TextFit(name, pa.time64("us"), "a time of the day")
    if base == "timestamp" and digits <= 9:
        return TextFit(name, pa.timestamp("us" if digits <= 6 else "ns"), "a moment that can be held")
    if base == "timestamp with time zone" and digits <= 9:
        unit = "us" if digits <= 6 else "ns"
        return TextFit(name, pa.timestamp(unit, "UTC"), "a moment of one meaning that can be held")
    return Fit(name, _TYPES.get(base, pa.string()))


def _decimal(word: str) -> pa.DataType | None:
    digits = re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", word)
    return pa.decimal128(int(digits.group(1)), int(digits.group(2))) if digits else None


def in_utc(text: str) -> str:
    """A moment with its zone as one with an offset; as it is where the zone does not tell which moment."""
    found = _ZONED.fullmatch(text)
    if found is None:
        return text
    local, fraction, zone = found.groups(default="")
    if zone in ("UTC", "Z"):
        return f"{local}{fraction}Z"
    if zone[0] in "+-":
        return f"{local}{fraction}{zone}"
    try:
        moment = dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        return text
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        return text
    try:
        there = moment.astimezone(dt.UTC)
    except OverflowError:
        return text
    return f"{there:%H:%M:%S}".join((f"{there.date().isoformat()} ", f"{fraction}Z"))


def named(value: Any, signature: Signature) -> Any:
    """A value with the names of its rows' fields; rows without names are lists."""
    if value is None:
        return None
    base = signature["rawType"]
    arguments = [each["value"] for each in signature.get("arguments", ())]
    if base == "array":
        return [named(each, arguments[0]) for each in value]
    if base == "map":
        return {key: named(each, arguments[1]) for key, each in value.items()}
    if base != "row":
        return value
    names = [(each.get("fieldName") or {}).get("name") for each in arguments]
    values = [named(each, argument["typeSignature"]) for each, argument in zip(value, arguments, strict=True)]
    return dict(zip(names, values, strict=True)) if all(names) and len(set(names)) == len(names) else values
