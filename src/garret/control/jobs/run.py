"""One job between being queued and being over, and those who wait for it.

A run is the caller of the command that does its work, and stands in for everybody who asked for the job:
what streams back is fanned out to them, and cancelling what one of them asked for cancels it for all.

Neighbours: `jobs` decides when a run goes on, the broker carries its command.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from garret.base.errors import CancelledError, Code, GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Pending
from garret.control.errors import ControlError
from garret.control.jobs.watchers import Watchers
from garret.protocol.contract import Retry
from garret.protocol.streams import Passage
from garret.storage.ledger_types import Job, JobError, Lease

Outcome = tuple[msgspec.Raw | None, GarretError | None]
"""The result of an attempt, or why there is none."""


class Desk(Protocol):
    """What a run asks of the jobs it belongs to."""

    broker: Broker

    def cancel_run(self, run: JobRun, who: str) -> None: ...

    def note_progress(self, run: JobRun, payload: msgspec.Raw) -> None: ...


@dataclass(eq=False)
class JobRun:
    """A job that is not over. `live` says that its callers stream into it while it runs; `at_once` and
    `retry` are those of its command.

    `settled` is set when its callers were answered; `held` is why the ledger did not take what came of it.
    `asked_for` is set once somebody has asked for it since this control plane started, also where they left.
    """

    desk: Desk
    job: Job
    live: bool
    name: str
    role: str
    at_once: int | None = None
    retry: Retry = field(default_factory=Retry)
    watchers: Watchers = field(default_factory=Watchers)
    lease: Lease | None = None
    pending: Pending | None = None
    outcome: asyncio.Future[Outcome] | None = None
    timer: asyncio.TimerHandle | None = None
    cancelled_by: str = ""
    noted: float = 0.0
    inputs: Passage[msgspec.Raw] = field(default_factory=Passage[msgspec.Raw])
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    asked_for: asyncio.Event = field(default_factory=asyncio.Event)
    held: GarretError | None = None

    @property
    def profile(self) -> str:
        """That of whoever asked for the job, whatever is in force by now."""
        return self.job.profile

    @property
    def workspace(self) -> str:
        return self.job.workspace

    @property
    def order(self) -> tuple[int, int]:
        """The place in the queue: by priority, then by arrival."""
        return self.job.priority, self.job.seq

    # ---- the broker's Handling, for the watchers' commands

    def cancel(self, pending: Pending) -> None:
        """Cancelling what one asked for cancels the job for all; a deadline ends the waiting only."""
        reason = pending.waiting_cancel
        if reason is not None and reason.code == Code.DEADLINE:
            self.watchers.leave(pending)
            self.desk.broker.fail(pending, reason)
            return
        self.desk.cancel_run(self, pending.caller.name)

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        del pending
        if self.pending is None or self.pending.handling is None:
            self.inputs.keep(payload)  # bounded by the credit that callers start with
        else:
            self.pending.handling.put_input(self.pending, payload)

    def grant(self, pending: Pending, items: int) -> None:
        self.watchers.grant(pending, items)

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
        """Pass on what the work streams; whoever watches does not hold it back."""
        del request
        if name == "progress":
            self.desk.note_progress(self, payload)
            self.watchers.tell_progress(payload)
            return
        replay = 0
        if self.pending is not None:
            replay = self.pending.meta.replay
            if self.pending.handling is not None:
                self.pending.handling.grant(self.pending, 1)
        self.watchers.tell(payload, replay=replay)

    def on_credit(self, request: int, items: int) -> None:
        del request
        self.watchers.pass_credit(items)


class BeforeLedger:
    """Handles a job command while it is being written to the ledger: it can only be given up."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def cancel(self, pending: Pending) -> None:
        self._broker.fail(pending, pending.waiting_cancel or CancelledError("Cancelled."))

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        pending.keep_input(payload)

    def grant(self, pending: Pending, items: int) -> None:
        del pending, items


def goes_on(run: JobRun) -> GarretError:
    """What those who wait for a job are told when Garret stops."""
    return ControlError(
        "Garret stops; the job goes on at its next start.",
        code=Code.UNAVAILABLE,
        details={"job": run.job.id},
    )


def error_of(error: JobError, job: str) -> GarretError:
    """The error with which a job ended, as the ledger kept it."""
    code = Code(error.code) if error.code in Code.__members__.values() else Code.FAILED
    return GarretError(error.message, code=code, retryable=error.retryable, details={"job": job})
