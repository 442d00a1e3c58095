"""Durable jobs: the asynchronous face of the ledger.

Promises: when a coroutine of this class returns, the transition is on the disk together with its event.
A report that carries a stale lease epoch is refused with Conflict. Reading never waits for writing.
For changing a room's tables and a job in one transaction, hand `writer.write` an operation that calls the
functions of `ledger_rows` itself.

Neighbours: `writer`, `ledger_rows` (the SQL), `ledger_machine` (what is legal), `ledger_story`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import apsw

from garret.base.clock import SYSTEM, Clock
from garret.storage import ledger_rows as rows
from garret.storage import ledger_story
from garret.storage.connection import Readers
from garret.storage.ledger_machine import State
from garret.storage.ledger_types import Enqueued, Job, JobError, Lease, Replayed, Request
from garret.storage.writer import Writer

_DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Retention:
    """How long jobs that are over are kept: at most `days`, and at most `jobs` of them."""

    days: float = 90.0
    jobs: int = 20_000


class Ledger:
    """All jobs of this machine."""

    def __init__(self, writer: Writer, readers: Readers, *, clock: Clock = SYSTEM) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock

    async def enqueue(self, request: Request) -> Enqueued:
        """Record a job; a known idempotency key returns its job. Raises UsageError, Invalid, QueueFull..."""
        now = self._clock.wall()
        return await self._writer.write(lambda connection: rows.enqueue(connection, request, now))

    async def lease(self, job: str, owner: str) -> Lease:
        """Start a queued job. Raises NotFound or Conflict."""
        now = self._clock.wall()
        return await self._writer.write(lambda connection: rows.lease(connection, job, owner, now))

    async def progress(self, job: str, epoch: int, fraction: float, note: str = "") -> None:
        """Note how far a running job is, from 0 to 1. Raises NotFound, Conflict or UsageError."""
        now = self._clock.wall()
        await self._writer.write(
            lambda connection: rows.progress(connection, job, epoch, fraction, note, now)
        )

    async def finish(
        self,
        job: str,
        epoch: int,
        result: bytes = b"",
        *,
        writes: Sequence[Callable[[apsw.Connection], object]] = (),
    ) -> None:
        """Record the result, and in the same transaction what `writes` write.

        Raises NotFound, Conflict, Invalid, or what one of the writes raises; nothing is then recorded.
        """
        now = self._clock.wall()

        def end(connection: apsw.Connection) -> None:
            rows.finish(connection, job, epoch, result, now)  # first: a stale lease must write nothing
            for write in writes:
                write(connection)

        await self._writer.write(end)

    async def fail(self, job: str, epoch: int, error: JobError, *, retry: bool) -> State:
        """Record a failure and return the state it led to. Raises NotFound or Conflict."""
        now = self._clock.wall()
        return await self._writer.write(
            lambda connection: rows.fail(connection, job, epoch, error, retry, now)
        )

    async def requeue(self, job: str, epoch: int, reason: str) -> None:
        """Give a running job back without counting the attempt. Raises NotFound or Conflict."""
        now = self._clock.wall()
        await self._writer.write(lambda connection: rows.requeue(connection, job, epoch, reason, now))

    async def cancel(self, job: str, who: str) -> bool:
        """Cancel a job that is not over; False when it was cancelled before. Raises NotFound or Conflict."""
        now = self._clock.wall()
        return await self._writer.write(lambda connection: rows.cancel(connection, job, who, now))

    async def retry(self, job: str, who: str) -> None:
        """Queue a failed or cancelled job anew. Raises NotFound or Conflict."""
        now = self._clock.wall()
        await self._writer.write(lambda connection: rows.retry(connection, job, who, now))

    async def replay(self) -> list[Replayed]:
        """Queue again what a dead process left running: once, at start, before anything is leased."""
        now = self._clock.wall()
        return await self._writer.write(lambda connection: rows.replay(connection, now))

    async def prune(self, retention: Retention, at: float | None) -> int:
        """Delete what the retention does not keep, a few hundred jobs a transaction; return how many went.

        Age is measured at `at`, which should be the settled time; None: nothing is too old.
        """
        before = 0.0 if at is None else at - retention.days * _DAY
        keep = retention.jobs
        total = 0
        while gone := await self._writer.write(lambda c: rows.prune(c, before=before, keep=keep)):
            total += gone
        return total

    def get(self, job: str) -> Job:
        """The job with this id. Raises NotFound."""
        with self._readers.read() as connection:
            return rows.get(connection, job)

    def result(self, job: str) -> bytes:
        """What the job answered; empty while it is not done. Raises NotFound."""
        with self._readers.read() as connection:
            return rows.result(connection, job)

    def jobs(
        self,
        *,
        states: Sequence[State] = (),
        command: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> list[Job]:
        """Jobs, newest first; `before` is the id of the last one seen."""
        with self._readers.read() as connection:
            return rows.select(connection, states=states, command=command, limit=limit, before=before)

    def next_queued(self, limit: int = 100) -> list[Job]:
        """Queued jobs by priority, then by arrival."""
        with self._readers.read() as connection:
            return rows.next_queued(connection, limit)

    def descendants(self, job: str) -> list[str]:
        """The ids of the jobs that are part of this one's work and not over, nearest first."""
        with self._readers.read() as connection:
            return rows.descendants(connection, job)

    def story(self, job: str) -> list[str]:
        """How the job came to its state, one plain sentence with its time a line. Raises NotFound."""
        with self._readers.read() as connection:
            return ledger_story.tell(rows.get(connection, job), rows.events(connection, job))
