"""Slots of one kind: who serves, who stands by, and who takes over."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.control.supervision.events import (
    Demand,
    Exited,
    GoalChanged,
    Handshaken,
    JobStarted,
    Life,
    RouteOff,
    RouteOn,
    SendDrain,
    SetTimer,
    Spawn,
    Spawned,
    Start,
    State,
    Stop,
    Swap,
    Tick,
)
from garret.control.supervision.pool import Step, SupervisorPool


class Bench:
    """A pool whose processes start and prove themselves at once, and end when told to."""

    def __init__(self, *, on_demand: bool, serving: int, spares: int, seed: int = 1) -> None:
        life = Life(on_demand=on_demand, idle_seconds=30.0)
        chance = random.Random(seed).random
        self.pool = SupervisorPool("tts", life, serving=serving, spares=spares, random=chance)
        self.now = 1000.0
        self.timers: dict[int, float | None] = {}
        self.pid = 100

    def send(self, slot: int | None, event: object) -> list[Step]:
        out = self.pool.handle(slot, event, self.now)  # type: ignore[arg-type]
        self.pool.validate()
        timers = [isinstance(step, SetTimer) for _, step in out]
        assert timers == sorted(timers, reverse=True), "a timer after what may lead to a nearer one"
        for number, step in list(out):
            if isinstance(step, SetTimer):
                self.timers[number] = step.at
            elif isinstance(step, Spawn):
                self.pid += 1
                out += self.send(number, Spawned(step.generation, self.pid))
                out += self.send(number, Handshaken(step.generation))
            elif isinstance(step, SendDrain):
                out += self.send(number, Exited(step.generation, "exit code 0"))
        return out

    def advance(self, seconds: float) -> list[Step]:
        end, out = self.now + seconds, []
        while due := [(at, slot) for slot, at in self.timers.items() if at is not None and at <= end]:
            at, slot = min(due)
            self.now = max(self.now, at)
            self.timers[slot] = None
            out += self.send(slot, Tick())
        self.now = end
        return out

    @property
    def states(self) -> list[State]:
        return [slot.state for slot in self.pool.slots]


def routes_on(steps: list[Step]) -> list[int]:
    return [slot for slot, step in steps if isinstance(step, RouteOn)]


def test_a_pool_that_is_always_there_routes_as_many_as_serve_and_keeps_the_rest_warm() -> None:
    bench = Bench(on_demand=False, serving=2, spares=1)
    bench.send(None, Start())
    assert len(bench.pool.routed) == 2
    assert bench.states == [State.READY] * 3


@pytest.mark.parametrize("on_demand", [True, False])
def test_a_spare_takes_over_at_once_and_the_lost_one_comes_back_as_a_spare(on_demand: bool) -> None:
    bench = Bench(on_demand=on_demand, serving=1, spares=1)
    bench.send(None, Start())
    bench.send(None, Demand())
    (serving,) = bench.pool.routed
    bench.send(serving, JobStarted(1, "a"))
    out = bench.send(serving, Exited(1, "killed by SIGKILL"))
    out += bench.send(None, Demand())  # the job is asked for again
    assert routes_on(out) == [1 - serving]
    assert not any(isinstance(step, Spawn) for _, step in out)
    bench.advance(11)
    assert bench.states == [State.READY, State.READY]
    assert set(bench.pool.routed) == {1 - serving}


def test_a_pool_on_demand_starts_as_many_as_there_is_work_for() -> None:
    bench = Bench(on_demand=True, serving=3, spares=0)
    bench.send(None, Start())
    assert bench.states == [State.STOPPED] * 3
    bench.send(None, Demand(2))
    assert len(bench.pool.routed) == 2
    bench.send(None, Demand(5))
    assert len(bench.pool.routed) == 3


def test_idle_slots_stop_and_spares_stay() -> None:
    bench = Bench(on_demand=True, serving=2, spares=1)
    bench.send(None, Start())
    assert bench.states.count(State.READY) == 1
    bench.send(None, Demand(2))
    assert bench.states.count(State.READY) == 3
    bench.advance(31)
    assert len(bench.pool.routed) == 0
    assert bench.states.count(State.READY) == 1
    assert routes_on(bench.send(None, Demand())) != []


def test_a_swap_keeps_a_route_at_all_times() -> None:
    bench = Bench(on_demand=False, serving=1, spares=1)
    bench.send(None, Start())
    out = bench.send(None, Swap("v2"))
    kinds = [type(step) for _, step in out if isinstance(step, (RouteOn, RouteOff))]
    assert kinds == [RouteOn, RouteOff]
    assert len(bench.pool.routed) == 1
    assert all(figures.swaps == 1 for figures in bench.pool.statistics())


def test_a_pool_without_spares_bears_the_plain_name() -> None:
    bench = Bench(on_demand=False, serving=1, spares=0)
    assert [slot.name for slot in bench.pool.slots] == ["tts"]
    with pytest.raises(UsageError):
        Bench(on_demand=False, serving=0, spares=1)


def test_a_pool_whose_circuits_are_open_is_not_available_and_says_why() -> None:
    bench = Bench(on_demand=False, serving=1, spares=0)
    bench.send(None, Start())
    for generation in range(1, 5):
        assert bench.pool.available
        bench.send(0, Exited(generation, "exit code 1"))
        bench.advance(11)
    assert not bench.pool.available
    assert "garret workers restart tts" in bench.pool.sentence


ACTS = ("demand", "die", "wait", "stop", "start", "swap", "goal")


@given(
    on_demand=st.booleans(),
    serving=st.integers(1, 3),
    spares=st.integers(0, 2),
    acts=st.lists(
        st.tuples(
            st.sampled_from(["demand", "die", "wait", "stop", "start", "swap", "goal"]), st.integers(0, 9)
        )
    ),
)
def test_whatever_happens_no_more_serve_than_may_and_all_that_may_do_in_the_end(
    on_demand: bool, serving: int, spares: int, acts: list[tuple[str, int]]
) -> None:
    bench = Bench(on_demand=on_demand, serving=serving, spares=spares)
    bench.send(None, Start())
    for act, number in acts:
        slots = bench.pool.slots
        slot = number % len(slots)
        if act == "die" and slots[slot].state is State.READY:
            bench.send(slot, Exited(slots[slot].statistics().generation, "exit code 1"))
        elif act == "wait":
            bench.advance(7.0 * number)
        elif act == "goal":
            bench.send(None, GoalChanged(number % 2 == 0))
        elif act in ("demand", "stop", "start", "swap"):
            event = {"demand": Demand(number), "stop": Stop(), "start": Start(), "swap": Swap(str(number))}[
                act
            ]
            bench.send(None, event)
        assert len(bench.pool.routed) <= serving
        assert len(bench.pool.routed) == len(set(bench.pool.routed))
    bench.send(None, GoalChanged(False))
    bench.send(None, Start())
    bench.advance(120)
    alive = sum(slot.state is State.READY for slot in bench.pool.slots)
    assert len(bench.pool.routed) == min(serving, alive)
    bench.send(None, Stop())
    bench.advance(120)
    assert not bench.pool.routed
    assert all(slot.state in (State.STOPPED, State.FAILED) for slot in bench.pool.slots)
