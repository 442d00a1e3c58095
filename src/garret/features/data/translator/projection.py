"""Projection: what is to be shown, in the order in which it was asked for.

The zone of the projection is the question up to the first clause that says which rows are meant; more may
follow
after "and", "show" or in a second sentence. Neighbours: `draft`, `scope`, `superlatives`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.asked import ASKS, special, zone
from garret.features.data.translator.cues import bounds
from garret.features.data.translator.draft import Draft, Wanted
from garret.features.data.translator.figures import (
    count_follows,
    is_figure,
    name_after,
    name_next,
    open_figures,
    read_figures,
    require,
)
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.lexicon import FILLER
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.superlatives import sense
from garret.features.data.translator.switches import SWITCH
from garret.features.data.translator.tree import Aggregate, Expression

_OWNED: Final = frozenset(("of", "for", "from", "in", "by"))


_FIGURE: Final[dict[str, Aggregate]] = {"agg:avg": "avg", "agg:sum": "sum"}


_ADDED: Final = frozenset(
    "and with the their his her its corresponding respective associated related what is are also".split()
)


_HOLDS: Final = frozenset("is are was were = : either at in on by as value".split())
"""What may stand between a column and the value it must have: "female students (sex is F)"."""


def read_projection(draft: Draft) -> None:
    """Collect what is to be shown from the zone and what is added later."""
    start, end = zone(draft)
    draft.flags["zone"] = end - start
    special(draft, start)
    figures: list[tuple[Aggregate, int]] = []
    for at in range(start, end):
        figures = _step(draft, at, figures, start, end)
    open_figures(draft, figures)
    _later(draft, end)
    draft.zone = (start, end)
    if not draft.select:
        _fallback(draft, start, end)


def read_additions(draft: Draft) -> None:
    """Columns named after "and" in the clause that no condition took: "... and the corresponding dates"."""
    for at in range(max(draft.zone[1], 1), len(draft.items)):
        item = draft.items[at]
        if item.kind != "name" or item.used or is_place(item) or not item.fields:
            continue
        back = at - 1
        while back > 0 and (draft.low(back) in _ADDED or draft.items[back].cue == "distinct"):
            if draft.low(back) in ("and", "with") and (
                draft.low(back) == "and" or draft.low(back - 1) in ("along", "together")
            ):
                after = draft.at(at + 1)
                if (
                    after is None
                    or after.low in (".", "?", "of", ",", "for", "and")
                    or after.cue in ("group", "order")
                ):
                    field = draft.scope.field(item)
                    if field is not None and Expression(field) not in [each.what for each in draft.select]:
                        item.used = True
                        draft.select.append(Wanted(Expression(field), at))
                        draft.flags["addition"] += 1
                break
            back -= 1


def _step(
    draft: Draft, at: int, figures: list[tuple[Aggregate, int]], start: int, end: int
) -> list[tuple[Aggregate, int]]:
    item = draft.items[at]
    if item.cue == "agg:count":
        item.used = True
        return [*figures, ("count", at)]
    if item.cue in _FIGURE and item.kind == "cue":
        item.used = True
        return [*figures, (_FIGURE[item.cue], at)]
    if item.cue == "sup" and not item.used and is_figure(draft, at, end):
        item.used = True
        field, descending = sense(draft, item.low, None)
        if field is not None and name_after(draft, at, end) is None:
            draft.select.append(Wanted(Expression(field, "max" if descending else "min"), at))
            return []
        return [*figures, ("max" if descending else "min", at)]
    if item.cue == "distinct":
        item.used = True
        draft.distinct = True
        return figures
    if (
        item.kind == "word"
        and figures
        and figures[-1][0] == "count"
        and not item.fields
        and item.low not in FILLER
        and not name_next(draft, at, end)
    ):
        draft.select.append(Wanted(Expression(None, "count"), figures[-1][1]))
        draft.flags["open_count"] += 1
        return []
    if item.low in ("number", "count") and not figures and _counted_before(draft, at, start):
        item.used = True
        draft.select.append(Wanted(Expression(None, "count"), at))
        return []
    if item.kind == "name" and item.cue != SWITCH:
        return _name(draft, at, item, figures, start)
    if item.kind == "word" and not figures and _beside_list(draft, at, end):
        _rooted(draft, at, item)
    return figures


def _counted_before(draft: Draft, at: int, start: int) -> bool:
    """Whether "the number" is that of the sentence before: "How many pets does each have? List the number
    and the name."""
    if draft.low(at + 1) not in ("and", ",", ".") and draft.low(at - 1) not in ("and", "the"):
        return False
    for place in range(start):
        item = draft.items[place]
        if item.cue == "agg:count":
            item.used = True
            if (counted := draft.at(place + 1)) is not None and counted.kind == "name":
                counted.used = True
                require(draft, counted.place)
            return True
    return False


def _beside_list(draft: Draft, at: int, end: int) -> bool:
    """Whether a word is one of a list of names."""
    return at + 1 < end and (
        (draft.low(at + 1) in ("and", ",") and draft.low(at - 1) in ("the", ",", "and"))
        or (draft.low(at - 1) in ("and", ",") and draft.low(at + 1) in ("of", "for", ","))
    )


def _rooted(draft: Draft, at: int, item: Item) -> None:
    """Show the column that a word of a list shares its root with: "the organizer and name" of a church
    where the column is called `organized_by`."""
    near = [*draft.scope.mentioned, draft.scope.main]
    found = [field for field, _ in item.fields if field.place in near and not field.identifies]
    if len(found) == 1:
        item.used = True
        draft.select.append(Wanted(Expression(found[0]), at))
        draft.flags["rooted"] += 1


def _name(
    draft: Draft, at: int, item: Item, figures: list[tuple[Aggregate, int]], start: int
) -> list[tuple[Aggregate, int]]:
    if item.cue == "key" or _generic(draft, at, item):
        item.used = True
        return figures
    if at and draft.items[at - 1].cue == "sup" and not draft.items[at - 1].used and not is_place(item):
        return figures
    if figures and is_place(item) and _precedes_name(draft, at) and figures[0][0] != "count":
        item.used = True
        return figures
    if figures:
        return read_figures(draft, at, item, figures)
    if not is_place(item) or not _place(draft, at, item):
        _column(draft, at, item)
    return []


def _place(draft: Draft, at: int, item: Item) -> bool:
    """Take a name for a table: one to show, or one that only says whose the columns are."""
    owns = bool(draft.select) and not _listed(draft, at)
    if owns or _owns(draft, at) or _precedes_name(draft, at):
        item.used = True
        require(draft, item.place)
        return True
    if item.place is not None and item.field_score < item.place_score + 0.01:
        draft.select.append(Wanted(item.place, at))
        item.used = True
        return True
    return False


def _column(draft: Draft, at: int, item: Item) -> None:
    summed = item.cue == "agg:sum"
    field = draft.scope.field(item, (lambda each: each.measured) if summed else None)
    owner = draft.scope.owner(item)
    if item.low in ("name", "names") and owner is not None and owner.names and not _names(item, owner):
        field = owner.names[0]
    if field is not None and field.identifies and item.field_score < 0.6 and draft.select:
        item.used = True  # "names of bank branches" shows names, not the key of the branch
        return
    if field is not None and not _tested(draft, at, item, field) and not _conditional(draft, at):
        draft.select.append(Wanted(Expression(field, "sum" if summed else ""), at))
        item.used = True


def _names(item: Item, owner: Place) -> bool:
    """Whether a word is the name of a column of the table it belongs to; "company names" may be of a table
    whose column of names is called `company`."""
    return any(field.place is owner for field, _ in item.fields)


def _generic(draft: Draft, at: int, item: Item) -> bool:
    """Whether "names" only leads to the column that follows: "the names of studios" where studio is a
    column."""
    if item.low not in ("name", "names") or draft.low(at + 1) != "of":
        return False
    for place in range(at + 2, min(at + 6, len(draft.items))):
        other = draft.items[place]
        if other.kind == "name":
            if is_place(other) or other.field_score < 0.9:
                return False
            field = draft.scope.field(other)
            return field is not None and field.column.kind == "text"
        if other.low not in ("the", "all", "each", "every", "any") and other.cue not in ("distinct", "group"):
            return False
    return False


def _tested(draft: Draft, at: int, item: Item, field: Field) -> bool:
    """Whether a name is followed by the value it must have: "grade 5", "the document type code RV"."""
    then = at + 1
    while draft.low(then) in _HOLDS and then < at + 3:
        then += 1
    after = draft.at(then)
    if after is None:
        return False
    if after.kind == "number" and draft.low(then - 1) not in ("at", "in", "on", "by"):
        return field.numeric or field.column.kind == "text"
    return after.kind == "value" and any(
        other is each for other, _ in after.values for each, _ in item.fields
    )


def _conditional(draft: Draft, at: int) -> bool:
    """Whether a name right behind its table is what a condition is about: "patients born after 1990"."""
    before = draft.at(at - 1)
    place = at + 1
    while draft.low(place) in ("in", "on", "at", "during"):
        place += 1
    after = draft.at(place)
    if before is None or after is None or before.kind != "name" or not is_place(before):
        return False
    within = place > at + 1 and after.kind in ("number", "date")
    return within or after.kind == "period" or after.cue.startswith(("cmp", "between"))


def _owns(draft: Draft, at: int) -> bool:
    """Whether a table only says whose the columns before it are: "names of the students"."""
    if not draft.select:
        return False
    for place in range(at - 1, max(at - 6, -1), -1):
        item = draft.items[place]
        if item.low in _OWNED or item.cue == "group":
            return True
        if item.kind == "name" or item.low in ("and", ","):
            return False
    return False


def _listed(draft: Draft, at: int) -> bool:
    """Whether a name is one of a list: after "and" or a comma."""
    for place in range(at - 1, max(at - 5, -1), -1):
        low = draft.low(place)
        if low in ("and", ",") or (low in ASKS and low != "number"):
            return True
        if low not in ("the", "all", "their", "its", "his", "her", "a", "an", "each"):
            return False
    return True


def _precedes_name(draft: Draft, at: int) -> bool:
    """Whether a table stands right before its column: "student names", "the student's name"."""
    after = draft.at(at + 1)
    named = after is not None and after.kind == "name" and bool(after.fields) and not is_place(after)
    return named and not _conditional(draft, at + 1)


def _later(draft: Draft, end: int) -> None:
    """What is added after the clause: "..., and show their names", "and how many there are"."""
    for at in range(end, len(draft.items) - 1):
        item = draft.items[at]
        if item.low in ("show", "list", "give", "return", "display", "find", "tell", "report") or (
            item.low in ("and", ",", "with") and count_follows(draft, at + 1)
        ):
            figures: list[tuple[Aggregate, int]] = []
            for place in range(at + 1, len(draft.items)):
                other = draft.items[place]
                if (
                    bounds(other.low)
                    or other.used
                    or other.low in (".", "?")
                    or other.cue.startswith(("cmp", "order"))
                ):
                    break
                figures = _step(draft, place, figures, at, len(draft.items))
            return


def _fallback(draft: Draft, start: int, end: int) -> None:
    for item in draft.items[start:]:
        if item.kind == "name" and is_place(item) and item.place is not None:
            item.used = True
            draft.select.append(Wanted(item.place, item.start))
            return
    if draft.scope.main is not None:
        draft.select.append(Wanted(draft.scope.main, 0))
        draft.flags["no_projection"] += 1
