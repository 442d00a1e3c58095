"""Superlatives: "the oldest student", "with the most orders", "the three most expensive", "most common".

Neighbours: `draft`, `scope`; `projection` reads "the highest salary" where it is a figure that is asked for.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.adjectives import base_adjective
from garret.features.data.translator.cues import bounds
from garret.features.data.translator.draft import Counting, Draft, Wanted
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.lexicon import NUMBERS
from garret.features.data.translator.linking import Item
from garret.features.data.translator.near import left_name, sole_measure
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Aggregate, Expression, Order

_LEAST: Final = frozenset("lowest smallest least minimum min minimal worst fewest bottom last".split())
_PASSED: Final = frozenset("the of in a an total overall number amount value number".split())


def read_superlatives(draft: Draft) -> None:
    """All superlatives that say which rows are meant."""
    for at, item in enumerate(draft.items):
        if item.used:
            continue
        if item.cue in ("common", "rare"):
            _common(draft, at, item)
        elif item.cue in ("most", "fewest"):
            _most(draft, at, item)
        elif item.cue == "sup":
            _extreme(draft, at, item)


def how_many(text: str) -> int:
    """The number in "top three"; 1 where there is none."""
    for word in text.split():
        if word.isdigit():
            return int(word)
        if word in NUMBERS:
            return int(NUMBERS[word])
    return 1


def next_name(draft: Draft, at: int, reach: int = 4) -> Item | None:
    """The name that follows, across small words."""
    for place in range(at + 1, min(at + 1 + reach, len(draft.items))):
        item = draft.items[place]
        if item.kind == "name":
            return item
        if (
            item.low not in _PASSED
            and item.cue not in ("distinct", "agg:count", "agg:sum", "agg:avg")
            and item.kind != "value"
        ):
            return None
    return None


def _common(draft: Draft, at: int, item: Item) -> None:
    name = next_name(draft, at)
    if name is None:
        name = left_name(draft, at, 8) or _left_any(draft, at)
    if name is None:
        return
    item.used = True
    draft.most = Counting(None, descending=item.cue == "common", limit=how_many(item.low))
    if not is_place(name) or name.field_score >= 0.85:
        found = draft.scope.field(name, lambda field: not field.primary)
        if found is not None:
            _wanted_group(draft, name, found)
            return
    if name.place is not None:
        name.used = True
        draft.group.insert(0, name.place)


def _wanted_group(draft: Draft, name: Item, found: Field) -> None:
    if found not in draft.group:
        draft.group.insert(0, found)
    draft.flags["common_field"] += 1


def _left_any(draft: Draft, at: int) -> Item | None:
    for place in range(at - 1, -1, -1):
        if draft.items[place].kind == "name":
            return draft.items[place]
    return None


def _most(draft: Draft, at: int, item: Item) -> None:
    item.used = True
    descending = item.cue == "most"
    name = next_name(draft, at)
    if name is not None and (not is_place(name) or name.field_score > name.place_score):
        measured = draft.scope.field(name, lambda field: field.measured)
        if measured is not None:
            name.used = True
            draft.extreme = (measured, descending)
            draft.limit = how_many(item.low)
            return
    if name is None and (deed := _deed(draft, at)) is not None:
        draft.extreme = (deed, descending)
        draft.limit = how_many(item.low)
        return
    kept = _kept(draft, name)
    if name is not None and kept is not None:
        name.used = True
        draft.extreme = (kept, descending)
        draft.limit = how_many(item.low)
        draft.flags["kept_count"] += 1
        return
    of = name.place if name is not None and is_place(name) else None
    distinct = None
    if name is not None:
        name.used = True
        if of is None:
            distinct = draft.scope.field(name)
            of = distinct.place if distinct is not None else None
    draft.most = Counting(of, descending=descending, limit=how_many(item.low))
    draft.flags["most"] += 1


def _deed(draft: Draft, at: int) -> Field | None:
    """The measure that a verb before "most" speaks of: "who earns the most". It is not what was asked for."""
    verb = draft.at(at - 1)
    if verb is None or verb.kind != "name" or is_place(verb):
        return None
    found = draft.scope.field(verb, lambda field: field.measured)
    if found is not None and draft.low(0) == "who":
        draft.select = [wanted for wanted in draft.select if wanted.what != Expression(found)]
        if not draft.select:
            draft.select.append(Wanted(found.place, at))
    return found


def _kept(draft: Draft, name: Item | None) -> Field | None:
    """The column of the table that is shown which keeps how many there are: `number_of_customers` of a bank
    for "the bank with the most customers"."""
    shown = draft.select[0].what if draft.select else None
    place = shown if isinstance(shown, Place) else shown.of.place if shown and shown.of else None
    if name is None or place is None or name.place is None or name.place is place:
        return None
    for field, _ in name.fields:
        counted = {"number", "total", "count", "num"} & set(field.words)
        if field.place is place and field.measured and counted and name.place.words[-1] in field.words:
            return field
    return None


def sense(draft: Draft, text: str, place: Place | None) -> tuple[Field | None, bool]:
    """The column that a superlative's adjective measures, if it names one, and whether the greatest is
    meant."""
    for word in reversed(text.split()):
        adjective = base_adjective(word)
        if adjective:
            found = draft.scope.measured(adjective, draft.scope.near(place))
            if found is not None:
                field, more = found
                return field, more if "least" not in text.split() else not more
            lesser = adjective in (
                "young",
                "short",
                "light",
                "cheap",
                "small",
                "early",
                "slow",
                "cold",
                "close",
            )
            return None, lesser == ("least" in text.split())
    return None, not any(word in _LEAST for word in text.split())


def _extreme(draft: Draft, at: int, item: Item) -> None:
    name = next_name(draft, at)
    words = item.low.split()
    ranked = ("most", "fewest", "common", "rare")
    if "top" in words and any(
        other.cue in ranked or (other.cue == "sup" and other is not item and not other.used)
        for other in draft.items
        if words[-1] in ("top", "of") or words[-1].isdigit() or words[-1] in NUMBERS
    ):
        item.used = True
        draft.wanted_limit = how_many(item.low)
        return
    if ("top" in words or "bottom" in words) and _ranked(draft, at, item):
        return
    owner = name.place if name is not None and is_place(name) else None
    field, descending = _extreme_field(draft, at, item, name)
    if field is None and owner is not None and words[-1] not in ("first", "last"):
        field = sole_measure(owner)
        draft.flags["measure_guess"] += field is not None
    if field is None:
        _first_of_order(draft, at, item)
        return
    item.used = True
    draft.figure = _figure(draft, at)
    draft.extreme = (field, descending and "first" not in words)
    draft.limit = how_many(item.low)
    draft.flags["extreme"] += 1


def _first_of_order(draft: Draft, at: int, item: Item) -> None:
    """ "the top five" of an order that is given elsewhere: by a clause, or after `by`."""
    words = item.low.split()
    if not any(word in words for word in ("top", "first", "bottom")):
        return
    if draft.order and "bottom" not in words:
        item.used = True
        draft.limit = how_many(item.low)


def _extreme_field(draft: Draft, at: int, item: Item, name: Item | None) -> tuple[Field | None, bool]:
    """The column that a superlative orders by, and whether its greatest value comes first."""
    words = item.low.split()
    owner = name.place if name is not None and is_place(name) else None
    adjective, descending = sense(draft, item.low, owner)
    field: Field | None = None
    if name is not None and not (
        is_place(name) and name.place_score >= name.field_score and adjective is not None
    ):
        field = draft.scope.field(name, lambda each: each.ranked or each.timely or "year" in each.words)
        if field is not None and not is_place(name):
            name.used = True
            if any(word in words for word in ("cheapest", "earliest", "youngest", "shortest")):
                descending = False
            if adjective is not None and field is not adjective and base_adjective(words[-1]) == "old":
                descending = not field.timely
    field = field or adjective
    if name is None and field is None and (left := left_name(draft, at)) is not None:
        field = draft.scope.field(left, lambda each: each.ranked or each.timely or "year" in each.words)
        left.used = left.used or field is not None
    return field, descending


_FIGURES: Final[dict[str, Aggregate]] = {"agg:avg": "avg", "agg:sum": "sum"}


def _figure(draft: Draft, at: int) -> Aggregate:
    """The figure in "the highest average price" and "the lowest total amount"."""
    for place in range(at + 1, min(at + 4, len(draft.items))):
        item = draft.items[place]
        if item.cue in ("agg:avg", "agg:sum"):
            item.used = True
            return _FIGURES[item.cue]
        if item.kind == "name":
            break
    return ""


def _ranked(draft: Draft, at: int, item: Item) -> bool:
    """ "top 5 products by price", "... by total amount", "... by number of orders": what follows `by`."""
    for place in range(at + 1, len(draft.items) - 1):
        if draft.low(place) not in ("by", "in", "with"):
            continue
        figure = draft.items[place + 1]
        name = next_name(draft, place)
        if name is None:
            continue
        descending = "bottom" not in item.low.split()
        if figure.cue == "agg:count":
            name.used = figure.used = item.used = True
            of = name.place if is_place(name) else None
            draft.most = Counting(of, descending=descending, limit=how_many(item.low))
            return True
        found = draft.scope.field(name, lambda field: field.measured or field.timely)
        if found is not None:
            name.used = figure.used = item.used = True
            draft.figure = _FIGURES.get(figure.cue, "")
            draft.extreme = (found, descending)
            draft.limit = how_many(item.low)
            return True
    return False


def settle_extreme(draft: Draft) -> None:
    """Make an order and a limit of the superlative, unless a figure of it is what was asked."""
    if draft.extreme is not None:
        field, descending = draft.extreme
        draft.order.insert(0, Order(Expression(field, draft.figure), descending))


def opens_clause(draft: Draft, at: int) -> bool:
    """Whether a superlative at `at` stands in a clause that says which rows are meant."""
    for place in range(at - 1, max(at - 4, -1), -1):
        low = draft.low(place)
        if bounds(low) or low in ("have", "has", "had"):
            return True
        if draft.items[place].kind == "name":
            return False
    return False
