"""The toy room's service: what it does in the control plane."""

from __future__ import annotations

import asyncio

from garret.control.commands.service import Request
from garret.control.door import Door
from garret.protocol.contract import Nothing
from tests.toy_room import contracts as c


class ToyService:
    """Greets, adds up, lingers."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.handlers = {
            c.Greet: self._greet,
            c.Tally: self._tally,
            c.Chore: self._chore,
            c.Steps: self._steps,
            c.Linger: self._linger,
            c.Secret: self._secret,
        }

    async def start(self) -> None:
        """Nothing to bring up."""

    async def stop(self) -> None:
        """Nothing to take down."""

    async def _greet(self, command: c.Greet, request: Request) -> c.Text:
        answer = await request.calls.call(c.Echo(text=f"hello, {command.name}"))
        self._door.publish(c.Greeted(name=command.name))
        return answer

    async def _tally(self, command: c.Tally, request: Request) -> c.Total:
        del command
        count = total = 0
        async for item in request.inputs():
            count, total = count + 1, total + item.value
            await request.emit(c.Number(value=total))
        return c.Total(count=count, total=total)

    async def _chore(self, command: c.Chore, request: Request) -> c.Text:
        del command
        return c.Text(text=str(sum([item.value async for item in request.inputs()])))

    async def _steps(self, command: c.Steps, request: Request) -> c.Total:
        del command
        count = total = 0
        async for item in request.inputs():
            count, total = count + 1, total + item.value
            await request.emit(item)
        return c.Total(count=count, total=total)

    async def _linger(self, command: c.Linger, request: Request) -> Nothing:
        del command
        await request.emit(c.Number(value=1))
        await asyncio.Event().wait()
        return Nothing()

    async def _secret(self, command: c.Secret, request: Request) -> Nothing:
        del command, request
        return Nothing()
