"""A corrected text, spread over the segments it was heard in, so that subtitles show what the person wrote.

Words that both have stay with their segment; what was put in goes with the word before it, what took the
place of other words goes where those were. The pieces joined are the corrected text.

Pure. Neighbours: `cues` makes subtitles of segments; `formats` puts them into a form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

_WORD: Final = re.compile(r"\S+\s*")
_COMPARED: Final = 3_000
"""Words on either side that are compared one by one, which takes time by their product: 0.4 s. What is
beyond the equal beginning and end of two longer texts is spread by length."""


def spread(corrected: str, texts: Sequence[str]) -> list[str]:
    """The share of `corrected` that each of the segments with these `texts` has."""
    if not texts:
        return []
    old = [(word, place) for place, text in enumerate(texts) for word in text.split()]
    lead = corrected[: len(corrected) - len(corrected.lstrip())]
    new = _WORD.findall(corrected)
    places = _places([word for word, _ in old], [place for _, place in old], [word.strip() for word in new])
    shares = [""] * len(texts)
    for word, place in zip(new, places, strict=True):
        shares[place] += word
    return [lead + shares[0], *shares[1:]]


def _places(old: Sequence[str], segments: Sequence[int], new: Sequence[str]) -> list[int]:
    """The segment of each new word; they never go back."""
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    middle_old, middle_new = old[first : len(old) - last], new[first : len(new) - last]
    found = list(segments[:first])
    found += _middle(middle_old, segments[first : len(old) - last], middle_new, found[-1] if found else 0)
    return found + list(segments[len(old) - last :])


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _middle(old: Sequence[str], segments: Sequence[int], new: Sequence[str], before: int) -> list[int]:
    if not old:
        return [before] * len(new)
    if max(len(old), len(new)) > _COMPARED:
        return [segments[place * len(old) // len(new)] for place in range(len(new))]
    found: list[int] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "insert":
            found += [found[-1] if found else before] * (j2 - j1)
        elif j2 > j1:
            found += [segments[i1 + (place * (i2 - i1)) // (j2 - j1)] for place in range(j2 - j1)]
    return found
