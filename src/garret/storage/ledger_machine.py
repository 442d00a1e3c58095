"""Which transitions a job may make: a pure state machine, without SQL, clock or threads.

`step` takes the standing of a job and an action and returns the new standing with the event that tells of
it, or raises Conflict. A running job is fenced by its lease epoch: each lease has a higher one, and an
action that carries another epoch than the job's is refused, so that a worker which was thought dead can
change nothing when it comes back.

    queued --lease--> running --finish--> done
                      running --fail------> queued (attempts remain, a retry is wanted) or failed
                      running --requeue---> queued (the attempt does not count)
                      running --replay----> queued (the process that ran it is gone; no attempt either)
    queued, running --cancel--> cancelled
    failed, cancelled --retry--> queued (all attempts anew)

Neighbours: `ledger_rows` is its only driver.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from garret.storage.errors import Conflict


class State(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset({State.QUEUED, State.RUNNING})
FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class Kind(StrEnum):
    """What happened, as it is kept in the events of a job."""

    ENQUEUED = "enqueued"
    LEASED = "leased"
    FINISHED = "finished"
    FAILED = "failed"
    FAILED_ONCE = "failed_once"  # and queued again
    REQUEUED = "requeued"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    REPLAYED = "replayed"  # queued again after a crash
    ABANDONED = "abandoned"  # failed after a crash; written by version 0.1 only


class Standing(NamedTuple):
    """What the machine knows of a job."""

    state: State
    attempts: int
    max_attempts: int
    epoch: int
    owner: str | None


class Lease(NamedTuple):
    """Action: `owner` starts a queued job."""

    owner: str


class Finish(NamedTuple):
    """Action: the holder of `epoch` is done."""

    epoch: int


class Fail(NamedTuple):
    """Action: the holder of `epoch` failed; with `retry` the job is tried again while attempts remain."""

    epoch: int
    retry: bool


class Requeue(NamedTuple):
    """Action: the holder of `epoch` gives the job back without having tried."""

    epoch: int


class Cancel(NamedTuple):
    """Action: someone who may do so stops a job that is not over."""


class Retry(NamedTuple):
    """Action: someone who may do so starts a failed or cancelled job again."""


class Replay(NamedTuple):
    """Action: at start, a running job is one that a dead process left behind."""


Action = Lease | Finish | Fail | Requeue | Cancel | Retry | Replay


def queued(max_attempts: int) -> Standing:
    """The standing of a new job."""
    return Standing(State.QUEUED, 0, max_attempts, 0, None)


def step(standing: Standing, action: Action) -> tuple[Standing, Kind]:
    """Return what `action` makes of `standing`, and the event. Raises Conflict when it is not legal."""
    if isinstance(action, (Finish, Fail, Requeue)):
        return _held(standing, action)
    if isinstance(action, Lease):
        return _lease(standing, action)
    if isinstance(action, Retry):
        return _retry(standing)
    if isinstance(action, Replay):
        return _replay(standing)
    return _cancel(standing)


def check_epoch(standing: Standing, epoch: int) -> None:
    """Raise Conflict unless the job is running under `epoch`."""
    if standing.state is not State.RUNNING:
        raise Conflict(
            f"The job is {standing.state}, not running. Its state was kept; this report was dropped.",
            details={"state": standing.state.value, "epoch": epoch, "current": standing.epoch},
        )
    if standing.epoch != epoch:
        raise Conflict(
            f"The lease of epoch {epoch} is stale: the job runs under epoch {standing.epoch} now. "
            "Its state was kept; this report was dropped.",
            details={"state": standing.state.value, "epoch": epoch, "current": standing.epoch},
        )


def _held(standing: Standing, action: Finish | Fail | Requeue) -> tuple[Standing, Kind]:
    check_epoch(standing, action.epoch)
    if isinstance(action, Finish):
        return standing._replace(state=State.DONE, owner=None), Kind.FINISHED
    if isinstance(action, Requeue):
        given_back = standing._replace(state=State.QUEUED, attempts=standing.attempts - 1, owner=None)
        return given_back, Kind.REQUEUED
    if action.retry and standing.attempts < standing.max_attempts:
        return standing._replace(state=State.QUEUED, owner=None), Kind.FAILED_ONCE
    return standing._replace(state=State.FAILED, owner=None), Kind.FAILED


def _lease(standing: Standing, action: Lease) -> tuple[Standing, Kind]:
    if standing.state is not State.QUEUED:
        raise _illegal(standing, "be started")
    running = standing._replace(
        state=State.RUNNING, attempts=standing.attempts + 1, epoch=standing.epoch + 1, owner=action.owner
    )
    return running, Kind.LEASED


def _retry(standing: Standing) -> tuple[Standing, Kind]:
    if standing.state not in (State.FAILED, State.CANCELLED):
        raise _illegal(standing, "be tried again")
    return standing._replace(state=State.QUEUED, attempts=0, owner=None), Kind.RETRIED


def _replay(standing: Standing) -> tuple[Standing, Kind]:
    if standing.state is not State.RUNNING:
        raise _illegal(standing, "be replayed")
    # A restart of the house says nothing about the job: however many there are, they use up no attempt.
    return standing._replace(state=State.QUEUED, attempts=standing.attempts - 1, owner=None), Kind.REPLAYED


def _cancel(standing: Standing) -> tuple[Standing, Kind]:
    if standing.state not in ACTIVE:
        raise _illegal(standing, "be cancelled")
    return standing._replace(state=State.CANCELLED, owner=None), Kind.CANCELLED


def _illegal(standing: Standing, what: str) -> Conflict:
    return Conflict(
        f"A job that is {standing.state} cannot {what}. Nothing was changed.",
        details={"state": standing.state.value},
    )
