"""The toy room's manifest. That this folder is all there is to it is what it proves."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from garret.protocol.manifest import CLIENT_ROLES, MIB, PROFILE_KINDS, Capability, Grants, Room, WorkerSpec
from tests.toy_room import contracts as c

_ENTRY: Final = "tests.toy_room.worker:build"
_SEARCH_PATH: Final = (str(Path(__file__).resolve().parent.parent.parent),)

ROOM = Room(
    name="toy",
    summary="A room for tests: one command of each kind, and workers that misbehave.",
    commands=(
        c.Echo,
        c.Repeat,
        c.Wait,
        c.Ignore,
        c.Count,
        c.Sum,
        c.Relay,
        c.Reverse,
        c.Wrong,
        c.Misbehave,
        c.IgnoreTerm,
        c.Absent,
        c.Broken,
        c.Greet,
        c.Tally,
        c.Chore,
        c.Steps,
        c.Linger,
        c.Secret,
    ),
    events=(c.Greeted,),
    capabilities=(
        Capability("toy.use", "Play with the toys.", CLIENT_ROLES, PROFILE_KINDS),
        Capability("secrets.toy", "Be told the toys' secret.", ("cli", "shell"), ("admin",)),
    ),
    workers=(
        WorkerSpec(name="toy", entry=_ENTRY, concurrency=4, queue_limit=8, search_path=_SEARCH_PATH),
        WorkerSpec(
            name="wild",
            entry=_ENTRY,
            grants=Grants(memory_bytes=768 * MIB, read=("/tmp",)),
            concurrency=2,
            silence_seconds=1.0,
            search_path=_SEARCH_PATH,
        ),
        WorkerSpec(name="stubborn", entry=_ENTRY, search_path=_SEARCH_PATH),
        WorkerSpec(name="absent", entry="tests.toy_room.nowhere:build", search_path=_SEARCH_PATH),
        WorkerSpec(name="broken", entry=_ENTRY, search_path=_SEARCH_PATH),
    ),
    service="tests.toy_room.service:ToyService",
)
