"""What waits to be done or delivered: schedules and the outbox."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Nothing, command


class OutboxEntry(Contract, frozen=True):
    """Something that has to reach somebody outside: waiting, dead or delivered.

    `held` says, where it does, that its destination is given time to recover.
    """

    id: str
    room: str
    destination: str
    state: str
    created: float
    attempts: int
    due: float
    until: float
    key: str = ""
    reason: str = ""
    held: str = ""
    cause: str = ""
    profile: str = ""
    workspace: str = ""


class OutboxEntries(Contract, frozen=True):
    entries: tuple[OutboxEntry, ...]


@command("house.outbox", result=OutboxEntries, capability="outbox.read_own")
class ListOutbox(Command[OutboxEntries], frozen=True):
    """What is in the outbox, newest first: all that waits or is dead, or what is in `state`."""

    limit: int = 50
    state: str = ""


@command("house.outbox_entry", result=OutboxEntry, capability="outbox.read_own")
class GetOutboxEntry(Command[OutboxEntry], frozen=True):
    """One entry of the outbox."""

    entry: str


@command("house.outbox_retry", result=OutboxEntry, capability="outbox.change_own")
class RetryOutboxEntry(Command[OutboxEntry], frozen=True):
    """Try an entry at once that waits or is dead, with all its time anew."""

    entry: str


@command("house.outbox_discard", result=Nothing, capability="outbox.change_own")
class DiscardOutboxEntry(Command[Nothing], frozen=True):
    """Forget an entry for good; it is not delivered."""

    entry: str


class ScheduleRun(Contract, frozen=True):
    """One time that a schedule was due: waiting, done or refused."""

    due: float
    state: str
    job: str = ""
    note: str = ""


class Schedule(Contract, frozen=True):
    """What is to be done later: active, paused or done. `due` is 0 where no moment is known.

    `does` is the command that becomes a job, or the callback of its room; `missed` what becomes of runs that
    nobody was there to make: skip, once, or catch_up.
    """

    id: str
    room: str
    key: str
    rule: str
    does: str
    state: str
    due: float
    missed: str
    created: float
    profile: str = ""
    workspace: str = ""
    runs: tuple[ScheduleRun, ...] = ()


class Schedules(Contract, frozen=True):
    schedules: tuple[Schedule, ...]


@command("house.schedules", result=Schedules, capability="schedules.read_own")
class ListSchedules(Command[Schedules], frozen=True):
    """What is to be done later, the next due first."""

    room: str = ""
    limit: int = 200


@command("house.schedule", result=Schedule, capability="schedules.read_own")
class GetSchedule(Command[Schedule], frozen=True):
    """One schedule with its last runs."""

    schedule: str


@command("house.schedule_remove", result=Nothing, capability="schedules.change_own")
class RemoveSchedule(Command[Nothing], frozen=True):
    """Forget a schedule."""

    schedule: str


@command("house.schedule_run", result=Schedule, capability="schedules.change_own")
class RunSchedule(Command[Schedule], frozen=True):
    """Make one run of a schedule more, now, for whom it was planned."""

    schedule: str


@command("house.schedule_pause", result=Schedule, capability="schedules.change_own")
class PauseSchedule(Command[Schedule], frozen=True):
    """Have a schedule rest until it is resumed."""

    schedule: str


@command("house.schedule_resume", result=Schedule, capability="schedules.change_own")
class ResumeSchedule(Command[Schedule], frozen=True):
    """Have a paused schedule go on from now; what passed meanwhile was not missed."""

    schedule: str
