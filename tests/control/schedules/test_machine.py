"""Which runs are made, whatever the clock does: a thousand histories beside a slow oracle, single cases."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.schedules.machine import (
    GRACE_SECONDS,
    PUT_BACK_SECONDS,
    Clocked,
    Missed,
    ScheduleMachine,
    Standing,
    begin,
    decide,
    made,
)
from garret.control.schedules.rules import At, Cron, Every, Recurrence, Rule, timetable
from tests.control.schedules import calendars

DAY = 86_400


def moment(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


SPRING, AUTUMN = moment("2026-03-27T00:00"), moment("2026-10-23T00:00")
BEFORE, BEHIND = 20 * DAY, 30 * DAY  # of a beginning: what a history may reach

CASES: tuple[tuple[Rule, str, int, calendars.Fits | None], ...] = (
    (Cron("30 2 * * *"), "Europe/Vienna", SPRING, calendars.cron("30 2 * * *")),
    (Cron("30 2 * * *"), "Europe/Vienna", AUTUMN, calendars.cron("30 2 * * *")),
    (Cron("*/20 * * * *"), "Europe/Vienna", AUTUMN, calendars.cron("*/20 * * * *")),
    (Cron("0 */5 * * *"), "Australia/Lord_Howe", SPRING, calendars.cron("0 */5 * * *")),
    (Cron("15,45 1,2 * * *"), "America/New_York", AUTUMN, calendars.cron("15,45 1,2 * * *")),
    (Recurrence("FREQ=DAILY", "2020-01-01T02:30"), "Europe/Vienna", SPRING, calendars.daily(2, 30)),
    (Every(5_400.0, 60.0), "UTC", SPRING, None),
    (At(float(SPRING + 2 * DAY)), "UTC", SPRING, None),
)


@cache
def dues_of(case: int) -> list[float]:
    """Every moment of a case's rule that a history can reach, found slowly."""
    rule, zone, start, fits = CASES[case]
    first, last = start - BEFORE, start + BEHIND
    if isinstance(rule, Every):
        return [at for at in range(60, last, 5_400) if at >= first]
    if isinstance(rule, At):
        return [rule.moment]
    assert fits is not None
    often = isinstance(rule, Cron) and any(part.startswith("*") for part in rule.fields.split()[:2])
    return [float(at) for at in calendars.moments(fits, ZoneInfo(zone), first, last, often=often)]


@dataclass
class Oracle:
    """What has to be made, said in the plainest way: everything up to `settled` is over."""

    dues: list[float]
    missed: Missed
    most: int
    settled: float
    decided: float
    made: set[float] = field(default_factory=set[float])

    def look(self, now: float, once: bool) -> list[float]:
        due = self.dues[bisect_right(self.dues, self.settled) : bisect_right(self.dues, now)]
        if due:
            self.settled = self.decided = now
        elif now < self.decided - PUT_BACK_SECONDS:
            self.decided = now
            self.settled = self.settled if once and self.settled >= self.dues[0] else now
        wanted = {Missed.SKIP: 1, Missed.ONCE: 1, Missed.CATCH_UP: self.most}[self.missed]
        due = due[-wanted:]
        if self.missed is Missed.SKIP and due and now - due[0] > GRACE_SECONDS:
            due = []
        fresh = [at for at in due if at not in self.made]
        self.made.update(fresh)
        return fresh


HISTORIES = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(0, 1_800)),
        st.tuples(st.just("pass"), st.floats(0, 3 * 3_600)),
        st.tuples(st.just("sleep"), st.floats(0, 3 * DAY)),
        st.tuples(st.just("jump"), st.floats(-3 * 3_600, 3 * 3_600)),
        st.tuples(st.just("jump"), st.floats(-8 * DAY, 8 * DAY)),
        st.tuples(st.just("restart"), st.floats(0, DAY)),
        st.tuples(st.just("until due"), st.floats(-1, 100)),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=1_000)
@given(
    st.integers(0, len(CASES) - 1),
    st.sampled_from(list(Missed)),
    st.integers(1, 5),
    st.floats(0, DAY),
    HISTORIES,
)
def test_in_any_history_no_run_is_lost_none_made_twice_and_the_policy_kept(
    case: int, missed: Missed, most: int, later: float, history: list[tuple[str, float]]
) -> None:
    rule, zone, start, _ = CASES[case]
    now = start + later
    table = timetable(rule, zone)
    standing = Standing(rule.moment, now) if isinstance(rule, At) else begin(table, now)
    oracle = Oracle(dues_of(case), missed, most, now, now)
    runs: set[float] = set()  # the table whose key is the moment
    for what, seconds in history:
        if what == "until due":
            now = max(now, (standing.due or now) + seconds)
        else:
            now += seconds
        now = min(max(now, start - BEFORE + 1), start + BEHIND - 1)
        if what == "restart":  # the standing and the runs are all that is left
            table = timetable(rule, zone)
        decision = decide(table, standing, now, missed, most)
        fresh: list[float] = []
        if decision is not None:
            fresh = [due for due in decision.runs if due not in runs]
            runs.update(fresh)
            standing = decision.standing
        assert fresh == oracle.look(now, isinstance(rule, At))


HOURLY = timetable(Cron("0 * * * *"), "UTC")
NOON = float(moment("2026-06-01T12:00"))
HOUR = 3_600.0


def runs_at(now: float, missed: Missed, most: int = 3, due: float = NOON) -> list[float]:
    decision = decide(HOURLY, Standing(due, due - HOUR), now, missed, most)
    assert decision is not None
    assert decision.standing == Standing(now // HOUR * HOUR + HOUR, now)
    return list(decision.runs)


def test_what_is_on_time_is_made_whatever_the_policy() -> None:
    for missed in Missed:
        assert runs_at(NOON, missed) == [NOON]
        assert runs_at(NOON + GRACE_SECONDS, missed) == [NOON]
    assert decide(HOURLY, Standing(NOON, NOON - HOUR), NOON - 0.1, Missed.ONCE) is None


def test_what_was_missed_is_skipped_made_once_or_caught_up_with() -> None:
    late = NOON + 5 * HOUR + 600
    assert runs_at(late, Missed.SKIP) == []
    assert runs_at(late, Missed.ONCE) == [NOON + 5 * HOUR]
    assert runs_at(late, Missed.CATCH_UP) == [NOON + 3 * HOUR, NOON + 4 * HOUR, NOON + 5 * HOUR]
    assert runs_at(NOON + HOUR + 600, Missed.CATCH_UP) == [NOON, NOON + HOUR]
    assert runs_at(NOON + 5 * HOUR + 1, Missed.SKIP) == [NOON + 5 * HOUR], "the last one is on time"


def test_a_clock_that_goes_back_an_hour_makes_nothing_again() -> None:
    decision = decide(HOURLY, Standing(NOON, NOON - HOUR), NOON, Missed.CATCH_UP)
    assert decision is not None
    for back in (0.5 * HOUR, HOUR, 23 * HOUR):
        assert decide(HOURLY, decision.standing, NOON - back, Missed.CATCH_UP) is None


def test_a_clock_that_was_wrong_by_years_stops_nothing_for_years() -> None:
    standing = Standing(NOON + 1_000 * DAY, NOON + 1_000 * DAY - HOUR)
    decision = decide(HOURLY, standing, NOON, Missed.CATCH_UP)
    assert decision is not None
    assert decision.runs == ()
    assert decision.standing == Standing(NOON + HOUR, NOON)


def test_a_timer_that_was_set_stays_set_when_the_clock_was_wrong() -> None:
    table = timetable(At(NOON), "UTC")
    decision = decide(table, Standing(NOON, NOON + 10 * DAY), NOON - DAY, Missed.ONCE)
    assert decision is not None
    assert decision.standing == Standing(NOON, NOON - DAY)
    fired = decide(table, decision.standing, NOON + 3 * HOUR, Missed.ONCE)
    assert fired is not None
    assert fired.runs == (NOON,)
    assert fired.standing.due is None
    assert decide(table, fired.standing, NOON + DAY, Missed.ONCE) is None


@pytest.mark.parametrize(
    ("missed", "expected"),
    [(Missed.SKIP, {990.0}), (Missed.ONCE, {990.0}), (Missed.CATCH_UP, {990.0, 300.0, 200.0})],
)
def test_what_events_brought_about_keeps_the_policy_too(missed: Missed, expected: set[float]) -> None:
    assert made([100.0, 200.0, 300.0, 990.0], 1_000.0, missed, 2) == expected


def test_of_late_events_alone_one_stands_for_all() -> None:
    assert made([100.0, 200.0], 1_000.0, Missed.ONCE, 9) == {200.0}
    assert made([100.0, 200.0], 1_000.0, Missed.SKIP, 9) == set()
    assert made([], 1_000.0, Missed.CATCH_UP, 9) == set()


def clocked(name: str, due: float) -> Clocked:
    return Clocked(name, HOURLY, Standing(due, due - HOUR), Missed.ONCE, 1)


def test_what_is_being_written_down_is_not_decided_again() -> None:
    machine = ScheduleMachine()
    machine.put(clocked("later", NOON + HOUR))
    machine.put(clocked("now", NOON))
    assert machine.next_due() == NOON
    ((one, decision),) = machine.take(NOON)
    assert one.id == "now"
    assert machine.take(NOON) == []
    assert machine.next_due() == NOON + HOUR
    machine.settle(one, None)
    assert [again.id for again, _ in machine.take(NOON)] == ["now"], "it could not be written down"
    machine.settle(one, decision.standing)
    assert machine.take(NOON) == []
    assert [each.id for each, _ in machine.take(NOON + HOUR)] == ["later", "now"]
    machine.drop("now")
    assert len(machine) == 1


def test_one_that_is_over_leaves_the_machine() -> None:
    machine = ScheduleMachine()
    table = timetable(At(NOON), "UTC")
    machine.put(Clocked("timer", table, Standing(NOON, 0.0), Missed.ONCE, 1))
    ((one, decision),) = machine.take(NOON)
    machine.settle(one, decision.standing)
    assert len(machine) == 0
    assert machine.next_due() is None


def test_one_that_was_put_anew_outlives_the_decision_about_the_old_one() -> None:
    machine = ScheduleMachine()
    table = timetable(At(NOON), "UTC")
    machine.put(Clocked("timer", table, Standing(NOON, 0.0), Missed.ONCE, 1))
    ((old, decision),) = machine.take(NOON)
    machine.put(clocked("timer", NOON + HOUR))
    machine.settle(old, decision.standing)
    assert machine.next_due() == NOON + HOUR
