"""What goes into the schedules and comes out of them: plain values.

Neighbours: `rows` keeps them, `schedules` carries them out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import msgspec

from garret.base.errors import Code
from garret.control.access.owner import Owner
from garret.control.errors import ControlError
from garret.control.schedules.machine import Missed
from garret.control.schedules.rules import Rule
from garret.protocol.contract import Command

CAUGHT_UP: Final = 10
"""Missed runs that are caught up with at most, where a plan does not say."""


class ScheduleError(ControlError):
    """A schedule that is not there, or that cannot be; the message tells what was kept."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, when, and for whom.

    `action` is a command that is a job, or the name of one of the room's callbacks, which gets `payload`.
    `zone` is the IANA name of the zone whose clock counts; empty for that of the machine when this is put.
    `missed` says what becomes of runs that nobody was there to make, `most` how many are caught up with.
    """

    key: str
    rule: Rule
    action: Command[Any] | str
    owner: Owner
    payload: bytes = b""
    zone: str = ""
    missed: Missed = Missed.ONCE
    most: int = CAUGHT_UP


class Schedule(NamedTuple):
    """A plan as it stands. `due` is when it runs next; None where it waits for events, or is done."""

    id: str
    room: str
    key: str
    owner: Owner
    rule: Rule
    zone: str
    missed: Missed
    most: int
    command: str | None
    callback: str | None
    payload: bytes
    state: str
    due: float | None
    decided: float
    created: float
    updated: float


class Run(NamedTuple):
    """One time that a schedule was due: waiting, done or refused; `job` where it was a command."""

    schedule: str
    due: float
    state: str
    job: str | None
    note: str
    updated: float


class Occasion(NamedTuple):
    """What a callback gets. `id` is the same however often the run has to be tried."""

    id: str
    key: str
    due: float
    payload: bytes
    owner: Owner


Callback = Callable[[Occasion], Awaitable[None]]


def run_id(schedule: str, due: float) -> str:
    """The name of one run: the idempotency key of its job, too."""
    return f"schedule:{schedule}:{due:.3f}"


def no_such(given: str) -> ScheduleError:
    """The error for a schedule that is not there."""
    return ScheduleError(
        f"There is no schedule {given[:80]}; `garret schedules` lists them.", code=Code.NOT_FOUND
    )
