"""Grains: the unit of time that figures are asked for each of: "per month", "by year", "daily", "over time".

A grain of a column of time is a field of its own, which is no column: it is shown, grouped and ordered by as
one is, and each dialect writes what it stands for. A column that is called "month" or "year" goes before.
Neighbours: `ordering` finds the words, `dated` the column, `emit` and `pipeline` write it.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.contracts import Column, ColumnKind, Dialect
from garret.features.data.translator.dated import columns_of_time
from garret.features.data.translator.draft import Draft
from garret.features.data.translator.index import Field, Grain
from garret.features.data.translator.linking import Item

_UNITS: Final[dict[str, Grain]] = {
    "day": "day", "days": "day", "daily": "day", "date": "day",
    "week": "week", "weeks": "week", "weekly": "week",
    "month": "month", "months": "month", "monthly": "month",
    "quarter": "quarter", "quarters": "quarter", "quarterly": "quarter",
    "year": "year", "years": "year", "yearly": "year", "annually": "year", "annual": "year",
}  # fmt: skip
_ALONE: Final = frozenset(("daily", "weekly", "monthly", "quarterly", "yearly", "annually"))
_SURE: Final = 0.9
_MYSQL: Final[dict[Grain, str]] = {
    "day": "DATE({})", "week": "DATE_FORMAT({}, '%x-W%v')", "month": "DATE_FORMAT({}, '%Y-%m')",
    "quarter": "CONCAT(EXTRACT(YEAR FROM {0}), '-Q', EXTRACT(QUARTER FROM {0}))",
}  # fmt: skip
_SQLITE: Final[dict[Grain, str]] = {
    "day": "DATE({})", "week": "STRFTIME('%Y-W%W', {})", "month": "STRFTIME('%Y-%m', {})",
    "quarter": "STRFTIME('%Y', {0}) || '-Q' || ((CAST(STRFTIME('%m', {0}) AS INTEGER) + 2) / 3)",
    "year": "CAST(STRFTIME('%Y', {}) AS INTEGER)",
}  # fmt: skip


def grain_said(item: Item) -> Grain | None:
    """The unit of time that an item names, where it is not the name of something in the catalogue."""
    grain = _UNITS.get(item.low)
    if grain is None or item.kind not in ("word", "name", "cue"):
        return None
    named = item.kind == "name" and max(item.field_score, item.place_score) >= _SURE
    return None if named else grain


def alone(item: Item) -> bool:
    """Whether a word asks for a grain by itself: "monthly"."""
    return item.low in _ALONE and item.kind != "cue"


def grained(draft: Draft, at: int, item: Item, grain: Grain) -> Field | None:
    """The grain of the column of time that a question is about at `at`; None where there is none."""
    columns, sure = columns_of_time(draft, at, lambda field: field.timely)
    if not columns:
        draft.timeless = item.text
        return None
    fields = [_field(column, grain) for column in columns]
    if not sure:
        draft.doubtful = draft.doubtful or tuple(fields)
    item.fields = [(field, 1.0) for field in fields]
    item.used = True
    return fields[0]


def _field(of: Field, grain: Grain) -> Field:
    kind: ColumnKind = "integer" if grain == "year" else "date" if grain == "day" else "text"
    return Field(Column(name=grain, type="", kind=kind), of.place, (grain,), of=of, grain=grain)


def written(grain: Grain, text: str, dialect: Dialect) -> str:
    """What a grain of a column stands for, in SQL."""
    if dialect == "sqlite":
        return _SQLITE[grain].format(text)
    if grain == "year":
        return f"EXTRACT(YEAR FROM {text})"
    if dialect == "mysql":
        return _MYSQL[grain].format(text)
    return f"CAST(DATE_TRUNC('{grain}', {text}) AS DATE)"
