"""What goes into the outbox and comes out of it, and what a handler may answer.

Neighbours: `rows` keeps them, `machine` decides when one is tried, `outbox` lets handlers deliver.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import msgspec

from garret.base.errors import Code
from garret.control.access.owner import Owner
from garret.control.errors import ControlError

DAY: Final = 86_400.0  # seconds
UNTIL_SECONDS: Final = 3 * DAY
"""How long an entry is tried where it does not say; a cloud service is down for hours, not for days."""
PAYLOAD_LIMIT: Final = 1 << 20
"""Bytes of a payload; what is larger belongs into a blob that the payload names."""
WAITING_LIMIT: Final = 10_000
"""Entries that may wait for one destination; one more answers busy."""


class OutboxError(ControlError):
    """The outbox refused an entry or does not have it; the message tells what was kept."""


class OutboxFull(OutboxError):
    """Too much waits for this destination already."""

    code = Code.BUSY


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be delivered, by the handler of the room that enqueues it.

    `destination` names whoever may be out of reach as one (a host, an account): it has one breaker. Entries
    of one destination with the same `key` are delivered in the order they were enqueued in; those without a
    key in any. `once`, where it is given, makes a second entry of this room with the same one the first
    again. `cause` is the job it comes from. After `until_seconds` without success it is a dead letter.
    """

    handler: str
    destination: str
    payload: bytes
    owner: Owner
    key: str = ""
    once: str | None = None
    cause: str | None = None
    until_seconds: float = UNTIL_SECONDS


class Letter(NamedTuple):
    """What a handler gets. `id` is the same at every attempt: by it the receiver knows what it has."""

    id: str
    destination: str
    key: str
    payload: bytes
    owner: Owner
    cause: str | None
    attempt: int


class Delivered(NamedTuple):
    """It is there."""


class Retry(NamedTuple):
    """The destination did not take it now; `after` is how many seconds it asked for (Retry-After)."""

    reason: str
    after: float | None = None


class Refused(NamedTuple):
    """The destination answered that it will never take this entry; it becomes a dead letter."""

    reason: str


Outcome = Delivered | Retry | Refused
Handler = Callable[[Letter], Awaitable[Outcome]]


class Kept(NamedTuple):
    """An entry as it stands. Times are wall-clock seconds; `state` is waiting, dead or delivered."""

    seq: int
    id: str
    room: str
    handler: str
    destination: str
    key: str
    state: str
    attempts: int
    due: float
    until: float
    reason: str
    role: str
    profile: str
    workspace: str
    cause: str | None
    created: float
    updated: float


class BreakerRow(NamedTuple):
    """A destination's breaker as it is kept; `open_until` is in wall-clock seconds."""

    room: str
    destination: str
    failures: int
    opened: int
    open_until: float
