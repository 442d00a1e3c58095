"""A time of day that deleting may rely on: one that the wall clock has not been below for a running day.

A wall clock jumps: a person or NTP sets it, a battery is empty. Whoever deletes by age therefore asks what
time it has certainly been for a while. The earliest reading of the wall clock in the last whole day of
running time is kept, and that in the day that goes on: what is overdue at the earlier of both was overdue at
every reading for one running day at least and for two at most. Running time is the monotonic clock's, added
up over restarts; what passes between the last reading and the end of a process counts for nothing.

Invariant: the settled time is never ahead of the wall clock. Until a day has been noted there is none.

Neighbours: `settings_store` keeps the readings; whoever keeps a retention notes the time at each sweep.
"""

from __future__ import annotations

from typing import Final

import msgspec

from garret.base.clock import SYSTEM, Clock
from garret.storage.settings_store import SettingsStore

DAY: Final = 86_400.0  # seconds of running time
KEY: Final = "house.settled_time"
_STEP: Final = 600.0
"""Seconds between two readings that are kept; each costs a write to the disk."""


class Readings(msgspec.Struct, frozen=True):
    """The earliest readings of the wall clock, in seconds since 1970.

    `whole` is that of the last whole running day, `part` that of the day that goes on since `seconds`.
    """

    whole: float | None = None
    part: float | None = None
    seconds: float = 0.0


def noted(readings: Readings, wall: float, elapsed: float) -> Readings:
    """The readings with one more, made `elapsed` seconds of running time after the one before."""
    part = wall if readings.part is None else min(readings.part, wall)
    seconds = readings.seconds + elapsed
    if seconds >= DAY:
        return Readings(part, wall)
    return Readings(readings.whole, part, seconds)


def settled(readings: Readings, wall: float) -> float | None:
    """The earliest of all readings and `wall`; None before the first running day is whole."""
    if readings.whole is None:
        return None
    return min(readings.whole, wall if readings.part is None else readings.part, wall)


class SettledTime:
    """The settled time of one home."""

    def __init__(self, settings: SettingsStore, *, clock: Clock = SYSTEM) -> None:
        self._settings = settings
        self._clock = clock
        self._readings: Readings | None = None
        self._at = 0.0

    async def note(self) -> float | None:
        """Note what time it is; the settled time in seconds since 1970, or None. Raises StorageError."""
        wall, now = self._clock.wall(), self._clock.monotonic()
        if self._readings is None:
            readings, elapsed = self._kept(), 0.0
        else:
            readings, elapsed = self._readings, now - self._at
        if self._readings is None or elapsed >= _STEP:
            readings = self._readings = noted(readings, wall, elapsed)
            self._at = now
            await self._settings.put(KEY, msgspec.json.encode(readings).decode())
        return settled(readings, wall)

    def _kept(self) -> Readings:
        row = self._settings.get(KEY)
        try:
            return Readings() if row is None else msgspec.json.decode(row.value, type=Readings)
        except msgspec.MsgspecError:
            return Readings()  # of another version; it begins to count anew
