"""Schedules as rows: every function works on a connection inside the caller's transaction.

That no run is made twice rests on two things here: `advance` moves a schedule on only from where the decision
saw it, and a run has a row whose key is the schedule and the moment it was due. Both, and the job that the
run is, are one transaction.

Neighbours: `schedules` calls them through the storage writer, `plans` has the types.
"""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from garret.control.access.owner import Owner
from garret.control.schedules.machine import Missed, Standing
from garret.control.schedules.plans import Run, Schedule, no_such
from garret.control.schedules.rules import Rule

RUNS_KEPT: Final = 1_000
"""Runs that a schedule remembers, so that a clock that comes back to them makes none again."""
DONE_KEPT: Final = 1_000
"""Schedules that are done and remembered, so that whoever puts one again has it not run again."""

_COLUMNS = (
    "id, room, key, role, profile, workspace, rule, zone, missed, most, command, callback, payload, state, "
    "due, decided, created, updated"
)
_SELECT = f"SELECT {_COLUMNS} FROM schedules "
_RUN = "SELECT schedule, due, state, job, note, updated FROM schedule_runs "


def put(connection: apsw.Connection, schedule: Schedule) -> Schedule:
    """Keep a schedule, in place of the one that its room, profile and workspace have under its key.

    Returns it as it stands now: its id stays that of the one before. Where the rule is the same, so does when
    it is due, and that it was paused or is done: a room may put its schedules at every start.
    """
    owner = schedule.owner
    same = "CASE WHEN rule = excluded.rule AND zone = excluded.zone THEN {0} ELSE excluded.{0} END"
    kept = ", ".join(f"{column} = {same.format(column)}" for column in ("state", "due", "decided"))
    connection.execute(
        f"INSERT INTO schedules ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (room, profile, workspace, key) DO UPDATE SET {kept}, role = excluded.role, "
        "rule = excluded.rule, zone = excluded.zone, missed = excluded.missed, most = excluded.most, "
        "command = excluded.command, callback = excluded.callback, payload = excluded.payload, "
        "updated = excluded.updated",
        (
            schedule.id, schedule.room, schedule.key, owner.role, owner.profile, owner.workspace,
            msgspec.json.encode(schedule.rule).decode(), schedule.zone, schedule.missed.value, schedule.most,
            schedule.command, schedule.callback, schedule.payload, schedule.state, schedule.due,
            schedule.decided, schedule.created, schedule.updated,
        ),
    )  # fmt: skip
    key = (schedule.room, owner.profile, owner.workspace, schedule.key)
    return _select(connection, "WHERE room = ? AND profile = ? AND workspace = ? AND key = ?", key)[0]


def remove(connection: apsw.Connection, schedule: str) -> Schedule:
    """Forget a schedule with its runs. Raises ScheduleError where there is none."""
    found = get(connection, schedule)
    connection.execute("DELETE FROM schedule_runs WHERE schedule = ?", (schedule,))
    connection.execute("DELETE FROM schedules WHERE id = ?", (schedule,))
    return found


def advance(
    connection: apsw.Connection, schedule: str, before: Standing, after: Standing, state: str, now: float
) -> bool:
    """Move a schedule on; False where it is not any more as the decision saw it."""
    connection.execute(
        "UPDATE schedules SET due = ?, decided = ?, state = ?, updated = ? "
        "WHERE id = ? AND state = 'active' AND due IS ? AND decided = ?",
        (after.due, after.decided, state, now, schedule, before.due, before.decided),
    )
    return connection.changes() == 1


def stand(connection: apsw.Connection, schedule: str, state: str, standing: Standing, now: float) -> None:
    """Have a schedule pause, or go on."""
    connection.execute(
        "UPDATE schedules SET state = ?, due = ?, decided = ?, updated = ? WHERE id = ?",
        (state, standing.due, standing.decided, now, schedule),
    )


def add_run(connection: apsw.Connection, schedule: str, due: float, now: float) -> bool:
    """Take down that a schedule is due then; False where that run is there already."""
    connection.execute(
        "INSERT OR IGNORE INTO schedule_runs (schedule, due, state, updated) VALUES (?, ?, 'waiting', ?)",
        (schedule, due, now),
    )
    new = connection.changes() == 1
    connection.execute(
        "DELETE FROM schedule_runs WHERE schedule = ? AND state <> 'waiting' AND due < coalesce((SELECT due "
        "FROM schedule_runs WHERE schedule = ? ORDER BY due DESC LIMIT 1 OFFSET ?), 0)",
        (schedule, schedule, RUNS_KEPT - 1),
    )
    return new


def end_run(
    connection: apsw.Connection,
    schedule: str,
    due: float,
    now: float,
    *,
    state: str = "done",
    job: str | None = None,
    note: str = "",
) -> None:
    """Take down what became of a run."""
    connection.execute(
        "UPDATE schedule_runs SET state = ?, job = ?, note = ?, updated = ? WHERE schedule = ? AND due = ?",
        (state, job, note, now, schedule, due),
    )


def prune(connection: apsw.Connection) -> list[str]:
    """Forget the oldest schedules that are done, beyond those that are remembered; their ids."""
    old = connection.execute(
        "SELECT id FROM schedules WHERE state = 'done' AND id NOT IN (SELECT schedule FROM schedule_runs "
        "WHERE state = 'waiting') ORDER BY updated DESC LIMIT -1 OFFSET ?",
        (DONE_KEPT,),
    )
    gone = [str(row[0]) for row in old.fetchall()]
    for schedule in gone:
        connection.execute("DELETE FROM schedule_runs WHERE schedule = ?", (schedule,))
        connection.execute("DELETE FROM schedules WHERE id = ?", (schedule,))
    return gone


def waiting_runs(connection: apsw.Connection) -> list[Run]:
    """Runs that are still to be made, by when they are due."""
    found = connection.execute(_RUN + "WHERE state = 'waiting' ORDER BY due")
    return [Run._make(row) for row in found]


def runs(connection: apsw.Connection, schedule: str, limit: int = 20) -> list[Run]:
    """The last runs of a schedule, newest first."""
    found = connection.execute(_RUN + "WHERE schedule = ? ORDER BY due DESC LIMIT ?", (schedule, limit))
    return [Run._make(row) for row in found]


def get(connection: apsw.Connection, schedule: str) -> Schedule:
    """The schedule with this id. Raises ScheduleError."""
    found = _select(connection, "WHERE id = ?", (schedule,))
    if not found:
        raise no_such(schedule)
    return found[0]


def select(
    connection: apsw.Connection, *, room: str | None = None, profile: str | None = None
) -> list[Schedule]:
    """Schedules, of one room and one profile only where they are given: by when they are due."""
    return _select(
        connection,
        "WHERE (?1 IS NULL OR room = ?1) AND (?2 IS NULL OR profile = ?2) ORDER BY due IS NULL, due, key",
        (room, profile),
    )


def _select(connection: apsw.Connection, clause: str, values: tuple[Any, ...]) -> list[Schedule]:
    return [_schedule(row) for row in connection.execute(_SELECT + clause, values).fetchall()]


def _schedule(row: tuple[Any, ...]) -> Schedule:
    rule: Rule = msgspec.json.decode(row[6], type=Rule)
    owner = Owner(row[3], row[4], row[5])
    return Schedule(
        row[0], row[1], row[2], owner, rule, row[7], Missed(row[8]), row[9], row[10], row[11], bytes(row[12]),
        *row[13:],
    )  # fmt: skip
