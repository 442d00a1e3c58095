"""The life of a slot: what it is told to do at each turn, and what holds whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from garret.base.clock import ManualClock
from garret.base.errors import UsageError
from garret.control.supervision.events import (
    CheckHealth,
    Demand,
    Drain,
    Event,
    Exited,
    FailJobs,
    GoalChanged,
    Handshaken,
    HandshakeRefused,
    HealthCheck,
    Heartbeat,
    Instruction,
    JobEnded,
    JobStarted,
    Life,
    Notify,
    Overdrawn,
    Reset,
    RouteOff,
    RouteOn,
    SendDrain,
    SendKill,
    SendTerm,
    SetTimer,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    State,
    Stop,
    Swap,
    Tick,
)
from garret.control.supervision.machine import SupervisorMachine

Kind = TypeVar("Kind")
ALWAYS = Life(on_demand=False)
ON_DEMAND = Life(on_demand=True)
OUTSIDE = Life(handshakes=False, health_layers=("process", "http"))


class Bench:
    """A machine with a clock and a timer that fires punctually."""

    def __init__(self, life: Life = ALWAYS, random: Callable[[], float] = lambda: 0.5) -> None:
        self.clock = ManualClock()
        self.machine = SupervisorMachine("stt", life, launch="v1", random=random)
        self.timer: float | None = None
        self.log: list[Instruction] = []

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def send(self, event: Event) -> list[Instruction]:
        out = list(self.machine.handle(event, self.now))
        for position, step in enumerate(out):
            if isinstance(step, SetTimer):
                assert position == 0, "a timer after what may lead to a nearer one"
                self.timer = step.at
        self.log += out
        self.machine.validate()
        return out

    def advance(self, seconds: float) -> list[Instruction]:
        """Let time pass, firing the timer whenever it is due; return all that was instructed."""
        end = self.now + seconds
        out: list[Instruction] = []
        while self.timer is not None and self.timer <= end:
            self.clock.advance(max(0.0, self.timer - self.now))
            self.timer = None
            out += self.send(Tick())
        self.clock.advance(end - self.now)
        return out

    def ready(self, generation: int = 1) -> list[Instruction]:
        self.send(Spawned(generation, 100 + generation))
        return self.send(Handshaken(generation))

    def up(self) -> Bench:
        self.send(Start())
        self.send(Demand())
        self.ready()
        assert self.machine.state is State.READY
        return self


def only(kind: type[Kind], steps: list[Any]) -> Kind:
    found = [step for step in steps if isinstance(step, kind)]
    assert len(found) == 1, steps
    return found[0]


def has(kind: type[Any], steps: list[Any]) -> bool:
    return any(isinstance(step, kind) for step in steps)


# --- starting ---------------------------------------------------------------------------------


def test_a_start_spawns_and_the_handshake_opens_the_route() -> None:
    bench = Bench()
    out = bench.send(Start())
    assert only(Spawn, out) == Spawn(1, "v1")
    assert only(Notify, out).state is State.STARTING
    assert not has(RouteOn, bench.send(Spawned(1, 42)))
    out = bench.send(Handshaken(1))
    assert only(RouteOn, out) == RouteOn(1)
    assert only(Notify, out) == Notify(State.READY, "stt is ready.")
    assert bench.machine.statistics().pid == 42


def test_a_handshake_reported_before_the_process_id_counts() -> None:
    bench = Bench()
    bench.send(Start())
    bench.send(Handshaken(1))
    assert has(RouteOn, bench.send(Spawned(1, 42)))


def test_a_slot_on_demand_waits_for_the_first_need() -> None:
    bench = Bench(ON_DEMAND)
    assert not has(Spawn, bench.send(Start()))
    assert has(Spawn, bench.send(Demand()))


def test_a_slot_that_was_not_enabled_does_not_start_at_need() -> None:
    bench = Bench(ON_DEMAND)
    assert bench.send(Demand()) == []
    assert not bench.machine.available


def test_a_slot_on_demand_stops_after_its_idle_time_and_comes_back_at_need() -> None:
    bench = Bench(Life(on_demand=True, idle_seconds=30.0)).up()
    bench.advance(20)
    bench.send(JobStarted(1, "a"))
    bench.advance(5)
    bench.send(JobEnded(1, "a"))
    assert not has(SendDrain, bench.advance(29.9))
    out = bench.advance(0.2)
    assert has(RouteOff, out)
    assert has(SendDrain, out)
    bench.send(Demand())
    assert has(Spawn, bench.send(Exited(1, "exit code 0")))


def test_an_idle_worker_needs_no_timer_and_is_not_taken_for_hung() -> None:
    bench = Bench().up()
    assert bench.timer is None or bench.timer > bench.now
    out = bench.advance(86_400)
    assert not has(SendTerm, out)
    assert bench.timer is None
    assert bench.machine.state is State.READY


def test_what_does_not_report_ready_in_time_is_ended_and_tried_again() -> None:
    bench = Bench(Life(start_seconds=5.0))
    bench.send(Start())
    bench.send(Spawned(1, 42))
    out = bench.advance(5.0)
    assert only(SendTerm, out) == SendTerm(1, 42)
    out = bench.send(Exited(1, "killed by SIGTERM"))
    assert only(Notify, out).state is State.BACKOFF
    assert "not ready within 5 s" in only(Notify, out).sentence
    assert has(Spawn, bench.advance(10))


def test_a_refused_handshake_is_killed_without_being_asked() -> None:
    bench = Bench()
    bench.send(Start())
    bench.send(Spawned(1, 42))
    out = bench.send(HandshakeRefused(1, "wrong proof"))
    assert only(SendKill, out) == SendKill(1, 42)
    assert not has(SendTerm, out)


def test_a_process_that_took_too_much_is_killed_and_its_jobs_are_told_why() -> None:
    bench = Bench()
    bench.send(Start())
    bench.send(Spawned(1, 42))
    bench.send(Handshaken(1))
    bench.send(JobStarted(1, 7))
    out = bench.send(Overdrawn(1, "held 300 MiB of memory, where it may have 256"))
    assert only(SendKill, out) == SendKill(1, 42)
    assert not has(SendTerm, out)
    assert not has(SendKill, bench.send(Overdrawn(1, "held 301 MiB of memory, where it may have 256")))
    out = bench.send(Exited(1, "killed by SIGKILL"))
    assert only(FailJobs, out).jobs == (7,)
    assert only(FailJobs, out).reason == "stt held 300 MiB of memory, where it may have 256"
    assert only(FailJobs, out).retryable
    assert not bench.send(Overdrawn(1, "it is gone by now"))


def test_a_refusal_that_trying_again_cannot_help_opens_the_circuit_at_once() -> None:
    bench = Bench()
    bench.send(Start())
    bench.send(Spawned(1, 42))
    bench.send(HandshakeRefused(1, "another build", permanent=True))
    out = bench.send(Exited(1, "killed"))
    assert only(Notify, out).state is State.FAILED
    assert "another build" in bench.machine.sentence


def test_a_failed_spawn_is_tried_again_after_the_backoff() -> None:
    bench = Bench()
    bench.send(Start())
    out = bench.send(SpawnFailed(1, "no such file"))
    assert only(Notify, out).state is State.BACKOFF
    assert "no such file" in bench.machine.sentence
    assert only(Spawn, bench.advance(0.4)).generation == 2


# --- failing ----------------------------------------------------------------------------------


def test_a_death_fails_the_jobs_once_and_starts_again_after_a_wait() -> None:
    bench = Bench().up()
    bench.send(JobStarted(1, "a"))
    bench.send(JobStarted(1, "b"))
    assert bench.machine.state is State.BUSY
    out = bench.send(Exited(1, "killed by SIGSEGV"))
    failed = only(FailJobs, out)
    assert set(failed.jobs) == {"a", "b"}
    assert failed.retryable
    assert "SIGSEGV" in failed.reason
    assert only(RouteOff, out) == RouteOff(1)
    assert bench.send(Exited(1, "again")) == []
    assert has(Spawn, bench.advance(0.5))


def test_a_job_handed_to_a_process_that_is_gone_is_failed_at_once() -> None:
    bench = Bench().up()
    bench.send(Exited(1, "exit code 1"))
    assert only(FailJobs, bench.send(JobStarted(1, "late"))).jobs == ("late",)


def test_the_circuit_opens_after_three_restarts_in_a_minute_and_says_what_to_do() -> None:
    bench = Bench()
    bench.send(Start())
    for generation in (1, 2, 3):
        bench.ready(generation)
        bench.send(Exited(generation, "exit code 1"))
        assert only(Spawn, bench.advance(10)).generation == generation + 1
    bench.ready(4)
    bench.send(JobStarted(4, "a"))
    out = bench.send(Exited(4, "exit code 1"))
    assert only(Notify, out).state is State.FAILED
    assert not only(FailJobs, out).retryable
    sentence = bench.machine.sentence
    assert "after 3 restarts within 60 s" in sentence
    assert "kept" in sentence
    assert "garret workers restart stt" in sentence
    assert not has(Spawn, bench.advance(3600))
    assert not has(Spawn, bench.send(Start()))
    assert not bench.machine.available
    assert only(Spawn, bench.send(Reset())).generation == 5


def test_a_long_run_resets_the_attempts() -> None:
    bench = Bench(Life(quiet_seconds=60.0), random=lambda: 0.999999)
    bench.send(Start())
    waits = []
    for generation, lived in ((1, 1.0), (2, 1.0), (3, 61.0), (4, 1.0)):
        bench.ready(generation)
        bench.advance(lived)
        bench.send(Exited(generation, "exit code 1"))
        until = bench.machine.statistics().backoff_until
        assert until is not None
        waits.append(round(until - bench.now, 1))
        bench.advance(10)
    assert waits == [0.4, 0.8, 0.4, 0.8]


@pytest.mark.parametrize("beats", [True, False])
def test_silence_during_a_job_ends_the_worker(beats: bool) -> None:
    bench = Bench(Life(silence_seconds=10.0)).up()
    bench.advance(100)
    bench.send(JobStarted(1, "a"))
    out: list[Instruction] = []
    for _ in range(5):
        out += bench.advance(4)
        if beats:
            bench.send(Heartbeat(1))
    assert has(SendTerm, out) is not beats
    if not beats:
        assert any(isinstance(step, Notify) and "no sign of life for 10 s" in step.sentence for step in out)
        assert has(RouteOff, out)
        assert not has(FailJobs, out)  # the job is not over before the process is


@pytest.mark.parametrize("moves", [True, False])
def test_a_job_that_does_not_get_on_ends_the_worker_though_it_beats(moves: bool) -> None:
    bench = Bench(Life(stall_seconds=30.0)).up()
    bench.send(JobStarted(1, "a"))
    out: list[Instruction] = []
    for step in range(40):
        out += bench.advance(1)
        if bench.machine.state is State.BUSY:
            bench.send(Heartbeat(1, {"a": float(step) if moves else 0.0}))
    assert has(SendTerm, out) is not moves


def test_a_job_without_an_end_may_stand_still() -> None:
    bench = Bench(Life(stall_seconds=30.0, silence_seconds=None)).up()
    bench.send(JobStarted(1, "a", None))
    assert not has(SendTerm, bench.advance(3600))


def test_a_late_timer_blames_this_process_and_not_the_worker() -> None:
    bench = Bench(Life(silence_seconds=10.0)).up()
    bench.send(JobStarted(1, "a"))
    bench.clock.advance(60)
    out = bench.send(Tick())
    assert not has(SendTerm, out)
    bench.send(Heartbeat(1))
    assert not has(SendTerm, bench.advance(9))
    assert has(SendTerm, bench.advance(80))


def test_a_jump_of_the_wall_clock_changes_nothing() -> None:
    plain, jumped = Bench().up(), Bench().up()
    for bench in (plain, jumped):
        bench.send(JobStarted(1, "a"))
    jumped.clock.jump_wall(86_400 * 365)
    assert plain.advance(14.9) == jumped.advance(14.9)
    jumped.clock.jump_wall(-86_400 * 3650)
    assert plain.advance(20) == jumped.advance(20)
    assert has(SendTerm, plain.log)


# --- stopping ---------------------------------------------------------------------------------


def test_a_stop_drains_then_terminates_then_kills_the_group() -> None:
    bench = Bench(Life(drain_seconds=10.0, term_seconds=2.0)).up()
    bench.send(JobStarted(1, "a"))
    out = bench.send(Stop())
    assert [type(step) for step in out if not isinstance(step, (Notify, SetTimer))] == [RouteOff, SendDrain]
    assert not has(SendTerm, bench.advance(9.9))
    assert has(SendTerm, bench.advance(0.2))
    assert not has(SendKill, bench.advance(1.7))
    assert has(SendKill, bench.advance(0.3))
    out = bench.send(Exited(1, "killed by SIGKILL"))
    assert only(FailJobs, out).retryable
    assert only(Notify, out).state is State.STOPPED
    assert bench.advance(3600) == []


def test_a_worker_that_cannot_be_killed_is_told_of_and_killed_again() -> None:
    bench = Bench().up()
    bench.send(Stop(urgent=True))
    out = bench.advance(30)
    assert sum(isinstance(step, SendKill) for step in out) > 2
    assert "the system has not let go of its process 101" in only(Notify, out).sentence


def test_an_urgent_stop_skips_the_drain() -> None:
    bench = Bench().up()
    out = bench.send(Stop(urgent=True))
    assert has(SendTerm, out)
    assert not has(SendDrain, out)


def test_a_drained_worker_has_little_time_left_to_end() -> None:
    bench = Bench(Life(drain_seconds=100.0, term_seconds=2.0)).up()
    bench.send(JobStarted(1, "a"))
    bench.send(Stop())
    bench.advance(50)
    bench.send(JobEnded(1, "a"))
    assert has(SendTerm, bench.advance(2.1))


def test_a_stop_while_it_is_being_spawned_ends_it_as_soon_as_it_can_be_named() -> None:
    bench = Bench()
    bench.send(Start())
    bench.send(Stop())
    assert bench.machine.state is State.DRAINING
    assert only(SendTerm, bench.send(Spawned(1, 42))) == SendTerm(1, 42)
    assert not has(Spawn, bench.send(Exited(1, "killed by SIGTERM")))
    assert bench.machine.state is State.STOPPED


def test_a_start_during_the_stop_waits_for_the_old_process_to_be_gone() -> None:
    bench = Bench().up()
    bench.send(Stop())
    assert not has(Spawn, bench.send(Start()))
    assert only(Spawn, bench.send(Exited(1, "exit code 0"))).generation == 2


def test_a_drain_recycles_the_process_without_counting_as_a_failure() -> None:
    bench = Bench().up()
    for generation in range(1, 10):
        bench.send(Drain())
        assert only(Spawn, bench.send(Exited(generation, "exit code 0"))).generation == generation + 1
        bench.ready(generation + 1)
    assert bench.machine.statistics().restarts == 0


def test_a_stop_cancels_the_backoff() -> None:
    bench = Bench().up()
    bench.send(Exited(1, "exit code 1"))
    bench.send(Stop())
    assert bench.machine.state is State.STOPPED
    assert not has(Spawn, bench.advance(60))


def test_a_changed_goal_starts_or_lets_go() -> None:
    bench = Bench(Life(on_demand=True, idle_seconds=30.0))
    bench.send(Start())
    assert has(Spawn, bench.send(GoalChanged(on_demand=False)))
    bench.ready()
    assert not has(SendDrain, bench.advance(100))
    bench.send(GoalChanged(on_demand=True))
    assert has(SendDrain, bench.advance(31))


# --- hot swap ---------------------------------------------------------------------------------


def test_a_swap_moves_the_route_before_the_old_process_is_drained() -> None:
    bench = Bench().up()
    bench.send(JobStarted(1, "a"))
    assert only(Spawn, bench.send(Swap("v2"))) == Spawn(2, "v2")
    assert bench.machine.state is State.BUSY
    out = bench.ready(2)
    kinds = [type(step) for step in out if not isinstance(step, (Notify, SetTimer))]
    assert kinds == [RouteOn, RouteOff, SendDrain]
    assert bench.machine.state is State.READY
    bench.send(JobEnded(1, "a"))
    assert not has(Spawn, bench.send(Exited(1, "exit code 0")))
    assert bench.machine.statistics().swaps == 1


def test_a_failing_newcomer_leaves_the_old_process_at_work() -> None:
    bench = Bench().up()
    bench.send(Swap("v2"))
    out = bench.send(SpawnFailed(2, "out of memory"))
    assert only(Notify, out).state is State.READY
    assert "The old one keeps running" in only(Notify, out).sentence
    assert not has(Spawn, bench.advance(600))
    bench.send(Exited(1, "exit code 1"))
    assert only(Spawn, bench.advance(1)).launch == "v1"


def test_the_newcomer_takes_over_when_the_old_process_dies_first() -> None:
    bench = Bench().up()
    bench.send(Swap("v2"))
    out = bench.send(Exited(1, "exit code 1"))
    assert not has(Spawn, out)
    assert bench.machine.state is State.STARTING
    assert has(RouteOn, bench.ready(2))


def test_a_second_swap_during_the_first_ends_with_the_last_one() -> None:
    bench = Bench().up()
    bench.send(Swap("v2"))
    bench.send(Swap("v3"))
    bench.send(Spawned(2, 102))
    assert only(Spawn, bench.send(Exited(2, "killed by SIGTERM"))) == Spawn(3, "v3")
    assert has(RouteOn, bench.ready(3))


def test_a_swap_while_the_first_process_starts_replaces_it() -> None:
    bench = Bench()
    bench.send(Start())
    bench.send(Spawned(1, 101))
    assert has(SendTerm, bench.send(Swap("v2")))
    assert only(Spawn, bench.send(Exited(1, "killed by SIGTERM"))) == Spawn(2, "v2")


# --- outside programs -------------------------------------------------------------------------


def test_an_outside_program_is_ready_when_every_layer_answers() -> None:
    bench = Bench(OUTSIDE)
    bench.send(Start())
    bench.send(Spawned(1, 42))
    assert only(CheckHealth, bench.advance(0.5)).layers == ("process", "http")
    assert not has(RouteOn, bench.send(HealthCheck(1, "process", True)))
    bench.send(HealthCheck(1, "http", False, "connection refused"))
    assert bench.machine.state is State.STARTING
    assert has(RouteOn, bench.send(HealthCheck(1, "http", True)))


def test_an_outside_program_that_fails_a_layer_three_times_running_is_started_again() -> None:
    bench = Bench(OUTSIDE)
    bench.send(Start())
    bench.send(Spawned(1, 42))
    for layer in OUTSIDE.health_layers:
        bench.send(HealthCheck(1, layer, True))
    assert has(CheckHealth, bench.advance(10))
    for ok in (False, False, True, False, False):
        assert not has(SendTerm, bench.send(HealthCheck(1, "http", ok, "status 500")))
    assert has(SendTerm, bench.send(HealthCheck(1, "http", False, "status 500")))
    assert "failed its http check 3 times in a row (status 500)" in bench.machine.sentence
    assert only(Notify, bench.send(Exited(1, "killed by SIGTERM"))).state is State.BACKOFF


def test_an_outside_program_is_terminated_without_a_drain() -> None:
    bench = Bench(Life(handshakes=False))
    bench.send(Start())
    assert has(RouteOn, bench.send(Spawned(1, 42)))
    out = bench.send(Stop())
    assert has(SendTerm, out)
    assert not has(SendDrain, out)


# --- telling ----------------------------------------------------------------------------------


def test_the_story_tells_how_it_came_to_its_state() -> None:
    bench = Bench().up()
    bench.advance(5)
    bench.send(Exited(1, "killed by SIGSEGV"))
    lines = bench.machine.story(bench.now)
    assert [line.split(": ", 1)[1] for line in lines] == [
        "starting: stt is starting.",
        "ready: stt is ready.",
        "backoff: stt ended unexpectedly (killed by SIGSEGV). It is started again in 0.3 s.",
    ]
    assert lines[0].startswith("5.0 s ago")


def test_ready_and_busy_are_not_news() -> None:
    bench = Bench().up()
    out: list[Instruction] = []
    for number in range(20):
        out += bench.send(JobStarted(1, number))
        out += bench.send(Heartbeat(1, {number: 1.0}))
        out += bench.send(JobEnded(1, number))
    assert not has(Notify, out)
    assert sum(isinstance(step, SetTimer) for step in out) == 1  # not one for each job


@pytest.mark.parametrize(
    "wrong",
    [{"term_seconds": 0.0}, {"max_restarts": -1}, {"backoff_floor": 20.0}, {"idle_seconds": float("nan")}],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Life(**wrong)


# --- whatever happens -------------------------------------------------------------------------


class SlotInTheWild(RuleBasedStateMachine):
    """Processes that die, hang and ignore signals, news in any order, and what must hold all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.swapped = False
        self.pending: set[int] = set()
        self.alive: dict[int, bool] = {}  # generation: does it obey TERM
        self.term_at: dict[int, float] = {}
        self.killed: set[int] = set()
        self.routed: set[int] = set()
        self.running: dict[int, int] = {}  # job: generation
        self.failed: set[int] = set()
        self.restarts: list[float] = []
        self.jobs = 0
        self.stopped = False

    @initialize(on_demand=st.booleans(), seed=st.integers(0, 2**16))
    def make(self, on_demand: bool, seed: int) -> None:
        import random

        life = Life(on_demand=on_demand, idle_seconds=20.0, silence_seconds=10.0, stall_seconds=15.0)
        self.life = life
        self.bench = Bench(life, random.Random(seed).random)

    def tell(self, event: Event) -> None:
        before = self.bench.machine.state
        out = self.bench.send(event)
        now = self.bench.now
        for step in out:
            if isinstance(step, Spawn):
                assert not self.stopped
                self.pending.add(step.generation)
                if before is State.BACKOFF and isinstance(event, Tick):
                    self.restarts.append(now)
            elif isinstance(step, RouteOn):
                assert step.generation in self.alive
                self.routed.add(step.generation)
            elif isinstance(step, RouteOff):
                self.routed.remove(step.generation)
            elif isinstance(step, SendTerm):
                assert step.pid == 100 + step.generation
                self.term_at[step.generation] = now
            elif isinstance(step, SendKill):
                self.killed.add(step.generation)
            elif isinstance(step, FailJobs):
                assert step.generation not in self.alive, "its process is not gone"
                for job in step.jobs:
                    assert isinstance(job, int)
                    assert self.running.pop(job) == step.generation
                    assert job not in self.failed
                    self.failed.add(job)

    def _must_end(self, generation: int, obeys: bool) -> bool:
        return generation in self.killed or (obeys and generation in self.term_at)

    def exit(self, generation: int) -> None:
        del self.alive[generation]
        self.tell(Exited(generation, "gone"))

    @rule()
    def come_up(self) -> None:
        """Everything goes well: what is to be started starts and proves itself."""
        self.stopped = False
        self.tell(Start())
        self.tell(Demand())
        for generation in sorted(self.pending):
            self.pending.remove(generation)
            self.alive[generation] = True
            self.tell(Spawned(generation, 100 + generation))
        for generation in sorted(self.alive):
            self.tell(Handshaken(generation))

    @rule(times=st.integers(1, 5))
    def crash_again_and_again(self, times: int) -> None:
        for _ in range(times):
            self.come_up()
            for generation in sorted(self.alive):
                self.exit(generation)
            self.wait(11.0)

    @precondition(lambda self: self.routed)
    @rule(first_dies=st.booleans())
    def swap(self, first_dies: bool) -> None:
        self.swapped = True
        self.tell(Swap("v2"))
        if first_dies:
            self.exit(min(self.routed))
        self.come_up()

    @precondition(lambda self: self.routed)
    @rule(seconds=st.sampled_from([1.0, 11.0, 13.0]), urgent=st.booleans())
    def stop_one_that_ignores_it(self, seconds: float, urgent: bool) -> None:
        self.alive[max(self.routed)] = False
        self.stop(urgent)
        self.wait(seconds)

    @rule(event=st.sampled_from([Start(), Demand(), Drain(), Swap("v2"), Reset(), GoalChanged(True)]))
    def ask_for(self, event: Event) -> None:
        self.stopped = self.stopped and not isinstance(event, Start)
        self.swapped = self.swapped or isinstance(event, Swap)
        if isinstance(event, Reset):
            self.restarts.clear()
        self.tell(event)

    @rule(urgent=st.booleans())
    def stop(self, urgent: bool) -> None:
        self.stopped = True
        self.tell(Stop(urgent))

    @rule()
    def change_goal(self) -> None:
        self.tell(GoalChanged(False))

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), obeys=st.booleans(), works=st.sampled_from([True, True, True, False]))
    def spawn(self, data: st.DataObject, obeys: bool, works: bool) -> None:
        generation = data.draw(st.sampled_from(sorted(self.pending)))
        self.pending.remove(generation)
        if works:
            self.alive[generation] = obeys
            self.tell(Spawned(generation, 100 + generation))
        else:
            self.tell(SpawnFailed(generation, "no memory"))

    @precondition(lambda self: self.alive)
    @rule(data=st.data(), refused=st.sampled_from([False, False, False, True]))
    def shake_hands(self, data: st.DataObject, refused: bool) -> None:
        generation = data.draw(st.sampled_from(sorted(self.alive)))
        self.tell(HandshakeRefused(generation, "no proof") if refused else Handshaken(generation))

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def take_too_much(self, data: st.DataObject) -> None:
        self.tell(Overdrawn(data.draw(st.sampled_from(sorted(self.alive))), "held too much"))

    @precondition(lambda self: self.running)
    @rule()
    def die_at_work(self) -> None:
        self.exit(min(self.running.values()))

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.exit(data.draw(st.sampled_from(sorted(self.alive))))

    @precondition(lambda self: self.bench.machine.available)
    @rule(jobs=st.integers(1, 3), late=st.sampled_from([False] * 9 + [True]))
    def begin_jobs(self, jobs: int, late: bool) -> None:
        if not self.routed:
            self.come_up()
        for _ in range(jobs if self.routed else 0):
            self.jobs += 1
            generation = 10_000 if late else max(self.routed)
            self.running[self.jobs] = generation
            self.tell(JobStarted(generation, self.jobs))
            assert not late or self.jobs in self.failed

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end_job(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.running)))
        self.tell(JobEnded(self.running.pop(job), job))
        assert job not in self.failed

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        generation = data.draw(st.sampled_from(sorted(self.alive)))
        self.tell(Heartbeat(generation, dict.fromkeys(self.running, self.bench.now)))

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 11.0, 25.0]))
    def wait(self, seconds: float) -> None:
        bench = self.bench
        end = bench.now + seconds
        while True:
            doomed = [one for one, obeys in self.alive.items() if self._must_end(one, obeys)]
            for generation in doomed:
                self.exit(generation)
            if bench.timer is None or bench.timer > end:
                break
            bench.clock.advance(max(0.0, bench.timer - bench.now))
            bench.timer = None
            self.tell(Tick())
        bench.clock.advance(end - bench.now)

    @rule()
    def come_late(self) -> None:
        if self.bench.timer is not None:
            self.bench.clock.advance(max(0.0, self.bench.timer - self.bench.now) + 30.0)
            self.bench.timer = None
            self.tell(Tick())

    @invariant()
    def one_process_but_during_a_swap(self) -> None:
        processes = len(self.pending) + len(self.alive)
        assert processes <= (2 if self.swapped else 1)
        assert len(self.routed) <= 1

    @invariant()
    def restarts_stay_within_the_window(self) -> None:
        for at in self.restarts:
            inside = [one for one in self.restarts if at - self.life.window_seconds < one <= at]
            assert len(inside) <= self.life.max_restarts

    @invariant()
    def kill_follows_term_within_its_grace(self) -> None:
        for generation, at in self.term_at.items():
            if generation in self.alive and self.bench.now > at + self.life.term_seconds + 1e-6:
                assert generation in self.killed

    @invariant()
    def every_job_is_running_ended_or_failed(self) -> None:
        assert all(generation in self.alive for generation in self.running.values())

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        self.stop(urgent=False)
        for generation in sorted(self.pending):
            self.alive[generation] = False
            self.tell(Spawned(generation, 100 + generation))
        self.pending.clear()
        self.wait(60.0)
        assert not self.alive
        assert not self.running
        assert self.bench.machine.state in (State.STOPPED, State.FAILED)
        assert self.bench.timer is None


TestSlotInTheWild = SlotInTheWild.TestCase
TestSlotInTheWild.settings = settings(stateful_step_count=40)
