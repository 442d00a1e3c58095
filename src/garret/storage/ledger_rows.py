"""Jobs as rows: every function works on a connection inside the caller's transaction.

A room that changes its own tables and a job together calls these within one operation of the writer.
Each transition goes through `ledger_machine.step` and writes the new state and its event row together.
Times are wall-clock seconds since 1970 (for people; order comes from `seq`).

Neighbours: `ledger` is the asynchronous face, `ledger_types` what goes in and out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from garret.base.errors import UsageError
from garret.base.ids import new_id
from garret.storage import ledger_machine as machine
from garret.storage.errors import Invalid, NotFound
from garret.storage.ledger_machine import Kind, Standing, State
from garret.storage.ledger_types import Enqueued, Event, Job, JobError, Lease, Replayed, Request

PAYLOAD_LIMIT = 1 << 20  # bytes of a payload or result; what is larger belongs into a blob
LIST_LIMIT = 1_000

_COLUMNS = (
    "seq, id, command, idempotency, state, priority, attempts, max_attempts, epoch, owner, fraction, note, "
    "error_code, error_message, error_retryable, role, profile, created, updated, workspace, "
    "parent, due"
)
_SELECT = f"SELECT {_COLUMNS} FROM jobs "
_INSERT = (
    "INSERT INTO jobs (id, command, idempotency, state, priority, attempts, max_attempts, epoch, events, "
    "role, profile, created, updated, workspace, parent, due) "
    "VALUES (?, ?, ?, 'queued', ?, 0, ?, 0, 1, ?, ?, ?, ?, ?, ?, ?)"
)
_STANDING = "SELECT seq, events, state, attempts, max_attempts, epoch, owner FROM jobs WHERE id = ?"
_MOVE = (
    "UPDATE jobs SET state = ?, attempts = ?, epoch = ?, owner = ?, events = ?, updated = ?, error_code = ?, "
    "error_message = ?, error_retryable = ?, fraction = max(fraction, ?) WHERE seq = ?"
)
_EVENT = "INSERT INTO job_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
# Replays since anything else became of the job: since it was queued, failed or tried anew.
_RESTARTS = """
SELECT count(*) FROM job_events AS e WHERE job = ?1 AND kind = 'replayed' AND number > coalesce((
    SELECT max(number) FROM job_events WHERE job = ?1 AND kind NOT IN ('leased', 'replayed')), 0)
"""
_DESCENDANTS = """
WITH RECURSIVE tree (id, state, depth) AS (
    SELECT id, state, 1 FROM jobs WHERE parent = ?1
    UNION SELECT jobs.id, jobs.state, depth + 1 FROM jobs JOIN tree ON jobs.parent = tree.id)
SELECT id FROM tree WHERE state IN ('queued', 'running') ORDER BY depth, id
"""
_STATES = {
    state.value: state for state in State
}  # a dictionary is several times quicker than the enum's call
_NO_ERROR = (None, None, None)


def enqueue(connection: apsw.Connection, request: Request, now: float) -> Enqueued:
    """Record a job. A known idempotency key of the same command returns the job it belongs to.

    Raises UsageError (priority, attempts) and Invalid (payload too large).
    """
    _check_request(request)
    if request.idempotency is not None:
        row = connection.execute(
            _SELECT + "WHERE command = ? AND idempotency = ?", (request.command, request.idempotency)
        ).fetchone()
        if row is not None:
            return Enqueued(_job(row), new=False)
    command, payload, key, priority, attempts, role, profile, workspace, parent, due = request
    job = new_id("job")
    values = (job, command, key, priority, attempts, role, profile, now, now, workspace, parent, due)
    connection.execute(_INSERT, values)
    seq = connection.last_insert_rowid()
    if payload:
        connection.execute("INSERT INTO job_payloads VALUES (?, ?)", (seq, payload))
    connection.execute(_EVENT, (seq, 1, now, "enqueued", "queued", 0, 0, role, None))
    fresh = Job(
        seq, job, command, key, State.QUEUED, priority, 0, attempts, 0, None, 0.0, "", None, role, profile,
        now, now, workspace, parent, due,
    )  # fmt: skip
    return Enqueued(fresh, new=True)


def lease(connection: apsw.Connection, job: str, owner: str, now: float) -> Lease:
    """Start a queued job for `owner`. Raises NotFound or Conflict."""
    seq, after = _move(connection, job, machine.Lease(owner), now, who=owner)
    row = connection.execute(
        "SELECT command, payload FROM jobs LEFT JOIN job_payloads ON job = seq WHERE seq = ?", (seq,)
    ).fetchone()
    if row is None:
        raise _unknown(job)
    return Lease(job, after.epoch, after.attempts, str(row[0]), bytes(row[1] or b""))


def progress(
    connection: apsw.Connection, job: str, epoch: int, fraction: float, note: str, now: float
) -> None:
    """Note how far a running job is (0 to 1). It is no transition and leaves no event.

    Raises NotFound, Conflict (stale epoch) or UsageError (fraction out of range).
    """
    if not 0.0 <= fraction <= 1.0:
        raise UsageError(f"Progress is a number from 0 to 1, not {fraction}.")
    seq, _, standing = _standing(connection, job)
    machine.check_epoch(standing, epoch)
    connection.execute(
        "UPDATE jobs SET fraction = ?, note = ?, updated = ? WHERE seq = ?", (fraction, note, now, seq)
    )


def finish(connection: apsw.Connection, job: str, epoch: int, result: bytes, now: float) -> None:
    """Record the result of a running job. Raises NotFound, Conflict (stale epoch) or Invalid (too large)."""
    _check_size(result, "result")
    seq, _ = _move(connection, job, machine.Finish(epoch), now)
    if result:
        connection.execute("INSERT OR REPLACE INTO job_results VALUES (?, ?)", (seq, result))


def fail(
    connection: apsw.Connection, job: str, epoch: int, error: JobError, retry: bool, now: float
) -> State:
    """Record that a running job failed; with `retry` it is queued again while attempts remain.

    Returns the state it is in now. Raises NotFound or Conflict (stale epoch).
    """
    detail = f"{error.message} ({error.code})"
    _, after = _move(connection, job, machine.Fail(epoch, retry), now, error=error, detail=detail)
    return after.state


def requeue(connection: apsw.Connection, job: str, epoch: int, reason: str, now: float) -> None:
    """Give a running job back; the attempt does not count. Raises NotFound or Conflict (stale epoch)."""
    _move(connection, job, machine.Requeue(epoch), now, detail=reason)


def cancel(connection: apsw.Connection, job: str, who: str, now: float) -> bool:
    """Cancel a job that is not over; return False when it was cancelled before.

    A worker that still runs it is fenced. Raises NotFound or Conflict (done or failed).
    """
    _, _, standing = _standing(connection, job)
    if standing.state is State.CANCELLED:
        return False
    _move(connection, job, machine.Cancel(), now, who=who)
    return True


def retry(connection: apsw.Connection, job: str, who: str, now: float) -> None:
    """Queue a failed or cancelled job anew with all its attempts. Raises NotFound or Conflict."""
    seq, _ = _move(connection, job, machine.Retry(), now, who=who)
    connection.execute("UPDATE jobs SET fraction = 0, note = '' WHERE seq = ?", (seq,))


def replay(connection: apsw.Connection, now: float) -> list[Replayed]:
    """Queue again what a dead process left running. To be called once, before anything is leased."""
    found: list[Replayed] = []
    for job in _select(connection, "WHERE state = 'running' ORDER BY seq", ()):
        _move(connection, job.id, machine.Replay(), now, who=job.owner)
        restarts = connection.execute(_RESTARTS, (job.seq,)).fetchall()[0][0]
        found.append(Replayed(get(connection, job.id), int(str(restarts))))
    return found


def descendants(connection: apsw.Connection, job: str) -> list[str]:
    """The ids of the jobs that are part of this one's work and not over, nearest first."""
    return [str(row[0]) for row in connection.execute(_DESCENDANTS, (job,))]


def get(connection: apsw.Connection, job: str) -> Job:
    """The job with this id. Raises NotFound."""
    row = connection.execute(_SELECT + "WHERE id = ?", (job,)).fetchone()
    if row is None:
        raise _unknown(job)
    return _job(row)


def result(connection: apsw.Connection, job: str) -> bytes:
    """What the job answered; empty while it is not done. Raises NotFound."""
    seq, _, _ = _standing(connection, job)
    row = connection.execute("SELECT result FROM job_results WHERE job = ?", (seq,)).fetchone()
    return bytes(row[0]) if row is not None else b""


def select(
    connection: apsw.Connection,
    *,
    states: Sequence[State] = (),
    command: str | None = None,
    limit: int = 100,
    before: str | None = None,
) -> list[Job]:
    """Jobs, newest first, at most `limit` (1,000 at most); `before` is the id of the last one seen."""
    where: list[str] = []
    values: list[Any] = []
    if states:
        where.append(f"state IN ({', '.join('?' * len(states))})")
        values.extend(state.value for state in states)
    if command is not None:
        where.append("command = ?")
        values.append(command)
    if before is not None:
        where.append("seq < (SELECT seq FROM jobs WHERE id = ?)")
        values.append(before)
    clause = f"WHERE {' AND '.join(where)} " if where else ""
    values.append(max(1, min(limit, LIST_LIMIT)))
    return _select(connection, clause + "ORDER BY seq DESC LIMIT ?", values)


def next_queued(connection: apsw.Connection, limit: int = 100) -> list[Job]:
    """Queued jobs in the order of priority, then of arrival: what a scheduler loads at start."""
    return _select(connection, "WHERE state = 'queued' ORDER BY priority, seq LIMIT ?", (limit,))


def events(connection: apsw.Connection, job: str) -> list[Event]:
    """Every transition of a job, oldest first. Raises NotFound."""
    seq, _, _ = _standing(connection, job)
    rows = connection.execute(
        "SELECT number, at, kind, state, attempt, epoch, who, detail FROM job_events "
        "WHERE job = ? ORDER BY number",
        (seq,),
    )
    return [Event(n, at, Kind(kind), State(state), a, e, who, d) for n, at, kind, state, a, e, who, d in rows]


def prune(connection: apsw.Connection, *, before: float, keep: int, limit: int = 500) -> int:
    """Delete at most `limit` jobs that are over and are old or many.

    Old: ended before `before`. Many: not among the newest `keep`. Jobs that are not over are never deleted.
    Returns how many went; call again until it returns less than
    `limit`. A deleted job's idempotency key is forgotten with it.
    """
    connection.execute(
        "DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs WHERE state NOT IN ('queued', 'running') AND "
        "(updated < ? OR seq <= coalesce((SELECT seq FROM jobs WHERE state NOT IN ('queued', 'running') "
        "ORDER BY seq DESC LIMIT 1 OFFSET ?), -1)) ORDER BY seq LIMIT ?)",
        (before, keep, limit),
    )
    return connection.changes()


def _move(
    connection: apsw.Connection,
    job: str,
    action: machine.Action,
    now: float,
    *,
    who: str | None = None,
    detail: str | None = None,
    error: JobError | None = None,
) -> tuple[int, Standing]:
    """Take one transition: the new state and its event, in the caller's transaction."""
    seq, number, standing = _standing(connection, job)
    after, kind = machine.step(standing, action)
    if detail is None and error is not None:
        detail = error.message
    state, attempts, _, epoch, owner = after
    complete = 1.0 if state is State.DONE else 0.0
    connection.execute(
        _MOVE, (state.value, attempts, epoch, owner, number + 1, now, *(error or _NO_ERROR), complete, seq)
    )
    attempt = max(attempts, standing.attempts)
    connection.execute(
        _EVENT, (seq, number + 1, now, kind.value, state.value, attempt, epoch, who or standing.owner, detail)
    )
    return seq, after


def _standing(connection: apsw.Connection, job: str) -> tuple[int, int, Standing]:
    row = connection.execute(_STANDING, (job,)).fetchone()
    if row is None:
        raise _unknown(job)
    seq, number, state, attempts, max_attempts, epoch, owner = row
    return seq, number, Standing(_STATES[state], attempts, max_attempts, epoch, owner)


def _select(connection: apsw.Connection, clause: str, values: Sequence[Any]) -> list[Job]:
    return [_job(row) for row in connection.execute(_SELECT + clause, tuple(values)).fetchall()]


def _job(row: tuple[Any, ...]) -> Job:
    error = JobError(row[12], row[13], bool(row[14])) if row[12] is not None else None
    return Job._make((*row[:4], _STATES[row[4]], *row[5:12], error, *row[15:]))


def _unknown(job: str) -> NotFound:
    return NotFound(f"There is no job {job}; it may have been pruned.", details={"job": job})


def _check_request(request: Request) -> None:
    if request.priority not in (0, 1, 2, 3):
        raise UsageError(f"A priority is 0, 1, 2 or 3, not {request.priority}. Nothing was queued.")
    if request.max_attempts < 1:
        raise UsageError("A job needs at least one attempt. Nothing was queued.")
    _check_size(request.payload, "payload")


def _check_size(data: bytes, what: str) -> None:
    if len(data) > PAYLOAD_LIMIT:
        raise Invalid(
            f"The {what} of a job has {len(data)} bytes; {PAYLOAD_LIMIT} are allowed. Nothing was written. "
            "Keep what is larger as a blob."
        )
