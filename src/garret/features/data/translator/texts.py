"""Parts of texts and missing values: "starts with A", "contains the word sea", "has no date".

Neighbours: `near`; `conditions` calls them by their cues.
"""

from __future__ import annotations

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.lexicon import EMPTY
from garret.features.data.translator.linking import Item
from garret.features.data.translator.near import left_name
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Expression, Literally, Test


def like(draft: Draft, at: int, item: Item) -> None:
    target = _target(draft, at, item)
    if target is None:
        return
    name = left_name(draft, at) or _subject_name(draft, at) or _later_name(draft, target)
    field = (
        draft.scope.field(name, lambda each: each.column.kind in ("text", "timestamp", "date"))
        if name is not None
        else None
    )
    if field is None:
        owner = draft.scope.main
        field = owner.names[0] if owner is not None and owner.names else None
    if field is None:
        return
    if name is not None:
        name.used = True
    item.used = target.used = True
    text = target.text
    pattern = {"starts": f"{text}%", "ends": f"%{text}", "contains": f"%{text}%"}[item.cue]
    negated = at > 0 and draft.items[at - 1].cue == "negation"
    if negated:
        draft.items[at - 1].used = True
    exact = not (len(text) == 1 and item.cue == "contains" and not target.quoted)
    draft.tests.append(
        Test(Expression(field), "not like" if negated else "like", (Literally(pattern, exact),))
    )
    draft.flags["like"] += 1


def _target(draft: Draft, at: int, item: Item) -> Item | None:
    """The text that is looked for. "contains the most" and "contains more than 3" look for none."""
    after = draft.at(at + 1)
    if after is None or after.cue.startswith(("most", "fewest", "sup", "cmp", "agg", "between")):
        return None
    if item.low.endswith(("letter", "letters", "character")) and len(after.text) == 1 and after.low.isalnum():
        return after
    near = draft.items[at + 1 : at + 5]
    return next((other for other in near if _is_text(other)), None)


def _subject_name(draft: Draft, at: int) -> Item | None:
    if draft.low(at - 1) in ("that", "which", "who") and at > 1:
        name = left_name(draft, at - 1)
        return name if name is not None and not is_place(name) else None
    return None


def inside(draft: Draft, at: int, item: Item) -> bool:
    """ "Diana" in part of their names: the name after the text says where it is looked for."""
    if draft.low(at + 1) not in ("in", "as"):
        return False
    for place in range(at + 2, min(at + 7, len(draft.items))):
        name = draft.items[place]
        if name.kind == "name" and not is_place(name):
            field = draft.scope.field(name, lambda each: each.column.kind == "text")
            if field is None:
                return False
            item.used = name.used = True
            draft.tests.append(Test(Expression(field), "like", (Literally(f"%{item.text}%"),)))
            draft.flags["like"] += 1
            return True
        if name.low not in ("part", "of", "their", "its", "the", "his", "her", "a"):
            return False
    return False


def _is_text(item: Item) -> bool:
    return (
        item.quoted
        or item.kind == "value"
        or (
            item.kind in ("word", "number")
            and ((len(item.text) == 1 and item.low.isalnum() and item.low != "a") or item.text[:1].isupper())
        )
        or (item.kind == "word" and item.low not in EMPTY)
    )


def _later_name(draft: Draft, target: Item) -> Item | None:
    at = draft.items.index(target)
    for place in range(at + 1, min(at + 4, len(draft.items))):
        item = draft.items[place]
        if item.kind == "name" and item.fields:
            return item
    return None


def missing(draft: Draft, at: int, item: Item) -> None:
    right = next(
        (
            draft.items[place]
            for place in range(at + 1, min(at + 3, len(draft.items)))
            if draft.items[place].kind == "name"
        ),
        None,
    )
    plain = item.low in ("missing", "null") or item.low.endswith(("missing", "null", "empty", "unknown"))
    name = left_name(draft, at) if plain else right
    if name is None or is_place(name) or not name.fields:
        return
    field = draft.scope.field(name)
    if field is None:
        return
    item.used = name.used = True
    negated = at > 0 and draft.items[at - 1].cue == "negation"
    if negated:
        draft.items[at - 1].used = True
    draft.tests.append(Test(Expression(field), "present" if negated else "missing"))
