"""What `garret clear` does: shows what is one's own, clears it all, brings it back."""

from __future__ import annotations

import argparse

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.house import contracts as c
from garret.features.house.keys_verbs import require_yes
from garret.features.house.later_verbs import one_ending
from garret.protocol.clearing import Restorable
from garret.protocol.manifest import Session


def clear_list(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    found = session.call(c.GetHoldings(), again=True)
    rows = [
        (room.room, each.kind, f"{each.count:,}", session.size(each.bytes), "")
        for room in found.rooms
        for each in room.holdings
    ]
    rows += [
        (room.room, each.clearing, f"{each.count:,}", "", f"comes back until {session.moment(each.until)}")
        for room in found.rooms
        for each in room.restorable
    ]
    session.table(
        ("room", "what", "count", "size", "remark"), rows, found, "No room keeps anything of yours."
    )


def clear_all(session: Session, arguments: argparse.Namespace) -> None:
    found = session.call(c.GetHoldings(), again=True)
    held = [each for room in found.rooms for each in room.holdings if each.count]
    if not held:
        raise GarretError("There is nothing of yours to clear.", code=Code.NOT_FOUND)
    what = ", ".join(f"{each.count:,} {each.kind} ({session.size(each.bytes)})" for each in held)
    require_yes(
        session,
        f"Delete all of the profile {found.profile}: {what}? `garret clear undo` brings it back for a while.",
        yes=arguments.yes,
    )
    done = _watched(session, c.ClearOwn(until=found.at, key=new_id("key")))
    busy = f" {done.busy:,} are being worked on and stay." if done.busy else ""
    back = (
        f" `garret clear undo` brings it back until {session.moment(done.until)}."
        if done.until
        else " It is gone for good."
    )
    session.emit(done, f"{done.count:,} are deleted.{busy}{back if done.count else ''}")


def clear_undo(session: Session, arguments: argparse.Namespace) -> None:
    found = session.call(c.GetHoldings(), again=True)
    acts = sorted(
        (each for room in found.rooms for each in room.restorable), key=lambda each: each.at, reverse=True
    )
    name = _named(arguments.clearing, acts)
    done = _watched(session, c.RestoreCleared(clearing=name, key=new_id("key")))
    session.emit(done, f"{done.count:,} are back.")


def _named(given: str, acts: list[Restorable]) -> str:
    """The act that is meant: the last one where none is named."""
    if not acts:
        raise GarretError("Nothing that was cleared can come back.", code=Code.NOT_FOUND)
    if not given:
        return acts[0].clearing
    names = list(dict.fromkeys(each.clearing for each in acts))
    return given if given in names else one_ending("clearing", given, names, "garret clear")


def _watched(session: Session, order: c.ClearOwn | c.RestoreCleared) -> c.ClearedAll:
    with session.live() as live:
        return session.stream(order, lambda _item: None, on_progress=live.progress, again=True)
