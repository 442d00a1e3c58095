"""The wait before a restart, and how many there may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.control.supervision.events import Life
from garret.control.supervision.restart_budget import RestartBudget

LIFE = Life(max_restarts=3, window_seconds=60.0)


def test_the_wait_grows_from_the_floor_to_the_ceiling() -> None:
    life = Life(max_restarts=1000)
    highest, lowest = RestartBudget(life, lambda: 0.999999), RestartBudget(life, lambda: 0.0)
    waits = [highest.fail(0.0) for _ in range(8)]
    assert [round(wait or 0, 2) for wait in waits] == [0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0]
    assert [lowest.fail(0.0) for _ in range(3)] == [0.2, 0.2, 0.2]


def test_a_reset_forgets_everything() -> None:
    budget = RestartBudget(LIFE, lambda: 0.5)
    for _ in range(3):
        budget.fail(0.0)
        budget.spawned(0.0)
    assert budget.fail(1.0) is None
    budget.reset()
    assert budget.fail(1.0) is not None
    assert budget.attempts == 1


@given(
    st.lists(st.tuples(st.floats(0.0, 90.0), st.floats(0.0, 1.0, exclude_max=True)), max_size=60),
)
def test_no_window_holds_more_restarts_than_allowed(lives: list[tuple[float, float]]) -> None:
    chance = 0.0
    budget = RestartBudget(LIFE, lambda: chance)
    now, restarts = 0.0, list[float]()
    for lived, chance in lives:  # noqa: B007 - the budget draws it
        now += lived
        budget.settle(lived)
        wait = budget.fail(now)
        if wait is None:
            break
        assert LIFE.backoff_floor <= wait <= LIFE.backoff_ceiling
        now += wait
        budget.spawned(now)
        restarts.append(now)
    for at in restarts:
        assert sum(at - 60.0 < one <= at for one in restarts) <= 3
