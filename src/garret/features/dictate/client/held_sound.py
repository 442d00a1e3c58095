"""Sound that a person pushes, held until Garret has told that it is kept.

A control plane that dies has what is in the spool; the rest is here, and whoever joins the dictation again
pushes on from the first sample that is not kept. Positions are in bytes of PCM from its beginning.

Invariant: no sound is lost between two readers and none is given twice, although the thread of the one
before may still be waiting for the next piece when its connection is gone already.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from garret.features.dictate.contracts import AudioChunk

HELD_LIMIT: Final = 64 << 20
"""Bytes; half an hour. A control plane has at most a quarter of it under way (512 pieces of 32 KiB), so that
what is dropped beyond the limit was kept long ago, however seldom that is told."""
_SAMPLE_BYTES: Final = 2


class HeldSound:
    """The pieces of one dictation, for one connection after another."""

    def __init__(self, source: Callable[[], AudioChunk | None]) -> None:
        """`source` gives one piece after another, of whole samples, and None at the end."""
        self._source = source
        self._held: deque[tuple[int, bytes]] = deque()  # the place of each piece and what it holds
        self._begin = self._end = 0
        self._over = False
        self._readers = 0
        self._start: int | None = 0
        self._reading = threading.Lock()
        self._changed = threading.Condition()

    def kept(self, samples: int) -> None:
        """So many samples are in the spool: they are held no more, and a new reader begins after them."""
        place = samples * _SAMPLE_BYTES
        with self._changed:
            while self._held and self._held[0][0] + len(self._held[0][1]) <= place:
                self._drop()
            if self._start is None:
                self._start = place
                self._changed.notify_all()

    def reader(self) -> Callable[[], AudioChunk | None]:
        """The sound for a new connection: from its beginning for the first, else from what is kept.

        It waits until that is told. A reader that was made before gets no new pieces.
        """
        with self._changed:
            self._readers += 1
            mine = self._readers
            if mine > 1:
                self._start = None
                self._changed.notify_all()
        place: int | None = None

        def read() -> AudioChunk | None:
            nonlocal place
            if place is None:
                place = self._beginning(mine)
            data = None if place is None else self._next(mine, place)
            if place is None or data is None:
                return None
            place += len(data)
            return AudioChunk(data=data)

        return read

    def _beginning(self, mine: int) -> int | None:
        """Where a reader begins; None where another has taken its place, or what it needs is gone."""
        with self._changed:
            self._changed.wait_for(lambda: self._start is not None or mine != self._readers)
            if mine != self._readers or self._start is None or self._start < self._begin:
                return None
            return self._start

    def _next(self, mine: int, place: int) -> bytes | None:
        held = self._from(mine, place)
        if held is not None:
            return held
        with self._reading:
            found = self._from(mine, place)  # whoever waited for it before has it now
            if found is None and mine == self._readers and not self._over:
                piece = self._source()
                self._take(None if piece is None else piece.data)
                found = self._from(mine, place)
            return found

    def _from(self, mine: int, place: int) -> bytes | None:
        """What is held from `place` to the end of its piece."""
        with self._changed:
            if mine != self._readers or place < self._begin:
                return None
            # Mostly it is the newest piece.
            for at, data in reversed(self._held):
                if at <= place < at + len(data):
                    return data[place - at :]
            return None

    def _take(self, data: bytes | None) -> None:
        with self._changed:
            if data is None:
                self._over = True
                return
            self._held.append((self._end, data))
            self._end += len(data)
            while self._end - self._begin > HELD_LIMIT:
                self._drop()

    def _drop(self) -> None:
        at, data = self._held.popleft()
        self._begin = at + len(data)
