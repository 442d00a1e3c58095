"""Speech in which an engine heard no word: one that hears a whole window at once may leave out sentences of
it, and they are heard again by themselves. Pure. Seconds from the start of the segment throughout.

Neighbours: `packing` says where in a segment the speech is, the speech-to-text worker asks and hears again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from garret.features.dictate.engines.contract import Hypothesis, RecognisedWord

_LEAST_SECONDS: Final = 0.7
"""A stretch of speech shorter than this, padding included, may be a cough."""

_LONGEST_WORDLESS: Final = 2.5
"""Seconds of speech amid words; nobody speaks so slowly, and pauses of 0.6 s part stretches of speech."""

_SLACK: Final = 0.3
"""By how much the time of a word may be beside the speech it stands for."""


def unheard(
    speech: Sequence[tuple[float, float]], words: Sequence[RecognisedWord]
) -> list[tuple[float, float]]:
    """The stretches of `speech` without a word, neighbours joined; none where there is no word at all.

    Where nothing was heard in the whole of it, the engine has said so.
    """
    if not words:
        return []
    found: list[tuple[float, float]] = []
    joins = False
    for start, end in speech:
        inside = [word for word in words if start - _SLACK <= (word.start + word.end) / 2 <= end + _SLACK]
        if inside:
            found += _wordless(start, end, inside)
            joins = False
        elif end - start >= _LEAST_SECONDS:
            found.append((found.pop()[0] if joins else start, end))
            joins = True
    return found


def _wordless(start: float, end: float, inside: Sequence[RecognisedWord]) -> list[tuple[float, float]]:
    begins = [start, *(word.end for word in inside)]
    ends = [*(word.start for word in inside), end]
    return [(one, other) for one, other in zip(begins, ends, strict=True) if other - one >= _LONGEST_WORDLESS]


def completed(heard: Hypothesis, again: Hypothesis, at: float) -> Hypothesis:
    """`heard` with what was heard `again` of the stretch that begins at `at`."""
    if not again.text:
        return heard
    late = tuple(
        RecognisedWord(word.text, word.start + at, word.end + at, word.confidence) for word in again.words
    )
    count = sum((word.start + word.end) / 2 < at for word in heard.words)
    words = (*heard.words[:count], *late, *heard.words[count:])
    first = beginning_of(heard.text, heard.words[:count])
    if count and not first:
        return Hypothesis(" ".join(word.text for word in words), words)
    parts = (first, again.text, heard.text[len(first) :].strip())
    return Hypothesis(" ".join(part for part in parts if part), words)


def beginning_of(text: str, words: Sequence[RecognisedWord]) -> str:
    """The text up to the last of `words`, which it begins with; empty where it does not."""
    position = 0
    for word in words:
        found = text.find(word.text, position)
        if found < 0 or text[position:found].strip():
            return ""
        position = found + len(word.text)
    return text[:position]
