"""What the verbs about schedules and the outbox do.

Neighbours: `verb_table` declares them, `verbs` has the other verbs of the house.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Final

from garret.base.errors import Code, GarretError
from garret.features.house import contracts as c
from garret.features.house.keys_verbs import require_yes
from garret.protocol.manifest import Session

_FULL_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}\Z")
_SHORTEST_END: Final = 4  # characters of an id; fewer are taken for a slip
_SEARCHED: Final = 1_000  # entries among which the end of an id is looked for


def outbox_list(session: Session, arguments: argparse.Namespace) -> None:
    entries = session.call(c.ListOutbox(limit=arguments.limit, state=arguments.state), again=True).entries
    columns = ("entry", "room", "destination", "state", "created", "attempts", "next", "remark")
    session.table(
        columns,
        [_entry_row(session, entry) for entry in entries],
        entries,
        _none_of(
            "Nothing waits to get out: no room has anything for somebody outside.",
            "garret outbox",
            arguments.state,
        ),
    )


def _none_of(nothing: str, verb: str, choice: str) -> str:
    """What to say of an empty list, where it may be empty only for what was chosen."""
    return f"There is none of {choice!r}. `{verb}` lists all." if choice else nothing


def _entry_row(session: Session, entry: c.OutboxEntry) -> tuple[object, ...]:
    following = session.moment(entry.due) if entry.state == "waiting" else ""
    remark = entry.held or entry.reason
    created = session.moment(entry.created)
    return entry.id, entry.room, entry.destination, entry.state, created, entry.attempts, following, remark


def outbox_show(session: Session, arguments: argparse.Namespace) -> None:
    number = _entry_id(session, arguments.entry)
    _show_entry(session, session.call(c.GetOutboxEntry(entry=number), again=True))


def outbox_retry(session: Session, arguments: argparse.Namespace) -> None:
    number = _entry_id(session, arguments.entry)
    _show_entry(session, session.call(c.RetryOutboxEntry(entry=number)))


def outbox_discard(session: Session, arguments: argparse.Namespace) -> None:
    number = _entry_id(session, arguments.entry)
    require_yes(session, f"Discard {number}, so that it is never delivered?", yes=arguments.yes)
    session.call(c.DiscardOutboxEntry(entry=number))
    session.emit({"entry": number, "discarded": True}, f"{number} is discarded.")


def _show_entry(session: Session, entry: c.OutboxEntry) -> None:
    lines = [
        f"entry        {entry.id}",
        f"room         {entry.room}",
        f"destination  {entry.destination}",
        f"state        {entry.state}",
        f"created      {session.moment(entry.created)}",
        f"attempts     {entry.attempts}",
    ]
    if entry.state == "waiting":
        lines.append(f"next         {session.moment(entry.due)}")
        lines.append(f"until        {session.moment(entry.until)}")
    for name, value in (
        ("key", entry.key),
        ("job", entry.cause),
        ("profile", entry.profile),
        ("workspace", entry.workspace),
        ("reason", entry.reason),
        ("held", entry.held),
    ):
        if value:
            lines.append(f"{name:<11}  {value}")
    session.emit(entry, "\n".join(lines))


def _entry_id(session: Session, given: str) -> str:
    if _FULL_ID.match(given):
        return given
    found = session.call(c.ListOutbox(limit=_SEARCHED), again=True).entries
    return one_ending("entry of the outbox", given, [entry.id for entry in found], "garret outbox")


def one_ending(what: str, given: str, ids: Sequence[str], listed_by: str) -> str:
    """The one of `ids` that ends in `given`. Raises GarretError where it is none, or not one alone."""
    found = [name for name in ids if name.endswith(given)] if len(given) >= _SHORTEST_END else []
    if len(found) == 1:
        return found[0]
    if found:
        raise GarretError(f"More than one {what} ends in {given!r}: {', '.join(found[:5])}.", code=Code.USAGE)
    raise GarretError(f"There is no {what} {given!r}; `{listed_by}` lists them.", code=Code.NOT_FOUND)


# ---------------------------------------------------------------- schedules


def schedules_list(session: Session, arguments: argparse.Namespace) -> None:
    found = session.call(c.ListSchedules(room=arguments.room, limit=arguments.limit), again=True).schedules
    columns = ("schedule", "room", "key", "does", "when", "state", "next")
    rows = [(one.id, one.room, one.key, one.does, one.rule, one.state, _next(session, one)) for one in found]
    empty = "Nothing is planned: rooms plan what they do later by themselves."
    session.table(columns, rows, found, _none_of(empty, "garret schedules", arguments.room))


def _next(session: Session, schedule: c.Schedule) -> str:
    return session.moment(schedule.due) if schedule.due and schedule.state == "active" else ""


def schedules_show(session: Session, arguments: argparse.Namespace) -> None:
    number = _schedule_id(session, arguments.schedule)
    _show_schedule(session, session.call(c.GetSchedule(schedule=number), again=True))


def schedules_run(session: Session, arguments: argparse.Namespace) -> None:
    number = _schedule_id(session, arguments.schedule)
    _show_schedule(session, session.call(c.RunSchedule(schedule=number)))


def schedules_pause(session: Session, arguments: argparse.Namespace) -> None:
    number = _schedule_id(session, arguments.schedule)
    _show_schedule(session, session.call(c.PauseSchedule(schedule=number)))


def schedules_resume(session: Session, arguments: argparse.Namespace) -> None:
    number = _schedule_id(session, arguments.schedule)
    _show_schedule(session, session.call(c.ResumeSchedule(schedule=number)))


def schedules_remove(session: Session, arguments: argparse.Namespace) -> None:
    number = _schedule_id(session, arguments.schedule)
    require_yes(session, f"Remove {number}, so that it runs no more?", yes=arguments.yes)
    session.call(c.RemoveSchedule(schedule=number))
    session.emit({"schedule": number, "removed": True}, f"{number} is removed.")


def _show_schedule(session: Session, schedule: c.Schedule) -> None:
    lines = [
        f"schedule   {schedule.id}",
        f"room       {schedule.room}",
        f"key        {schedule.key}",
        f"does       {schedule.does}",
        f"when       {schedule.rule}",
        f"missed     {schedule.missed}",
        f"state      {schedule.state}",
        f"created    {session.moment(schedule.created)}",
    ]
    for name, value in (
        ("next", _next(session, schedule)),
        ("profile", schedule.profile),
        ("workspace", schedule.workspace),
    ):
        if value:
            lines.append(f"{name:<9}  {value}")
    for run in schedule.runs:
        lines.append(f"run        {session.moment(run.due)} {run.state} {run.job or run.note}".rstrip())
    session.emit(schedule, "\n".join(lines))


def _schedule_id(session: Session, given: str) -> str:
    """The id that `given` is, or is the end of, or is the key of."""
    if _FULL_ID.match(given):
        return given
    found = session.call(c.ListSchedules(limit=_SEARCHED), again=True).schedules
    keyed = [one.id for one in found if one.key == given]
    if len(keyed) == 1:
        return keyed[0]
    return one_ending("schedule", given, [one.id for one in found], "garret schedules")
