"""Sound that a client has pushed and that is not on the disk yet.

Positions are in samples @ 16 kHz from the start of the dictation. Pieces stay until they are durable,
so that they can be given again to whoever takes the place of a lost worker. Neighbour: `listening`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import Final

SAMPLE_BYTES: Final = 2
WAITING_LIMIT: Final = 512
"""Pieces that may wait; a client that pushes faster than the disk takes them is made to wait."""


class PushedSound:
    """A queue of pieces with their places."""

    def __init__(self, samples: int = 0) -> None:
        """`samples` were pushed before and are durable."""
        self.samples = samples
        """Whole samples pushed so far."""
        self._odd: bytes = b""
        self._waiting: deque[tuple[int, bytes]] = deque()

    @property
    def full(self) -> bool:
        return len(self._waiting) >= WAITING_LIMIT

    def add(self, data: bytes) -> None:
        """Take the next piece; half a sample at its end is completed by the one that follows."""
        data = self._odd + data
        whole = len(data) - len(data) % SAMPLE_BYTES
        self._odd = data[whole:]
        if whole:
            self.samples += whole // SAMPLE_BYTES
            self._waiting.append((self.samples, data[:whole]))

    def forget(self, durable: int) -> None:
        """Let go of what lies before sample `durable`."""
        while self._waiting and self._waiting[0][0] <= durable:
            self._waiting.popleft()

    def beyond(self, position: int) -> Iterator[tuple[int, bytes]]:
        """What follows sample `position`: the end of each piece and its bytes."""
        for upto, data in tuple(self._waiting):
            if upto > position:
                missing = (upto - position) * SAMPLE_BYTES
                yield upto, data[-missing:] if missing < len(data) else data
                position = upto


def append(descriptor: int, sound: PushedSound, position: int) -> int:
    """Write what is beyond `position`, the end of the spool, to it; the new end. Raises OSError."""
    for upto, data in sound.beyond(position):
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, upto * SAMPLE_BYTES - len(view))
            view = view[written:]
        position = upto
    return position
