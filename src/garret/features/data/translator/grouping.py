"""Grouping: "for each department", "per month", "by country", "customers per city".

Reads the cue `group` of a draft and the words that say as much. Neighbours: `grains` are units of time,
`ordering` reads the order, `draft`, `scope`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.grains import alone, grain_said, grained
from garret.features.data.translator.index import Field, Grain
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Expression, Order

_SUMMED: Final = frozenset(("amount", "quantity", "total", "revenue", "sale", "turnover", "cost", "count"))
"""Words of columns whose values are summed where nothing else is said."""
_PASSED: Final = frozenset("the of different distinct type kind those these possible".split())


def read_groups(draft: Draft) -> None:
    """Find what figures are asked for each of: the names and units of time after "for each", "per", "by"."""
    _read_counted(draft)
    if not any(
        item.cue.startswith(("agg", "most", "fewest", "common", "rare", "sup", "cmp"))
        or _measures(item)
        or _totalled(draft, at)
        for at, item in enumerate(draft.items)
    ):
        for item in draft.items:
            if item.cue == "group":
                item.used = True
                draft.distinct = draft.distinct or any(
                    word in item.low for word in ("different", "distinct", "unique")
                )
        return
    for at, item in enumerate(draft.items):
        if alone(item) and (grain := grain_said(item)) is not None:
            _add_grain(draft, at, item, grain)
        elif item.cue == "group" or _by(draft, at):
            _read_keys(draft, at, item)


def _read_keys(draft: Draft, at: int, item: Item) -> None:
    """The name or unit of time behind words of grouping at `at`, and a second behind "and"."""
    if _totalled(draft, at):
        draft.items[at - 1].cue = "agg:sum"
    place = at + 1
    while (key := draft.at(place)) is not None and (key.low in _PASSED and key.kind != "name"):
        place += 1
    if key is None:
        return
    if (grain := grain_said(key)) is not None:
        item.used = True
        _add_grain(draft, place, key, grain)
        return
    if key.kind != "name":
        return
    item.used = True
    weak = item.low in ("each", "every") and at < 3
    draft.flags["group_weak" if weak else "group_cue"] += 1
    _add_group(draft, key)
    following = draft.at(place + 2)
    several = (
        draft.low(place + 1) == "and"
        and at > (1 if item.low in ("by", "per") else 3)
        and item.low.startswith(("for", "per", "by", "group"))
    )
    if several and following is not None and following.kind == "name" and not is_place(following):
        _add_group(draft, following)


def _by(draft: Draft, at: int) -> bool:
    """Whether "by" says what figures are asked for each of: after what is counted or measured, not after a
    deed ("written by") and not where keys of an order follow."""
    item, before, after = draft.items[at], draft.at(at - 1), draft.at(at + 1)
    if item.kind != "word" or item.low != "by" or before is None or after is None:
        return False
    figured = any(
        other.cue in ("agg:count", "agg:avg", "agg:sum") or _measures(other) for other in draft.items[:at]
    )
    led = before.kind in ("name", "value", "number", "period")
    followed = draft.at(at + 2)
    valued = followed is not None and followed.kind in ("value", "number")
    first = any(other.cue in ("sup", "most", "fewest", "order") for other in draft.items[:at])
    return led and not valued and not first and (figured or _totalled(draft, at))


def _totalled(draft: Draft, at: int) -> bool:
    """Whether the name before "per" or "by" at `at` is a measure that sums: "quantity per category"."""
    item, before = draft.items[at], draft.at(at - 1)
    if not (item.low == "per" or item.low == "by") or before is None or before.kind != "name":
        return False
    found = draft.scope.field(before, lambda field: field.measured)
    return found is not None and not is_place(before) and bool(_SUMMED & set(found.words))


def _read_counted(draft: Draft) -> None:
    """ "Customers per country" counts customers: a table before "per", and no other figure."""
    if any(item.cue.startswith("agg") or _measures(item) for item in draft.items):
        return
    for at, item in enumerate(draft.items[1:], start=1):
        before, after = draft.items[at - 1], draft.at(at + 1)
        if item.low not in ("per", "each", "by") or after is None or before.kind != "name":
            continue
        unit = grain_said(after) is not None
        kinds = item.low == "by" and at + 2 == len(draft.items) and _repeats(draft, after)
        if is_place(before) and (item.low == "per" or unit or kinds) and (unit or after.kind == "name"):
            before.cue = "agg:count"
            return
        if unit and _happened(draft, at):
            return
        timed = draft.scope.field(after, lambda field: field.timely) if after.kind == "name" else None
        if is_place(before) and item.low == "by" and timed is not None and not draft.order:
            item.used = after.used = True
            draft.order.append(Order(Expression(timed), False))
            return


def _happened(draft: Draft, at: int) -> bool:
    """ "Accounts opened per year" counts accounts by what is named between: the day they were opened."""
    table, deed = draft.at(at - 2), draft.items[at - 1]
    if table is None or table.kind != "name" or not is_place(table) or is_place(deed):
        return False
    if draft.scope.field(deed, lambda field: field.timely) is None:
        return False
    table.cue, deed.cue = "agg:count", "key"
    return True


def _repeats(draft: Draft, item: Item) -> bool:
    """Whether a name is a column of texts that each stand in several rows."""
    field = draft.scope.field(item) if item.kind == "name" and not is_place(item) else None
    if field is None or field.column.kind != "text" or field.place.table.rows is None:
        return False
    return field.column.distinct is not None and field.column.distinct * 2 <= field.place.table.rows


def _add_grain(draft: Draft, at: int, item: Item, grain: Grain) -> None:
    field = grained(draft, at, item, grain)
    if field is not None:
        draft.flags["group_time"] += 1
        draft.group.append(field)
        if not draft.order:
            draft.order.append(Order(Expression(field), False))


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
