"""Placing jobs: at once where there is room, in a fair order where there is not, each exactly once."""

from __future__ import annotations

from collections.abc import Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from garret.base.errors import Code, UsageError
from garret.control.errors import ControlError
from garret.control.supervision.placement import Admitted, Busy, Item, Queued, Running, Withdrawn
from garret.control.supervision.scheduler import AGE_SECONDS, Scheduler


def scheduler(places: int = 1, *, limit: int = 256, share: int | None = None) -> Scheduler:
    made = Scheduler()
    made.add_pool("stt", queue_limit=limit, caller_limit=share)
    if places:
        made.add_slot("stt", "w1", places, 0.0)
    return made


def item(job: Hashable, **more: object) -> Item:
    return Item(**{"id": job, "pool": "stt", "caller": "a", **more})  # type: ignore[arg-type]


def finish_all(plan: Scheduler, first: Hashable, now: float = 0.0) -> list[Hashable]:
    """The order in which jobs run on one place, beginning with one that runs already."""
    order = [first]
    while admitted := plan.done(order[-1], now):
        order.append(admitted[0].id)
        plan.validate()
    return order


# --- places -----------------------------------------------------------------------------------


def test_a_free_place_is_given_at_once_and_the_next_job_waits() -> None:
    plan = scheduler()
    assert plan.submit(item(1), 0.0) == Admitted(1, "w1")
    assert plan.submit(item(2), 0.0) == Queued(2, 0)
    assert plan.submit(item(3), 0.0) == Queued(3, 1)
    assert plan.done(1, 1.0) == (Admitted(2, "w1"),)


def test_the_least_loaded_worker_is_chosen() -> None:
    plan = scheduler(2)
    plan.add_slot("stt", "w2", 2, 0.0)
    workers = [plan.submit(item(job), 0.0) for job in range(4)]
    names = [answer.worker for answer in workers if isinstance(answer, Admitted)]
    assert sorted(names[:2]) == ["w1", "w2"]
    assert sorted(names) == ["w1", "w1", "w2", "w2"]


def test_the_worker_used_last_is_used_again_so_that_the_other_can_go_idle() -> None:
    plan = scheduler()
    plan.add_slot("stt", "w2", 1, 0.0)
    names = set()
    for job in range(10):
        answer = plan.submit(item(job), 0.0)
        assert isinstance(answer, Admitted)
        names.add(answer.worker)
        plan.done(job, 0.0)
    assert len(names) == 1


def test_a_worker_that_comes_takes_what_waited() -> None:
    plan = scheduler(0)
    for job in (1, 2, 3):
        plan.submit(item(job), 0.0)
    assert plan.add_slot("stt", "w1", 2, 1.0) == (Admitted(1, "w1"), Admitted(2, "w1"))


def test_a_closed_worker_finishes_what_it_has_and_gets_nothing_more() -> None:
    plan = scheduler()
    plan.submit(item(1), 0.0)
    plan.close_slot("w1")
    assert isinstance(plan.submit(item(2), 0.0), Queued)
    assert plan.statistics()[0].workers == 1
    assert plan.done(1, 0.0) == ()
    assert plan.statistics()[0].workers == 0


def test_a_vanished_worker_takes_its_jobs_along_and_what_waited_goes_to_the_next() -> None:
    plan = scheduler(2)
    for job in (1, 2, 3):
        plan.submit(item(job), 0.0)
    plan.remove_slot("w1")
    plan.remove_slot("w1")
    plan.validate()
    assert plan.statistics()[0].running == 0
    assert plan.done(1, 1.0) == ()
    assert plan.add_slot("stt", "w2", 2, 2.0) == (Admitted(3, "w2"),)
    assert plan.submit(item(1), 2.0) == Admitted(1, "w2")  # tried again by whoever asked


# --- bounds -----------------------------------------------------------------------------------


def test_a_full_queue_answers_busy_and_starts_nothing() -> None:
    plan = scheduler(limit=4, share=4)
    for job in range(5):
        plan.submit(item(job), 0.0)
    assert plan.submit(item(5), 0.0) == Busy("stt", 4, own_share=True)
    assert plan.submit(item(6, caller="b"), 0.0) == Busy("stt", 4, own_share=False)
    assert plan.cancel(5) is None


def test_one_caller_cannot_fill_the_queue() -> None:
    plan = scheduler(limit=8)
    answers = [plan.submit(item(job), 0.0) for job in range(20)]
    assert sum(isinstance(answer, Queued) for answer in answers) == 6
    assert isinstance(plan.submit(item(99, caller="b"), 0.0), Queued)


def test_unknown_pools_and_lanes_and_ids_in_use_are_refused() -> None:
    plan = scheduler()
    with pytest.raises(UsageError):
        plan.submit(item(1, pool="nobody"), 0.0)
    with pytest.raises(UsageError):
        plan.submit(item(1, lane=4), 0.0)
    plan.submit(item(1), 0.0)
    with pytest.raises(ControlError) as caught:
        plan.submit(item(1), 0.0)
    assert caught.value.code is Code.CONFLICT


# --- order ------------------------------------------------------------------------------------


def test_lanes_go_before_deadlines_and_deadlines_before_arrival() -> None:
    plan = scheduler()
    plan.submit(item("running"), 0.0)
    plan.submit(item("background", lane=3, deadline=1.0), 0.0)
    plan.submit(item("late", lane=1, deadline=9.0), 0.0)
    plan.submit(item("soon", lane=1, deadline=2.0), 0.0)
    plan.submit(item("never", lane=1), 0.0)
    plan.submit(item("never 2", lane=1), 0.0)
    plan.submit(item("interactive", lane=0), 0.0)
    assert finish_all(plan, "running") == [
        "running", "interactive", "soon", "late", "never", "never 2", "background",
    ]  # fmt: skip


def test_callers_take_turns_within_a_lane() -> None:
    plan = scheduler()
    plan.submit(item("running"), 0.0)
    for number in range(3):
        plan.submit(item(f"a{number}", caller="a", deadline=1.0), 0.0)
    for number in range(2):
        plan.submit(item(f"b{number}", caller="b"), 0.0)
    plan.submit(item("c0", caller="c"), 0.0)
    assert finish_all(plan, "running") == ["running", "a0", "b0", "c0", "a1", "b1", "a2"]


@given(came=st.floats(0.0, 30.0), waited=st.floats(0.0, 30.0), lane=st.integers(0, 3))
def test_a_waiting_job_rises_a_lane_for_every_period_it_has_waited(
    came: float, waited: float, lane: int
) -> None:
    plan = scheduler(0)
    plan.submit(item("old", lane=3), 0.0)
    plan.submit(item("new", caller="b", lane=lane), came)
    now = came + waited
    old_lane = max(0, 3 - int(now / AGE_SECONDS))
    new_lane = max(0, lane - int((now - came) / AGE_SECONDS))
    first = plan.add_slot("stt", "w1", 1, now)[0].id
    if old_lane != new_lane:
        assert first == ("old" if old_lane < new_lane else "new")


def test_jobs_rise_though_nobody_comes() -> None:
    plan = scheduler()
    plan.submit(item("running", lane=0), 0.0)
    for number in range(4):
        plan.submit(item(number, caller="b", lane=0), 0.0)
    plan.submit(item("old", lane=3), 0.0)
    assert finish_all(plan, "running", now=3 * AGE_SECONDS) == ["running", 0, "old", 1, 2, 3]


@given(deadline=st.one_of(st.none(), st.floats(1.5, 5.0)), caller=st.sampled_from(["a", "b"]))
def test_nothing_starves_behind_a_stream_of_urgent_work(deadline: float | None, caller: str) -> None:
    plan = scheduler()
    now, running = 0.0, 0
    plan.submit(item(0, lane=0, caller=caller), now)
    plan.submit(item("patient", lane=3), now)
    for number in range(1, 200):
        # Two more come for each that is done, so that somebody urgent waits at all times.
        for job in (2 * number, 2 * number + 1):
            due = None if deadline is None else now + deadline
            plan.submit(item(job, lane=0, caller=caller, deadline=due), now)
        now += 1.0
        admitted = plan.done(running, now)
        if admitted[0].id == "patient":
            break
        assert isinstance(admitted[0].id, int)
        running = admitted[0].id
    # It rises for three periods and is due after a fourth; the few that are due earlier go before it.
    assert now <= 4 * AGE_SECONDS + 1.0 + (deadline or 4 * AGE_SECONDS)


# --- leaving ----------------------------------------------------------------------------------


def test_a_job_can_be_cancelled_at_every_stage() -> None:
    plan = scheduler()
    plan.submit(item(1), 0.0)
    plan.submit(item(2), 0.0)
    assert plan.cancel(2) == Withdrawn(2)
    assert plan.cancel(1) == Running(1, "w1")
    assert plan.statistics()[0].running == 1  # the place is taken until the worker has let go
    plan.done(1, 0.0)
    assert plan.cancel(1) is None
    plan.submit(item(3), 0.0)
    plan.remove_slot("w1")
    assert plan.cancel(3) is None


def test_what_waits_past_its_deadline_never_starts_and_is_there_until_it_is_cancelled() -> None:
    plan = scheduler()
    plan.submit(item(1), 0.0)
    plan.submit(item(2, deadline=5.0), 0.0)
    plan.submit(item(3, deadline=7.0), 0.0)
    assert plan.done(1, 6.0) == (Admitted(3, "w1"),)
    assert plan.done(3, 6.0) == ()
    plan.validate()
    assert plan.waiting("stt") == 1
    assert plan.cancel(2) == Withdrawn(2)
    assert plan.waiting("stt") == 0
    assert isinstance(plan.submit(item(4), 7.0), Admitted)


def test_clearing_a_pool_withdraws_all_that_waits_and_nothing_that_runs() -> None:
    plan = scheduler()
    for job in (1, 2, 3):
        plan.submit(item(job), 0.0)
    assert plan.clear("stt") == (2, 3)
    assert plan.waiting("stt") == 0
    assert plan.done(1, 0.0) == ()


def test_nothing_is_remembered_of_jobs_that_are_over() -> None:
    plan = scheduler(limit=8, share=8)
    for job in range(2000):
        plan.submit(item(job, deadline=1e9, lane=job % 4, caller=job % 7), float(job))
        if job % 3:
            plan.cancel(job)
        plan.done(job, float(job))
        plan.done(job - 5, float(job))
    for job in range(2000):
        plan.cancel(job)
        plan.done(job, 2000.0)
    figures = plan.statistics()[0]
    assert (figures.waiting, figures.running) == (0, 0)
    assert not plan._jobs
    assert not plan._pools["stt"].line._deadlines


# --- whatever happens -------------------------------------------------------------------------


class Placement(RuleBasedStateMachine):
    """Jobs and workers come and go; each job is at one stage, and is run once."""

    LIMIT = 6

    @initialize(share=st.sampled_from([None, 6]))
    def make(self, share: int | None) -> None:
        self.plan = scheduler(0, limit=self.LIMIT, share=share)
        self.now = 0.0
        self.number = 0
        self.worker = 0
        self.places: dict[str, int] = {}
        self.waiting: dict[int, Item] = {}
        self.running: dict[int, str] = {}
        self.over: set[int] = set()
        self.closed: set[str] = set()

    def admit(self, answer: Admitted) -> None:
        job = answer.id
        assert isinstance(job, int)
        assert job not in self.running
        assert job not in self.over
        assert answer.worker not in self.closed
        sent = self.waiting.pop(job, None)
        assert sent is None or sent.deadline is None or sent.deadline > self.now
        self.running[job] = answer.worker

    @rule(places=st.integers(1, 3))
    def worker_comes(self, places: int) -> None:
        self.worker += 1
        name = f"w{self.worker}"
        self.places[name] = places
        for answer in self.plan.add_slot("stt", name, places, self.now):
            self.admit(answer)

    @precondition(lambda self: self.places)
    @rule(data=st.data(), at_once=st.booleans())
    def worker_goes(self, data: st.DataObject, at_once: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.places)))
        if not at_once:
            self.plan.close_slot(name)
            self.closed.add(name)
            return
        del self.places[name]
        lost = {job for job, worker in self.running.items() if worker == name}
        self.plan.remove_slot(name)
        for job in lost:
            del self.running[job]
        self.over |= lost

    @rule(
        jobs=st.integers(1, 4),
        lane=st.integers(0, 3),
        caller=st.sampled_from("abc"),
        patience=st.one_of(st.none(), st.floats(0.1, 20.0)),
    )
    def submit(self, jobs: int, lane: int, caller: str, patience: float | None) -> None:
        for _ in range(jobs):
            self.number += 1
            deadline = None if patience is None else self.now + patience
            sent = Item(self.number, "stt", caller, lane, deadline)
            answer = self.plan.submit(sent, self.now)
            if isinstance(answer, Admitted):
                self.admit(answer)
            elif isinstance(answer, Queued):
                self.waiting[self.number] = sent
            else:
                assert len(self.waiting) >= self.LIMIT - self.LIMIT // 4

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.running)))
        worker = self.running.pop(job)
        self.over.add(job)
        admitted = self.plan.done(job, self.now)
        assert len(admitted) <= 1
        for answer in admitted:
            assert answer.worker == worker
            self.admit(answer)
        assert self.plan.done(job, self.now) == ()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job = data.draw(st.integers(1, self.number + 1))
        answer = self.plan.cancel(job)
        if job in self.running:
            assert answer == Running(job, self.running[job])
        elif job in self.waiting:
            assert answer == Withdrawn(job)
            del self.waiting[job]
            self.over.add(job)
        else:
            assert answer is None

    @rule(seconds=st.floats(0.0, 12.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def cancel_overdue(self) -> None:
        """As the broker does, some time after the deadline."""
        for job, sent in list(self.waiting.items()):
            if sent.deadline is not None and sent.deadline <= self.now:
                assert self.plan.cancel(job) == Withdrawn(job)
                del self.waiting[job]
                self.over.add(job)

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "plan"):
            return
        self.plan.validate()
        figures = self.plan.statistics()[0]
        assert figures.waiting == len(self.waiting)
        assert figures.running == len(self.running)

    def teardown(self) -> None:
        """Everything that was accepted and not cancelled runs in the end."""
        if not hasattr(self, "plan"):
            return
        self.cancel_overdue()
        for answer in self.plan.add_slot("stt", "last", 2, self.now):
            self.admit(answer)
        while self.running:
            job, _ = self.running.popitem()
            for answer in self.plan.done(job, self.now):
                self.admit(answer)
        assert not self.waiting


TestPlacement = Placement.TestCase
TestPlacement.settings = settings(stateful_step_count=40)
