"""The jobs of one pool that wait for a place: four lanes, ageing, deadlines, and turns between callers.

Who goes next: the lowest lane that has anybody; in it the caller whose turn it is; of that caller
the job that is due first, and the one that came first where they are due at the same time.

A job rises one lane for every `age_seconds` it has waited. It is due at its deadline, and without
one (or with a distant one) after as long as it takes to rise through all lanes. A caller's later jobs
are therefore due later than one that has waited that long: nothing starves.

Everything is kept in sorted lists. The line is bounded by whoever fills it, so the cost of moving
list elements stays small, and nothing that was removed stays behind. Neighbour: `scheduler`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Hashable
from itertools import count
from typing import Final

LANES: Final = 4


class Waiting:
    """A job in the line. `lane` is where it is now, `due` and `number` its order among its caller's."""

    __slots__ = ("asked_lane", "caller", "deadline", "due", "id", "lane", "number", "rise_at", "since")

    def __init__(
        self, job_id: Hashable, caller: Hashable, lane: int, deadline: float | None, since: float
    ) -> None:
        self.id = job_id
        self.caller = caller
        self.asked_lane = lane
        self.deadline = deadline
        self.since = since
        self.lane = lane
        self.due = 0.0
        self.number = 0
        self.rise_at: float | None = None


_Row = tuple[float, int, Waiting]


class WaitingLine:
    """Times are monotonic seconds; `age_seconds` is the wait after which a job rises one lane."""

    def __init__(self, age_seconds: float) -> None:
        self._age_seconds = age_seconds
        self._numbers = count()
        self._lanes: tuple[OrderedDict[Hashable, list[_Row]], ...] = tuple(
            OrderedDict() for _ in range(LANES)
        )
        self._counts = [0] * LANES
        self._rises: list[_Row] = []
        self._deadlines: list[_Row] = []
        self._length = 0
        self.risen = 0

    def __len__(self) -> int:
        return self._length

    @property
    def counts(self) -> tuple[int, ...]:
        """How many wait in each lane."""
        return tuple(self._counts)

    def push(self, entry: Waiting, now: float) -> int:
        """Put a job that waits since `now` into its lane; return how many may go before it."""
        self._age(now)  # those that waited into this lane came before
        patience = self._age_seconds * LANES
        entry.due = min(entry.since + patience, float("inf") if entry.deadline is None else entry.deadline)
        entry.number = next(self._numbers)
        self._enter(entry, entry.asked_lane)
        if entry.deadline is not None:
            insort(self._deadlines, (entry.deadline, entry.number, entry))
        self._length += 1
        return sum(self._counts[: entry.lane + 1]) - 1

    def pop(self, now: float) -> Waiting | None:
        """Take out who goes next at `now`; None when nobody waits. Never one that has expired."""
        self._age(now)
        for expired in self._due(self._deadlines, now):
            # Left for whoever cancels it: it must not start, and must not be forgotten either.
            self._leave_lane(expired)
        for lane in self._lanes:
            if lane:
                rows = next(iter(lane.values()))
                entry = rows[0][2]
                self._leave_lane(entry, served=True)
                self._drop_deadline(entry)
                self._length -= 1
                return entry
        return None

    def remove(self, entry: Waiting) -> None:
        """Take out one that waits, whatever its turn."""
        if entry.lane >= 0:
            self._leave_lane(entry)
        self._drop_deadline(entry)
        self._length -= 1

    def entries(self) -> list[Waiting]:
        """Everybody who waits and has not expired, in no order that matters."""
        return [row[2] for lane in self._lanes for rows in lane.values() for row in rows]

    # --- lanes --------------------------------------------------------------------------------

    def _age(self, now: float) -> None:
        for entry in self._due(self._rises, now):
            risen = int((now - entry.since) / self._age_seconds)
            lane = max(0, min(entry.lane - 1, entry.asked_lane - risen))
            self._leave_lane(entry)
            self._enter(entry, lane)
            self.risen += 1

    def _enter(self, entry: Waiting, lane: int) -> None:
        entry.lane = lane
        rows = self._lanes[lane].get(entry.caller)
        if rows is None:
            rows = self._lanes[lane][entry.caller] = []
        insort(rows, (entry.due, entry.number, entry))
        self._counts[lane] += 1
        if lane:
            entry.rise_at = entry.since + self._age_seconds * (entry.asked_lane - lane + 1)
            insort(self._rises, (entry.rise_at, entry.number, entry))

    def _leave_lane(self, entry: Waiting, *, served: bool = False) -> None:
        if entry.lane < 0:
            return
        lane = self._lanes[entry.lane]
        rows = lane[entry.caller]
        _take(rows, entry.due, entry)
        if not rows:
            del lane[entry.caller]
        elif served:
            lane.move_to_end(entry.caller)
        self._counts[entry.lane] -= 1
        if entry.rise_at is not None:
            _take(self._rises, entry.rise_at, entry)
            entry.rise_at = None
        entry.lane = -1

    def _drop_deadline(self, entry: Waiting) -> None:
        if entry.deadline is not None:
            _take(self._deadlines, entry.deadline, entry)

    @staticmethod
    def _due(rows: list[_Row], now: float) -> list[Waiting]:
        """Those whose time has come, without taking them out."""
        if not rows or rows[0][0] > now:
            return []
        return [row[2] for row in rows if row[0] <= now]


def _take(rows: list[_Row], at: float, entry: Waiting) -> None:
    """Take the row of an entry out of a sorted list. The number is unique, so rows never compare entries."""
    del rows[bisect_left(rows, (at, entry.number))]
