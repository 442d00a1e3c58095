"""The outbox as rows: every function works on a connection inside the caller's transaction.

Neighbours: `outbox` calls them through the storage writer, `entries` has the types.
"""

from __future__ import annotations

from typing import Any, Final

import apsw

from garret.base.errors import Code, UsageError
from garret.base.ids import new_id
from garret.control.access.owner import Owner
from garret.control.outbox.entries import (
    PAYLOAD_LIMIT,
    WAITING_LIMIT,
    BreakerRow,
    Entry,
    Kept,
    Letter,
    OutboxError,
    OutboxFull,
)

DELIVERED_KEPT: Final = 10_000
"""Delivered entries that are remembered, so that `once` holds and a person can see what went out."""
LIST_LIMIT: Final = 1_000

_COLUMNS = (
    "seq, id, room, handler, destination, line, state, attempts, due, until, reason, role, profile, "
    "workspace, cause, created, updated"
)
_SELECT = f"SELECT {_COLUMNS} FROM outbox "


def enqueue(connection: apsw.Connection, room: str, entry: Entry, now: float) -> str:
    """Keep an entry and return its id. One with a known `once` is the entry that was there first.

    Raises UsageError (no name, no time, payload too large) and OutboxFull.
    """
    _check(entry)
    if entry.once is not None:
        row = connection.execute(
            "SELECT id FROM outbox WHERE room = ? AND once = ?", (room, entry.once)
        ).fetchone()
        if row is not None:
            return str(row[0])
    full = connection.execute(
        "SELECT 1 FROM outbox WHERE state = 'waiting' AND room = ? AND destination = ? LIMIT 1 OFFSET ?",
        (room, entry.destination, WAITING_LIMIT - 1),
    ).fetchone()
    if full is not None:
        raise OutboxFull(
            f"{WAITING_LIMIT} entries wait for {entry.destination} already. This one was not taken. "
            "`garret outbox` shows why they wait."
        )
    number = new_id("out")
    owner = entry.owner
    connection.execute(
        "INSERT INTO outbox (id, room, handler, destination, line, once, payload, role, profile, workspace, "
        "cause, state, due, until, lasts, created, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
        (
            number, room, entry.handler, entry.destination, entry.key, entry.once, entry.payload,
            owner.role, owner.profile, owner.workspace, entry.cause,
            now, now + entry.until_seconds, entry.until_seconds, now, now,
        ),
    )  # fmt: skip
    return number


def waiting_after(connection: apsw.Connection, seq: int) -> list[Kept]:
    """What waits and is younger than `seq`, oldest first."""
    return _select(connection, "WHERE state = 'waiting' AND seq > ? ORDER BY seq", (seq,))


def breakers(connection: apsw.Connection) -> list[BreakerRow]:
    """How every destination was that is not well."""
    found = connection.execute("SELECT room, destination, failures, opened, open_until FROM outbox_breakers")
    return [BreakerRow._make(row) for row in found]


def letter(connection: apsw.Connection, entry: str) -> Letter:
    """What the handler of a waiting entry gets. Raises OutboxError where there is none."""
    row = connection.execute(
        "SELECT id, destination, line, payload, role, profile, workspace, cause, attempts FROM outbox "
        "WHERE id = ? AND state = 'waiting'",
        (entry,),
    ).fetchone()
    if row is None:
        raise OutboxError(f"{entry} does not wait in the outbox.", code=Code.NOT_FOUND)
    number, destination, key, payload, role, profile, workspace, cause, attempts = row
    owner = Owner(role, profile, workspace)
    return Letter(number, destination, key, bytes(payload), owner, cause, attempts + 1)


def delivered(connection: apsw.Connection, entry: str, attempts: int, now: float) -> None:
    """It is there: its payload goes, and so do the oldest of those that are only remembered."""
    connection.execute(
        "UPDATE outbox SET state = 'delivered', payload = x'', attempts = ?, reason = '', updated = ? "
        "WHERE id = ?",
        (attempts, now, entry),
    )
    connection.execute(
        "DELETE FROM outbox WHERE state = 'delivered' AND seq <= coalesce((SELECT seq FROM outbox "
        "WHERE state = 'delivered' ORDER BY seq DESC LIMIT 1 OFFSET ?), -1)",
        (DELIVERED_KEPT,),
    )


def postponed(
    connection: apsw.Connection, entry: str, attempts: int, due: float, reason: str, now: float
) -> None:
    """It was not taken and is tried again at `due`."""
    connection.execute(
        "UPDATE outbox SET attempts = ?, due = ?, reason = ?, updated = ? WHERE id = ?",
        (attempts, due, reason, now, entry),
    )


def dead(connection: apsw.Connection, entry: str, attempts: int, reason: str, now: float) -> None:
    """It is given up, and kept until a person says what becomes of it."""
    connection.execute(
        "UPDATE outbox SET state = 'dead', attempts = ?, reason = ?, updated = ? WHERE id = ?",
        (attempts, reason, now, entry),
    )


def put_breaker(connection: apsw.Connection, row: BreakerRow) -> None:
    """Keep how a destination is; one that is well needs no row."""
    if row.failures == 0 and row.opened == 0:
        connection.execute(
            "DELETE FROM outbox_breakers WHERE room = ? AND destination = ?", (row.room, row.destination)
        )
    else:
        connection.execute("INSERT OR REPLACE INTO outbox_breakers VALUES (?, ?, ?, ?, ?)", row)


def revive(connection: apsw.Connection, entry: str, now: float) -> Kept:
    """Try an entry that waits or is dead anew, with as much time as it had at first.

    Raises OutboxError where there is none, or where it was delivered.
    """
    kept = get(connection, entry)
    if kept.state == "delivered":
        raise OutboxError(f"{entry} was delivered already. Nothing was changed.", code=Code.CONFLICT)
    connection.execute(
        "UPDATE outbox SET state = 'waiting', due = ?, until = ? + lasts, attempts = 0, updated = ? "
        "WHERE id = ?",
        (now, now, now, entry),
    )
    return get(connection, entry)


def discard(connection: apsw.Connection, entry: str) -> Kept:
    """Forget an entry for good. Raises OutboxError where there is none."""
    kept = get(connection, entry)
    connection.execute("DELETE FROM outbox WHERE id = ?", (entry,))
    return kept


def get(connection: apsw.Connection, entry: str) -> Kept:
    """The entry with this id. Raises OutboxError (not_found)."""
    found = _select(connection, "WHERE id = ?", (entry,))
    if not found:
        raise OutboxError(
            f"There is no entry {entry[:80]} in the outbox; `garret outbox` lists them.", code=Code.NOT_FOUND
        )
    return found[0]


def select(
    connection: apsw.Connection, *, state: str = "", profile: str | None = None, limit: int = 100
) -> list[Kept]:
    """Entries, newest first, `limit` and 1,000 at most: those that wait or are dead, or in one state."""
    where, values = ("state = ?", [state]) if state else ("state IN ('waiting', 'dead')", [])
    if profile is not None:
        where += " AND profile = ?"
        values.append(profile)
    bound = max(1, min(limit, LIST_LIMIT))
    return _select(connection, f"WHERE {where} ORDER BY seq DESC LIMIT ?", (*values, bound))


def _select(connection: apsw.Connection, clause: str, values: tuple[Any, ...]) -> list[Kept]:
    return [Kept._make(row) for row in connection.execute(_SELECT + clause, values).fetchall()]


def _check(entry: Entry) -> None:
    if not entry.handler or not entry.destination:
        raise UsageError("An entry of the outbox names its handler and its destination. Nothing was kept.")
    if not 0.0 < entry.until_seconds < float("inf"):
        raise UsageError(f"An entry is tried for some seconds, not {entry.until_seconds}. Nothing was kept.")
    if len(entry.payload) > PAYLOAD_LIMIT:
        raise UsageError(
            f"An entry of the outbox has {len(entry.payload)} bytes; {PAYLOAD_LIMIT} are allowed. "
            "Nothing was kept. Keep what is larger as a blob."
        )
