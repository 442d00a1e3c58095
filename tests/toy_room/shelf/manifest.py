"""The shelf's manifest: a room with a cache and an index of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from garret.protocol.manifest import (
    CLIENT_ROLES,
    PROFILE_KINDS,
    CacheSpec,
    Capability,
    IndexSpec,
    Room,
    WorkerSpec,
)
from tests.toy_room.shelf import contracts as c

_SEARCH_PATH: Final = (str(Path(__file__).resolve().parents[3]),)

ROOM = Room(
    name="shelf",
    summary="A room for tests: notes that are found by an index and counted in a cache.",
    commands=(c.Keep, c.Find, c.Count, c.Clear, c.FillWords, c.FillCounts, c.Write, c.Look),
    capabilities=(
        Capability("shelf.use", "Keep and find notes.", CLIENT_ROLES, PROFILE_KINDS),
        Capability("shelf.fill", "Make what is derived from notes."),
    ),
    workers=(WorkerSpec(name="shelf", entry="tests.toy_room.shelf.worker:build", search_path=_SEARCH_PATH),),
    service="tests.toy_room.shelf.service:ShelfService",
    migrations="tests.toy_room.shelf.durable",
    cache_migrations="tests.toy_room.shelf.cache",
    projection="tests.toy_room.shelf.service:PROJECTION",
    caches=(CacheSpec("counts", 1, ("shelf_counts",), c.FillCounts),),
    indexes=(IndexSpec("words", 1, c.FillWords),),
)
