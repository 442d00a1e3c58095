"""The one place that knows all rooms.

Functions instead of tuples, because not everybody needs everything: each call of `garret` begins with
the verbs, which are loaded without the rooms' contracts.
"""

from __future__ import annotations

from garret.protocol.manifest import Room, Verb


def rooms() -> tuple[Room, ...]:
    """The manifests of all rooms."""
    from garret.features.data.manifest import ROOM as DATA
    from garret.features.desk.manifest import ROOM as DESK
    from garret.features.dictate.manifest import ROOM as DICTATE
    from garret.features.gateway.manifest import ROOM as GATEWAY
    from garret.features.house.manifest import ROOM as HOUSE
    from garret.features.models.manifest import ROOM as MODELS
    from garret.features.speak.manifest import ROOM as SPEAK

    return HOUSE, DICTATE, SPEAK, MODELS, DATA, DESK, GATEWAY


def verbs() -> tuple[Verb, ...]:
    """The verbs of all rooms, in the order of help: what Garret is for, then what looks after it."""
    from garret.features.data.verb_table import VERBS as DATA
    from garret.features.desk.verb_table import VERBS as DESK
    from garret.features.dictate.verb_table import VERBS as DICTATE
    from garret.features.gateway.verb_table import VERBS as GATEWAY
    from garret.features.house.verb_table import VERBS as HOUSE
    from garret.features.speak.verb_table import VERBS as SPEAK

    return *DICTATE, *SPEAK, *DATA, *DESK, *GATEWAY, *HOUSE
