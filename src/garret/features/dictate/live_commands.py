"""The spoken commands of a dictation that goes on: told as they are heard, and made words again when asked.

Each segment is read after those before it, as the whole will be at the end, so that what is told is what the
text will have. `capitals` is the one mode that stays on from one segment to the next. Neighbours: `listening`
runs the dictation, `finishing` reads segments, the `text` worker decides what is a command.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from garret.control.commands.service import Request
from garret.features.dictate import contracts as c
from garret.features.dictate.finishing import Finisher, Words, pauses_before
from garret.features.dictate.recognition import Segment

CAPITALS: Final = "capitals"
"""The name of the mode in which everything is written in capitals."""
_STOPPING: Final = frozenset({"stop", "cancel"})
"""What commands do that end a dictation."""


class LiveCommands:
    """What was told of the commands of one dictation, and which of them are to be words."""

    def __init__(
        self,
        finisher: Finisher,
        request: Request,
        engine: str,
        segments: Callable[[], Sequence[Segment]],
        stop: Callable[[], None],
    ) -> None:
        """`segments` gives those of the dictation so far; `stop` is called where a command ends it."""
        self._finisher = finisher
        self._request = request
        self._engine = engine
        self._segments = segments
        self._stop = stop
        self._taken: list[tuple[Segment, c.Taken]] = []
        """The commands that were told and are none of `_as_words`, the last one last."""
        self._as_words: dict[int, list[int]] = {}
        """By the first sample of a segment: the places of words whose commands are to be words."""
        self._capitals = False
        self._capitals_since: float = math.inf
        """From which sample on it has to be looked whether capitals are on; none where they never were."""

    def words_of(self, segments: Sequence[Segment]) -> Words:
        """Which commands of these segments are to be words, by the place of each."""
        return {
            place: tuple(self._as_words[each.start])
            for place, each in enumerate(segments)
            if each.start in self._as_words
        }

    async def look(self, segment: Segment) -> None:
        """Tell of the spoken commands in a segment and of the mode they leave; end where one says so."""
        last = await self._read_to(segment)
        taken = [each for each in last.commands if not each.restored]
        for each in taken:
            self._taken.append((segment, each))
            self._request.emit_nowait(c.DictationItem(kind="command", text=each.phrase))
        if _STOPPING.intersection(each.did for each in taken):
            self._stop()

    async def restore_last(self) -> None:
        """Make the last command that was told words again, and look which mode is on without it."""
        if not self._taken:
            self._request.emit_nowait(c.DictationItem(kind="words"))
            return
        segment, taken = self._taken.pop()
        self._as_words.setdefault(segment.start, []).append(taken.first)
        self._request.emit_nowait(c.DictationItem(kind="words", text=taken.phrase))
        heard = [each for each in self._segments() if each.heard is not None]
        await self._read_to(max(heard, key=lambda each: each.start))

    async def _read_to(self, segment: Segment) -> c.CleanedSegment:
        """What becomes of a segment after those before it; tells of the mode that it leaves, where new."""
        before = min(self._capitals_since, segment.start)
        known = sorted(
            (each for each in self._segments() if each.heard is not None and each.start <= segment.start),
            key=lambda each: each.start,
        )
        # The segment before tells whether it waits for the words of a command.
        first = next(place for place, each in enumerate(known) if each.start >= before)
        known = known[max(0, first - 1) :]
        heard = [each.heard for each in known if each.heard is not None]
        cleaned, _ = await self._finisher.clean(
            heard, "free", self._engine, self._request.calls, pauses_before(known), words=self.words_of(known)
        )
        last = cleaned.segments[-1]
        if last.capitals != self._capitals:
            self._capitals = last.capitals
            self._capitals_since = before
            self._request.emit_nowait(c.DictationItem(kind="mode", text=CAPITALS if last.capitals else ""))
        return last
