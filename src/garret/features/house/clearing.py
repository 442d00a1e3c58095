"""Clearing what is one's own in one act, and bringing it back: every room is asked by the command that its
manifest names for it, portion by portion, on behalf of whoever asked.

A job: it says how far it is, can be cancelled between two portions, and goes on after a restart under the
same name. What was cleared until then comes back under that name.

Neighbours: `protocol.clearing` says what rooms answer; `clearing_verbs` is the command line's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from garret.base.errors import Code
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.errors import ControlError
from garret.features.house import contracts as c
from garret.protocol.clearing import Cleared, Clearing
from garret.protocol.contract import Command


class ClearingDesk:
    """Answers the commands about what is one's own."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetHoldings: self._look,
            c.ClearOwn: self._clear,
            c.RestoreCleared: self._restore,
        }

    @property
    def _rooms(self) -> list[tuple[str, type[Clearing]]]:
        """The rooms that keep what people made, each with the command that clears it."""
        return [(room.name, room.clearing) for room in self._door.plane.rooms if room.clearing is not None]

    async def _look(self, command: c.GetHoldings, request: Request) -> c.Holdings:
        del command
        at = self._door.clock.wall()
        rooms: list[c.RoomHoldings] = []
        for name, ask in self._rooms:
            found = await request.calls.call(ask(act="look"))
            rooms.append(c.RoomHoldings(room=name, holdings=found.holdings, restorable=found.restorable))
        return c.Holdings(at=at, profile=request.caller.profile, rooms=tuple(rooms))

    async def _clear(self, command: c.ClearOwn, request: Request) -> c.ClearedAll:
        assert request.lease is not None, "clearing is a job"
        name = f"clr_{request.lease.job.rpartition('_')[2]}"
        done = await self._in_all("clear", name, command.until, request)
        await self._door.audit(
            request.caller, "house.clear", "done", {"clearing": name, "count": done.done, "busy": done.busy}
        )
        until = [each.until for each in await self._restorable(name, request)]
        return c.ClearedAll(
            clearing=name, count=done.done, busy=done.busy, until=min(until) if until else 0.0
        )

    async def _restore(self, command: c.RestoreCleared, request: Request) -> c.ClearedAll:
        if not await self._restorable(command.clearing, request):
            raise ControlError(
                f"Nothing that was cleared as {command.clearing[:80]} can come back: there was nothing, it "
                "came back already, or its time is over. Nothing was changed.",
                code=Code.NOT_FOUND,
            )
        done = await self._in_all("restore", command.clearing, 0.0, request)
        await self._door.audit(
            request.caller, "house.restore", "done", {"clearing": command.clearing, "count": done.done}
        )
        return c.ClearedAll(clearing=command.clearing, count=done.done)

    async def _restorable(self, name: str, request: Request) -> list[Any]:
        found = [await request.calls.call(ask(act="look")) for _, ask in self._rooms]
        return [each for room in found for each in room.restorable if each.clearing == name]

    async def _in_all(
        self, act: Literal["clear", "restore"], name: str, until: float, request: Request
    ) -> Cleared:
        """One room after another, each until nothing is left; what was done in all of them together."""
        count = busy = 0
        rooms = self._rooms
        for place, (room, ask) in enumerate(rooms):
            here = 0
            while True:
                part = await request.calls.call(ask(act=act, clearing=name, until=until))
                here += part.done
                share = here / max(here + part.left, 1)
                request.progress((place + share) / len(rooms), f"{room}: {here:,} of {here + part.left:,}")
                if not part.left:
                    break
            count, busy = count + here, busy + part.busy
        return Cleared(done=count, busy=busy)
