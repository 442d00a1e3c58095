"""Where sound comes from, behind one protocol, so that every source goes through the same session.

A source is read without waiting; when there is something new it calls `wake`, from any thread. Its
`ending` tells whether and how it ended. Neighbours: `microphone.py` is the other source, `recorder.py`
reads them. All sources deliver signed 16-bit little-endian mono at 16 kHz.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from garret.features.dictate.capture.ring import SampleRing

SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Ending:
    """A source delivers no more. `lost` tells a device that vanished from an end that was meant."""

    lost: bool
    reason: str


class AudioSource(Protocol):
    """A stream of sound that arrives by itself."""

    @property
    def live(self) -> bool:
        """Whether it is a device: its first buffers may be zeros and its silence may mean that it is gone."""
        ...

    @property
    def name(self) -> str: ...

    @property
    def dropped(self) -> int:
        """Bytes that were lost because nobody read them in time."""
        ...

    def open(self, wake: Callable[[], None]) -> None:
        """Begin to deliver. Raises CaptureError when that is impossible."""
        ...

    def read(self) -> bytes:
        """What arrived since the last call, in whole samples; never waits."""
        ...

    def ending(self) -> Ending | None:
        """None while more may come. What arrived before the ending can still be read after it."""
        ...

    def close(self) -> None:
        """Stop delivering. May be called at any time, more than once."""
        ...


class PushSource:
    """Sound that a client sends, from standard input or another device. `push` from any one thread."""

    def __init__(self, name: str = "pushed", *, capacity_seconds: float = 10.0) -> None:
        self.name = name
        self._ring = SampleRing(int(capacity_seconds * SAMPLE_RATE) * 2)
        self._odd = b""
        self._guard = threading.Lock()
        self._wake: Callable[[], None] | None = None
        self._ending: Ending | None = None

    @property
    def live(self) -> bool:
        return False

    @property
    def dropped(self) -> int:
        return 0

    @property
    def room(self) -> int:
        """Bytes that `push` would take now: the credit to give to the sender."""
        return max(0, self._ring.room - len(self._odd))

    def push(self, data: bytes) -> int:
        """Take as much of `data` as there is room for; returns the bytes taken, 0 after the end.

        Nothing is ever dropped: the sender keeps and sends again what was not taken. Half a sample at
        the end of a piece is completed by the next.
        """
        with self._guard:
            if self._ending is not None:
                return 0
            taken = data[: self.room]
            whole = self._odd + taken
            cut = len(whole) - len(whole) % 2
            self._odd = whole[cut:]
            self._ring.write(whole[:cut])
        self._notify()
        return len(taken)

    def finish(self) -> None:
        """Everything was pushed."""
        self._end(Ending(lost=False, reason="the sender finished"))

    def abandon(self, reason: str) -> None:
        """The sender went away without finishing."""
        self._end(Ending(lost=True, reason=reason))

    def _end(self, ending: Ending) -> None:
        with self._guard:
            self._ending = self._ending or ending
        self._notify()

    def _notify(self) -> None:
        wake = self._wake
        if wake is not None:
            wake()

    def open(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        wake()  # what was pushed before

    def read(self) -> bytes:
        return self._ring.read()

    def ending(self) -> Ending | None:
        return self._ending

    def close(self) -> None:
        self._wake = None
        self._end(Ending(lost=False, reason="closed"))
