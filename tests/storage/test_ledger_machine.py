"""Which transitions a job may make, as a table: everything that is not listed is refused."""

from __future__ import annotations

import itertools

import pytest

from garret.storage import ledger_machine as machine
from garret.storage.errors import Conflict
from garret.storage.ledger_machine import Kind, Standing, State

OWN, STALE = 7, 6
ACTIONS: dict[str, machine.Action] = {
    "lease": machine.Lease("w"),
    "finish": machine.Finish(OWN),
    "finish stale": machine.Finish(STALE),
    "fail": machine.Fail(OWN, retry=False),
    "fail, retry": machine.Fail(OWN, retry=True),
    "fail stale": machine.Fail(STALE, retry=True),
    "requeue": machine.Requeue(OWN),
    "requeue stale": machine.Requeue(STALE),
    "cancel": machine.Cancel(),
    "retry": machine.Retry(),
    "replay": machine.Replay(),
}
# (state, action) -> (state with attempts left, event, state with no attempt left, event)
LEGAL: dict[tuple[str, str], tuple[str, str, str, str]] = {
    ("queued", "lease"): ("running", "leased", "running", "leased"),
    ("queued", "cancel"): ("cancelled", "cancelled", "cancelled", "cancelled"),
    ("running", "finish"): ("done", "finished", "done", "finished"),
    ("running", "fail"): ("failed", "failed", "failed", "failed"),
    ("running", "fail, retry"): ("queued", "failed_once", "failed", "failed"),
    ("running", "requeue"): ("queued", "requeued", "queued", "requeued"),
    ("running", "cancel"): ("cancelled", "cancelled", "cancelled", "cancelled"),
    ("running", "replay"): ("queued", "replayed", "queued", "replayed"),
    ("failed", "retry"): ("queued", "retried", "queued", "retried"),
    ("cancelled", "retry"): ("queued", "retried", "queued", "retried"),
}


@pytest.mark.parametrize(("state", "name"), list(itertools.product(State, ACTIONS)))
def test_every_action_in_every_state(state: State, name: str) -> None:
    expected = LEGAL.get((state.value, name))
    for attempts, at in ((1, 0), (3, 2)):
        standing = Standing(state, attempts, 3, OWN, "w" if state is State.RUNNING else None)
        if expected is None:
            with pytest.raises(Conflict):
                machine.step(standing, ACTIONS[name])
            continue
        after, kind = machine.step(standing, ACTIONS[name])
        assert (after.state.value, kind.value) == expected[at : at + 2]
        assert (after.owner is not None) == (after.state is State.RUNNING)


def test_each_lease_has_a_higher_epoch_and_counts_an_attempt() -> None:
    standing, epochs = machine.queued(5), list[int]()
    for attempt in range(1, 6):
        standing, _ = machine.step(standing, machine.Lease("w"))
        assert standing.attempts == attempt
        epochs.append(standing.epoch)
        standing, _ = machine.step(standing, machine.Fail(standing.epoch, retry=True))
    assert epochs == sorted(set(epochs))
    assert standing.state is State.FAILED


def test_a_job_given_back_has_lost_no_attempt_but_its_lease_is_over() -> None:
    leased, _ = machine.step(machine.queued(1), machine.Lease("w"))
    back, kind = machine.step(leased, machine.Requeue(leased.epoch))
    assert (back.attempts, kind) == (0, Kind.REQUEUED)
    again, _ = machine.step(back, machine.Lease("v"))
    with pytest.raises(Conflict, match="stale"):
        machine.step(again, machine.Finish(leased.epoch))


def test_trying_again_starts_with_all_attempts() -> None:
    failed = Standing(State.FAILED, 3, 3, 9, None)
    queued, _ = machine.step(failed, machine.Retry())
    assert queued == Standing(State.QUEUED, 0, 3, 9, None)
