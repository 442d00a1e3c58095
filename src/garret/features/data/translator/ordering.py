"""Ordering: "sorted by age", "in alphabetical order of name".

Reads the cues `order` and `direction` of a draft. Neighbours: `draft`, `scope`; `grouping` reads `group`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Aggregate, Expression, Order

_DESCENDING: Final = ("desc", "decreas", "reverse")
_AGGREGATES: Final[dict[str, Aggregate]] = {"agg:count": "count", "agg:avg": "avg", "agg:sum": "sum"}
_LESSER_LAST: Final = (
    "to least", "to low", "to lowest", "to smallest", "to youngest", "to shortest", "to earliest",
    "to cheapest", "to small", "to short", "to bottom", "to light",
    "to fewest", "to old", "to oldest",
)  # fmt: skip
_BETWEEN_KEYS: Final = frozenset(
    (",", "and", "then", "the", "their", "of", "by", "its", "his", "her", "each", "all", "also", "a")
)


def descends(text: str) -> bool | None:
    """Whether words say descending; None where they say nothing."""
    if any(word in text for word in _DESCENDING):
        return True
    text = text.replace("to the ", "to ")
    if any(text.endswith(end) for end in _LESSER_LAST):
        return not text.endswith(("to oldest", "to old")) or "young" not in text
    if any(
        word in text
        for word in ("ascend", "increas", "alphabet", "lexic", "chronolog", "numeric", "dictionary")
    ):
        return False
    return False if " to " in text else None


def read_order(draft: Draft) -> None:
    """Find the clause that orders rows and its keys."""
    for at, item in enumerate(draft.items):
        if item.cue == "order":
            item.used = True
            if _read_keys(draft, at, descends(item.low)):
                continue
            if draft.order:
                draft.order = [Order(each.by, bool(descends(item.low))) for each in draft.order]
            else:
                draft.order_first = bool(descends(item.low))
        elif item.cue == "direction" and not item.used:
            item.used = True
            if not draft.order and draft.order_first is None and not _leading_by(draft, at):
                draft.order_first = bool(descends(item.low))
    _read_leading(draft)


def _read_leading(draft: Draft) -> None:
    """ "Sort the names by age": the verb leads and the keys follow `by`."""
    if draft.order or not draft.items or draft.items[0].low not in ("sort", "order", "rank", "arrange"):
        return
    for at, item in enumerate(draft.items):
        if item.low in ("by", "to") and _read_keys(draft, at, None):
            item.used = True
            return


def _leading_by(draft: Draft, at: int) -> bool:
    """ "by age in descending order": keys stand before the direction."""
    for back in range(at - 1, max(at - 6, 0), -1):
        if draft.low(back) in ("by", "of") and back > 2:
            return draft.low(back) == "by" and _read_keys(draft, back, descends(draft.items[at].low))
    return False


def _read_keys(draft: Draft, at: int, descending: bool | None) -> bool:
    keys: list[Expression] = []
    aggregate: Aggregate = ""
    place = at + 1
    while (item := draft.at(place)) is not None:
        if item.cue == "direction" and keys:
            item.used = True
            descending = descends(item.low)
        elif item.cue.startswith("agg:") and (not keys or draft.low(place - 1) in (",", "and", "then")):
            aggregate = _AGGREGATES[item.cue]
            item.used = True
        elif item.kind == "name":
            key = _key(draft, item, aggregate)
            if key is None or (keys and draft.low(place - 1) in ("of", "for")):
                break
            keys.append(key)
            item.used = True
            aggregate = ""
        elif item.low not in _BETWEEN_KEYS:
            break
        place += 1
    draft.order += [Order(key, bool(descending)) for key in keys]
    return bool(keys)


def _key(draft: Draft, item: Item, aggregate: Aggregate) -> Expression | None:
    measured = draft.scope.field(item, lambda field: field.measured) if aggregate == "count" else None
    if measured is not None and not is_place(item):
        return Expression(measured)
    if aggregate == "count":
        if item.places:
            draft.required.append(item.places[0][0])
        return Expression(None, "count")
    found = draft.scope.field(item)
    if found is None:
        names = item.place.names if item.place is not None else ()
        found = names[0] if names else None
    if found is None:
        return None
    return Expression(found, aggregate)
