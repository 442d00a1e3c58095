"""Dated conditions: a period of the question becomes a test of the column of time that it is about.

The column is one that is named ("returned last week"), else the only one of the table that is spoken of, else
of the tables that point at it. Where several fit, the first is read and the others are offered: a person
chooses. Where none fits, nothing is answered, since without the period the answer would be of another
question. Neighbours: `periods`, `draft`, `near`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.linking import Item
from garret.features.data.translator.near import is_negated, joined_by, nearest_place
from garret.features.data.translator.periods import Period
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Either, Expression, Literally, Test
from garret.features.data.translator.words import is_year

_REACH: Final = 8


def dated(draft: Draft, at: int, item: Item) -> None:
    """Test the column of time that a period at `at` is about."""
    if item.period is None:
        return
    item.used = True
    years = _whole_years(item.period)
    fields, sure = columns_of_time(draft, at, lambda field: field.timely or (years and _holds_years(field)))
    if not fields:
        draft.timeless = item.text
        return
    field = fields[0]
    draft.doubtful = draft.doubtful if sure else tuple(fields)
    test = _test(field, item.period)
    if _absent(draft, at, field):
        draft.absent_tests.append(test)
        return
    if is_negated(draft, at):
        draft.tests.append(_opposite(test))
    elif not (joined_by(draft, at) and _joined(draft, test)):
        draft.tests.append(test)


def _joined(draft: Draft, test: Test) -> bool:
    """Make one more alternative of a period: "in March or April". "And" says as much: no row is in both."""
    former = draft.tests[-1] if draft.tests else None
    earlier = former.tests if isinstance(former, Either) else (former,) if former is not None else ()
    if not earlier or earlier[-1].left != test.left or earlier[-1].operator != test.operator:
        return False
    draft.tests[-1] = Either((*earlier, test))
    return True


def columns_of_time(draft: Draft, at: int, fits: Callable[[Field], bool]) -> tuple[list[Field], bool]:
    """The columns that words of time at `at` may be about, the likeliest first, and whether the first is
    sure."""
    left = range(at - 1, max(at - _REACH, 0) - 1, -1)
    for place in (*left, *range(at + 1, len(draft.items))):
        item = draft.items[place]
        if item.kind not in ("name", "word") or not item.fields or is_place(item):
            continue
        named = draft.scope.choices(item, fits)
        if named:
            item.used = True
            close = [choice.field for choice in named if choice.score > named[0].score - 0.05]
            return close, len(close) == 1
    spoken = [item.place for item in draft.items if item.kind == "word" and item.place is not None]
    places = draft.scope.near(nearest_place(draft, at))
    for owner in (*places, *spoken):
        own = [field for field in owner.fields if fits(field)]
        if own:
            own = [field for field in own if field.timely] or own
            return own, len(own) == 1
    return _below(draft, places, fits)


def _below(draft: Draft, places: list[Place], fits: Callable[[Field], bool]) -> tuple[list[Field], bool]:
    """Columns of tables that point at those spoken of; sure of the one that stands between two of them."""
    found: dict[int, tuple[int, list[Field]]] = {}
    for edge in draft.index.edges:
        owner = edge.left.place
        own = [field for field in owner.fields if fits(field)]
        if edge.right.place in places and owner not in places and own:
            found[id(owner)] = (found.get(id(owner), (0, own))[0] + 1, own)
    between = [own for count, own in found.values() if count > 1 and len(own) == 1]
    if len(between) == 1:
        return between[0], True
    return [field for _, own in found.values() for field in own], False


def _absent(draft: Draft, at: int, field: Field) -> bool:
    """Whether a period belongs to rows that must not be: "members without loans last month"."""
    if field.place is draft.scope.main:
        return False
    between = False
    for place in range(at - 1, max(at - _REACH, -1), -1):
        item = draft.items[place]
        if item.cue in ("negation", "except") and not item.used:
            return between
        between = between or item.place is field.place
    return False


def _holds_years(field: Field) -> bool:
    """Whether a column of numbers holds years, by its name or by what was seen of it."""
    if not field.numeric or field.identifies:
        return False
    samples = field.column.samples
    return field.words[-1:] == ("year",) or (
        bool(samples)
        and all(len(value) == 4 and value.isdecimal() and is_year(float(value)) for value in samples)
    )


def _whole_years(period: Period) -> bool:
    return all(day is None or (day.month, day.day) == (1, 1) for day in (period.start, period.end))


def _test(field: Field, period: Period) -> Test:
    left = Expression(field)
    start, end = (_value(field, day) for day in (period.start, period.end))
    if start is not None and end is not None:
        return Test(left, "within", (start, end))
    if start is not None:
        return Test(left, ">=", (start,))
    return Test(left, "<", (end,) if end is not None else ())


def _value(field: Field, day: dt.date | None) -> Literally | None:
    if day is None:
        return None
    return Literally(day.isoformat()) if field.timely else Literally(day.year)


def _opposite(test: Test) -> Test | Either:
    """What is not in the period."""
    if test.operator == "within":
        start, end = test.right
        return Either((Test(test.left, "<", (start,)), Test(test.left, ">=", (end,))))
    return Test(test.left, "<" if test.operator == ">=" else ">=", test.right)
