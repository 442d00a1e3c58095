"""What a person typed to narrow a table, as a condition with parameters. Pure.

A value is read as the column's kind: numbers are compared exactly (never through a double where the column is
none), a bare date means its whole day for points in time, texts are compared without regard to case. A value
that cannot be read so is refused with what would be understood.

Neighbours: `cells` says how each column is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext
from typing import Any, Final

from garret.base.errors import UsageError
from garret.features.data.contracts import Filter
from garret.features.data.results.cells import Place

Condition = tuple[str, list[Any]]
Readable = Callable[[str, str], bool]
"""Whether the engine reads a text as a value of a type, so that no query ends in the middle."""

_LARGEST: Final = 10**38 - 1  # of 38 digits; nothing that is stored as a number of fixed size is beyond
_OPERATORS: Final = {"is": "=", "is_not": "<>", "at_least": ">=", "at_most": "<="}
_YES: Final = frozenset({"true", "yes", "1", "t", "y"})
_NO: Final = frozenset({"false", "no", "0", "f", "n"})


def condition(place: Place, wanted: Filter, readable: Readable) -> Condition:
    """The SQL condition that keeps the rows `wanted` means. Raises UsageError where the value has no
    meaning.
    """
    if wanted.test == "missing":
        return f"{place.at} IS NULL", []
    if wanted.test == "present":
        return f"{place.at} IS NOT NULL", []
    if wanted.test == "contains":
        return f"contains(lower(CAST({place.shown} AS VARCHAR)), lower(?))", [wanted.value]
    found = _compared(place, wanted, readable)
    if wanted.test == "is_not":  # a missing value is not this one either
        return f"({found[0]} OR {place.compared} IS NULL)", found[1]
    return found


def _compared(place: Place, wanted: Filter, readable: Readable) -> Condition:
    if place.column.kind == "boolean" and place.stored == "BOOLEAN":
        return _truth(place, wanted)
    if place.numeric:
        return _number(place, wanted)
    if place.temporal:
        return _moment(place, wanted, readable)
    return f"{place.compared} {_OPERATORS[wanted.test]} lower(?)", [wanted.value]


def _truth(place: Place, wanted: Filter) -> Condition:
    word = wanted.value.strip().lower()
    if word not in _YES | _NO:
        raise UsageError(f"{place.column.name} is true or false; {wanted.value[:50]!r} is neither.")
    return f"{place.compared} {_OPERATORS[wanted.test]} ?", [word in _YES]


def _number(place: Place, wanted: Filter) -> Condition:
    try:
        value = Decimal(wanted.value.strip().replace("_", ""))
        if value.is_nan():
            raise InvalidOperation
    except InvalidOperation:
        raise UsageError(
            f"{place.column.name} holds numbers; {wanted.value[:50]!r} is none. Type it like 1234.5."
        ) from None
    decimals = 0 if place.whole else place.decimals
    if decimals is None:
        return f"{place.compared} {_OPERATORS[wanted.test]} CAST(? AS DOUBLE)", [str(value)]
    return _fixed(place, wanted.test, value, decimals)


def _fixed(place: Place, test: str, value: Decimal, decimals: int) -> Condition:
    """Compare with a number of `decimals` decimals, as units of its last place, so that none is lost."""
    if not -_LARGEST <= value <= _LARGEST:
        above = value > 0
        held = {"is": False, "is_not": True, "at_least": not above, "at_most": above}[test]
        return f"{place.compared} IS NOT NULL AND {str(held).upper()}", []
    with localcontext() as context:
        context.prec = 100
        scaled = value.scaleb(decimals)
        lower = int(scaled.to_integral_value(ROUND_FLOOR))
        upper = int(scaled.to_integral_value(ROUND_CEILING))
    if test in ("is", "is_not") and lower != upper:
        return f"{place.compared} IS NOT NULL AND {'TRUE' if test == 'is_not' else 'FALSE'}", []
    unit = upper if test == "at_least" else lower
    with localcontext() as context:
        context.prec = 100
        text = format(Decimal(unit).scaleb(-decimals), "f")
    digits = len(text.lstrip("-").replace(".", ""))
    if digits > 38:
        held = {"is": False, "is_not": True, "at_least": unit < 0, "at_most": unit > 0}[test]
        return f"{place.compared} IS NOT NULL AND {str(held).upper()}", []
    stored = "HUGEINT" if place.whole else f"DECIMAL(38,{decimals})"
    compared = f"CAST({place.compared} AS {stored})"
    return f"{compared} {_OPERATORS[test]} CAST(? AS {stored})", [text]


def _moment(place: Place, wanted: Filter, readable: Readable) -> Condition:
    text, kind = wanted.value.strip(), place.temporal
    day = _bare_day(text) if kind.startswith("TIMESTAMP") else None
    if day is not None and wanted.test != "at_least":
        start, end = day.isoformat(), (day + timedelta(days=1)).isoformat()
        typed = f"CAST(? AS {kind})"
        if wanted.test == "at_most":
            return f"{place.compared} < {typed}", [end]
        inside = f"({place.compared} >= {typed} AND {place.compared} < {typed})"
        return (inside if wanted.test == "is" else f"NOT {inside}"), [start, end]
    if not readable(kind, text):
        raise UsageError(
            f"{place.column.name} cannot be compared with {text[:50]!r}. Type it like {_example(kind)}."
        )
    return f"{place.compared} {_OPERATORS[wanted.test]} CAST(? AS {kind})", [text]


def _example(kind: str) -> str:
    return {"TIME": "14:30", "INTERVAL": "3 days"}.get(kind, "2024-05-31")


def _bare_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day < date.max and len(text) == 10 else None
