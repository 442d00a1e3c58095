"""All verbs there are: the program's own and those of every room, in the order in which help names them."""

from __future__ import annotations

from garret.app import verbs
from garret.cli.verb_table import LAST_VERBS, VERBS
from garret.protocol.manifest import Verb


def all_verbs() -> tuple[Verb, ...]:
    """Starting and stopping, then what the rooms do, then looking after it all."""
    return *VERBS, *verbs(), *LAST_VERBS
