"""What goes into the ledger and comes out of it: plain immutable values.

Times are wall-clock seconds since 1970. Neighbours: `ledger_rows` reads and writes them.
"""

from __future__ import annotations

from typing import NamedTuple

from garret.storage.ledger_machine import Kind, State

DEFAULT_ATTEMPTS = 3


class JobError(NamedTuple):
    """Why a job failed: a code, plain words, and whether trying again can help."""

    code: str
    message: str
    retryable: bool


class Request(NamedTuple):
    """What to enqueue; `priority` 0 is served first, and nothing before `due` (seconds since 1970).

    `parent` is the id of the job whose work this is part of.

    A job has no deadline: that of a command says how long its caller waits, and the job goes on without it.
    """

    command: str
    payload: bytes = b""
    idempotency: str | None = None
    priority: int = 1
    max_attempts: int = DEFAULT_ATTEMPTS
    role: str = "owner"
    profile: str = "admin"
    workspace: str = "main"
    parent: str | None = None
    due: float | None = None


class Job(NamedTuple):
    """A job as it stands. `fraction` runs from 0 to 1; times are wall-clock seconds."""

    seq: int
    id: str
    command: str
    idempotency: str | None
    state: State
    priority: int
    attempts: int
    max_attempts: int
    epoch: int
    owner: str | None
    fraction: float
    note: str
    error: JobError | None
    role: str
    profile: str
    created: float
    updated: float
    workspace: str = "main"
    parent: str | None = None
    due: float | None = None


class Enqueued(NamedTuple):
    """The answer to `enqueue`: `new` is false when the idempotency key was known already."""

    job: Job
    new: bool


class Lease(NamedTuple):
    """The right to run a job: every report must carry `epoch`."""

    job: str
    epoch: int
    attempt: int
    command: str
    payload: bytes


class Replayed(NamedTuple):
    """A job that a dead process left behind, queued again; `restarts` is how often that was so in a row."""

    job: Job
    restarts: int


class Event(NamedTuple):
    """One transition of a job."""

    number: int
    at: float
    kind: Kind
    state: State
    attempt: int
    epoch: int
    who: str | None
    detail: str | None
