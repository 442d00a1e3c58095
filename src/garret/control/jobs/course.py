"""One job from its lease to its end: an attempt at it, what becomes of that, and who is told.

Invariant: nobody is told that a job is over before the ledger has it; while storage is away, or when Garret
stops, they are told that it goes on. Neighbours: `jobs` decides when a job has its turn, `run` is the
job under way, `books` writes down what becomes of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, Final, TypeVar

import msgspec

from garret.base import log
from garret.base.clock import Clock
from garret.base.errors import CancelledError, Code, GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Ending
from garret.control.errors import ControlError
from garret.control.jobs.books import JobBooks
from garret.control.jobs.run import JobRun, Outcome, goes_on
from garret.protocol.contract import Registry
from garret.protocol.life import Progress
from garret.storage.errors import StorageError
from garret.storage.ledger import Ledger
from garret.storage.ledger_machine import State
from garret.storage.ledger_types import Job, JobError

_logger = log.get("control.jobs")

T = TypeVar("T")

PROGRESS_SECONDS: Final = 0.5
"""At most one progress note in this time goes to the ledger for each job."""

Changed = Callable[[Job, str, float, str], None]
"""The job, its new state, fraction, note."""


class JobCourse:
    """Takes jobs through an attempt. `pause` lets one that failed wait, `forget` hears that one is over."""

    def __init__(
        self,
        broker: Broker,
        registry: Registry,
        ledger: Ledger,
        books: JobBooks,
        *,
        changed: Changed,
        pause: Callable[[JobRun, int], None],
        forget: Callable[[JobRun], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        clock: Clock,
    ) -> None:
        self.stopping = False
        self._broker = broker
        self._registry = registry
        self._ledger = ledger
        self._books = books
        self._changed = changed
        self._pause = pause
        self._forget = forget
        self._spawn = spawn
        self._clock = clock

    async def guarded(self, run: JobRun, work: Awaitable[None]) -> None:
        """Whatever goes wrong with the books of a job, those who wait for it are told."""
        try:
            await work
        except GarretError as error:
            if not self.stopping:
                _logger.error("job %s: %s", run.job.id, error.message)
            self.over(run, None, error)
        except Exception as error:
            _logger.exception("job %s", run.job.id)
            message = f"{run.job.command} failed inside Garret ({type(error).__name__}). The job is kept."
            await self._give_up(run, ControlError(message, details={"job": run.job.id}))

    async def _give_up(self, run: JobRun, error: GarretError) -> None:
        """End a job with an error that nobody expected: in the ledger too, where that can be written."""
        try:
            if run.lease is not None:
                await self._fail(run, error)
        except Exception:
            _logger.exception("that job %s failed could not be written down", run.job.id)
        finally:
            self.over(run, None, error)  # nothing where it was told already

    async def attempt(self, run: JobRun) -> None:
        """Lease the job, let its handler work, write down what came of it. Raises what the ledger raises."""
        owner = f"control:{os.getpid()}"
        run.lease = await self._record(run, lambda: self._ledger.lease(run.job.id, owner))
        self.tell(run, State.RUNNING)
        try:
            payload, error = await self._work(run)
        except GarretError as refused:
            payload, error = None, refused
        if payload is not None:
            await self._finish(run, payload)
        else:
            await self._fail(run, error or ControlError(f"{run.job.command} gave no result."))

    async def _work(self, run: JobRun) -> Outcome:
        run.outcome = asyncio.get_running_loop().create_future()
        assert run.lease is not None
        if run.cancelled_by:
            return None, CancelledError(f"{run.job.command} was cancelled by {run.cancelled_by}.")
        if self.stopping:  # it was leased while the others were being ended
            return None, CancelledError("Garret stops.")
        meta = self._registry.find(run.job.command)
        run.pending = self._broker.admit_job(run, meta, run.lease.payload, run.lease)
        for payload in run.inputs.release():
            run.put_input(run.pending, payload)
        return await run.outcome

    async def _finish(self, run: JobRun, payload: msgspec.Raw) -> None:
        assert run.lease is not None
        epoch = run.lease.epoch
        ending = (run.pending and run.pending.ending) or Ending()
        try:
            await self._record(
                run,
                lambda: self._ledger.finish(run.job.id, epoch, bytes(payload), writes=ending.writes),
            )
        except GarretError as error:
            if isinstance(error, StorageError) and error.code != Code.INVALID:
                raise
            await self._fail(run, error)  # a result, or something beside it, that will never be taken
            return
        for tell in ending.told:
            tell()
        self.over(run, payload, None)
        self.tell(run, State.DONE)

    async def _fail(self, run: JobRun, error: GarretError) -> None:
        assert run.lease is not None
        epoch = run.lease.epoch
        if run.cancelled_by:
            await self.end_cancelled(run)
            return
        if self.stopping and error.code == Code.CANCELLED:
            await self._ledger.requeue(run.job.id, epoch, "Garret was stopped")
            self.over(run, None, goes_on(run))
            return
        told = JobError(error.code.value, error.message, error.retryable)
        within = run.retry.within_seconds
        retry = error.retryable and (within is None or self._clock.wall() < run.job.created + within)
        state = await self._record(run, lambda: self._ledger.fail(run.job.id, epoch, told, retry=retry))
        if state == State.QUEUED:
            self.tell(run, state)
            self._pause(run, run.lease.attempt)
            return
        error.details.setdefault("job", run.job.id)
        self.over(run, None, error)
        self.tell(run, State.FAILED, error.message)

    async def end_cancelled(self, run: JobRun) -> None:
        """Write down that the job was cancelled, and tell everybody. Raises what the ledger raises."""
        await self._record(run, lambda: self._ledger.cancel(run.job.id, run.cancelled_by))
        message = f"{run.job.command} was cancelled by {run.cancelled_by}."
        self.over(run, None, CancelledError(message, details={"job": run.job.id}))
        self.tell(run, State.CANCELLED)

    async def _record(self, run: JobRun, write: Callable[[], Awaitable[T]]) -> T:
        return await self._books.record(run, write, self._held)

    def _held(self, run: JobRun, error: GarretError) -> None:
        self._answer(run, None, error)

    def over(self, run: JobRun, payload: msgspec.Raw | None, error: GarretError | None) -> None:
        """The run has ended: answer whoever waits for it with its result, or with why there is none."""
        self._forget(run)
        self._answer(run, payload, error)

    def _answer(self, run: JobRun, payload: msgspec.Raw | None, error: GarretError | None) -> None:
        for pending in run.watchers.release():
            if payload is not None:
                self._broker.finish(pending, payload)
            elif error is not None:
                self._broker.fail(pending, error)
        run.settled.set()

    # ---- telling

    def note_progress(self, run: JobRun, payload: msgspec.Raw) -> None:
        """Pass a job's progress to the ledger and the bus, at most twice a second."""
        now = monotonic()
        if run.lease is None or now - run.noted < PROGRESS_SECONDS:
            return
        run.noted = now
        progress = msgspec.msgpack.decode(payload, type=Progress)
        fraction = min(1.0, max(0.0, progress.fraction))
        self._changed(run.job, State.RUNNING, fraction, progress.note)
        self._spawn(self._books.progress(run.job.id, run.lease.epoch, fraction, progress.note))

    def tell(self, run: JobRun, state: State, note: str = "") -> None:
        """Tell whoever watches jobs that this one is in another state."""
        self._changed(run.job, state, 1.0 if state == State.DONE else 0.0, note)
