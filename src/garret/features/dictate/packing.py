"""Which segments of a recording are recognised together.

An engine that hears a window of fixed length pays for all of it however short the speech in it is, and hears
better what stands among its neighbours. Packs are made of whole segments, so that they begin and end in real
silence; where one has to end, it is at the longest silence of its second half, which likely ends a sentence.
Promises, for any ordered segments: the packs are ordered, each segment is in one of them, what lies between
two packs is silence or a `cut` of the endpointer's, and no pack is longer than the longest unless one segment
is. The same segments make the same packs, so that a run that is taken up again finds what it has heard.

Pure. Neighbours: `transcription` fills it, `recognition` takes the packs as segments, `cuts` sees to a `cut`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from garret.features.dictate.contracts.sound import SpeechSegment
from garret.features.dictate.endpoint import SAMPLE_RATE

_LONGEST_SILENCE: Final = 3 * SAMPLE_RATE
"""Samples; a longer silence parts packs. It would cost time, and long silence is where engines invent."""


@dataclass(frozen=True)
class Pack:
    """Segments that are recognised as one: `speech` is where each of them is, in samples."""

    speech: tuple[tuple[int, int], ...]
    cut: bool = False

    @property
    def start(self) -> int:
        return self.speech[0][0]

    @property
    def end(self) -> int:
        return self.speech[-1][1]


class Packing:
    """Takes segments in order and gives packs, each as soon as it is certain."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is the longest pack; with 0 each segment stays alone."""
        self._longest = round(seconds * SAMPLE_RATE)
        self._waiting: list[SpeechSegment] = []

    def add(self, segment: SpeechSegment) -> list[Pack]:
        """Take the next segment; the packs that are complete now."""
        packs: list[Pack] = []
        if self._waiting and segment.start - self._waiting[-1].end > _LONGEST_SILENCE:
            packs = self.finish()
        self._waiting.append(segment)
        while len(self._waiting) > 1 and self._length(len(self._waiting)) > self._longest:
            packs.append(self._take(self._best_end()))
        if self._length(len(self._waiting)) >= self._longest:
            packs += self.finish()
        return packs

    def finish(self) -> list[Pack]:
        """The last pack, where there is one; afterwards other segments may be added."""
        return [self._take(len(self._waiting))] if self._waiting else []

    def _length(self, count: int) -> int:
        return self._waiting[count - 1].end - self._waiting[0].start

    def _best_end(self) -> int:
        """How many of the waiting segments make the next pack; all but the last fit into one."""
        ends = range(1, len(self._waiting))
        late = [end for end in ends if 2 * self._length(end) >= self._longest]
        return max(late or ends, key=lambda end: (self._waiting[end].start - self._waiting[end - 1].end, end))

    def _take(self, count: int) -> Pack:
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return Pack(tuple((segment.start, segment.end) for segment in taken), taken[-1].cut)
