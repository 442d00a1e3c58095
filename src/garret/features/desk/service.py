"""The desk in the control plane: passes on what is asked of the window, and knows who shows pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from garret.base.clock import SYSTEM
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.watching.watchdog import RateLimit
from garret.features.desk import contracts as c
from garret.protocol.contract import Command, Nothing

_SENTENCE: Final = 500
_REFUSALS_AT_ONCE: Final = 100  # that are audited one by one; then one in each
_REFUSAL_SECONDS: Final = 1.0


class DeskService:
    """See the module."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._attending: dict[Request, c.Attendance] = {}
        self._limit = RateLimit(burst=_REFUSALS_AT_ONCE, seconds=_REFUSAL_SECONDS)
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Press: self._press,
            c.Show: self._show,
            c.Attend: self._attend,
            c.GetPreferences: self._preferences,
            c.Refused: self._refused,
        }

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    def _heard(self) -> c.Heard:
        return c.Heard(windows=sum(each.kind == "window" for each in self._attending.values()))

    async def _press(self, command: c.Press, request: Request) -> c.Heard:
        self._door.publish(
            c.Pressed(action=command.action, phase=command.phase), scope=request.caller.profile
        )
        return self._heard()

    async def _show(self, command: c.Show, request: Request) -> c.Heard:
        self._door.publish(c.AskedFor(page=command.page[:_SENTENCE]), scope=request.caller.profile)
        return self._heard()

    async def _attend(self, command: c.Attend, request: Request) -> Nothing:
        self._attending[request] = c.Attendance(
            kind=command.kind, address=command.address[:_SENTENCE], since=SYSTEM.wall()
        )
        self._tell()
        try:
            await asyncio.get_running_loop().create_future()  # until it is cancelled
        finally:
            del self._attending[request]
            self._tell()
        return Nothing()

    def _tell(self) -> None:
        self._door.publish(c.AttendanceChanged(attending=tuple(self._attending.values())))

    async def _preferences(self, command: c.GetPreferences, request: Request) -> c.Preferences:
        setting = self._door.setting
        return c.Preferences(
            theme=setting("desk.theme"),
            density=setting("desk.density"),
            language=setting("desk.language"),
            motion=setting("desk.motion"),
            scale=float(setting("desk.scale")),
            first_run_done=setting("desk.first_run_done"),
            attending=tuple(self._attending.values()),
        )

    async def _refused(self, command: c.Refused, request: Request) -> Nothing:
        """Audit it. Of a flood some are only counted: what browsers do must not fill the disk."""
        if not self._limit.allow(time.monotonic()):
            return Nothing()
        details: dict[str, Any] = {"what": command.what[:100], "sentence": command.sentence[:_SENTENCE]}
        if uncounted := self._limit.take_suppressed():
            details["refusals_before_not_listed"] = uncounted
        await self._door.audit(request.caller, "page.refused", "denied", details=details)
        return Nothing()
