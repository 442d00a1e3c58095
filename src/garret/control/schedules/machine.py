"""Which runs of a schedule are made at a moment: pure decisions, for a driver that keeps them.

What is known of a schedule is when it is due next and when that was decided, both on the wall clock. A
decision looks at the clock alone, so that a long sleep, a stopped house and a clock that jumped forward are
the same thing: runs that were missed, of which the policy says what becomes. A clock that goes back makes no
run twice, since what was decided stays decided. Only where it goes back by more than a day was it wrong
before: then the schedule goes on from what the clock says now, and does not wait for a future that was none.

    standing + now --decide--> runs to be made, and the standing after them

Neighbours: `rules` names the moments, `schedules` keeps what is decided, `rows` lets no run be made twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from garret.control.schedules.rules import Timetable, latest

GRACE_SECONDS: Final = 90.0
"""How late a run may be that is not yet missed: a loop that sleeps, or a machine that wakes up, is late."""
PUT_BACK_SECONDS: Final = 86_400.0
"""A clock that is back by more than this was wrong before."""
MOST_CAUGHT_UP: Final = 1_000


class Missed(StrEnum):
    """What becomes of runs whose time passed unseen."""

    SKIP = "skip"  # only one that is late by no more than the grace is made
    ONCE = "once"  # the last of them stands for all
    CATCH_UP = "catch_up"  # the last so many are made, in order


class Standing(NamedTuple):
    """`due` is None once there is no further moment. `decided` is what the clock said then."""

    due: float | None
    decided: float


class Decision(NamedTuple):
    """The runs that are to be made now, oldest first, and the standing that is kept with them."""

    runs: tuple[float, ...]
    standing: Standing


def begin(table: Timetable, now: float) -> Standing:
    """How a schedule stands that begins now."""
    return Standing(next(table.after(now), None), now)


def decide(
    table: Timetable, standing: Standing, now: float, missed: Missed, most: int = MOST_CAUGHT_UP
) -> Decision | None:
    """What is to be done at `now`; None for nothing."""
    if standing.due is None:
        return None
    if standing.due <= now:
        return Decision(_runs(table, standing.due, now, missed, most), begin(table, now))
    if now < standing.decided - PUT_BACK_SECONDS:
        again = begin(table, now)
        # What is due once stays due, whatever the clock was when that was said.
        return Decision((), again if again.due is not None else Standing(standing.due, now))
    return None


def _runs(table: Timetable, due: float, now: float, missed: Missed, most: int) -> tuple[float, ...]:
    wanted = most if missed is Missed.CATCH_UP else 1
    found = latest(table, due, now, wanted)
    if missed is Missed.SKIP and now - found[-1] > GRACE_SECONDS:
        return ()
    return tuple(found)


def made(dues: list[float], now: float, missed: Missed, most: int) -> set[float]:
    """Which of some runs that waited for their time, and all of which are due, are made now.

    They are those of events: there is no rule that could name them again.
    """
    on_time = {due for due in dues if now - due <= GRACE_SECONDS}
    late = sorted(due for due in dues if due not in on_time)
    kept = {Missed.SKIP: 0, Missed.ONCE: 0 if on_time else 1, Missed.CATCH_UP: most}[missed]
    return on_time | set(late[len(late) - kept :] if kept else ())


@dataclass(eq=False)
class Clocked:
    """A schedule that the machine watches: its moments, how it stands, and its policy."""

    id: str
    table: Timetable
    standing: Standing
    missed: Missed
    most: int
    busy: bool = False


class ScheduleMachine:
    """All active schedules of this home. One that is being written down is left alone until that is done."""

    def __init__(self) -> None:
        self._clocked: dict[str, Clocked] = {}

    def __len__(self) -> int:
        return len(self._clocked)

    def put(self, clocked: Clocked) -> None:
        """Watch a schedule, in place of one of the same id."""
        self._clocked[clocked.id] = clocked

    def drop(self, schedule: str) -> None:
        """Watch it no more. Idempotent."""
        self._clocked.pop(schedule, None)

    def take(self, now: float) -> list[tuple[Clocked, Decision]]:
        """What is to be done now, by when it was due; each counts as busy until `settle`."""
        found: list[tuple[Clocked, Decision]] = []
        for clocked in self._clocked.values():
            if clocked.busy:
                continue
            decision = decide(clocked.table, clocked.standing, now, clocked.missed, clocked.most)
            if decision is not None:
                clocked.busy = True
                found.append((clocked, decision))
        found.sort(key=lambda one: one[0].standing.due or 0.0)
        return found

    def settle(self, clocked: Clocked, standing: Standing | None) -> None:
        """A decision was written down, or, with None, could not be and is taken anew."""
        clocked.busy = False
        if standing is not None:
            clocked.standing = standing
            if standing.due is None and self._clocked.get(clocked.id) is clocked:
                self.drop(clocked.id)

    def next_due(self) -> float | None:
        """The nearest moment at which something is due; None where nothing is."""
        waiting = (one.standing.due for one in self._clocked.values() if not one.busy)
        return min((due for due in waiting if due is not None), default=None)
