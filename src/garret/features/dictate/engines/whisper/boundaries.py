"""Where words begin and end: the model's alignment, set right by the level of the sound.

A token's attention comes late: against forced times of 315 words in continuous speech both ends of a word
lie 0.1 s behind (median, tiny.en), and at a pause the next word begins late by up to 0.6 s while the one
before it reaches into the pause. So a boundary is moved to the pause that lies there, and elsewhere forward
by the lag; what is left is 0.05 s. Pure; times are seconds from the start of the sound.
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
_LATEST: Final = 1.0
"""Seconds by which the attention of a word after a pause may be late. Of 0.4 to 1.4 this is the best."""

_OVER: Final = 0.3
"""Seconds without words at a window's end, after which its last word was whole."""

_REACH: Final = 8.0
"""Seconds before a window's end in which a pause to leave it at is looked for."""

_LEAD: Final = 0.2
"""Seconds of the pause that the next window has before its first word."""

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
        pause = _next(quiet, earliest, word.start + _SLACK)
        until, begin = (pause.start, pause.end) if pause else (word.start - LAG, word.start - LAG)
        begin = min(max(earliest, begin), end)
        if index:
            ends.append(min(max(earliest, until), begin))
        starts.append(begin)
        previous = begin
    pause = next((pause for pause in quiet if previous + _SHORTEST_WORD < pause.end), None)
    last = pause.start if pause else words[-1].end
    ends.append(min(max(last, previous + _SHORTEST_WORD), end))
    return [
        RecognisedWord(word.text, round(start, 3), round(max(start, stop), 3), word.confidence)
        for word, start, stop in zip(words, starts, ends, strict=True)
    ]


def cut(
    words: Sequence[RecognisedWord], quiet: Sequence[Pause], *, first: float, until: float
) -> tuple[int, float]:
    """Where to leave a window from `first` to `until` that ends amid the sound: words kept, the next start.

    In the last pause that is near its end, so that no word is heard in halves. Where the words end long
    before the window does, the rest is heard again: models leave a window's last sentences out.
    """
    if not words:
        return 0, until
    if until - words[-1].end >= _OVER:
        return len(words), max(words[-1].end + _SLACK, first + (until - first) / 3)
    for index in range(len(words) - 1, 0, -1):
        before, after = words[index - 1], words[index]
        if after.start < until - _REACH:
            break
        if any(pause.start < after.start and before.end < pause.end for pause in quiet):
            return index, max(before.end, after.start - _LEAD)
    if len(words) > 1 and words[-1].start > first + (until - first) / 3:
        return len(words) - 1, words[-1].start - _SLACK
    return len(words), until


def _next(quiet: Sequence[Pause], earliest: float, latest: float) -> Pause | None:
    """The first pause between two times that are not too far from each other."""
    return next(
        (pause for pause in quiet if pause.end > max(earliest, latest - _LATEST) and pause.start < latest),
        None,
    )


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index of each stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
