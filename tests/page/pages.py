"""A page as its host's channel meets it: says messages, remembers what it is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.page.channel import Channel
from garret.page.line import Line
from garret.page.local import LocalCommands
from garret.protocol.contract import Registry
from garret.protocol.manifest import Room
from tests.control.planes import until


class Page:
    """One page over a line of its own, as the window or the gateway."""

    def __init__(
        self,
        home: Home,
        rooms: tuple[Room, ...],
        *,
        role: str = "shell",
        local: LocalCommands | None = None,
    ) -> None:
        self.told: list[dict[str, Any]] = []
        self.refused: list[GarretError] = []
        registry = Registry(
            (kind for room in rooms for kind in room.commands),
            (kind for room in rooms for kind in room.events),
        )
        self.line = Line(asyncio.get_running_loop(), home, role=role, service=f"garret-{role}")
        self.channel = Channel(
            self.line,
            registry,
            local or LocalCommands(),
            lambda text: self.told.append(json.loads(text)),
            self.refused.append,
        )
        self._next = 0

    async def open(self) -> None:
        self.channel.begin(role="shell", build="b")
        self.line.open()
        await until(lambda: self.line.client is not None)

    def call(self, name: str, payload: Any = None, **more: Any) -> int:
        self._next += 1
        self.say(t="call", id=self._next, name=name, payload=payload or {}, **more)
        return self._next

    def say(self, **message: Any) -> None:
        self.channel.receive(json.dumps(message))

    def of(self, number: int, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["t"] == kind and each.get("id") == number]

    async def end(self, number: int) -> dict[str, Any]:
        """The result or error of a call."""
        await until(lambda: bool(self.of(number, "result") or self.of(number, "error")))
        return (self.of(number, "result") or self.of(number, "error"))[0]

    def close(self) -> None:
        self.channel.close()
        self.line.close()
