"""Where a question says what it wants: its zone of projection, and question words that name a column.

The zone goes from the asking word to the first clause that says which rows are meant. Neighbours:
`projection`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.cues import bounds
from garret.features.data.translator.draft import Draft, Wanted
from garret.features.data.translator.index import Field
from garret.features.data.translator.lexicon import FILLER
from garret.features.data.translator.tree import Expression

ASKS: Final = frozenset(
    "what which who how show list find give return display tell count select report get name whose when where"
    " retrieve compute calculate present provide identify describe print state".split()
)


_LEADS: Final = frozenset("for in among of from on at within considering".split())


_VERBS: Final = frozenset("have has had do does did are is was were be can could will".split())


_WITHIN: Final = frozenset("and or , of for the 's s ' ( ) / & as from in also".split())


def zone(draft: Draft) -> tuple[int, int]:
    """Where the projection begins and ends, as places of the row of items."""
    start = _start(draft)
    end = start
    asked = draft.low(start) in ("which", "who", "whose", "where", "when", "in")
    named = False
    for at in range(start, len(draft.items)):
        item = draft.items[at]
        end = at + 1
        before = draft.at(at - 1) if at > start else None
        ended = (
            before is not None
            and before.kind in ("name", "value")
            and item.kind == "word"
            and item.low not in _WITHIN
        )
        named = named or item.kind in ("name", "value")
        if draft.items[start].cue == "agg:count" and item.kind == "word" and item.low not in FILLER:
            named = True
        if named and ended:
            return start, at
        if at <= start + (1 if asked else 0):
            continue
        if (
            item.kind == "cue"
            and item.cue in ("order", "above", "below", "between", "starts", "ends", "contains", "except")
        ) or item.cue.startswith("cmp"):
            return start, at
        if item.low in (".", "?", ";", "!") and at + 1 < len(draft.items):
            return start, at
        if bounds(item.low) or (item.low in _VERBS and named):
            return start, at
        if item.low == "for" and at > start + 1:
            return start, at
    return start, end


def _start(draft: Draft) -> int:
    for at in range(1, len(draft.items) - 1):
        if draft.low(at) in (".", "?", ";") and draft.low(at + 1) in ASKS and _named(draft, at + 1):
            return at + 1
    if draft.items and (draft.low(0) in _LEADS or draft.items[0].cue == "group"):
        for at in range(1, len(draft.items)):
            low, cue = draft.low(at), draft.items[at].cue
            if (low in ASKS or cue == "agg:count") and draft.low(at) != "name":
                return at
            if low == "," and at + 1 < len(draft.items) and draft.low(at + 1) not in ("and",):
                return at + 1
    return 0


def _named(draft: Draft, start: int) -> bool:
    return any(item.kind == "name" or item.cue.startswith("agg") for item in draft.items[start:])


_WANTS: Final[dict[str, tuple[str, ...]]] = {
    "when": ("date", "year", "time", "day"),
    "where": ("location", "city", "address", "place", "country", "hometown"),
    "how old": ("age", "birth"),
    "how long": ("length", "duration"),
    "how tall": ("height",),
    "how large": ("size", "area", "population"),
    "how big": ("size", "area"),
    "how expensive": ("price", "cost"),
}
"""What each question word asks for: words of columns, the likeliest first."""


def _said_time(draft: Draft, start: int, wants: frozenset[str]) -> bool:
    """Take the column of time that a word of the question names: "when was it founded"."""

    def timed(field: Field) -> bool:
        return field.timely or bool(wants & set(field.words))

    for item in draft.items[start:]:
        chosen = draft.scope.field(item, timed) if item.kind in ("name", "word") else None
        if chosen is not None:
            draft.select.append(Wanted(Expression(chosen), start))
            return True
    return False


def special(draft: Draft, start: int) -> None:
    """Question words that name a column by themselves: when, where, who, how old."""
    low = draft.low(start)
    wants = _WANTS.get(f"how {draft.low(start + 1)}" if low == "how" else low, ())
    if not wants or (low == "when" and _said_time(draft, start, frozenset(wants))):
        return
    for place in draft.scope.near(None):
        for word in wants:
            found = [field for field in place.fields if word in field.words]
            if found:
                draft.select.append(Wanted(Expression(found[0]), start))
                draft.flags["question_word"] += 1
                return
