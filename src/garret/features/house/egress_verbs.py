"""What the verbs about the way out do. Neighbours: `verb_table` declares them."""

from __future__ import annotations

import argparse
import time
from typing import Final

from garret.base.errors import CancelledError
from garret.features.house import contracts as c
from garret.protocol.manifest import Session

_FOLLOW_SECONDS: Final = 0.5  # between two looks, while somebody watches
_FOLLOW_LIMIT: Final = 1_000
_COLUMNS: Final = (
    "time", "verdict", "room", "worker", "command", "profile", "workspace", "where", "sent", "received",
    "lasted", "why",
)  # fmt: skip


def egress_list(session: Session, arguments: argparse.Namespace) -> None:
    """What is closed and open now, and the last connections that ended."""
    state = session.call(c.GetEgress(), again=True)
    wanted = c.ReadEgress(
        limit=arguments.limit, verdict=arguments.verdict, room=arguments.room, host=arguments.host
    )
    ways = session.call(wanted, again=True).ways
    shown = tuple(way for way in state.open if _wanted(way, arguments))
    if session.as_json:
        session.emit({"state": state, "log": ways}, "")
        return
    _say_state(session, state)
    session.table(_COLUMNS, [_row(session, way) for way in (*ways, *shown)], empty=_empty(arguments))


def _empty(arguments: argparse.Namespace) -> str:
    if arguments.verdict or arguments.room or arguments.host:
        return "No connection fits. `garret egress` lists them all."
    return "Nothing has left this machine. `garret egress watch` shows what does, as it happens."


def egress_watch(session: Session, arguments: argparse.Namespace) -> None:
    """A line for each connection that ends, until Ctrl-C; with --json a document."""
    last = max((way.id for way in session.call(c.ReadEgress(limit=1), again=True).ways), default=0)
    try:
        while True:
            wanted = c.ReadEgress(limit=_FOLLOW_LIMIT, after=last, room=arguments.room)
            ways = session.call(wanted, again=True).ways
            for way in ways:
                session.emit(way, _line(session, way))
                last = max(last, way.id)
            if not ways:
                time.sleep(_FOLLOW_SECONDS)
    except (KeyboardInterrupt, CancelledError):
        return


def egress_close(session: Session, arguments: argparse.Namespace) -> None:
    """Close everything, or what was named; cuts what is open."""
    before = session.call(c.GetEgress(), again=True)
    state = session.call(c.CloseEgress(what=arguments.what))
    _tell(session, state)
    for rule in set(state.closed) - set(before.closed):
        if ":" not in rule and not any(_is_below(each.host, rule) for each in state.granted):
            session.note(f"No worker may go to {rule} now: the rule holds for later.", "warn")


def _is_below(name: str, host: str) -> bool:
    """Whether a grant's host is the one of a rule, or may be: one that a setting names is known later."""
    return name == host or name.endswith(f".{host}") or "{" in name


def egress_open(session: Session, arguments: argparse.Namespace) -> None:
    """Take back what closed the way out."""
    state = session.call(c.OpenEgress(what=arguments.what))
    _tell(session, state)


def _tell(session: Session, state: c.EgressState) -> None:
    if session.as_json:
        session.emit(state, "")
    else:
        _say_state(session, state)


def _say_state(session: Session, state: c.EgressState) -> None:
    if state.offline:
        session.say(f"Nothing leaves this machine: {state.offline}.", "warn")
    elif not state.granted:
        session.say("Nothing leaves this machine: no room asks for it.")
    else:
        session.say(f"{len(state.open)} connections are open.")
    if state.closed:
        session.say(f"Closed: {', '.join(state.closed)}.", "warn")


def _wanted(way: c.Way, arguments: argparse.Namespace) -> bool:
    return (
        arguments.verdict in ("", way.verdict)
        and arguments.room in ("", way.room)
        and arguments.host in ("", way.name)
    )


def _where(way: c.Way) -> str:
    place = way.name or way.address
    known = f" ({way.address})" if way.name and way.address and way.name != way.address else ""
    return f"{place}:{way.port}{known}" + ("" if way.transport == "tcp" else f" {way.transport}")


def _row(session: Session, way: c.Way) -> tuple[object, ...]:
    return (
        session.moment(way.at),
        way.verdict,
        way.room,
        way.worker,
        way.command,
        way.profile,
        way.workspace,
        _where(way),
        session.size(way.sent),
        session.size(way.received),
        session.duration(way.seconds),
        way.reason,
    )


def _line(session: Session, way: c.Way) -> str:
    much = f"sent {session.size(way.sent)}, received {session.size(way.received)}"
    why = f": {way.reason}" if way.reason else ""
    who = way.command or way.worker
    return f"{session.moment(way.at)} {way.verdict} {who} {_where(way)}, {much}{why}"
