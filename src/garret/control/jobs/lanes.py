"""Which job is next: those that wait in their order, and how many of them may run. Pure.

Live jobs, into which somebody streams, have places of their own: who speaks does not wait for a hundred
files. Neighbour: `jobs`.
"""

from __future__ import annotations

from bisect import insort

from garret.control.jobs.run import JobRun


class JobLanes:
    """`limit` jobs run at once, and as many live ones."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[bool, list[JobRun]] = {False: [], True: []}
        self._running = {False: 0, True: 0}

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def running(self) -> int:
        return sum(self._running.values())

    def put(self, run: JobRun) -> None:
        """Let a job wait for its turn."""
        insort(self._waiting[run.live], run, key=lambda one: one.order)

    def withdraw(self, run: JobRun) -> bool:
        """Take a job out again; False where it does not wait."""
        line = self._waiting[run.live]
        if run in line:
            line.remove(run)
            return True
        return False

    def take(self) -> list[JobRun]:
        """Those whose turn it is; each has its place until `release`."""
        due: list[JobRun] = []
        for live, line in self._waiting.items():
            count = min(len(line), self._limit - self._running[live])
            due += line[:count]
            del line[:count]
            self._running[live] += count
        return due

    def release(self, run: JobRun) -> None:
        """A job that was taken does not need its place any more."""
        self._running[run.live] -= 1
