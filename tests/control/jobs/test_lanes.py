"""Whose turn it is: order, limits of all kinds together and of one, live jobs apart, places that are lent."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from garret.control.jobs.lanes import JobLanes
from garret.control.jobs.run import JobRun
from garret.storage.ledger_machine import State
from garret.storage.ledger_types import Job


def a_run(seq: int, *, command: str = "a.b", live: bool = False, at_once: int | None = None) -> JobRun:
    job = Job(
        seq, f"job_{seq}", command, None, State.QUEUED, 1, 0, 3, 0, None, 0.0, "", None, "cli", "admin", 0, 0
    )
    desk: Any = None
    return JobRun(desk, job, live, job.id, "cli", at_once)


def lanes_with(*runs: JobRun, limit: int = 2) -> JobLanes:
    lanes = JobLanes(limit)
    for run in runs:
        lanes.put(run)
    return lanes


def test_turns_are_taken_in_order_as_far_as_there_are_places() -> None:
    runs = [a_run(seq) for seq in (3, 1, 2)]
    lanes = lanes_with(*runs)
    assert [run.job.seq for run in lanes.take()] == [1, 2]
    assert lanes.take() == []
    lanes.release(runs[1])
    assert [run.job.seq for run in lanes.take()] == [3]


def test_a_live_job_waits_for_no_batch() -> None:
    batch = [a_run(seq) for seq in range(9)]
    lanes = lanes_with(*batch)
    lanes.take()
    live = a_run(9, live=True)
    lanes.put(live)
    assert lanes.take() == [live]


def test_of_one_command_no_more_run_than_it_says_and_others_pass_by() -> None:
    slow = [a_run(seq, command="a.slow", at_once=1) for seq in (1, 2)]
    quick = a_run(3)
    lanes = lanes_with(*slow, quick, limit=3)
    assert lanes.take() == [slow[0], quick]
    lanes.release(slow[0])
    assert lanes.take() == [slow[1]]


def test_a_job_that_waits_for_one_of_its_own_lends_its_place() -> None:
    parent, child, other = a_run(1, at_once=1), a_run(2, at_once=1), a_run(3, at_once=1)
    lanes = lanes_with(parent, limit=1)
    lanes.take()
    lanes.put(child)
    lanes.put(other)
    assert lanes.take() == []
    lanes.lend(parent)
    assert lanes.take() == [child]
    lanes.release(child)
    lanes.regain(parent)
    assert lanes.take() == []
    lanes.release(parent)
    assert lanes.take() == [other]


def test_a_job_that_ends_while_its_place_is_lent_gives_it_up_once() -> None:
    parent = a_run(1)
    lanes = lanes_with(parent, limit=1)
    lanes.take()
    lanes.lend(parent)
    lanes.release(parent)
    lanes.regain(parent)
    assert lanes.running == 0


class LanesMachine(RuleBasedStateMachine):
    """Random histories: places are neither lost nor made, and nobody waits while there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = JobLanes(2)
        self.seq = 0
        self.waiting: list[JobRun] = []
        self.running: dict[JobRun, int] = {}

    @rule(live=st.booleans(), slow=st.booleans())
    def arrive(self, live: bool, slow: bool) -> None:
        self.seq += 1
        run = a_run(self.seq, command="a.slow" if slow else "a.b", live=live, at_once=1 if slow else None)
        self.waiting.append(run)
        self.lanes.put(run)
        self.take()

    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        if not self.running:
            return
        run = data.draw(st.sampled_from(sorted(self.running, key=lambda one: one.job.seq)))
        what = data.draw(st.sampled_from(("lend", "regain", "release")))
        if what == "lend":
            self.lanes.lend(run)
            self.running[run] += 1
        elif what == "regain" and self.running[run]:
            self.lanes.regain(run)
            self.running[run] -= 1
        elif what == "release":
            self.lanes.release(run)
            del self.running[run]
        self.take()

    def take(self) -> None:
        for run in self.lanes.take():
            self.waiting.remove(run)
            self.running[run] = 0

    @invariant()
    def places_are_those_of_the_jobs_that_hold_one(self) -> None:
        held = [run for run, lent in self.running.items() if not lent]
        assert self.lanes.running == len(held)
        assert self.lanes.waiting == len(self.waiting)
        for live in (False, True):
            free = 2 - sum(run.live is live for run in held)
            slow = any(run.at_once for run in held)
            could = [run for run in self.waiting if run.live is live and not (run.at_once and slow)]
            assert free <= 0 or not could


TestLanes = LanesMachine.TestCase
