"""Speech in which an engine heard no word: one that hears a whole window at once may leave out sentences of
it, or break off before its end, and they are heard again by themselves. Where it broke off, its alignment
gives the last word all the time that is left, so that no word is believed to last longer than words can.
Pure. Seconds from the start of the segment throughout.

Neighbours: `packing` says where in a segment the speech is, the speech-to-text worker asks and hears again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from garret.features.dictate.engines.contract import Hypothesis, RecognisedWord

_LEAST_SECONDS: Final = 0.7
"""A stretch of speech shorter than this, padding included, may be a cough."""

_LONGEST_WORDLESS: Final = 1.5
"""Seconds of speech amid words; nobody speaks so slowly, and pauses of 0.6 s part stretches of speech."""

_LONGEST_WORD: Final = 1.5
"""Seconds; of 400 words that were heard well none took more than 1.2."""

_SLACK: Final = 0.3
"""By how much the time of a word may be beside the speech it stands for."""


def unheard(
    speech: Sequence[tuple[float, float]], words: Sequence[RecognisedWord]
) -> list[tuple[float, float]]:
    """The stretches of `speech` without a word to believe, neighbours joined; none where there is no word.

    Where nothing was heard in the whole of it, the engine has said so.
    """
    if not words:
        return []
    believed = [word for word in words if word.end - word.start <= _LONGEST_WORD]
    found: list[tuple[float, float]] = []
    joins = False
    for start, end in speech:
        inside = [word for word in believed if start - _SLACK <= _middle(word) <= end + _SLACK]
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


def before(heard: Hypothesis, at: float) -> tuple[RecognisedWord, ...]:
    """The words that were said before `at`."""
    return heard.words[: sum(_middle(word) < at for word in heard.words)]


def completed(heard: Hypothesis, again: Hypothesis, at: float, until: float) -> Hypothesis:
    """`heard` with what was heard `again` between `at` and `until`, in place of what it has there."""
    if not again.text:
        return heard
    early = before(heard, at)
    late = heard.words[len(before(heard, until)) :]
    fresh = tuple(
        RecognisedWord(word.text, word.start + at, word.end + at, word.confidence) for word in again.words
    )
    words = (*early, *fresh, *late)
    first = beginning_of(heard.text, early)
    gone = beginning_of(heard.text, heard.words[: len(heard.words) - len(late)])
    if len(first) > len(gone) or bool(early) > bool(first):
        return Hypothesis(" ".join(word.text for word in words), words)
    parts = (first, again.text, heard.text[len(gone) :].strip())
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


def _middle(word: RecognisedWord) -> float:
    return (word.start + word.end) / 2
