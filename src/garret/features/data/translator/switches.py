"""Switches: columns that hold yes or no, said as words of rows: "vip customers", "users who are not active".

Neighbours: `grammar` calls it before the projection, which passes over what is taken here.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.index import Field
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Expression, Literally, Test

_IS: Final = frozenset(("is", "are", "was", "were", "be", "been", "that", "who", "only", "currently"))
SWITCH: Final = "switch"
"""The cue of an item that was taken."""


def read_switches(draft: Draft) -> None:
    """Test each column of yes or no that stands before its table, or behind "are" or "not"."""
    for at, item in enumerate(draft.items):
        if item.kind != "name" or item.used or is_place(item):
            continue
        field = draft.scope.field(item, _switch)
        if field is None or item.fields[0][0] is not field:
            continue
        negation = _negation(draft, at)
        if negation is None and not (_describes(draft, at, field) or draft.low(at - 1) in _IS):
            continue
        if negation is not None:
            negation.used = True
        item.used = True
        item.cue = SWITCH
        draft.tests.append(Test(Expression(field), "=", (Literally(negation is None),)))


def _switch(field: Field) -> bool:
    return field.column.kind == "boolean"


def _describes(draft: Draft, at: int, field: Field) -> bool:
    """Whether the table of the column stands beside it: "vip customers", "how many views converted"."""
    before, after = draft.at(at - 1), draft.at(at + 1)
    follows = after is not None and after.kind == "name" and is_place(after) and after.place is field.place
    leads = before is not None and is_place(before) and before.place is field.place
    whole = len(draft.items[at].low.split()) > len(field.words)  # the table's name is within
    return follows or ((leads or whole) and (after is None or after.low in (".", "?")))


def _negation(draft: Draft, at: int) -> Item | None:
    before = draft.at(at - 1)
    return before if before is not None and before.cue == "negation" else None
