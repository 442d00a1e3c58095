"""Ordering and grouping: "sorted by age", "in alphabetical order of name", "for each department".

Reads the cues `order`, `direction` and `group` of a draft. Neighbours: `draft`, `scope`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.index import Field
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


def read_groups(draft: Draft) -> None:
    """Find what figures are asked for each of: the names after "for each", "per", "by each"."""
    if not any(
        item.cue.startswith(("agg", "most", "fewest", "common", "rare", "sup", "cmp")) or _measures(item)
        for item in draft.items
    ):
        for item in draft.items:
            if item.cue == "group":
                item.used = True
                draft.distinct = draft.distinct or any(
                    word in item.low for word in ("different", "distinct", "unique")
                )
        return
    measured = any(_measures(item) for item in draft.items)
    for at, item in enumerate(draft.items):
        if item.cue != "group" and not (measured and item.kind == "word" and item.low == "by"):
            continue
        weak = item.low in ("each", "every") and at < 3
        place = at + 1
        while (key := draft.at(place)) is not None and (
            key.low in ("the", "of", "different", "distinct", "type", "kind", "those", "these", "possible")
            and key.kind != "name"
        ):
            place += 1
        if key is None or key.kind != "name":
            continue
        item.used = True
        draft.flags["group_weak" if weak else "group_cue"] += 1
        _add_group(draft, key)
        following = draft.at(place + 2)
        several = (
            draft.low(place + 1) == "and" and at > 3 and item.low.startswith(("for", "per", "by", "group"))
        )
        if several and following is not None and following.kind == "name" and not is_place(following):
            _add_group(draft, following)


def _measures(item: Item) -> bool:
    """Whether an item names a figure of many rows."""
    return any(field.whole and score >= 0.95 for field, score in item.fields)


def _add_group(draft: Draft, key: Item) -> None:
    key.used = True
    key.cue = "key"
    if is_place(key) and key.place is not None:
        local = _local_field(draft, key)
        draft.group.append(local or key.place)
        return
    found = draft.scope.field(key)
    if found is not None:
        draft.group.append(found)


def _local_field(draft: Draft, key: Item) -> Field | None:
    """The column of the main table that says the same as a table named as key: `student.dept_name`."""
    main = draft.scope.main
    if main is None or main is key.place:
        return None
    local = [
        field for field, score in key.fields if field.place is main and score >= 0.8 and not field.foreign
    ]
    return local[0] if local else None
