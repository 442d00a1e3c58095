"""What waits: schedules and the outbox, as a person looks after them.

Neighbours: `control.schedules` and `control.outbox` do the work, `contracts.waiting` has the commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from garret.base.errors import Code, UsageError
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.errors import ControlError
from garret.control.outbox.entries import Kept
from garret.control.schedules.plans import Schedule, no_such
from garret.control.schedules.rules import told
from garret.features.house import contracts as c
from garret.protocol.contract import Command, Nothing

_STATES: Final = ("", "waiting", "dead", "delivered")


class LaterDesk:
    """Answers the commands about what waits. A profile that may see only its own sees no other's."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self._outbox = door.plane.outbox
        self._schedules = door.plane.schedules
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.ListOutbox: self._list,
            c.GetOutboxEntry: self._get,
            c.RetryOutboxEntry: self._retry,
            c.DiscardOutboxEntry: self._discard,
            c.ListSchedules: self._planned,
            c.GetSchedule: self._show,
            c.RemoveSchedule: self._remove,
            c.RunSchedule: self._run,
            c.PauseSchedule: self._pause,
            c.ResumeSchedule: self._resume,
        }

    # ---- the outbox

    async def _list(self, command: c.ListOutbox, request: Request) -> c.OutboxEntries:
        if command.state not in _STATES:
            raise UsageError(f"A state is one of {', '.join(_STATES[1:])}, not '{command.state[:20]}'.")
        everybody = self._door.may(request.caller, "outbox.read")
        found = await self._outbox.entries(
            state=command.state,
            profile=None if everybody else request.caller.profile,
            limit=min(max(command.limit, 1), 1000),
        )
        return c.OutboxEntries(entries=tuple(self._row(kept) for kept in found))

    async def _get(self, command: c.GetOutboxEntry, request: Request) -> c.OutboxEntry:
        return self._row(await self._find(request.caller, command.entry, "outbox.read"))

    async def _retry(self, command: c.RetryOutboxEntry, request: Request) -> c.OutboxEntry:
        await self._find(request.caller, command.entry, "outbox.change")
        return self._row(await self._outbox.retry(command.entry))

    async def _discard(self, command: c.DiscardOutboxEntry, request: Request) -> Nothing:
        await self._find(request.caller, command.entry, "outbox.change")
        kept = await self._outbox.discard(command.entry)
        details = {"entry": kept.id, "room": kept.room, "destination": kept.destination}
        await self._door.audit(request.caller, "outbox.discard", "done", details)
        return Nothing()

    async def _find(self, caller: Caller, entry: str, capability: str) -> Kept:
        kept = await self._outbox.entry(entry)
        if kept.profile != caller.profile and not self._door.may(caller, capability):
            raise ControlError(f"There is no entry {kept.id} in the outbox.", code=Code.NOT_FOUND)
        return kept

    def _row(self, kept: Kept) -> c.OutboxEntry:
        breaker = self._outbox.breaker(kept)
        held = (
            f"{kept.destination} was out of reach {breaker.failures} times in a row."
            if breaker.opened
            else ""
        )
        return c.OutboxEntry(
            id=kept.id,
            room=kept.room,
            destination=kept.destination,
            state=kept.state,
            created=kept.created,
            attempts=kept.attempts,
            due=kept.due,
            until=kept.until,
            key=kept.key,
            reason=kept.reason,
            held=held if kept.state == "waiting" else "",
            cause=kept.cause or "",
            profile=kept.profile,
            workspace=kept.workspace,
        )

    # ---- schedules

    async def _planned(self, command: c.ListSchedules, request: Request) -> c.Schedules:
        everybody = self._door.may(request.caller, "schedules.read")
        found = await self._schedules.planned(
            room=command.room or None, profile=None if everybody else request.caller.profile
        )
        limit = min(max(command.limit, 1), 1000)
        return c.Schedules(schedules=tuple(_schedule_row(schedule) for schedule in found[:limit]))

    async def _show(self, command: c.GetSchedule, request: Request) -> c.Schedule:
        schedule = await self._own(request.caller, command.schedule, "schedules.read")
        runs = await self._schedules.runs(schedule.id)
        rows = tuple(
            c.ScheduleRun(due=run.due, state=run.state, job=run.job or "", note=run.note) for run in runs
        )
        return _schedule_row(schedule, rows)

    async def _remove(self, command: c.RemoveSchedule, request: Request) -> Nothing:
        await self._own(request.caller, command.schedule, "schedules.change")
        await self._schedules.remove(command.schedule)
        await self._note(request.caller, "remove", command.schedule)
        return Nothing()

    async def _run(self, command: c.RunSchedule, request: Request) -> c.Schedule:
        await self._own(request.caller, command.schedule, "schedules.change")
        schedule = await self._schedules.run_now(command.schedule)
        await self._note(request.caller, "run", command.schedule)
        return _schedule_row(schedule)

    async def _pause(self, command: c.PauseSchedule, request: Request) -> c.Schedule:
        await self._own(request.caller, command.schedule, "schedules.change")
        schedule = await self._schedules.pause(command.schedule)
        await self._note(request.caller, "pause", command.schedule)
        return _schedule_row(schedule)

    async def _resume(self, command: c.ResumeSchedule, request: Request) -> c.Schedule:
        await self._own(request.caller, command.schedule, "schedules.change")
        schedule = await self._schedules.go_on(command.schedule)
        await self._note(request.caller, "resume", command.schedule)
        return _schedule_row(schedule)

    async def _own(self, caller: Caller, number: str, capability: str) -> Schedule:
        schedule = await self._schedules.schedule(number)
        if schedule.owner.profile != caller.profile and not self._door.may(caller, capability):
            raise no_such(schedule.id)
        return schedule

    async def _note(self, caller: Caller, what: str, schedule: str) -> None:
        await self._door.audit(caller, f"schedules.{what}", "done", {"schedule": schedule})


def _schedule_row(schedule: Schedule, runs: tuple[c.ScheduleRun, ...] = ()) -> c.Schedule:
    return c.Schedule(
        id=schedule.id,
        room=schedule.room,
        key=schedule.key,
        rule=told(schedule.rule, schedule.zone),
        does=schedule.command or schedule.callback or "",
        state=schedule.state,
        due=schedule.due or 0.0,
        missed=schedule.missed.value,
        created=schedule.created,
        profile=schedule.owner.profile,
        workspace=schedule.owner.workspace,
        runs=runs,
    )
