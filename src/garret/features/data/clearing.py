"""Clearing all that a profile asked and added, in one act, with a way back until the grace time is over.

One object says until when everything of a profile is cleared; what is older is not shown any more (`store`).
It is erased for good by `end_grace`, object by object, with passwords, snapshots and copies of its sources.

Neighbours: `store` (what a clearing hides), `features.house.clearing`, which asks every room.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from typing import Any, Final

import apsw

from garret.base import log
from garret.base.errors import GarretError, UsageError
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.features.data import contracts as c
from garret.features.data import store
from garret.features.data.connections import Connections
from garret.features.data.shelf import Shelf
from garret.features.data.snapshots import Snapshots
from garret.protocol.clearing import Cleared, Holding, Restorable
from garret.protocol.contract import Command

_logger = log.get("data.clearing")

_NAME_LIMIT: Final = 100
_ERASED_AT_ONCE: Final = 200
_FIRST_LOOK_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 600.0
_KINDS: Final = {
    store.QUESTION: "questions",
    store.SOURCE: "sources",
    store.MEANING: "descriptions",
    store.MEASURE: "measures",
    store.TILE: "pinned answers",
}


class Clearing:
    """Answers `data.clear`, and ends grace times."""

    def __init__(self, door: Door, connections: Connections, snapshots: Snapshots, shelf: Shelf) -> None:
        self._door = door
        self._connections = connections
        self._snapshots = snapshots
        self._shelf = shelf
        self._timer: asyncio.TimerHandle | None = None
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.Clear: self._answer}

    async def _answer(self, command: c.Clear, request: Request) -> Cleared:
        profile = request.caller.profile
        if command.act == "look":
            return await self._look(profile)
        if not 0 < len(command.clearing) <= _NAME_LIMIT:
            raise UsageError("What is cleared needs a name, under which it comes back. Nothing was done.")
        clear = command.act == "clear"
        done = await self._count(profile, command) if clear else await self._restorable(profile, command)
        if done:
            body: dict[str, Any] = {
                "id": command.clearing, "source": "", "profile": profile,
                "until": int(command.until * 1000), "count": done, "at": self._door.clock.wall(),
            }  # fmt: skip
            if not clear:
                body["gone"] = True
            objects, signer = self._door.store.objects, self._door.signer
            await objects.create(signer, store.CLEARING, body, aggregate=f"data.clearing {command.clearing}")
            if clear:
                self._shelf.forget(profile)
            details = {"act": command.act, "clearing": command.clearing, "things": done}
            await self._door.audit(request.caller, "data.clear", "done", details)
            self._door.publish(c.SourceChanged(source=""), scope=profile)
        return Cleared(done=done)

    async def _count(self, profile: str, command: c.Clear) -> int:
        return await self._door.store.read(
            lambda connection: sum(store.count(connection, profile, int(command.until * 1000)).values())
        )

    async def _restorable(self, profile: str, command: c.Clear) -> int:
        acts = await self._door.store.read(lambda connection: store.clearings(connection, profile))
        return acts[command.clearing]["count"] if command.clearing in acts else 0

    async def _look(self, profile: str) -> Cleared:
        def look(connection: apsw.Connection) -> tuple[dict[str, int], dict[str, int], store.Said]:
            return (
                store.count(connection, profile),
                store.sizes(connection, profile),
                store.clearings(connection, profile),
            )

        counts, sizes, acts = await self._door.store.read(look)
        return Cleared(
            holdings=tuple(
                Holding(kind=plural, count=counts[kind], bytes=sizes.get(kind, 0))
                for kind, plural in _KINDS.items()
                if counts.get(kind)
            ),
            restorable=tuple(
                Restorable(clearing=name, count=act["count"], at=act["at"], until=act["at"] + self._grace)
                for name, act in acts.items()
            ),
        )

    @property
    def _grace(self) -> float:
        """Seconds for which what was cleared can come back."""
        return float(self._door.setting("data.grace_minutes")) * 60

    # ---- for good

    def begin(self, seconds: float = _FIRST_LOOK_SECONDS) -> None:
        """End grace times as they come, first after some seconds."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self._due)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _due(self) -> None:
        self._door.spawn(self._tidy())
        self.begin(_LOOK_SECONDS)

    async def _tidy(self) -> None:
        try:
            await self.end_grace()
        except GarretError as error:
            _logger.warning("what was cleared stays for now: %s", error.message)

    async def end_grace(self) -> None:
        """Erase what was cleared and is past its time; what cannot go now stays for later."""
        before = self._door.clock.wall() - self._grace
        overdue = await self._door.store.read(lambda connection: store.overdue(connection, before))
        if not overdue:
            return
        await self._door.as_house("delete for good what was cleared and is past its grace time")
        for source in {each.id for each in overdue if each.kind == store.SOURCE}:
            await self._snapshots.drop(source)
            await self._door.keep_secret(self._connections.secret_name(source), None)
            await asyncio.to_thread(shutil.rmtree, self._door.copies / source, ignore_errors=True)
        objects, signer = self._door.store.objects, self._door.signer
        for first in range(0, len(overdue), _ERASED_AT_ONCE):
            part = overdue[first : first + _ERASED_AT_ONCE]

            def erase(connection: apsw.Connection, part: list[store.Overdue] = part) -> None:
                for each in part:
                    objects.erase(connection, signer, each.object, "cleared, and not brought back in time")

            await self._door.store.writer.write(erase)
