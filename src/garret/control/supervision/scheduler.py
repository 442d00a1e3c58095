"""Which command goes to which worker, and when: pools of places, bounded queues, fair turns.

A pool has workers; a worker has as many places as it takes jobs at once. A job that finds a free
place is admitted at once. Otherwise it waits in the pool's `WaitingLine`, or is refused with `Busy`
when that is full; a single caller may fill three quarters of it, so that one client cannot shut
out the others.

    answer = scheduler.submit(Item(7, "stt", caller="cli-1", lane=0), now)
    # Admitted(7, "stt#0.1"): send it there. When it has ended, by whatever way:
    for admitted in scheduler.done(7, now): ...  # send these, they waited

Here a job is any command for a worker. What is asked for twice was told apart before, when the ledger took
it on (`jobs`), and what waits past its deadline is cancelled by the broker's wheel (`deadlines`): nothing
whose deadline has passed is admitted in between.

Invariants: a job is waiting or running until it is done or cancelled, or its worker has vanished; it is
admitted once; no worker has more jobs than places; nobody waits while a place is free. Pure: no clock, no
I/O, monotonic seconds come in. Neighbours: `placement` (items and answers), `waiting_line`, and `pools`,
which submits commands and adds and removes slots.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from garret.base.errors import Code, UsageError
from garret.control.errors import ControlError
from garret.control.supervision.placement import (
    Admitted,
    Busy,
    Item,
    PoolStatistics,
    Queued,
    Running,
    Withdrawn,
)
from garret.control.supervision.waiting_line import LANES, Waiting, WaitingLine

AGE_SECONDS: Final = 5.0
"""How long a job waits before it rises a lane: a background job is treated as interactive after 15 s."""

QUEUE_LIMIT: Final = 256


class _Worker:
    __slots__ = ("closed", "name", "places", "pool", "running")

    def __init__(self, name: str, pool: _Pool, places: int) -> None:
        self.name = name
        self.pool = pool
        self.places = places
        self.running: set[Hashable] = set()
        self.closed = False


class _Pool:
    __slots__ = (
        "admitted",
        "busy",
        "caller_limit",
        "cancelled",
        "free",
        "limit",
        "line",
        "name",
        "queued",
        "shares",
        "workers",
    )

    def __init__(self, name: str, limit: int, caller_limit: int, age_seconds: float) -> None:
        self.name = name
        self.limit = limit
        self.caller_limit = caller_limit
        self.line = WaitingLine(age_seconds)
        self.shares: dict[Hashable, int] = {}  # how many of a caller's jobs wait
        self.workers: dict[str, _Worker] = {}
        self.free: list[_Worker] = []  # those with a free place, the longest idle first
        self.admitted = self.queued = self.busy = self.cancelled = 0


class _Job:
    """`worker` is set while it runs, `entry` while it waits."""

    __slots__ = ("entry", "item", "pool", "worker")

    def __init__(self, item: Item, pool: _Pool) -> None:
        self.item = item
        self.pool = pool
        self.worker: _Worker | None = None
        self.entry: Waiting | None = None


class Scheduler:
    """All pools. Not thread-safe: it belongs to the control plane's loop."""

    def __init__(self, *, age_seconds: float = AGE_SECONDS) -> None:
        if not age_seconds > 0:
            raise UsageError(f"age_seconds must be positive, not {age_seconds}.")
        self._age_seconds = age_seconds
        self._pools: dict[str, _Pool] = {}
        self._workers: dict[str, _Worker] = {}
        self._jobs: dict[Hashable, _Job] = {}

    # --- pools and workers --------------------------------------------------------------------

    def add_pool(self, name: str, *, queue_limit: int = QUEUE_LIMIT, caller_limit: int | None = None) -> None:
        """Add a pool without workers. Raises UsageError when it is there already or has no queue."""
        if name in self._pools or queue_limit < 1:
            raise UsageError(f"The pool {name!r} is there already, or its queue has no places.")
        share = queue_limit - queue_limit // 4 if caller_limit is None else caller_limit
        self._pools[name] = _Pool(name, queue_limit, share, self._age_seconds)

    def remove_pool(self, name: str) -> None:
        """Forget a pool in which nothing waits any more and that has no workers. Idempotent."""
        self._pools.pop(name, None)

    def add_slot(self, pool: str, worker: str, places: int, now: float) -> tuple[Admitted, ...]:
        """A worker is ready for `places` jobs at once; return those that waited for it."""
        found = self._pool(pool)
        if worker in self._workers or places < 1:
            raise UsageError(f"The worker {worker!r} is there already, or takes no jobs.")
        added = self._workers[worker] = found.workers[worker] = _Worker(worker, found, places)
        found.free.append(added)
        return self._dispatch(found, now)

    def close_slot(self, worker: str) -> None:
        """Give a worker nothing more; what it runs goes on. It is forgotten when that is done."""
        found = self._workers.get(worker)
        if found is not None and not found.closed:
            found.closed = True
            if found in found.pool.free:
                found.pool.free.remove(found)
            self._forget_if_over(found)

    def remove_slot(self, worker: str) -> None:
        """A worker is gone, and with it the jobs it ran. Idempotent."""
        self.close_slot(worker)
        found = self._workers.pop(worker, None)
        if found is None:
            return
        found.pool.workers.pop(worker)
        for job_id in found.running:
            del self._jobs[job_id]

    def clear(self, pool: str) -> tuple[Hashable, ...]:
        """Withdraw everything that waits in a pool whose workers will not come back; return the ids."""
        found = self._pool(pool)
        ids = tuple(job.item.id for job in list(self._jobs.values()) if job.pool is found and job.entry)
        for job_id in ids:
            self._withdraw(self._jobs[job_id])
        found.cancelled += len(ids)
        return ids

    # --- jobs ---------------------------------------------------------------------------------

    def submit(self, item: Item, now: float) -> Admitted | Queued | Busy:
        """Place a job. Raises UsageError for an unknown pool or lane, ControlError for an id in use."""
        pool = self._pools.get(item.pool)
        if pool is None or not 0 <= item.lane < LANES:
            raise UsageError(f"There is no pool {item.pool!r} with a lane {item.lane}. Nothing was started.")
        if item.id in self._jobs:
            raise ControlError(f"The job {item.id} was submitted before; it goes on.", code=Code.CONFLICT)
        if not pool.free:
            own = pool.shares.get(item.caller, 0)
            if len(pool.line) >= pool.limit or own >= pool.caller_limit:
                pool.busy += 1
                return Busy(item.pool, len(pool.line), own >= pool.caller_limit)
        job = self._jobs[item.id] = _Job(item, pool)
        return self._admit(job) if pool.free else self._queue(job, now)

    def done(self, job_id: Hashable, now: float) -> tuple[Admitted, ...]:
        """A running job has ended; return those that get a place now. Idempotent."""
        job = self._jobs.get(job_id)
        if job is None or job.worker is None:
            return ()
        del self._jobs[job_id]
        worker = job.worker
        worker.running.discard(job_id)
        if worker.closed:
            self._forget_if_over(worker)
            return ()
        if len(worker.running) == worker.places - 1:
            job.pool.free.append(worker)
        return self._dispatch(job.pool, now) if len(job.pool.line) else ()

    def cancel(self, job_id: Hashable) -> Withdrawn | Running | None:
        """Withdraw a job that waits; None when it is not known (any more)."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        job.pool.cancelled += 1
        if job.worker is not None:
            return Running(job_id, job.worker.name)
        self._withdraw(job)
        return Withdrawn(job_id)

    # --- questions ----------------------------------------------------------------------------

    def waiting(self, pool: str) -> int:
        """How many wait in a pool; above zero a worker is needed."""
        return len(self._pool(pool).line)

    def statistics(self) -> tuple[PoolStatistics, ...]:
        """Every pool in figures."""
        return tuple(
            PoolStatistics(
                name=pool.name,
                workers=len(pool.workers),
                places=sum(worker.places for worker in pool.workers.values()),
                running=sum(len(worker.running) for worker in pool.workers.values()),
                waiting=len(pool.line),
                lanes=pool.line.counts,
                queue_limit=pool.limit,
                admitted=pool.admitted,
                queued=pool.queued,
                busy=pool.busy,
                cancelled=pool.cancelled,
                risen=pool.line.risen,
            )
            for pool in self._pools.values()
        )

    def validate(self) -> None:
        """Raise AssertionError where an invariant does not hold; for tests and debugging."""
        for pool in self._pools.values():
            assert not (pool.free and pool.line.entries()), "a job waits beside a free place"
            assert sum(pool.shares.values()) == len(pool.line), "the shares do not add up"
            for worker in pool.workers.values():
                assert len(worker.running) <= worker.places, "a worker has more jobs than places"
                has_room = len(worker.running) < worker.places and not worker.closed
                assert (worker in pool.free) is has_room, "the free places do not add up"
        for job_id, job in self._jobs.items():
            assert bool(job.worker) != bool(job.entry), "a job waits and runs, or does neither"
            assert job.worker is None or job_id in job.worker.running, "a job runs nowhere"
        running = sum(len(worker.running) for worker in self._workers.values())
        assert running == sum(job.worker is not None for job in self._jobs.values()), "a forgotten job runs"

    # --- keeping books ------------------------------------------------------------------------

    def _pool(self, name: str) -> _Pool:
        pool = self._pools.get(name)
        if pool is None:
            raise UsageError(f"There is no pool {name!r}.")
        return pool

    def _admit(self, job: _Job) -> Admitted:
        pool = job.pool
        free = pool.free
        # The least loaded; among equals the one used last, so that the others can go idle and stop.
        worker = free[-1] if len(free) == 1 else min(reversed(free), key=lambda one: len(one.running))
        job_id = job.item.id
        worker.running.add(job_id)
        if len(worker.running) == worker.places:
            free.remove(worker)
        job.worker = worker
        pool.admitted += 1
        return Admitted(job_id, worker.name)

    def _queue(self, job: _Job, now: float) -> Queued:
        item, pool = job.item, job.pool
        job.entry = Waiting(item.id, item.caller, item.lane, item.deadline, now)
        position = pool.line.push(job.entry, now)
        pool.shares[item.caller] = pool.shares.get(item.caller, 0) + 1
        pool.queued += 1
        return Queued(item.id, position)

    def _dispatch(self, pool: _Pool, now: float) -> tuple[Admitted, ...]:
        admitted: list[Admitted] = []
        while pool.free:
            entry = pool.line.pop(now)
            if entry is None:
                break
            job = self._jobs[entry.id]
            job.entry = None
            self._leave_line(job)
            admitted.append(self._admit(job))
        return tuple(admitted)

    def _withdraw(self, job: _Job) -> None:
        if job.entry is not None:
            job.pool.line.remove(job.entry)
            job.entry = None
            self._leave_line(job)
        del self._jobs[job.item.id]

    def _leave_line(self, job: _Job) -> None:
        caller, shares = job.item.caller, job.pool.shares
        left = shares[caller] - 1
        if left:
            shares[caller] = left
        else:
            del shares[caller]

    def _forget_if_over(self, worker: _Worker) -> None:
        if worker.closed and not worker.running and worker.name in self._workers:
            del self._workers[worker.name]
            del worker.pool.workers[worker.name]
