"""One process of a supervised slot: its phase, its jobs and its vital signs. Data and questions only.

`machine` decides; this module knows when something is due (`next_deadline`) and whether
the process shows a sign of being hung (`ailment`). All times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import msgspec

from garret.control.supervision.events import Heartbeat, JobId, JobStarted, Life


class Phase(IntEnum):
    """In the order a process goes through them; it may skip phases but never goes back."""

    SPAWNING = 0
    STARTING = 1
    RUNNING = 2
    DRAINING = 3
    TERMINATING = 4
    KILLING = 5


class _Job:
    """What is known of a running job: its last progress, when that changed, how long it may stand still."""

    __slots__ = ("changed_at", "progress", "stall_seconds")

    def __init__(self, now: float, stall_seconds: float | None) -> None:
        self.progress: float | None = None
        self.changed_at = now
        self.stall_seconds = stall_seconds


class Process:
    """A process from the instruction to spawn it to the news that it is gone."""

    __slots__ = (
        "blame",
        "doomed",
        "failed_checks",
        "generation",
        "health_at",
        "healthy",
        "heard_at",
        "idle_since",
        "jobs",
        "kill_told",
        "launch",
        "permanent",
        "phase",
        "pid",
        "ready_at",
        "revision",
        "routed",
        "shaken",
        "until",
    )

    def __init__(self, generation: int, launch: str, revision: int, until: float) -> None:
        self.generation = generation
        self.launch = launch
        self.revision = revision
        self.phase = Phase.SPAWNING
        self.until: float | None = until  # when the present phase has lasted too long
        self.pid: int | None = None
        self.ready_at: float | None = None
        self.idle_since: float | None = None
        self.heard_at = 0.0
        self.health_at: float | None = None
        self.healthy: set[str] = set()
        self.failed_checks: dict[str, int] = {}
        self.jobs: dict[JobId, _Job] = {}
        self.routed = False
        self.shaken = False  # the handshake was reported before the process id
        self.doomed = False  # to be stopped as soon as its process id is known
        self.blame: str | None = None  # why it is being stopped, where that is its own failure
        self.permanent = False
        self.kill_told = False

    def begin_job(self, event: JobStarted, life: Life, now: float) -> float | None:
        """Take note of a job; return when it next has to be looked at, None for never."""
        given = event.stall_seconds
        stall = life.stall_seconds if given is msgspec.UNSET else given
        if not self.jobs:
            self.heard_at = now  # workers are silent while they have nothing to do
        self.jobs[event.job] = _Job(now, stall)
        self.idle_since = None
        soonest = life.silence_seconds
        if stall is not None and (soonest is None or stall < soonest):
            soonest = stall
        return None if soonest is None else now + soonest

    def end_job(self, job: JobId, now: float) -> bool:
        """Forget a job; True when it was the last one."""
        if self.jobs.pop(job, None) is None or self.jobs:
            return False
        self.idle_since = now
        return True

    def hear(self, event: Heartbeat, now: float) -> None:
        """Take a sign of life and the progress that came with it."""
        self.heard_at = now
        for name, progress in event.progress.items():
            job = self.jobs.get(name)
            if job is not None and job.progress != progress:
                job.progress = progress
                job.changed_at = now

    def forgive(self, seconds: float) -> None:
        """Allow for time in which nobody listened to the process."""
        self.heard_at += seconds
        for job in self.jobs.values():
            job.changed_at += seconds
        if self.until is not None and self.phase <= Phase.DRAINING:
            self.until += seconds

    def ailment(self, life: Life, now: float) -> str | None:
        """Why a running process must be taken for hung, in words that follow its name; None for healthy."""
        silent = life.silence_seconds
        if self.jobs and silent is not None and now >= self.heard_at + silent:
            return f"gave no sign of life for {silent:g} s"
        for name, job in self.jobs.items():
            if job.stall_seconds is not None and now >= job.changed_at + job.stall_seconds:
                return f"made no progress for {job.stall_seconds:g} s (job {name})"
        return None

    def idle_deadline(self, life: Life) -> float | None:
        """When it has been without work for long enough to be stopped."""
        if self.phase is not Phase.RUNNING or self.idle_since is None:
            return None
        return self.idle_since + life.idle_seconds

    def deadlines(self, life: Life, on_demand: bool) -> Iterator[float]:
        """Every time at which something may be due."""
        if self.until is not None:
            yield self.until
        if self.health_at is not None and self.phase in (Phase.STARTING, Phase.RUNNING):
            yield self.health_at
        if self.phase is not Phase.RUNNING:
            return
        if self.jobs and life.silence_seconds is not None:
            yield self.heard_at + life.silence_seconds
        for job in self.jobs.values():
            if job.stall_seconds is not None:
                yield job.changed_at + job.stall_seconds
        if on_demand and self.idle_since is not None:
            yield self.idle_since + life.idle_seconds
