"""Jobs: commands a person would miss, carried from the ledger through their run and back.

A job is written to the ledger before it starts and after it ends. Asking again with the same key
joins the run that is under way, or gets the result of the one that is done; after a crash the
ledger is replayed and what was running runs again. A caller that goes away does not take its job
with it; one that cancels does.

When storage takes no writes for a while, jobs that were accepted stay where they are, their callers are
told so, and what is due is written as soon as it can be.

Neighbours: the broker hands job commands over (`admit`), `lanes` says whose turn it is, `run` is
a job under way, `course` takes it from its lease to its end, `storage.ledger` keeps it, services do
the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.errors import CancelledError, Code, GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Caller, Pending
from garret.control.errors import ControlError
from garret.control.jobs.books import JobBooks
from garret.control.jobs.course import Changed, JobCourse
from garret.control.jobs.lanes import JobLanes
from garret.control.jobs.run import BeforeLedger, JobRun, error_of, goes_on
from garret.protocol.contract import CommandMeta, Registry
from garret.protocol.scope import DEFAULT_WORKSPACE
from garret.storage.ledger import Ledger
from garret.storage.ledger_machine import FINAL, State
from garret.storage.ledger_types import Job, Request

_logger = log.get("control.jobs")

QUEUE_LIMIT: Final = 10_000
"""Jobs that are not over; one more answers busy."""
_PATIENCE_RESTARTS: Final = 5
"""A job during which Garret was stopped oftener than this in a row waits a while before it is begun again: it
may be what stops Garret, and a person must have time to cancel it."""
_PATIENCE_SECONDS: Final = 30.0
_LONGEST_SLEEP_SECONDS: Final = 60.0  # until a due time is looked at again, since wall clocks jump
_EVERYTHING: Final = 1 << 40  # rows; what is queued is bounded by QUEUE_LIMIT where it is accepted


class JobStatistics(msgspec.Struct, frozen=True):
    """How many jobs wait for their turn, run, and wait after a failure; how many may be there at all."""

    waiting: int
    running: int
    pausing: int
    limit: int


class Jobs:
    """Runs what the ledger holds, `limit` at a time, in its order; as many again that are live.

    A live job is one that its caller streams into: somebody who speaks must not wait for a hundred files.
    """

    def __init__(
        self,
        broker: Broker,
        registry: Registry,
        ledger: Ledger,
        *,
        limit: int,
        attempts: Callable[[], int],
        accepted: Callable[[Caller, Job], Coroutine[Any, Any, None]],
        changed: Changed,
        stored: Callable[[str, float], None],
        clock: Clock = SYSTEM,
    ) -> None:
        """`stored` hears of every transition: the command, and the seconds until it was durable."""
        self.broker = broker
        self._registry = registry
        self._ledger = ledger
        self._changed = changed
        self._attempts = attempts
        self._accepted = accepted
        self._stored = stored
        self._clock = clock
        self._runs: dict[str, JobRun] = {}
        self._lanes = JobLanes(limit)
        self._tasks: set[asyncio.Task[None]] = set()
        self._books = JobBooks(ledger, stored)
        self._course = JobCourse(
            broker,
            registry,
            ledger,
            self._books,
            changed=changed,
            pause=self._pause_run,
            forget=self._forget,
            spawn=self._spawn,
            clock=clock,
        )
        self._replaying = asyncio.Lock()
        self._replayed = False

    def statistics(self) -> JobStatistics:
        waiting, running = self._lanes.waiting, self._lanes.running
        return JobStatistics(waiting, running, len(self._runs) - waiting - running, QUEUE_LIMIT)

    # ---- from the broker

    def admit(self, pending: Pending, command: Any) -> None:
        """Take a job command on: into the ledger first, then to its turn."""
        if self._course.stopping:
            self.broker.fail(
                pending, ControlError("Garret stops; nothing was started.", code=Code.UNAVAILABLE)
            )
        elif len(self._runs) >= QUEUE_LIMIT:
            message = f"{QUEUE_LIMIT} jobs are waiting already; this one was not started. Try again later."
            self.broker.fail(pending, ControlError(message, code=Code.BUSY))
        else:
            pending.handling = BeforeLedger(self.broker)
            self._lend_place(pending)
            self._spawn(self._enter(pending, command))

    async def _enter(self, pending: Pending, command: Any) -> None:
        caller = pending.caller
        key = getattr(command, "key", "")
        scoped = _scoped(key, caller.profile, pending.workspace) if key else None
        request = Request(
            pending.meta.name,
            bytes(pending.payload),
            idempotency=scoped,
            priority=pending.priority,
            max_attempts=pending.meta.retry.attempts or self._attempts(),
            role=caller.role,
            profile=caller.profile,
            workspace=pending.workspace,
            parent=pending.parent,
        )
        began = monotonic()
        try:
            entered = await self._ledger.enqueue(request)
            self._stored(pending.meta.name, monotonic() - began)
            job = entered.job
            if job.id not in self._runs and job.state in FINAL:
                self._answer_old(pending, job)
                return
        except GarretError as error:
            self.broker.fail(pending, error)
            return
        if entered.new:
            # In the writer's queue before the lease is, so that nothing is begun that was not audited.
            self._spawn(self._accepted(caller, job))
        run = self._add(job)
        run.asked_for.set()
        if pending.done:  # while the ledger was being written
            self._unwatched(run, pending, new=entered.new)
        else:
            pending.handling = run
            run.watchers.join(pending)
            pending.hand_over_inputs()
        if not self._replayed:
            self._spawn(self._replay_late())
        self._next()

    def lend_place(self, pending: Pending) -> Callable[[], None]:
        """A job, or what it asked for, waits for a person: until what is returned is called, others may have
        its place."""
        run = pending.caller if isinstance(pending.caller, JobRun) else self._runs.get(pending.parent or "")
        if run is None or run.pending is None or run.pending.done:
            return _nothing
        self._lanes.lend(run)
        self._next()
        return lambda: self._lanes.regain(run)

    def _lend_place(self, pending: Pending) -> None:
        """A job that asks for another one waits for it: meanwhile others may have its place."""
        parent = self._runs.get(pending.parent or "")
        if parent is None or parent.pending is None or parent.pending.done:
            return

        def answered(_: Pending) -> None:
            self._lanes.regain(parent)

        pending.on_done = answered
        self._lanes.lend(parent)
        self._next()

    def _unwatched(self, run: JobRun, pending: Pending, *, new: bool) -> None:
        """Whoever asked gave up before the ledger was written, or only went away: then the job goes on."""
        reason = pending.waiting_cancel
        if new and reason is not None and reason.code != Code.DEADLINE:
            self.cancel_run(run, pending.caller.name)
        elif pending.meta.inputs is not None:
            run.put_input(pending, None)

    def _answer_old(self, pending: Pending, job: Job) -> None:
        if job.state == State.DONE:
            self.broker.finish(pending, msgspec.Raw(self._ledger.result(job.id)))
        elif job.error is not None:
            self.broker.fail(pending, error_of(job.error, job.id))
        else:
            message = f"The job {job.id} was cancelled. `garret jobs retry {job.id}` runs it again."
            self.broker.fail(pending, CancelledError(message, details={"job": job.id}))

    def watch_gone(self, pending: Pending) -> None:
        """A caller went away: its job goes on, and audio it was pushing has ended."""
        run = pending.handling
        if isinstance(run, JobRun):
            run.watchers.leave(pending)
            if pending.meta.inputs is not None:
                run.put_input(pending, None)

    # ---- what is asked about jobs

    async def replay(self) -> int:
        """At start: take up what was left running or queued; returns how many were cut off and go on.

        Nothing runs before this succeeded once, since the process before may have left what the ledger
        shows as running. Raises StorageError; it is tried again when storage is back, or a job accepted.
        """
        async with self._replaying:
            if self._replayed:
                return 0
            cut_off = await self._ledger.replay()
            queued = await asyncio.to_thread(self._ledger.next_queued, limit=_EVERYTHING)
            self._replayed = True
        patience = {
            one.job.id: min(_PATIENCE_SECONDS, 2.0 ** (one.restarts - _PATIENCE_RESTARTS))
            for one in cut_off
            if one.restarts > _PATIENCE_RESTARTS
        }
        for job in queued:
            self._add(job, patience=patience.get(job.id, 0.0))
        self._next()
        return len(cut_off)

    def take_on(self, job: Job) -> None:
        """Carry out a job that somebody else's transaction put into the ledger; it is committed."""
        self._add(job)
        self._next()

    async def _replay_late(self) -> None:
        try:
            resumed = await self.replay()
        except GarretError as error:
            _logger.error("jobs wait, since the ledger could not be replayed: %s", error.message)
            return
        if resumed:
            _logger.warning("%d jobs that were cut off go on.", resumed)

    async def retry(self, job_id: str, who: str) -> Job:
        """Queue a failed or cancelled job anew. Raises NotFound or Conflict."""
        await self._ledger.retry(job_id, who)
        job = self._ledger.get(job_id)
        self._add(job)
        self._next()
        return job

    async def cancel(self, job_id: str, who: str) -> Job:
        """Cancel a job that waits or runs, with all that is part of its work, and wait until it has ended.

        Raises NotFound, Conflict, or the StorageError for which the ledger could not be told.
        """
        run = self._runs.get(job_id)
        parts = [self._runs[one] for one in await self._descendants(job_id) if one in self._runs]
        for part in parts:
            self.cancel_run(part, who)
        if run is None:
            if not parts:  # where it is over itself, what it left behind was cancelled
                await self._ledger.cancel(job_id, who)
            job = self._ledger.get(job_id)
            self._changed(job, job.state, job.fraction, "")
            return job
        self.cancel_run(run, who)
        await run.settled.wait()
        if run.held is not None:
            raise run.held
        return self._ledger.get(job_id)

    async def _descendants(self, job_id: str) -> list[str]:
        return await asyncio.to_thread(self._ledger.descendants, job_id)

    def cancel_run(self, run: JobRun, who: str) -> None:
        """Stop a run for everybody. One that is just being leased sees it before it begins."""
        if run.cancelled_by:
            return
        run.cancelled_by = who
        if run.timer is not None:
            run.timer.cancel()
            self._again(run)
        elif run.pending is not None:
            self.broker.stop(run.pending, CancelledError(f"{run.job.command} was cancelled by {who}."))
        elif self._lanes.withdraw(run):
            self._spawn(self._course.guarded(run, self._course.end_cancelled(run)))

    def resume(self) -> None:
        """Storage takes writes again: write what is due now, and replay if that was not possible before."""
        self._books.resume()
        if not self._replayed and not self._course.stopping:
            self._spawn(self._replay_late())

    # ---- running

    def _add(self, job: Job, *, patience: float = 0.0) -> JobRun:
        """The run of a queued job, made where there is none yet; it waits for `patience` seconds first."""
        run = self._runs.get(job.id)
        if run is None:
            meta = self._meta(job.command)
            run = self._runs[job.id] = JobRun(
                self, job, meta is not None and meta.inputs is not None, f"job:{job.id}", job.role
            )
            if meta is not None:
                run.at_once, run.retry = meta.at_once, meta.retry
            self._course.tell(run, State.QUEUED)
            if patience > 0:
                run.timer = asyncio.get_running_loop().call_later(patience, self._again, run)
            else:
                self._queue(run)
        return run

    def _queue(self, run: JobRun) -> None:
        """Let a job wait for its turn, or first for its time."""
        left = 0.0 if run.job.due is None else run.job.due - self._clock.wall()
        if left > 0:
            sleep = min(left, _LONGEST_SLEEP_SECONDS)
            run.timer = asyncio.get_running_loop().call_later(sleep, self._again, run)
        else:
            self._lanes.put(run)

    def _forget(self, run: JobRun) -> None:
        self._runs.pop(run.job.id, None)

    def _meta(self, command: str) -> CommandMeta | None:
        try:
            return self._registry.find(command)
        except GarretError:
            return None  # of a room that is not there any more; it fails at its turn

    def _next(self) -> None:
        if self._replayed and not self._course.stopping:
            for run in self._lanes.take():
                self._spawn(self._run(run))

    async def _run(self, run: JobRun) -> None:
        try:
            await self._course.guarded(run, self._course.attempt(run))
        finally:
            self._lanes.release(run)
            self._next()

    def _pause_run(self, run: JobRun, attempt: int) -> None:
        """Let a job that failed wait a moment before it is tried again."""
        run.pending = run.lease = None
        if run.cancelled_by:
            self._again(run)
        elif not self._course.stopping:
            pause = run.retry.pause(attempt)
            run.timer = asyncio.get_running_loop().call_later(pause, self._again, run)

    def _again(self, run: JobRun) -> None:
        run.timer = None
        if run.cancelled_by:
            self._spawn(self._course.guarded(run, self._course.end_cancelled(run)))
        else:
            self._queue(run)
            self._next()

    def note_progress(self, run: JobRun, payload: msgspec.Raw) -> None:
        self._course.note_progress(run, payload)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, cancel_running: Callable[[], Awaitable[None]]) -> None:
        """Start no more, let `cancel_running` end what runs, and give those jobs back to the ledger."""
        self._course.stopping = True
        self._books.stop()
        await cancel_running()
        for run in list(self._runs.values()):
            if run.pending is not None and not run.pending.done:
                self.broker.stop(run.pending, CancelledError("Garret stops."))
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for run in list(self._runs.values()):
            if run.timer is not None:
                run.timer.cancel()
            self._course.over(run, None, goes_on(run))


def _scoped(key: str, profile: str, workspace: str) -> str:
    """The key in the ledger: no profile joins another's job, and none a job about something else."""
    return f"{profile}:{key}" if workspace == DEFAULT_WORKSPACE else f"{profile}:{workspace}:{key}"


def _nothing() -> None:
    """Whoever is no job has no place to lend."""
