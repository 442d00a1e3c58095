"""All verbs there are: the program's own and those of every room, in the order in which help names them."""

from __future__ import annotations

from garret.app import ROOMS
from garret.cli.verb_table import LAST_VERBS, VERBS
from garret.protocol.manifest import Verb

_KEEPING = "house"  # the room by which the others are looked after; what Garret is for comes first


def all_verbs() -> tuple[Verb, ...]:
    """Starting and stopping, then what the rooms do, then looking after it all."""
    rooms = sorted(ROOMS, key=lambda room: room.name == _KEEPING)
    return (*VERBS, *(verb for room in rooms for verb in room.verbs), *LAST_VERBS)
