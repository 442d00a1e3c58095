"""Which job is next: those that wait in their order, and how many of them may run. Pure.

Live jobs, into which somebody streams, have places of their own: who speaks does not wait for a hundred
files. A job that waits for jobs of its own lends its place meanwhile: however many wait, those they wait for
get their turn. It goes on as soon as it has what it waited for, even where its place was given away; until
the count is back at the limit nobody else is let in.

Neighbour: `jobs`.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter

from garret.control.jobs.run import JobRun


class JobLanes:
    """`limit` jobs run at once, and as many live ones; of one command no more than its run's `at_once`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[bool, dict[str, list[JobRun]]] = {False: {}, True: {}}
        self._running = {False: 0, True: 0}
        self._by_command: Counter[str] = Counter()
        self._lent: Counter[JobRun] = Counter()

    @property
    def waiting(self) -> int:
        return sum(len(line) for lines in self._waiting.values() for line in lines.values())

    @property
    def running(self) -> int:
        """How many hold a place; those that lent theirs are not among them."""
        return sum(self._running.values())

    def put(self, run: JobRun) -> None:
        """Let a job wait for its turn."""
        line = self._waiting[run.live].setdefault(run.job.command, [])
        insort(line, run, key=lambda one: one.order)

    def withdraw(self, run: JobRun) -> bool:
        """Take a job out again; False where it does not wait."""
        line = self._waiting[run.live].get(run.job.command, [])
        if run in line:
            line.remove(run)
            return True
        return False

    def take(self) -> list[JobRun]:
        """Those whose turn it is; each has its place until `release`."""
        due: list[JobRun] = []
        for live, lines in self._waiting.items():
            while self._running[live] < self._limit:
                heads = [line[0] for line in lines.values() if line and self._has_room(line[0])]
                if not heads:
                    break
                run = min(heads, key=lambda one: one.order)
                lines[run.job.command].remove(run)
                self._occupy(run)
                due.append(run)
        return due

    def lend(self, run: JobRun) -> None:
        """A running job begins to wait for one of its own; others may have its place meanwhile."""
        self._lent[run] += 1
        if self._lent[run] == 1:
            self._vacate(run)

    def regain(self, run: JobRun) -> None:
        """One that a job waited for is over. Nothing where it was released meanwhile."""
        if run in self._lent:
            self._lent[run] -= 1
            if not self._lent[run]:
                del self._lent[run]
                self._occupy(run)

    def release(self, run: JobRun) -> None:
        """A job that was taken does not need its place any more."""
        if run in self._lent:
            del self._lent[run]
        else:
            self._vacate(run)

    def _has_room(self, run: JobRun) -> bool:
        return run.at_once is None or self._by_command[run.job.command] < run.at_once

    def _occupy(self, run: JobRun) -> None:
        self._running[run.live] += 1
        self._by_command[run.job.command] += 1

    def _vacate(self, run: JobRun) -> None:
        self._running[run.live] -= 1
        self._by_command[run.job.command] -= 1
