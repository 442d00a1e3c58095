"""Bounded buffers between the audio thread and the rest: nothing here waits, allocates at length or locks.

`SampleRing` has one writer (the audio thread) and one reader. Each side advances its own counter only,
after the bytes are in place, so that neither needs a lock: the other sees the old value or the new one.
`PreRoll` keeps the last moments before a recording begins and belongs to one thread.
"""

from __future__ import annotations

from collections import deque

SAMPLE_BYTES = 2


class SampleRing:
    """A ring of bytes for one writer and one reader. What does not fit is dropped and counted.

    Dropping the newest keeps what was recorded contiguous up to the moment the reader fell behind.
    """

    def __init__(self, capacity: int) -> None:
        """`capacity` in bytes, rounded down to whole samples. Raises ValueError when that is none."""
        self._size = capacity - capacity % SAMPLE_BYTES
        if self._size <= 0:
            raise ValueError("a ring holds at least one sample")
        self._store = bytearray(self._size)
        self._written = 0  # bytes ever written; only the writer changes it
        self._read = 0  # bytes ever read; only the reader changes it
        self.dropped = 0  # bytes that found no room; only the writer changes it

    def write(self, data: bytes | bytearray) -> int:
        """Copy as many whole samples as fit; returns the bytes taken. For the writing thread."""
        room = self._size - (self._written - self._read)
        count = min(len(data) - len(data) % SAMPLE_BYTES, room)
        start = self._written % self._size
        first = min(count, self._size - start)
        self._store[start : start + first] = data[:first]
        self._store[: count - first] = data[first:count]
        self._written += count
        self.dropped += len(data) - count
        return count

    def read(self, limit: int | None = None) -> bytes:
        """Take what is there, at most `limit` bytes, in whole samples. For the reading thread."""
        count = self._written - self._read
        if limit is not None:
            count = min(count, limit - limit % SAMPLE_BYTES)
        start = self._read % self._size
        first = min(count, self._size - start)
        data = bytes(self._store[start : start + first]) + bytes(self._store[: count - first])
        self._read += count
        return data

    def __len__(self) -> int:
        """Bytes that can be read now; the other side may change it at once."""
        return self._written - self._read

    @property
    def room(self) -> int:
        """Bytes that can be written now."""
        return self._size - len(self)


class PreRoll:
    """The last `samples` samples that passed, in order."""

    def __init__(self, samples: int) -> None:
        self._limit = samples * SAMPLE_BYTES
        self._pieces: deque[bytes] = deque()
        self._held = 0

    def push(self, pcm: bytes) -> None:
        """Remember `pcm` (whole samples) and forget what is too old."""
        if pcm:
            self._pieces.append(pcm)
            self._held += len(pcm)
        while self._held > self._limit:
            excess = self._held - self._limit
            oldest = self._pieces.popleft()
            self._held -= min(excess, len(oldest))
            if len(oldest) > excess:
                self._pieces.appendleft(oldest[excess:])

    def take(self) -> bytes:
        """What is remembered, oldest first; the memory is empty afterwards."""
        pcm = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        return pcm
