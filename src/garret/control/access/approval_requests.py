"""The queue of commands that wait for somebody's consent, as rows of the durable file.

    asked = ask(connection, wanted, moment, until, present=ids)   # GRANTED, DENIED, or WAITING under an id
    decide(connection, id, moment, 120.0, granted=True)           # by whoever may
    take(connection, id, moment)                                  # what was granted; True exactly once

A request stands for one command, byte for byte, of one requester (`approvals.Request`). Whoever asks again
with the same, as after a restart of the control plane, finds what became of the request, or goes on waiting
under it; `present` are those that somebody here waits for already, so that no two share a consent. A
decision holds as long as an approval does, by both clocks and within one boot, and is given to one command.

The consent to a job is kept with the job's id until that is over, since a job that was cut off begins anew.

Each function is one step inside the writer's transaction. Neighbours: `approvals` (digests, clocks), the
approval gate (which waits), migrations/0002_approval_requests.sql.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.control.access.approvals import Connection, Moment, Request, digest_of
from garret.control.errors import ControlError

LONGEST_SECONDS: Final = 30 * 86_400.0
"""How long a request waits at most, whatever its command's deadline."""

WAITING_AT_MOST: Final = 256
WAITING_OF_ONE_ROLE: Final = 64
LARGEST_PAYLOAD: Final = 65_536
"""Bytes. What is larger nobody could look through before consenting to it."""


class State(StrEnum):
    """What became of a request."""

    WAITING = "waiting"
    GRANTED = "granted"
    DENIED = "denied"


class Wanted(msgspec.Struct, frozen=True):
    """A command that needs a consent: what is consented to, who waits, and as which job's work."""

    request: Request
    role: str
    name: str
    job: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A request that waits. Times are wall seconds since 1970."""

    id: str
    command: str
    payload: bytes
    role: str
    name: str
    profile: str
    workspace: str
    job: str | None
    asked: float
    until: float


class Asked(msgspec.Struct, frozen=True):
    """What `ask` found; `id` is that under which it waits, `new` whether the request was made now."""

    state: State
    id: str = ""
    new: bool = False


_COLUMNS: Final = "id, command, payload, role, name, profile, workspace, job, asked, until"
_HOLDS: Final = "boot = ? AND expires_monotonic > ? AND expires_wall > ?"

_OPEN: Final = "(until > ? OR id IN (SELECT value FROM json_each(?)))"
"""Its time is not over; where somebody here waits under it that is for a monotonic clock to say."""

_SWEEP: Final = f"""
DELETE FROM approval_requests
WHERE (state = 'waiting' AND NOT {_OPEN})
   OR (state IN ('granted', 'denied') AND NOT ({_HOLDS}))
   OR (state = 'spent' AND job NOT IN (SELECT id FROM jobs WHERE state IN ('queued', 'running')))
"""

_FIND: Final = """
SELECT id, state FROM approval_requests WHERE digest = ? AND job IS ? ORDER BY asked, id
"""

_COUNT: Final = """
SELECT count(*), count(*) FILTER (WHERE role = ?) FROM approval_requests WHERE state = 'waiting'
"""

_INSERT: Final = f"""
INSERT INTO approval_requests ({_COLUMNS}, digest, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_DECIDE: Final = f"""
UPDATE approval_requests SET state = ?, boot = ?, expires_monotonic = ?, expires_wall = ?
WHERE id = ? AND state = 'waiting' AND {_OPEN} RETURNING {_COLUMNS}
"""

_SPEND: Final = f"""
UPDATE approval_requests SET state = 'spent' WHERE id = ? AND state = 'granted' AND {_HOLDS} RETURNING job
"""


def ask(
    connection: Connection, wanted: Wanted, moment: Moment, until: float, *, present: frozenset[str]
) -> Asked:
    """Look up the request for a command, or leave one. Raises ControlError (busy, usage) where it cannot."""
    sweep(connection, moment, present)
    digest = digest_of(wanted.request)
    for request, state in connection.execute(_FIND, (digest, wanted.job)).fetchall():
        if state == "spent":
            return Asked(State.GRANTED, request)
        if request in present:
            continue
        if state == State.WAITING:
            connection.execute("UPDATE approval_requests SET until = ? WHERE id = ?", (until, request))
        elif state == State.GRANTED:
            take(connection, request, moment)  # it holds: what does not was swept
        else:
            withdraw(connection, request)
        return Asked(State(state), request)
    return Asked(State.WAITING, _insert(connection, wanted, digest, moment, until), new=True)


def _insert(connection: Connection, wanted: Wanted, digest: bytes, moment: Moment, until: float) -> str:
    request = wanted.request
    if len(request.payload) > LARGEST_PAYLOAD:
        raise ControlError(
            f"{request.command} needs an approval, and is too large to be shown to whoever would give it "
            f"({len(request.payload)} bytes; {LARGEST_PAYLOAD} at most). Nothing was done.",
            code=Code.USAGE,
        )
    everybody, same = connection.execute(_COUNT, (wanted.role,)).fetchall()[0]
    if everybody >= WAITING_AT_MOST or same >= WAITING_OF_ONE_ROLE:
        raise ControlError(
            f"Too many commands wait for an approval already; {request.command} was not done. "
            "`garret approvals` lists them.",
            code=Code.BUSY,
        )
    return _keep(connection, wanted, digest, moment, until, "waiting")


def _keep(
    connection: Connection, wanted: Wanted, digest: bytes, moment: Moment, until: float, state: str
) -> str:
    request, number = wanted.request, new_id("apr")
    values = (
        number, request.command, request.payload, wanted.role, wanted.name, request.profile,
        request.workspace, wanted.job, moment.wall, until, digest, state,
    )  # fmt: skip
    connection.execute(_INSERT, values)
    return number


def decide(
    connection: Connection,
    request: str,
    moment: Moment,
    lifetime: float,
    *,
    granted: bool,
    present: frozenset[str],
) -> Row | None:
    """Grant or deny what waits; None where nothing waits under that id (any more)."""
    state = State.GRANTED if granted else State.DENIED
    bindings = (
        state.value, moment.boot, moment.monotonic + lifetime, moment.wall + lifetime, request, moment.wall,
        _ids(present),
    )  # fmt: skip
    rows = connection.execute(_DECIDE, bindings).fetchall()
    return Row(*rows[0]) if rows else None


def take(connection: Connection, request: str, moment: Moment) -> bool:
    """Carry a consent out; True exactly once. Kept where it is a job's, gone otherwise."""
    spent = connection.execute(_SPEND, (request, moment.boot, moment.monotonic, moment.wall)).fetchall()
    if spent and spent[0][0] is None:
        withdraw(connection, request)
    return bool(spent)


def keep_spent(connection: Connection, wanted: Wanted, moment: Moment) -> None:
    """Note that a job has the consent it needs, which was given in another way than here."""
    _keep(connection, wanted, digest_of(wanted.request), moment, moment.wall, "spent")


def withdraw(connection: Connection, request: str) -> None:
    """Forget a request: its requester wants it no more, or knows what became of it."""
    connection.execute("DELETE FROM approval_requests WHERE id = ?", (request,))


def waiting(connection: Connection, moment: Moment, present: frozenset[str]) -> list[Row]:
    """What waits for a decision, oldest first."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM approval_requests WHERE state = 'waiting' AND {_OPEN} ORDER BY asked, id",
        (moment.wall, _ids(present)),
    )
    return [Row(*row) for row in found.fetchall()]


def sweep(connection: Connection, moment: Moment, present: frozenset[str]) -> None:
    """Delete what nobody can wait for or carry out any more."""
    bindings: tuple[Any, ...] = (
        moment.wall, _ids(present), moment.boot, moment.monotonic, moment.wall,
    )  # fmt: skip
    connection.execute(_SWEEP, bindings)


def _ids(present: frozenset[str]) -> str:
    return msgspec.json.encode(sorted(present)).decode()
