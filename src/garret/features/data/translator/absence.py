"""Absence: "customers without orders", "who do not have any pets", "except those who".

Neighbours: `draft`; `assembly` makes a `not in` of what is found here.
"""

from __future__ import annotations

from garret.features.data.translator.cues import bounds
from garret.features.data.translator.draft import Absent, Draft
from garret.features.data.translator.index import Place
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place


def read_absence(draft: Draft) -> None:
    """Find the tables in which the rows that are meant have nothing."""
    for at, item in enumerate(draft.items):
        if item.cue not in ("negation", "except", "missing") or item.used:
            continue
        place = _negated_place(draft, at)
        if place is None:
            continue
        item.used = True
        tests = tuple(test for test in draft.absent_tests if test.left.of and test.left.of.place is place)
        draft.absent.append(Absent(place, tests))
        draft.absent_tests = [test for test in draft.absent_tests if test not in tests]
        draft.flags["absent"] += 1
    draft.tests += draft.absent_tests


def _negated_place(draft: Draft, at: int) -> Place | None:
    best: Place | None = None
    anchor = draft.scope.main
    if anchor is None:
        return None
    for place in range(at + 1, min(at + 8, len(draft.items))):
        item = draft.items[place]
        if item.kind == "value":
            return None
        meant = _elsewhere(draft, item, anchor)
        if meant is not None:
            item.used = True
            item.cue = "absent"
            if best is None or draft.paths.cost(anchor, meant) < draft.paths.cost(anchor, best):
                best = meant
            continue
        if (
            best is not None
            and item.low not in ("in", "the", "any", "a", "an", "of", "with", "at", "to", "by", "for", "on")
            and item.kind != "name"
        ):
            break
        if bounds(item.low) and place > at + 3:
            break
    return best


def _elsewhere(draft: Draft, item: Item, anchor: Place) -> Place | None:
    """The other table that a word names: by its own name, or by that of a column of no condition, as in
    "parties without delegates" where delegates are a column of elections."""
    if item.kind not in ("name", "word") or item.place is anchor:
        return None
    if item.place is not None:
        return item.place if item.kind == "word" or is_place(item) else None
    if item.kind == "word" or item.used or not item.fields:
        return None
    found = item.fields[0][0].place
    near = draft.paths.cost(anchor, found)
    return found if found is not anchor and near <= 1.0 else None
