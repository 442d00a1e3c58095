"""The schedules' driver: makes what is due into jobs, or calls the rooms' callbacks, and keeps that it did.

That a schedule moves on and the job that it becomes are one transaction: whenever Garret ends, the run was
made or it was not, and the next start goes on from there. A callback is called at least once for a run,
always with the same id, until it has returned. A run is judged by policy when it is due, as a command of its
owner is.

One loop timer waits for what is due next, and for half a minute at most: the loop's clock stands still while
the machine sleeps and knows nothing of a wall clock that was set, so that the wall clock is looked at again.

Neighbours: `machine` decides, `rules` names moments, `rows` is the SQL, `control.plane` starts it once the
ledger was replayed; rooms reach it as `RoomSchedules`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

import apsw
import msgspec

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.errors import Code, GarretError, UsageError
from garret.base.ids import new_id
from garret.control.access.owner import Owner
from garret.control.access.policy import Policy
from garret.control.clients.bus import EventBus, Lagged, Subscription
from garret.control.schedules import rows
from garret.control.schedules.local_time import machine_zone
from garret.control.schedules.machine import (
    MOST_CAUGHT_UP,
    PUT_BACK_SECONDS,
    Clocked,
    Decision,
    ScheduleMachine,
    Standing,
    begin,
    made,
)
from garret.control.schedules.plans import (
    Callback,
    Occasion,
    Plan,
    Run,
    Schedule,
    ScheduleError,
    run_id,
)
from garret.control.schedules.rules import After, At, Timetable, timetable
from garret.protocol.contract import Command, CommandMeta, Registry
from garret.protocol.envelope import encode_payload
from garret.storage import ledger_rows
from garret.storage.errors import StorageError
from garret.storage.ledger_types import Job, Request
from garret.storage.store import Store

_logger = log.get("control.schedules")

LONGEST_SLEEP_SECONDS: Final = 30.0
"""The wall clock is looked at so often; a run is late by this at most after a sleep or a jump."""
SCHEDULE_LIMIT: Final = 10_000
"""Schedules that may be there; one more answers busy."""
_AGAIN_SECONDS: Final = 5.0  # until storage is asked once more
_BURST_SECONDS: Final = 10.0
_KEY_CHARACTERS: Final = 200
_CALLBACK_ATTEMPTS: Final = 8
_NOTE_CHARACTERS: Final = 500

Audit = Callable[[Owner, str, str, dict[str, Any]], Coroutine[Any, Any, None]]
"""Owner, action, outcome, details."""


class TakesJobs(Protocol):
    """Whoever carries out jobs that are in the ledger already."""

    def take_on(self, job: Job) -> None: ...


class _Written(NamedTuple):
    """What a transaction made of the runs of a schedule."""

    jobs: list[Job]
    waiting: list[float]
    refused: list[float]
    forgotten: list[str]


class RoomSchedules:
    """The schedules as one room sees them: its own only."""

    def __init__(self, schedules: Schedules, room: str) -> None:
        self._schedules = schedules
        self._room = room

    def handle(self, name: str, callback: Callback) -> None:
        """Let schedules call `callback` under this name. To be called while the room is built.

        A GarretError of it that is retryable has the run tried again, some times with growing pauses. It may
        be cancelled at any time and gets the same occasion again.
        """
        self._schedules.register(self._room, name, callback)

    async def put(self, plan: Plan) -> Schedule:
        """Have something done later, in place of what this owner had planned under the same key.

        The same rule under the same key goes on as it stands, so that a room may put its schedules at every
        start. Raises UsageError (no such moment, zone, command or callback), ScheduleError (the owner may
        not, or there are too many) and StorageError.
        """
        return await self._schedules.put(self._room, plan)

    async def remove(self, owner: Owner, key: str) -> bool:
        """Forget what an owner has planned under a key; False where there is nothing. Raises StorageError."""
        for schedule in await self.planned(owner):
            if schedule.key == key:
                await self._schedules.remove(schedule.id)
                return True
        return False

    async def planned(self, owner: Owner) -> list[Schedule]:
        """What an owner has planned in this room, whatever role it was planned in, the next due first."""
        found = await self._schedules.planned(room=self._room, profile=owner.profile)
        return [schedule for schedule in found if schedule.owner.workspace == owner.workspace]


class Schedules:
    """Everything that is to be done later, of all rooms."""

    def __init__(
        self,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        *,
        jobs: TakesJobs,
        bus: EventBus,
        registry: Registry,
        policy: Policy,
        attempts: Callable[[], int],
        audit: Audit,
        clock: Clock = SYSTEM,
    ) -> None:
        self._store = store
        self._loop = loop
        self._jobs = jobs
        self._bus = bus
        self._registry = registry
        self._policy = policy
        self._attempts = attempts
        self._audit = audit
        self._clock = clock
        self._machine = ScheduleMachine()
        self._known: dict[str, Schedule] = {}
        self._heard: dict[str, Subscription] = {}
        self._waiting: dict[tuple[str, float], Run] = {}
        self._pauses: dict[tuple[str, float], tuple[int, float]] = {}
        self._making: set[tuple[str, float]] = set()
        self._callbacks: dict[tuple[str, str], Callback] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._last_heard: dict[str, float] = {}
        self._running = False

    def __len__(self) -> int:
        """How many there are, with those that pause or are done."""
        return len(self._known)

    def room(self, name: str) -> RoomSchedules:
        """The schedules for one room."""
        return RoomSchedules(self, name)

    def register(self, room: str, name: str, callback: Callback) -> None:
        """See `RoomSchedules.handle`. Raises ValueError where there is a callback of that name."""
        if (room, name) in self._callbacks:
            raise ValueError(f"{room} has two callbacks called {name}")
        self._callbacks[room, name] = callback

    # ---- life

    async def start(self) -> None:
        """Carry out what was missed, as each schedule wants it, and what is due from now on."""
        self._running = True
        schedules, waiting = await self._store.read(
            lambda connection: (rows.select(connection), rows.waiting_runs(connection))
        )
        self._waiting = {(run.schedule, run.due): run for run in waiting}
        for schedule, table in await asyncio.to_thread(_tables, schedules):
            self._watch(schedule, table)
        self.look()

    async def stop(self) -> None:
        """Begin nothing more; a callback that is cut off is called again after the next start."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
        for subscription in self._heard.values():
            subscription.close()
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def resume(self) -> None:
        """Storage takes writes again: look at once."""
        if self._running:
            self.look()

    # ---- what is due

    def look(self) -> None:
        """Begin whatever is due now, and have the loop wake up for what is due next."""
        if not self._running:
            return
        now = self._clock.wall()
        for clocked, decision in self._machine.take(now):
            self._spawn(self._carry_out(clocked, decision, now))
        self._make_waiting(now)
        self._arm(now)

    def _arm(self, now: float, at_least: float = 0.0) -> None:
        if self._timer is not None:
            self._timer.cancel()
        times = [
            max(run.due, self._pauses.get(key, (0, 0.0))[1])
            for key, run in self._waiting.items()
            if key not in self._making and self._can_make(run)
        ]
        if (due := self._machine.next_due()) is not None:
            times.append(due)
        sleep = min((max(0.0, due - now) for due in times), default=LONGEST_SLEEP_SECONDS)
        sleep = max(at_least, min(sleep, LONGEST_SLEEP_SECONDS))
        self._timer = self._loop.call_later(sleep, self.look)

    async def _carry_out(self, clocked: Clocked, decision: Decision, now: float) -> None:
        schedule = self._known.get(clocked.id)
        if schedule is None:
            return  # removed since it was taken
        refusal = self._refusal(schedule)
        operation = partial(self._write, schedule, clocked.standing, decision, refusal, now)
        try:
            written = await self._store.writer.write(operation)
        except StorageError as error:
            _logger.warning("%s is due and waits for storage: %s", schedule.key, error.message)
            self._machine.settle(clocked, None)
            self._arm(now, _AGAIN_SECONDS)
            return
        self._machine.settle(clocked, decision.standing)
        if written is None:
            await self._watch_anew(schedule.id)
        else:
            for gone in written.forgotten:
                self._forget(gone)
            self._begin(schedule, written, refusal, now)
        self.look()

    def _write(
        self,
        schedule: Schedule,
        before: Standing,
        decision: Decision,
        refusal: str,
        now: float,
        connection: apsw.Connection,
    ) -> _Written | None:
        """The transaction of a decision; None where the schedule was changed since it was taken."""
        state = "active" if decision.standing.due is not None else "done"
        if not rows.advance(connection, schedule.id, before, decision.standing, state, now):
            return None
        written = _Written([], [], [], [])
        for due in decision.runs:
            if rows.add_run(connection, schedule.id, due, now):
                self._write_run(connection, schedule, due, refusal, now, written)
        if state == "done":
            written.forgotten.extend(rows.prune(connection))
        return written

    def _write_run(
        self,
        connection: apsw.Connection,
        schedule: Schedule,
        due: float,
        refusal: str,
        now: float,
        written: _Written,
    ) -> None:
        """Make a run that is taken down into what it is to be: a job, a callback to come, or a refusal."""
        if schedule.command is None:
            written.waiting.append(due)
        elif refusal:
            rows.end_run(connection, schedule.id, due, now, state="refused", note=refusal)
            written.refused.append(due)
        else:
            entered = ledger_rows.enqueue(connection, self._request(schedule, due), now)
            rows.end_run(connection, schedule.id, due, now, job=entered.job.id)
            if entered.new:
                written.jobs.append(entered.job)

    def _request(self, schedule: Schedule, due: float) -> Request:
        assert schedule.command is not None
        meta = self._registry.find(schedule.command)
        owner = schedule.owner
        return Request(
            schedule.command,
            schedule.payload,
            idempotency=run_id(schedule.id, due),
            max_attempts=meta.retry.attempts or self._attempts(),
            role=owner.role,
            profile=owner.profile,
            workspace=owner.workspace,
        )

    def _begin(self, schedule: Schedule, written: _Written, refusal: str, now: float) -> None:
        """What was written down is under way now."""
        for due in written.waiting:
            self._waiting[schedule.id, due] = Run(schedule.id, due, "waiting", None, "", now)
        for job in written.jobs:
            details = {"job": job.id, "schedule": schedule.id}
            self._spawn(self._audit(schedule.owner, job.command, "accepted", details))
            self._jobs.take_on(job)
        if written.refused:
            _logger.warning("the schedule %s was refused: %s", schedule.key, refusal)
            details = {"schedule": schedule.id, "reason": refusal}
            self._spawn(self._audit(schedule.owner, schedule.command or "", "denied", details))

    def _refusal(self, schedule: Schedule) -> str:
        """Why the command of a schedule may not be begun now; empty where it may, or it is a callback."""
        if schedule.command is None:
            return ""
        try:
            self._judge(self._registry.find(schedule.command), schedule.owner)
        except GarretError as error:
            return error.message[:_NOTE_CHARACTERS]
        return ""

    def _judge(self, meta: CommandMeta, owner: Owner) -> None:
        """Raises UsageError for a command that cannot be scheduled, ScheduleError where its owner may not."""
        if not meta.job or meta.inputs is not None or meta.descriptors:
            raise UsageError(f"{meta.name} is no job that could run by itself. Nothing was planned.")
        decision = self._policy.check(owner.role, owner.profile, meta)
        if not decision.allowed:
            raise ScheduleError(decision.reason, code=Code.DENIED)
        if decision.needs_approval:
            raise ScheduleError(f"{meta.name} needs an approval each time it is asked for.", code=Code.DENIED)

    # ---- runs that wait: callbacks, and what an event brought about

    def _can_make(self, run: Run) -> bool:
        schedule = self._known.get(run.schedule)
        if schedule is None or (schedule.state == "paused" and isinstance(schedule.rule, After)):
            return False
        return schedule.callback is None or (schedule.room, schedule.callback) in self._callbacks

    def _make_waiting(self, now: float) -> None:
        due: dict[str, list[Run]] = {}
        for key, run in self._waiting.items():
            put_back = now < run.updated - PUT_BACK_SECONDS
            ready = self._pauses.get(key, (0, 0.0))[1] <= now and (run.due <= now or put_back)
            if ready and key not in self._making and self._can_make(run):
                due.setdefault(run.schedule, []).append(run)
        for number, found in due.items():
            schedule = self._known[number]
            wanted = {run.due for run in found}
            if isinstance(schedule.rule, After):
                wanted = made(sorted(wanted), now, schedule.missed, schedule.most)
            for run in found:
                self._making.add((run.schedule, run.due))
                work = self._make if run.due in wanted else self._pass_over
                self._spawn(self._guarded(schedule, run, work))

    async def _guarded(
        self, schedule: Schedule, run: Run, work: Callable[[Schedule, Run], Coroutine[Any, Any, None]]
    ) -> None:
        key = (run.schedule, run.due)
        try:
            await work(schedule, run)
        except StorageError as error:
            _logger.warning("a run of %s waits for storage: %s", schedule.key, error.message)
            self._pauses[key] = (self._pauses.get(key, (0, 0.0))[0], self._clock.wall() + _AGAIN_SECONDS)
        finally:
            self._making.discard(key)
        self.look()

    async def _pass_over(self, schedule: Schedule, run: Run) -> None:
        await self._end(run, "refused", "Its time passed while nobody was there.")
        _logger.info("a run of %s was missed", schedule.key)

    async def _make(self, schedule: Schedule, run: Run) -> None:
        if schedule.callback is not None:
            await self._call_back(schedule, run)
            return
        now = self._clock.wall()
        refusal = self._refusal(schedule)
        written = _Written([], [], [], [])
        await self._store.writer.write(
            lambda connection: self._write_run(connection, schedule, run.due, refusal, now, written)
        )
        self._over(run)
        self._begin(schedule, written, refusal, now)

    async def _call_back(self, schedule: Schedule, run: Run) -> None:
        assert schedule.callback is not None
        key = (run.schedule, run.due)
        identifier = run_id(schedule.id, run.due)
        occasion = Occasion(identifier, schedule.key, run.due, schedule.payload, schedule.owner)
        state, note = "done", ""
        try:
            await self._callbacks[schedule.room, schedule.callback](occasion)
        except StorageError:
            raise
        except GarretError as error:
            attempts = self._pauses.get(key, (0, 0.0))[0] + 1
            if error.retryable and attempts < _CALLBACK_ATTEMPTS:
                self._pauses[key] = (attempts, self._clock.wall() + 2.0**attempts)
                return
            state, note = "refused", error.message
        except Exception as error:
            _logger.exception("the callback %s of %s failed", schedule.callback, schedule.room)
            state, note = "refused", log.REDACTOR.clean(f"It failed: {type(error).__name__}: {error}")
        await self._end(run, state, note)

    async def _end(self, run: Run, state: str, note: str) -> None:
        now = self._clock.wall()
        short = note[:_NOTE_CHARACTERS]
        await self._store.writer.write(
            lambda connection: rows.end_run(connection, run.schedule, run.due, now, state=state, note=short)
        )
        self._over(run)

    def _over(self, run: Run) -> None:
        """It waits no more."""
        self._waiting.pop((run.schedule, run.due), None)
        self._pauses.pop((run.schedule, run.due), None)

    # ---- events

    def _hear(self, schedule: Schedule, rule: After) -> None:
        def wake() -> None:
            self._loop.call_soon(self._happened, schedule.id)

        def hears(_: str, scope: str | None) -> bool:
            return scope is None or scope == schedule.owner.profile

        self._heard[schedule.id] = self._bus.subscribe(rule.event, wake=wake, hears=hears)

    def _happened(self, number: str) -> None:
        subscription, schedule = self._heard.get(number), self._known.get(number)
        if subscription is None or schedule is None or not isinstance(schedule.rule, After):
            return
        for item in subscription.take():
            if isinstance(item, Lagged):
                _logger.error("%d events were lost to the schedule %s", item.count, schedule.key)
            elif _fits(schedule.rule.where, item.payload):
                heard = self._moment_of_its_own(number)
                self._spawn(self._occur(schedule, heard + schedule.rule.delay))

    def _moment_of_its_own(self, number: str) -> float:
        """Now, or a moment later: two events are two runs, and a run is told apart by its moment."""
        now, last = self._clock.wall(), self._last_heard.get(number, 0.0)
        if last - _BURST_SECONDS < now <= last:  # further back, and the clock was set
            now = last + 0.001
        self._last_heard[number] = now
        return now

    async def _occur(self, schedule: Schedule, due: float) -> None:
        now = self._clock.wall()
        try:
            await self._store.writer.write(lambda connection: rows.add_run(connection, schedule.id, due, now))
        except StorageError as error:
            _logger.error("an event for the schedule %s is lost: %s", schedule.key, error.message)
            return
        self._waiting[schedule.id, due] = Run(schedule.id, due, "waiting", None, "", now)
        self.look()

    # ---- what is planned

    async def put(self, room: str, plan: Plan) -> Schedule:
        """See `RoomSchedules.put`."""
        zone = plan.zone or machine_zone()
        table = await asyncio.to_thread(timetable, plan.rule, zone)
        self._check(room, plan)
        now = self._clock.wall()
        standing = await asyncio.to_thread(_first, plan, table, now)
        command = plan.action if isinstance(plan.action, Command) else None
        payload = bytes(encode_payload(command)) if command is not None else plan.payload
        if len(payload) > ledger_rows.PAYLOAD_LIMIT:
            raise UsageError(
                f"What is planned has {len(payload)} bytes; {ledger_rows.PAYLOAD_LIMIT} are allowed. "
                "Nothing was planned. Keep what is larger as a blob."
            )
        schedule = Schedule(
            new_id("sch"),
            room,
            plan.key,
            plan.owner,
            plan.rule,
            zone,
            plan.missed,
            plan.most,
            command.__meta__.name if command is not None else None,
            plan.action if isinstance(plan.action, str) else None,
            payload,
            "active",
            standing.due,
            now,
            now,
            now,
        )
        kept = await self._store.writer.write(lambda connection: rows.put(connection, schedule))
        self._watch(kept, table)
        self.look()
        return kept

    def _check(self, room: str, plan: Plan) -> None:
        if not 0 < len(plan.key) <= _KEY_CHARACTERS:
            raise UsageError(
                f"A schedule has a key of 1 to {_KEY_CHARACTERS} characters. Nothing was planned."
            )
        if not 1 <= plan.most <= MOST_CAUGHT_UP:
            raise UsageError(f"From 1 to {MOST_CAUGHT_UP} runs are caught up with, not {plan.most}.")
        if isinstance(plan.rule, After):
            self._check_event(plan.rule.event, plan.owner)
        if isinstance(plan.action, str):
            if (room, plan.action) not in self._callbacks:
                raise UsageError(
                    f"The room {room} has no callback {plan.action[:80]!r}. Nothing was planned."
                )
        else:
            self._judge(self._registry.find(plan.action.__meta__.name), plan.owner)
        if len(self._known) >= SCHEDULE_LIMIT:
            raise ScheduleError(
                f"{SCHEDULE_LIMIT} schedules are there already. This one was not planned.", code=Code.BUSY
            )

    def _check_event(self, name: str, owner: Owner) -> None:
        """Whoever may not hear of an event may not have something done after it either."""
        kind = self._registry.event_type(name)
        if kind is None:
            raise UsageError(f"There is no event {name[:80]!r}. Nothing was planned.")
        if not self._policy.grants(owner.role, owner.profile, kind.__readers__.own):
            raise ScheduleError(
                f"The profile {owner.profile} may not hear of {name}. Nothing was planned.", code=Code.DENIED
            )

    def _watch(self, schedule: Schedule, table: Timetable) -> None:
        """Go by this from now on, in place of what was known of it."""
        self._forget(schedule.id)
        self._known[schedule.id] = schedule
        if schedule.state != "active":
            return
        if isinstance(schedule.rule, After):
            self._hear(schedule, schedule.rule)
        else:
            standing = Standing(schedule.due, schedule.decided)
            self._machine.put(Clocked(schedule.id, table, standing, schedule.missed, schedule.most))

    def _forget(self, schedule: str) -> None:
        self._machine.drop(schedule)
        self._known.pop(schedule, None)
        self._last_heard.pop(schedule, None)
        subscription = self._heard.pop(schedule, None)
        if subscription is not None:
            subscription.close()

    async def _watch_anew(self, schedule: str) -> None:
        """It was changed while a decision was being written down: go by what is kept."""
        try:
            kept = await self.schedule(schedule)
        except ScheduleError:
            self._forget(schedule)
        else:
            self._watch(kept, await asyncio.to_thread(timetable, kept.rule, kept.zone))

    async def planned(self, *, room: str | None = None, profile: str | None = None) -> list[Schedule]:
        """Schedules, of one room and one profile only where they are given, the next due first."""
        return await self._store.read(lambda connection: rows.select(connection, room=room, profile=profile))

    async def schedule(self, number: str) -> Schedule:
        """One schedule. Raises ScheduleError where there is none."""
        return await self._store.read(lambda connection: rows.get(connection, number))

    async def runs(self, number: str, limit: int = 20) -> list[Run]:
        """The last runs of a schedule, newest first."""
        return await self._store.read(lambda connection: rows.runs(connection, number, limit))

    async def remove(self, number: str) -> Schedule:
        """Forget a schedule, with runs of it that wait. Raises ScheduleError and StorageError."""
        removed = await self._store.writer.write(lambda connection: rows.remove(connection, number))
        self._forget(number)
        for key in [key for key in self._waiting if key[0] == number]:
            del self._waiting[key]
        self.look()
        return removed

    async def pause(self, number: str) -> Schedule:
        """Have a schedule rest. Raises ScheduleError and StorageError."""
        schedule = await self.schedule(number)
        standing = Standing(schedule.due, schedule.decided)
        return await self._stand(schedule, "paused", standing)

    async def go_on(self, number: str) -> Schedule:
        """Have a schedule go on that was paused: with its next moment from now on; nothing was missed."""
        schedule = await self.schedule(number)
        table = await asyncio.to_thread(timetable, schedule.rule, schedule.zone)
        standing = begin(table, self._clock.wall())
        if isinstance(schedule.rule, At):
            standing = Standing(schedule.due, standing.decided)
        return await self._stand(schedule, "active", standing)

    async def _stand(self, schedule: Schedule, state: str, standing: Standing) -> Schedule:
        if schedule.state == "done":
            raise ScheduleError(f"{schedule.key} is done and runs no more.", code=Code.CONFLICT)
        if schedule.state == state:
            return schedule
        now = self._clock.wall()
        await self._store.writer.write(
            lambda connection: rows.stand(connection, schedule.id, state, standing, now)
        )
        await self._watch_anew(schedule.id)
        self.look()
        return await self.schedule(schedule.id)

    async def run_now(self, number: str) -> Schedule:
        """Make one run more, now, beside those that are planned. Raises ScheduleError and StorageError."""
        schedule = await self.schedule(number)
        refusal = self._refusal(schedule)
        if refusal:
            raise ScheduleError(refusal, code=Code.DENIED)
        now = self._clock.wall()
        written = _Written([], [], [], [])

        def operation(connection: apsw.Connection) -> None:
            if rows.add_run(connection, number, now, now):
                self._write_run(connection, schedule, now, "", now, written)

        await self._store.writer.write(operation)
        self._begin(schedule, written, "", now)
        self.look()
        return schedule

    # ---- tools

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("a schedule could not be carried out", exc_info=error)


def _tables(schedules: list[Schedule]) -> list[tuple[Schedule, Timetable]]:
    """The moments of many schedules. One whose zone is not there any more is left out: it rests."""
    found: list[tuple[Schedule, Timetable]] = []
    for schedule in schedules:
        try:
            found.append((schedule, timetable(schedule.rule, schedule.zone)))
        except UsageError as error:
            _logger.error("the schedule %s (%s) rests: %s", schedule.id, schedule.key, error.message)
    return found


def _first(plan: Plan, table: Timetable, now: float) -> Standing:
    """When a plan begins. Raises UsageError where it never would."""
    if isinstance(plan.rule, At):
        return Standing(plan.rule.moment, now)
    standing = begin(table, now)
    if standing.due is None and not isinstance(plan.rule, After):
        raise UsageError("The rule names no moment from now on. Nothing was planned.")
    return standing


def _fits(where: Mapping[str, Any], payload: msgspec.Raw) -> bool:
    """Whether an event's fields are as a rule wants them."""
    if not where:
        return True
    fields = msgspec.msgpack.decode(payload)
    return all(name in fields and fields[name] == value for name, value in where.items())
