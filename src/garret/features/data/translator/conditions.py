"""Conditions: which rows are meant. Goes through the question once and gives each cue to what reads it.

Neighbours: `comparisons`, `dated`, `texts`, `values`.
"""

from __future__ import annotations

from garret.features.data.translator.comparisons import against_average, against_others, between, comparison
from garret.features.data.translator.dated import dated
from garret.features.data.translator.draft import Draft
from garret.features.data.translator.linking import Item
from garret.features.data.translator.texts import like, missing
from garret.features.data.translator.values import bare_number, value


def read_conditions(draft: Draft) -> None:
    """All conditions of the question, left to right; each consumes its items."""
    for at, item in enumerate(draft.items):
        if item.used:
            continue
        if item.kind == "cue":
            _cue(draft, at, item)
        elif item.kind == "period":
            dated(draft, at, item)
        elif item.kind == "value":
            value(draft, at, item)
        elif item.kind == "number" and _spans(draft, at):
            between(draft, at - 1, item)
        elif item.kind in ("number", "date") and not _compared(draft, at):
            bare_number(draft, at, item)


def _spans(draft: Draft, at: int) -> bool:
    """Whether a number is the lower end of a range: "2 to 4 parks"."""
    then = draft.at(at + 2)
    return draft.low(at + 1) == "to" and then is not None and then.kind == "number"


def _cue(draft: Draft, at: int, item: Item) -> None:
    if item.cue.startswith("cmp"):
        comparison(draft, at, item)
    elif item.cue == "between":
        between(draft, at, item)
    elif item.cue in ("above", "below"):
        against_average(draft, at, item)
    elif item.cue.startswith(("beyond", "within")):
        against_others(draft, at, item)
    elif item.cue in ("starts", "ends", "contains"):
        like(draft, at, item)
    elif item.cue == "missing":
        missing(draft, at, item)


def _compared(draft: Draft, at: int) -> bool:
    """Whether a comparison behind the number will take it: "30 or older"."""
    return any(
        draft.items[place].cue.endswith("_after") for place in range(at + 1, min(at + 2, len(draft.items)))
    )
