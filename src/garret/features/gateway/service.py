"""The gateway's room in the control plane: who attends, and what is asked of it.

The gateway is an untrusted client that may end at any moment: whoever waits for its answer is told so then.
That it shows pages, and what it refused, it tells the room `desk`, as the window does.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

from garret.base import log
from garret.base.errors import CancelledError, Code
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Concerned, Door
from garret.control.errors import ControlError
from garret.features.gateway import contracts as c
from garret.features.house.contracts import SettingChanged
from garret.protocol.contract import Command, Nothing
from garret.storage.errors import StorageError

_logger = log.get("gateway")

_OFFLINE: Final = "egress.offline"
_ANSWER_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 15.0  # it lets its pages go first


class _Attendance:
    """The gateway that is there: one call of `gateway.attend`."""

    def __init__(self, command: c.AttendGateway, request: Request, since: float) -> None:
        self.command = command
        self.request = request
        self.since = since
        self.over = asyncio.Event()
        self.waiting: dict[int, asyncio.Future[c.GatewayAnswer]] = {}

    def end(self) -> None:
        self.over.set()
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(_gone())


class GatewayService:
    """Passes what is asked about the gateway on to it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._present: _Attendance | None = None
        self._numbers = itertools.count(1)
        self._unhear: Callable[[], None] = lambda: None
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetGateway: self._state,
            c.ListBrowserSessions: self._sessions,
            c.InviteBrowser: self._invite,
            c.RevokeSession: self._revoke,
            c.StopGateway: self._stop,
            c.PrepareGateway: self._prepare,
            c.AttendGateway: self._attend,
        }

    async def start(self) -> None:
        self._unhear = self._door.on(SettingChanged, self._setting_changed)

    async def stop(self) -> None:
        self._unhear()

    # ---- the gateway

    async def _attend(self, command: c.AttendGateway, request: Request) -> c.GatewayDismissed:
        self._refuse_second()
        self._refuse_offline(lan=command.lan)
        present = self._present = _Attendance(command, request, self._door.clock.wall())
        try:
            await self._audit(
                request.caller, "gateway.attend", address=command.address, tls=command.tls, lan=command.lan
            )
            await request.emit(c.GatewayOrder(number=0, what="begun"))
            async for answer in request.inputs():
                self._answered(present, answer)
        except asyncio.CancelledError:
            if self._door.stopping:
                # The last thing that its connection brings it: the house stops, and it is to end as well.
                request.emit_nowait(c.GatewayOrder(number=0, what="stop"))
            raise
        finally:
            self._present = None
            present.end()
        return c.GatewayDismissed()

    def _answered(self, present: _Attendance, answer: c.GatewayAnswer) -> None:
        waiting = present.waiting.pop(answer.number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    # ---- whoever asks about it

    async def _state(self, command: c.GetGateway, request: Request) -> c.GatewayState:
        del command, request
        present = self._present
        if present is None:
            return c.GatewayState(on=False)
        return c.GatewayState(
            on=True,
            address=present.command.address,
            tls=present.command.tls,
            lan=present.command.lan,
            since=present.since,
            pid=present.command.pid,
        )

    async def _sessions(self, command: c.ListBrowserSessions, request: Request) -> c.BrowserSessions:
        del command, request
        return c.BrowserSessions(sessions=(await self._ask("sessions")).sessions)

    async def _invite(self, command: c.InviteBrowser, request: Request) -> c.Invitation:
        del command
        answer = await self._ask("invite")
        await self._audit(request.caller, "gateway.invite")
        return c.Invitation(link=answer.link, seconds=answer.seconds)

    async def _revoke(self, command: c.RevokeSession, request: Request) -> Nothing:
        await self._ask("revoke", command.session)
        await self._audit(request.caller, "gateway.revoke", session=command.session)
        return Nothing()

    async def _stop(self, command: c.StopGateway, request: Request) -> Nothing:
        del command
        present = self._there()
        await present.request.emit(c.GatewayOrder(number=0, what="stop"))
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await present.over.wait()
        except TimeoutError as error:
            raise _silent(present) from error
        await self._audit(request.caller, "gateway.stop")
        return Nothing()

    async def _prepare(self, command: c.PrepareGateway, request: Request) -> Nothing:
        self._refuse_second()
        self._refuse_offline(lan=command.lan)
        await self._audit(request.caller, "gateway.prepare", address=command.address, lan=command.lan)
        return Nothing()

    async def _ask(self, what: Any, session: str = "") -> c.GatewayAnswer:
        present = self._there()
        number = next(self._numbers)
        waiting: asyncio.Future[c.GatewayAnswer] = asyncio.get_running_loop().create_future()
        present.waiting[number] = waiting
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await present.request.emit(c.GatewayOrder(number=number, what=what, session=session))
                answer = await waiting
        except TimeoutError as error:
            raise _silent(present) from error
        finally:
            present.waiting.pop(number, None)
        if answer.problem:
            raise ControlError(answer.problem, code=Code.NOT_FOUND)
        return answer

    async def _audit(self, caller: Caller, action: str, **details: Any) -> None:
        """Into the chain; where storage takes no writes, into the log: the pages are needed then too."""
        try:
            await self._door.audit(caller, action, "done", details)
        except StorageError as error:
            _logger.warning("%s by %s is not in the audit chain: %s", action, caller.role, error.message)

    def _there(self) -> _Attendance:
        if self._present is None:
            raise ControlError(
                "The gateway is not running. Nothing was done; `garret serve` starts it.",
                code=Code.UNAVAILABLE,
                retryable=False,
            )
        return self._present

    async def _setting_changed(self, changed: SettingChanged, concerned: Concerned) -> None:
        """While nothing is to leave the machine, other machines are shown nothing either."""
        del concerned
        present = self._present
        if present is None or not present.command.lan:
            return
        if changed.key == _OFFLINE and self._door.setting(_OFFLINE):
            await present.request.emit(c.GatewayOrder(number=0, what="stop"))

    def _refuse_offline(self, *, lan: bool) -> None:
        if lan and self._door.setting(_OFFLINE):
            raise ControlError(
                "Nothing may leave this machine now, and other machines could be shown something. Nothing "
                "was started; `garret egress open` ends that, and without --allow-lan the pages stay here.",
                code=Code.DENIED,
            )

    def _refuse_second(self) -> None:
        if self._present is not None:
            raise ControlError(
                f"The gateway is running already, at {self._present.command.address}. Nothing was started; "
                "`garret serve link` lets another browser in.",
                code=Code.CONFLICT,
            )


def _gone() -> CancelledError:
    return CancelledError("The gateway ended before it had answered.")


def _silent(present: _Attendance) -> ControlError:
    return ControlError(
        f"The gateway does not answer. Ending process {present.command.pid} ends it.",
        code=Code.UNAVAILABLE,
    )
