"""Ranges: tests of whole years and days against columns of time become half-open ranges.

"in 2024" is from the first day of 2024 up to but not the first of 2025, whatever time of day a column holds,
and an index of the column can be used. Pure; neighbours: `emit` and `pipeline` write what is given here.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from garret.features.data.translator.tree import Expression, Literally, Operator, Test


def ranged(test: Test) -> Test:
    """The same test as a range, where it is of a year or, of a timestamp, of a day."""
    field = test.left.of
    if field is None or not field.timely or test.left.aggregate or test.query is not None or not test.right:
        return test
    units = [_unit(value.value, test.left.part) for value in test.right]
    starts = [start for start, _ in units if start is not None]
    ends = [end for _, end in units if end is not None]
    if len(starts) != len(units) or (not test.left.part and field.column.kind != "timestamp"):
        return test
    left = dataclasses.replace(test.left, part="")
    if test.operator == "between" and len(starts) == 2:
        return _within(left, starts[0], ends[1])
    if test.operator == "=":
        return _within(left, starts[0], ends[0])
    kept: dict[Operator, tuple[Operator, dt.date]] = {
        ">": (">=", ends[0]),
        ">=": (">=", starts[0]),
        "<": ("<", starts[0]),
        "<=": ("<", ends[0]),
    }
    if test.operator not in kept:
        return test
    operator, day = kept[test.operator]
    return Test(left, operator, (Literally(day.isoformat()),))


def _within(left: Expression, start: dt.date, end: dt.date) -> Test:
    return Test(left, "within", (Literally(start.isoformat()), Literally(end.isoformat())))


def _unit(value: str | float | int | bool, part: str) -> tuple[dt.date | None, dt.date | None]:
    """The first day of the year or day that a value is, and the first after it."""
    if part == "year" and isinstance(value, int | float) and 1 <= value <= 9998 and value == int(value):
        return dt.date(int(value), 1, 1), dt.date(int(value) + 1, 1, 1)
    if part or not isinstance(value, str) or len(value) != 10:
        return None, None
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        return None, None
    return (day, day + dt.timedelta(1)) if day.year < 9999 else (None, None)
