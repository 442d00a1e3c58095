"""Jobs: commands a person would miss, carried from the ledger through their run and back.

A job is written to the ledger before it starts and after it ends. Asking again with the same key
joins the run that is under way, or gets the result of the one that is done; after a crash the
ledger is replayed and what was running runs again. A caller that goes away does not take its job
with it; one that cancels does.

Neighbours: the broker hands job commands over (`admit`), `storage.ledger` keeps them, services do
the work.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.errors import CancelledError, Code, GarretError
from garret.control.broker import Broker
from garret.control.errors import ControlError
from garret.control.request import Caller, Pending
from garret.protocol.contract import Registry
from garret.protocol.life import Progress
from garret.protocol.streams import INITIAL_CREDIT
from garret.storage.ledger import Ledger
from garret.storage.ledger_machine import State
from garret.storage.ledger_rows import Job, JobError, Lease, Request

_logger = log.get("control.jobs")

PROGRESS_SECONDS: Final = 0.5
"""At most one progress note in this time goes to the ledger for each job."""
_RETRY_BASE_SECONDS: Final = 0.2
_RETRY_LIMIT_SECONDS: Final = 10.0

Changed = Callable[[str, str, str, float, str], None]
"""job id, command, state, fraction, note."""


@dataclass(eq=False)
class _Watcher:
    """A caller that waits for a job; `credit` is how many more items it takes."""

    pending: Pending
    credit: int = INITIAL_CREDIT


@dataclass(eq=False)
class _Run:
    """One job between being queued and being over. It is the caller of the command that does the work."""

    jobs: Jobs
    job: Job
    payload: bytes
    name: str
    role: str
    profile: str
    watchers: list[_Watcher] = field(default_factory=list)
    lease: Lease | None = None
    pending: Pending | None = None
    outcome: asyncio.Future[tuple[msgspec.Raw | None, GarretError | None]] | None = None
    task: asyncio.Task[None] | None = None
    cancelled_by: str = ""
    noted: float = 0.0
    inputs: list[msgspec.Raw | None] = field(default_factory=list)

    def __hash__(self) -> int:
        return id(self)

    # ---- the broker's Handling, for the watchers' commands

    def cancel(self, pending: Pending) -> None:
        """Cancelling what one asked for cancels the job for all; a deadline ends the waiting only."""
        reason = pending.waiting_cancel
        if reason is not None and reason.code == Code.DEADLINE:
            self.leave(pending)
            self.jobs.broker.fail(pending, reason)
            return
        self.jobs.cancel_run(self, pending.caller.name)

    def leave(self, pending: Pending) -> None:
        self.watchers = [watcher for watcher in self.watchers if watcher.pending is not pending]

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        del pending
        if self.pending is None or self.pending.handling is None:
            self.inputs.append(payload)  # bounded by the credit that callers start with
        else:
            self.pending.handling.put_input(self.pending, payload)

    def grant(self, pending: Pending, items: int) -> None:
        for watcher in self.watchers:
            if watcher.pending is pending:
                watcher.credit += items

    # ---- the broker's Caller, for the command that does the work

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        del request, descriptors
        self._settle(payload, None)

    def on_error(self, request: int, error: GarretError) -> None:
        del request
        self._settle(None, error)

    def _settle(self, payload: msgspec.Raw | None, error: GarretError | None) -> None:
        if self.outcome is not None and not self.outcome.done():
            self.outcome.set_result((payload, error))

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        """Fan an item out. It is advisory: a watcher that does not keep up misses some."""
        del request
        if name == "progress":
            self.jobs.note_progress(self, payload)
        elif self.pending is not None and self.pending.handling is not None:
            self.pending.handling.grant(self.pending, 1)
        for watcher in self.watchers:
            if name == "progress" or watcher.credit > 0:
                watcher.credit -= name != "progress"
                watcher.pending.caller.on_item(watcher.pending.request, name, payload)

    def on_credit(self, request: int, items: int) -> None:
        del request
        for watcher in self.watchers:
            watcher.pending.caller.on_credit(watcher.pending.request, items)


class Jobs:
    """Runs what the ledger holds, `limit` at a time, in its order."""

    def __init__(
        self,
        broker: Broker,
        registry: Registry,
        ledger: Ledger,
        *,
        limit: int,
        attempts: Callable[[], int],
        accepted: Callable[[Caller, Job], Awaitable[None]],
        changed: Changed,
    ) -> None:
        self.broker = broker
        self.limit = limit
        self._registry = registry
        self._ledger = ledger
        self._changed = changed
        self._attempts = attempts
        self._accepted = accepted
        self._runs: dict[str, _Run] = {}
        self._waiting: list[_Run] = []
        self._active = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    # ---- from the broker

    def admit(self, pending: Pending, command: Any) -> None:
        """Take a job command on: into the ledger first, then to its turn."""
        pending.handling = _BeforeLedger(self)
        self._spawn(self._enter(pending, command))

    async def _enter(self, pending: Pending, command: Any) -> None:
        caller = pending.caller
        key = getattr(command, "key", "")
        scoped = f"{caller.profile}:{key}" if key else None  # one profile never joins another's job
        request = Request(
            pending.meta.name,
            bytes(pending.payload),
            idempotency=scoped,
            priority=pending.priority,
            max_attempts=self._attempts(),
            role=caller.role,
            profile=caller.profile,
        )
        try:
            entered = await self._ledger.enqueue(request)
            job = entered.job
            if entered.new:
                await self._accepted(caller, job)
            run = self._runs.get(job.id)
            if run is None and job.state in (State.DONE, State.FAILED, State.CANCELLED):
                self._answer_old(pending, job)
                return
        except GarretError as error:
            self.broker.fail(pending, error)
            return
        if run is None:
            run = self._add(job, bytes(pending.payload))
        if pending.done:  # while the ledger was being written
            self._unwatched(run, pending, new=entered.new)
            return
        run.watchers.append(_Watcher(pending))
        pending.handling = run
        pending.hand_over_inputs()
        self._next()

    def _unwatched(self, run: _Run, pending: Pending, *, new: bool) -> None:
        """Whoever asked gave up before the ledger was written, or only went away: then the job goes on."""
        if new and pending.waiting_cancel is not None:
            self.cancel_run(run, pending.caller.name)
            return
        if pending.meta.inputs is not None:
            run.put_input(pending, None)
        self._next()

    def _answer_old(self, pending: Pending, job: Job) -> None:
        if job.state == State.DONE:
            self.broker.finish(pending, msgspec.Raw(self._ledger.result(job.id)))
        elif job.error is not None:
            self.broker.fail(pending, _error_of(job.error, job.id))
        else:
            message = f"The job {job.id} was cancelled. `garret jobs retry {job.id}` runs it again."
            self.broker.fail(pending, CancelledError(message, details={"job": job.id}))

    def watch_gone(self, pending: Pending) -> None:
        """A caller went away: its job goes on, and audio it was pushing has ended."""
        run = pending.handling
        if isinstance(run, _Run):
            run.leave(pending)
            if pending.meta.inputs is not None:
                run.put_input(pending, None)

    # ---- running

    async def replay(self) -> tuple[int, int]:
        """At start: queue what a dead process left running, and take up all that is queued."""
        replayed = await self._ledger.replay()
        for job in self._ledger.next_queued(limit=1_000):
            self._add(job, self._ledger.payload(job.id))
        self._next()
        return len(replayed.queued), len(replayed.failed)

    async def retry(self, job_id: str, who: str) -> Job:
        """Queue a failed or cancelled job anew. Raises NotFound or Conflict."""
        await self._ledger.retry(job_id, who)
        job = self._ledger.get(job_id)
        self._add(job, self._ledger.payload(job_id))
        self._next()
        return job

    async def cancel(self, job_id: str, who: str) -> Job:
        """Cancel a job that waits or runs. Raises NotFound or Conflict."""
        run = self._runs.get(job_id)
        if run is None:
            await self._ledger.cancel(job_id, who)
        else:
            self.cancel_run(run, who)
            if run.task is not None:
                await asyncio.shield(run.task)
        return self._ledger.get(job_id)

    def cancel_run(self, run: _Run, who: str) -> None:
        if run.cancelled_by:
            return
        run.cancelled_by = who
        if run.pending is not None:
            self.broker.stop(run.pending, CancelledError(f"{run.job.command} was cancelled by {who}."))
        elif run in self._waiting:
            self._waiting.remove(run)
            run.task = self._spawn(self._end_cancelled(run))

    def _add(self, job: Job, payload: bytes) -> _Run:
        run = _Run(self, job, payload, f"job:{job.id}", job.role, job.profile)
        self._runs[job.id] = run
        self._waiting.append(run)
        self._tell(run, State.QUEUED)
        return run

    def _next(self) -> None:
        self._waiting.sort(key=lambda run: (run.job.priority, run.job.seq))
        while self._waiting and self._active < self.limit and not self._stopping:
            run = self._waiting.pop(0)
            self._active += 1
            run.task = self._spawn(self._run(run))

    async def _run(self, run: _Run) -> None:
        try:
            run.lease = await self._ledger.lease(run.job.id, f"control:{os.getpid()}")
            self._tell(run, State.RUNNING)
            payload, error = await self._attempt(run)
            if error is None and payload is not None:
                await self._finish(run, payload)
            elif error is not None:
                await self._fail(run, error)
        except GarretError as error:
            _logger.error("job %s: %s", run.job.id, error.message)
            self._over(run, None, error)
        finally:
            self._active -= 1
            if not self._stopping:
                self._next()

    async def _attempt(self, run: _Run) -> tuple[msgspec.Raw | None, GarretError | None]:
        run.outcome = asyncio.get_running_loop().create_future()
        assert run.lease is not None
        if run.cancelled_by:
            return None, CancelledError(f"{run.job.command} was cancelled by {run.cancelled_by}.")
        meta = self._registry.find(run.job.command)
        run.pending = self.broker.admit_job(run, meta, run.payload, run.lease)
        for payload in run.inputs:
            run.put_input(run.pending, payload)
        run.inputs.clear()
        return await run.outcome

    async def _finish(self, run: _Run, payload: msgspec.Raw) -> None:
        assert run.lease is not None
        await self._ledger.finish(run.job.id, run.lease.epoch, bytes(payload))
        self._over(run, payload, None)
        self._tell(run, State.DONE)

    async def _fail(self, run: _Run, error: GarretError) -> None:
        assert run.lease is not None
        if self._stopping and error.code == Code.CANCELLED and not run.cancelled_by:
            await self._ledger.requeue(run.job.id, run.lease.epoch, "Garret was stopped")
            self._over(run, None, ControlError("Garret stops; the job goes on at its next start.", code=Code.UNAVAILABLE))
            return
        if run.cancelled_by:
            await self._end_cancelled(run)
            return
        told = JobError(error.code.value, error.message, error.retryable)
        state = await self._ledger.fail(run.job.id, run.lease.epoch, told, retry=error.retryable)
        if state == State.QUEUED and not self._stopping:
            self._tell(run, state)
            attempt = run.lease.attempt
            pause = min(_RETRY_LIMIT_SECONDS, _RETRY_BASE_SECONDS * 2 ** (attempt - 1))
            run.pending = None
            asyncio.get_running_loop().call_later(pause, self._again, run)
            return
        error.details.setdefault("job", run.job.id)
        self._over(run, None, error)
        self._tell(run, State.FAILED, error.message)

    def _again(self, run: _Run) -> None:
        if run.cancelled_by:
            run.task = self._spawn(self._end_cancelled(run))
        elif not self._stopping:
            self._waiting.append(run)
            self._next()

    async def _end_cancelled(self, run: _Run) -> None:
        await self._ledger.cancel(run.job.id, run.cancelled_by)
        message = f"{run.job.command} was cancelled by {run.cancelled_by}."
        self._over(run, None, CancelledError(message, details={"job": run.job.id}))
        self._tell(run, State.CANCELLED)

    def _over(self, run: _Run, payload: msgspec.Raw | None, error: GarretError | None) -> None:
        self._runs.pop(run.job.id, None)
        for watcher in run.watchers:
            if payload is not None:
                self.broker.finish(watcher.pending, payload)
            elif error is not None:
                self.broker.fail(watcher.pending, error)

    # ---- telling

    def note_progress(self, run: _Run, payload: msgspec.Raw) -> None:
        """Pass a job's progress to the ledger and the bus, at most twice a second."""
        now = asyncio.get_running_loop().time()
        if run.lease is None or now - run.noted < PROGRESS_SECONDS:
            return
        run.noted = now
        progress = msgspec.msgpack.decode(payload, type=Progress)
        fraction = min(1.0, max(0.0, progress.fraction))
        self._changed(run.job.id, run.job.command, State.RUNNING, fraction, progress.note)
        self._spawn(self._write_progress(run.job.id, run.lease.epoch, fraction, progress.note))

    async def _write_progress(self, job: str, epoch: int, fraction: float, note: str) -> None:
        try:
            await self._ledger.progress(job, epoch, fraction, note)
        except GarretError as error:
            _logger.debug("progress of %s was not kept: %s", job, error.message)

    def _tell(self, run: _Run, state: State, note: str = "") -> None:
        self._changed(run.job.id, run.job.command, state, 1.0 if state == State.DONE else 0.0, note)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self, cancel_running: Callable[[], Awaitable[None]]) -> None:
        """Start no more, let `cancel_running` end what runs, and give those jobs back to the ledger."""
        self._stopping = True
        await cancel_running()
        for run in list(self._runs.values()):
            if run.pending is not None and not run.pending.done:
                self.broker.stop(run.pending, CancelledError("Garret stops."))
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


class _BeforeLedger:
    """Handles a job command while it is being written to the ledger: it can only be given up."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def cancel(self, pending: Pending) -> None:
        self._jobs.broker.fail(pending, pending.waiting_cancel or CancelledError("Cancelled."))

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        pending.keep_input(payload)

    def grant(self, pending: Pending, items: int) -> None:
        del pending, items


def _error_of(error: JobError, job: str) -> GarretError:
    code = Code(error.code) if error.code in Code.__members__.values() else Code.FAILED
    return GarretError(error.message, code=code, retryable=error.retryable, details={"job": job})
