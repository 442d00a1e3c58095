"""Time as a dependency: everything that waits or stamps takes a `Clock`.

`monotonic` is for deadlines and durations and never jumps. On one machine it is shared between
processes (CLOCK_MONOTONIC on Linux), which is what lets an absolute deadline travel in an envelope.
`wall` is for people: it may jump and nothing may be ordered by it.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; shared by all processes of this machine."""
        ...

    def wall(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z; may jump."""
        ...


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()


class ManualClock:
    """A clock that moves only when told to, for deterministic tests of everything timed."""

    def __init__(self, monotonic: float = 1000.0, wall: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._wall = wall

    def monotonic(self) -> float:
        return self._monotonic

    def wall(self) -> float:
        return self._wall

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks. Raises ValueError when negative."""
        if seconds < 0:
            raise ValueError("a monotonic clock does not go back")
        self._monotonic += seconds
        self._wall += seconds

    def jump_wall(self, seconds: float) -> None:
        """Move the wall clock alone, as NTP or a person setting the time does."""
        self._wall += seconds


SYSTEM = SystemClock()
