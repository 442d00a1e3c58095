"""The house's answers about the way out. `control.egress` does the work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from garret.base.errors import Code
from garret.control.access.policy import PROFILES
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.egress.closing import check_known
from garret.control.egress.log import Row
from garret.control.egress.wire import Entry
from garret.control.errors import ControlError
from garret.control.watching.watchdog import RateLimit
from garret.features.house import contracts as c
from garret.protocol.contract import Command, Nothing

_REPORTS_AT_ONCE: Final = 10
_REPORT_SECONDS: Final = 30.0  # the gateway reports once a minute
_SHOWN: Final = "Browsers there were shown Garret's pages."


class EgressDesk:
    """Shows the way out, closes and opens it."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self._egress = door.plane.egress
        self._reports = RateLimit(burst=_REPORTS_AT_ONCE, seconds=_REPORT_SECONDS)
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetEgress: self._state,
            c.ReadEgress: self._log,
            c.CloseEgress: self._close,
            c.OpenEgress: self._open,
            c.ReportShown: self._shown,
        }

    async def _state(self, command: c.GetEgress, request: Request) -> c.EgressState:
        del command, request
        return await self._now()

    async def _now(self) -> c.EgressState:
        granted = tuple(
            c.Granted(
                room=room.name,
                worker=spec.name,
                host=each.host,
                ports=each.ports,
                transport=each.transport,
                why=each.why,
            )
            for room in self._door.plane.rooms
            for spec in room.workers
            for each in spec.destinations
            # One that a setting names is none while that is empty.
            if each.setting is None or self._door.setting(each.setting)
        )
        return c.EgressState(
            offline=self._egress.offline,
            closed=self._egress.closed,
            open=tuple(_way(entry, 0) for entry in await self._egress.look()),
            granted=granted,
        )

    async def _log(self, command: c.ReadEgress, request: Request) -> c.Ways:
        del request
        await self._egress.write_out()
        limit = min(max(command.limit, 1), 1000)

        def read() -> list[Row]:
            return self._egress.log.rows(
                limit=limit,
                after=max(0, command.after),
                verdict=command.verdict,
                room=command.room,
                host=command.host,
            )

        rows = await asyncio.to_thread(read)
        return c.Ways(ways=tuple(c.Way(**row._asdict()) for row in rows))

    async def _close(self, command: c.CloseEgress, request: Request) -> c.EgressState:
        rooms = self._door.plane.rooms
        workers = {spec.name for room in rooms for spec in room.workers}
        check_known(
            command.what, {"room": {room.name for room in rooms}, "worker": workers, "profile": set(PROFILES)}
        )
        rule = await self._egress.close(command.what)
        await self._door.audit(request.caller, "egress.close", "done", {"what": rule})
        return await self._now()

    async def _open(self, command: c.OpenEgress, request: Request) -> c.EgressState:
        rule = await self._egress.open(command.what)
        await self._door.audit(request.caller, "egress.open", "done", {"what": rule})
        return await self._now()

    async def _shown(self, command: c.ReportShown, request: Request) -> Nothing:
        """Rows of what the gateway shows: browsers connect to it, so that the way out sees nothing of them.

        The gateway is not trusted: it may report so often, so that its rows do not drive out all others.
        """
        if not self._reports.allow(time.monotonic()):
            raise ControlError("The gateway reports too often. Nothing was written down.", code=Code.BUSY)
        await self._egress.log.append(
            [
                Entry(
                    connection=0,
                    at=each.at,
                    room="gateway",
                    worker="",
                    command="",
                    profile=request.caller.profile,
                    workspace="",
                    name="",
                    address=each.address,
                    port=each.port,
                    transport="tcp",
                    sent=each.sent,
                    received=each.received,
                    seconds=each.seconds,
                    verdict="closed",
                    reason=_SHOWN,
                )
                for each in command.to
            ]
        )
        return Nothing()


def _way(entry: Entry, number: int) -> c.Way:
    fields = msgspec.structs.asdict(entry)
    del fields["connection"]
    return c.Way(id=number, **fields)
