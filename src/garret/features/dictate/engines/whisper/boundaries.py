"""Where words begin and end: the model's alignment, set right by the level of the sound.

A token's attention comes late: measured against forced times of 315 words in continuous speech, both ends of a
word lie 0.1 s behind (the median, with tiny.en), and at a pause the beginning of the next word is late by up to
0.6 s and the end of the one before it reaches into the pause. So a boundary is moved to the pause that lies
there, and elsewhere forward by the lag. Pure; times are seconds from the start of the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from garret.features.dictate.engines.contract import RecognisedWord
from garret.features.dictate.engines.whisper.features import FRAMES_PER_SECOND, Floats

LAG: Final = 0.1
"""Seconds by which the alignment is late amid speech."""

_SHORTEST_PAUSE: Final = 12
"""Frames (0.12 s): the closure of a stop inside a word lasts up to a tenth of a second."""

_SHORTEST_WORD: Final = 0.04
_SLACK: Final = 0.05
_LEAST_RANGE: Final = 10.0
"""Decibels between the loud and the quiet parts, below which nothing can be told from the level."""

_QUIET_SHARE: Final = 0.3
_QUIET_PERCENTILE: Final = 10
_LOUD_PERCENTILE: Final = 95


@dataclass(frozen=True)
class Pause:
    """A stretch without speech, in seconds."""

    start: float
    end: float


def pauses(features: Floats) -> list[Pause]:
    """The stretches of log-mel features (bands, frames) that are as quiet as the quietest of them."""
    if not features.shape[1]:
        return []
    level = 10.0 * np.log10(np.sum(10.0 ** (4.0 * features.astype(np.float64) - 4.0), axis=0))
    quiet, loud = np.percentile(level, (_QUIET_PERCENTILE, _LOUD_PERCENTILE))
    if loud - quiet < _LEAST_RANGE:
        return []
    return [
        Pause(first / FRAMES_PER_SECOND, last / FRAMES_PER_SECOND)
        for first, last in _runs(level < quiet + _QUIET_SHARE * (loud - quiet))
        if last - first >= _SHORTEST_PAUSE
    ]


def settled(
    words: Sequence[RecognisedWord], quiet: Sequence[Pause], *, first: float, end: float
) -> list[RecognisedWord]:
    """The words with their ends moved to pauses, in order and inside `first` to `end`."""
    if not words:
        return []
    starts: list[float] = []
    ends: list[float] = []
    previous = first
    for index, word in enumerate(words):
        earliest = previous + _SHORTEST_WORD if index else first
        pause = _longest(quiet, earliest, word.start + _SLACK)
        until, begin = (pause.start, pause.end) if pause else (word.start - LAG, word.start - LAG)
        begin = min(max(earliest, begin), end)
        if index:
            ends.append(min(max(earliest, until), begin))
        starts.append(begin)
        previous = begin
    pause = _longest(quiet, previous + _SHORTEST_WORD, end)
    last = pause.start if pause else words[-1].end
    ends.append(min(max(last, previous + _SHORTEST_WORD), end))
    return [
        RecognisedWord(word.text, round(start, 3), round(max(start, stop), 3), word.confidence)
        for word, start, stop in zip(words, starts, ends, strict=True)
    ]


def _longest(quiet: Sequence[Pause], earliest: float, latest: float) -> Pause | None:
    """The longest pause that begins between two times."""
    found = [pause for pause in quiet if pause.end > earliest and pause.start < latest]
    return max(found, key=lambda pause: pause.end - max(pause.start, earliest), default=None)


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index of each stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
