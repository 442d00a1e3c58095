"""All verbs there are: the program's own and those of every room."""

from __future__ import annotations

from garret.app import ROOMS
from garret.cli.verb_table import VERBS
from garret.protocol.manifest import Verb


def all_verbs() -> tuple[Verb, ...]:
    """The program's verbs first, then the rooms' in their order."""
    return (*VERBS, *(verb for room in ROOMS for verb in room.verbs))
