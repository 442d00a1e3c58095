"""What the scheduler is asked to place, what it answers, and its figures: plain, immutable data."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec


class Item(msgspec.Struct, frozen=True):
    """A command to place. `lane` 0 is interactive, 3 background; `deadline` in monotonic seconds."""

    id: Hashable
    pool: str
    caller: Hashable
    lane: int = 1
    deadline: float | None = None


class Admitted(msgspec.Struct, frozen=True):
    """The job has a place at this worker from now on; give it back with `done`."""

    id: Hashable
    worker: str


class Queued(msgspec.Struct, frozen=True):
    """The job waits; at most `position` others may go before it as things are."""

    id: Hashable
    position: int


class Busy(msgspec.Struct, frozen=True):
    """The queue, or this caller's share of it, is full. Nothing was started."""

    pool: str
    waiting: int
    own_share: bool


class Withdrawn(msgspec.Struct, frozen=True):
    """The job waited and is gone; it will not run."""

    id: Hashable


class Running(msgspec.Struct, frozen=True):
    """The job is at this worker: tell it to cancel. The place is taken until `done`."""

    id: Hashable
    worker: str


class PoolStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A pool in figures; counters run since it was added."""

    name: str
    workers: int
    places: int
    running: int
    waiting: int
    lanes: tuple[int, ...]
    queue_limit: int
    admitted: int
    queued: int
    busy: int
    cancelled: int
    risen: int
