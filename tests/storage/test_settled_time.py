"""The settled time: what was overdue for a running day is overdue, and no jump of a clock makes it so."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from garret.base.clock import ManualClock
from garret.storage.settled_time import DAY, KEY, Readings, SettledTime, noted, settled
from garret.storage.store import Store

HOUR = 3600.0
steps = st.lists(
    st.tuples(st.floats(0, 30 * HOUR), st.floats(-400 * DAY, 400 * DAY, allow_nan=False)), max_size=120
)


@given(steps)
def test_it_is_the_past_of_every_reading_for_a_running_day(story: list[tuple[float, float]]) -> None:
    readings, now = Readings(), 0.0
    seen: list[tuple[float, float]] = []
    for passed, wall in story:
        elapsed = passed if seen else 0.0
        now += elapsed
        readings = noted(readings, wall, elapsed)
        seen.append((now, wall))
        found = settled(readings, wall)
        if found is not None:
            assert now - seen[0][0] >= DAY
            within = [each for at, each in seen if now - at < DAY]
            assert found <= min(within)


@given(st.integers(0, 200), st.floats(60, 6 * HOUR))
def test_with_a_clock_that_is_right_it_lags_two_days_at_most(count: int, step: float) -> None:
    readings, now = noted(Readings(), 0.0, 0.0), 0.0
    for _ in range(count):
        now += step
        readings = noted(readings, now, step)
    found = settled(readings, now)
    if now >= DAY + step:
        assert found is not None
        assert now - found <= 2 * (DAY + step)


def hours(store: Store, clock: ManualClock, of: SettledTime, count: int) -> float | None:
    """Let hours pass, with a sweep in each."""
    found = None
    for _ in range(count):
        clock.advance(HOUR)
        found = asyncio.run(of.note())
    return found


def test_there_is_none_before_a_running_day_was_noted(store: Store, clock: ManualClock) -> None:
    time = SettledTime(store.settings, clock=clock)
    began = clock.wall()
    assert asyncio.run(time.note()) is None
    assert hours(store, clock, time, 23) is None
    assert hours(store, clock, time, 1) == began


def test_a_clock_that_jumps_forward_moves_it_only_when_it_stays_so(store: Store, clock: ManualClock) -> None:
    time = SettledTime(store.settings, clock=clock)
    asyncio.run(time.note())
    before = hours(store, clock, time, 48)
    assert before is not None
    clock.jump_wall(400 * DAY)
    after = hours(store, clock, time, 10)
    assert after is not None
    assert after - before < DAY
    clock.jump_wall(-400 * DAY)
    after = hours(store, clock, time, 48)
    assert after is not None
    assert after - before < 3 * DAY
    clock.jump_wall(400 * DAY)
    after = hours(store, clock, time, 49)
    assert after is not None
    assert after - before > 400 * DAY


def test_a_clock_that_was_set_back_takes_it_back_at_once(store: Store, clock: ManualClock) -> None:
    time = SettledTime(store.settings, clock=clock)
    asyncio.run(time.note())
    hours(store, clock, time, 48)
    clock.jump_wall(-100 * DAY)
    assert asyncio.run(time.note()) == clock.wall()


def test_running_time_adds_up_over_restarts_and_what_lies_between_does_not(
    store: Store, clock: ManualClock
) -> None:
    began = clock.wall()
    for _ in range(4):
        time = SettledTime(store.settings, clock=clock)
        assert asyncio.run(time.note()) is None
        found = hours(store, clock, time, 6)
        clock.advance(1000 * HOUR)  # switched off; its monotonic clock begins anew
    assert found == began


def test_a_wrong_clock_at_the_start_settles_nothing(store: Store, clock: ManualClock) -> None:
    time = SettledTime(store.settings, clock=clock)
    asyncio.run(time.note())
    right = hours(store, clock, time, 30)
    clock.jump_wall(2000 * DAY)
    again = SettledTime(store.settings, clock=clock)
    assert asyncio.run(again.note()) == right
    assert hours(store, clock, again, 5) == right


def test_it_costs_a_write_in_ten_minutes_at_most(store: Store, clock: ManualClock) -> None:
    time = SettledTime(store.settings, clock=clock)
    asyncio.run(time.note())
    kept = store.settings.get(KEY)
    for _ in range(9):
        clock.advance(60.0)
        asyncio.run(time.note())
    assert store.settings.get(KEY) == kept
    clock.advance(60.0)
    asyncio.run(time.note())
    assert store.settings.get(KEY) != kept


def test_what_cannot_be_read_is_begun_anew(store: Store, clock: ManualClock) -> None:
    asyncio.run(store.settings.put(KEY, '{"whole": "yesterday"}'))
    time = SettledTime(store.settings, clock=clock)
    assert asyncio.run(time.note()) is None
