"""What stands near a condition: the name it speaks of, its unit, the word that joins it to the last one.

Every function looks at a few items to the left or right within the clause. Neighbours: `draft`, `scope`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Expression, Literally, Operator, Test
from garret.features.data.translator.words import is_year

_LINKS: Final = frozenset(
    (
        "is are was were be been has have had of the a an than value values with in at as that to being"
        " named called titled = :"
    ).split()
)


_SMALL: Final = frozenset("the a an is are was were of in at to than has have had and that with".split())


_LABELS: Final = frozenset(
    ("number", "year", "code", "zip", "phone", "latitude", "longitude", "month", "day")
)
"""Last words of columns whose numbers are names."""


def compares(field: Field) -> bool:
    """Whether a column has an order that a number or date can be held against."""
    return field.numeric or field.timely or field.column.kind == "time"


def literal_of(item: Item) -> Literally:
    if item.number is not None:
        return Literally(int(item.number) if item.number == int(item.number) else item.number)
    return Literally(item.text)


def left_name(draft: Draft, at: int, reach: int = 7) -> Item | None:
    """The name that a condition at `at` speaks of, looking left within its clause."""
    for place in range(at - 1, max(at - reach, -1), -1):
        item = draft.items[place]
        if item.kind == "name":
            return item
        if item.kind in ("value", "number", "date") or (
            item.kind == "cue" and not item.cue.startswith(("agg", "negation", "exactly", "sup", "either"))
        ):
            return None
        if item.low in ("who", "that", "which", "whose", "where", ",", "and", "or"):
            return None
    return None


def next_number(draft: Draft, at: int) -> int | None:
    for place in range(at + 1, min(at + 5, len(draft.items))):
        item = draft.items[place]
        if item.kind in ("number", "date"):
            return place
        if item.kind == "name" and place == at + 1:
            continue
        if (
            item.low not in _SMALL
            and item.low not in ("year", "date", "age", "$", "equal", "or", "single", "total")
            and item.cue != "exactly"
        ):
            return None
    return None


def between_tests(draft: Draft, at: int) -> str:
    for place in range(at - 1, max(at - 8, -1), -1):
        item = draft.items[place]
        if item.low in ("or", "and"):
            return item.low
        if item.kind in ("number", "value", "date"):
            return ""
    return ""


def number_test(field: Field, operator: Operator, number: Item) -> Test:
    """A test against a number; against a date, a lone year means its parts."""
    value = literal_of(number)
    if field.timely and number.kind == "number" and number.number is not None and is_year(number.number):
        return Test(Expression(field, part="year"), operator, (value,))
    return Test(Expression(field), operator, (value,))


def unit_after(draft: Draft, right: int) -> Item | None:
    """The name right after a number: what it counts or measures."""
    for place in range(right, min(right + 3, len(draft.items))):
        item = draft.items[place]
        if item.kind == "name":
            return item
        if item.cue == "distinct" or item.low in (
            "of",
            "the",
            "a",
            "kind",
            "kinds",
            "type",
            "types",
            "total",
            "such",
        ):
            continue
        return None
    return None


def only_numeric(draft: Draft, left: int) -> Field | None:
    """A name further left that is numeric, when nothing nearer was found."""
    for place in range(left - 1, max(left - 9, -1), -1):
        item = draft.items[place]
        if item.kind == "name" and not item.used and item.fields:
            found = draft.scope.field(item, lambda field: field.measured)
            if found is not None:
                draft.flags["far_field"] += 1
                return found
    shown = [each.what for each in draft.select]
    measures = [each.of for each in shown if isinstance(each, Expression) and each.of and each.of.measured]
    if len(measures) == 1:
        draft.flags["shown_field"] += 1
        return measures[0]
    return None


def only_measure(draft: Draft, at: int) -> Field | None:
    """The one column that measures the table spoken of: "orders over 100"."""
    place = nearest_place(draft, at)
    found = sole_measure(place) if place is not None else None
    draft.flags["measure_guess"] += found is not None
    return found


def sole_measure(place: Place) -> Field | None:
    """The one column of a table that is a measure, if there is one: numbers that tell rows apart are none."""
    measures = [
        field
        for field in place.fields
        if field.measured and field is not place.identifier and not _LABELS & set(field.words[-1:])
    ]
    return measures[0] if len(measures) == 1 else None


def nearest_place(draft: Draft, at: int) -> Place | None:
    for place in range(min(at, len(draft.items) - 1), -1, -1):
        item = draft.items[place]
        if item.kind == "name" and is_place(item):
            return item.place
    return None


def time_field(draft: Draft, at: int) -> Field | None:
    """The column of time that a date at `at` most likely belongs to."""
    for place in range(at - 1, max(at - 8, -1), -1):
        item = draft.items[place]
        if item.kind in ("name", "word") and item.fields:
            timed = draft.scope.choices(
                item, lambda field: field.timely or "year" in field.words or "date" in field.words
            )
            if timed:
                item.used = True
                return timed[0].field
    for owner in draft.scope.near(nearest_place(draft, at)):
        timed_fields = [
            field for field in owner.fields if field.timely or field.words[-1:] in (("year",), ("date",))
        ]
        if len(timed_fields) == 1:
            return timed_fields[0]
        if timed_fields:
            draft.flags["time_guess"] += 1
            return timed_fields[0]
    last = draft.tests[-1] if draft.tests else None
    beside = last.left.of.place.fields if isinstance(last, Test) and last.left.of is not None else []
    return next((field for field in beside if field.timely or field.words[-1:] == ("year",)), None)


def is_negated(draft: Draft, at: int) -> bool:
    for place in range(at - 1, max(at - 8, -1), -1):
        item = draft.items[place]
        if item.cue in ("negation", "except"):
            item.used = True
            return True
        if item.low in ("and", "or", ",", "but") or item.kind in ("value", "number"):
            return False
    return False


def before(draft: Draft, at: int) -> Item | None:
    for place in range(at - 1, max(at - 5, -1), -1):
        if draft.items[place].kind == "name":
            return draft.items[place]
    return None


def joined_by(draft: Draft, at: int) -> str:
    for place in range(at - 1, max(at - 8, -1), -1):
        low = draft.low(place)
        if low in ("and", "or"):
            return str(low)
        if draft.items[place].kind in ("value", "number"):
            break
    return ""


def holds(field: Field, text: str) -> bool:
    return field.column.kind == "text" and text in field.column.samples
