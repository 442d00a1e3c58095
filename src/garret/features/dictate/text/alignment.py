"""The words of an engine beside the words of its text: which is which, and where it was silent between.

An engine tells its words with times, and the text apart from them. White space parts the text into words
of its own; a hyphen or an apostrophe may make two of an engine's one. They are aligned by their characters;
where these differ nothing is known, and nobody may guess at pauses.

Pure. Neighbours: `reading` looks for commands between pauses, the room marks what was taken with its times.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from .words import Word

LEAST_BREAK: Final = 0.2
"""Seconds; a shorter silence between two words belongs to their articulation and is not told."""


def align(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """For each word of `text`, as white space parts it, the places of the first and last of `words` in it.

    Empty where they are not the same characters.
    """
    parts = text.split()
    if [*parts] == [*words]:
        return [(place, place) for place in range(len(parts))]
    owners = [place for place, word in enumerate(words) for character in word if not character.isspace()]
    if "".join(parts) != "".join("".join(words).split()):
        return []
    found: list[tuple[int, int]] = []
    position = 0
    for part in parts:
        found.append((owners[position], owners[position + len(part) - 1]))
        position += len(part)
    return found


def find_breaks(text: str, words: Sequence[Word]) -> list[tuple[int, float]]:
    """The pauses within `text`: the place of the word after each, and its seconds."""
    spans = align(text, [word.text for word in words])
    silences = [words[after[0]].start - words[before[1]].end for before, after in pairwise(spans)]
    return [(place, round(silent, 3)) for place, silent in enumerate(silences, 1) if silent >= LEAST_BREAK]
