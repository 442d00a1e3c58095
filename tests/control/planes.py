"""A whole control plane inside a test, on a real loop and a real home, with a caller that remembers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.control.clients.bus import Hears
from garret.control.clients.listener import HomeLock
from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Identity
from garret.control.plane import ControlPlane
from garret.control.secrets.store import SecretStore
from garret.features.house.manifest import ROOM as HOUSE
from garret.protocol.contract import Command, ResultT
from garret.protocol.envelope import encode_payload
from garret.protocol.manifest import Room
from tests.control import toy_room
from tests.loop_watch import WATCH

PATIENCE = 20.0  # seconds; a test that hangs fails


def run(work: Awaitable[Any]) -> None:
    """Run a test's coroutine to its end, or fail."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


@asynccontextmanager
async def plane_of(home: Home, rooms: Sequence[Room] = (toy_room.ROOM,)) -> AsyncIterator[ControlPlane]:
    """A control plane with the house's own room and `rooms`, stopped at the end unless it was before.

    Between its start and its end, in which nobody is served, nothing may hold its loop.
    """
    plane = await open_plane(home, rooms)
    try:
        with WATCH.watching():
            yield plane
    finally:
        await plane.stop()


async def open_plane(home: Home, rooms: Sequence[Room] = (toy_room.ROOM,)) -> ControlPlane:
    home.create()
    lock = HomeLock(home.lock)
    try:
        secrets = SecretStore.open(home)
        plane = await ControlPlane.open(home, (HOUSE, *rooms), lock=lock, secrets=secrets)
    except BaseException:
        lock.close()
        raise
    return plane


async def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so; a test that waits in vain fails."""
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110  whatever is waited for tells nobody
            await asyncio.sleep(0.01)


def of_profile(profile: str) -> Hears:
    """For a subscription that hears of what concerns everybody or this profile."""
    return lambda _, scope: scope in (None, profile)


def inner(plane: ControlPlane, room: str = "toy", identity: Identity | None = None) -> InnerCaller:
    """What a service of `room` asks others with, on behalf of an administrator or whoever else."""
    return InnerCaller(plane.broker, f"service:{room}", identity or Identity("cli", "admin"))


class Client:
    """A caller of the broker as a connection is one: of a role and profile, with a memory."""

    def __init__(self, plane: ControlPlane, role: str = "cli", profile: str = "admin") -> None:
        self.name = f"test-{role}"
        self.role = role
        self.profile = profile
        self.workspace = "main"
        self.items: list[tuple[str, Any]] = []
        self._broker = plane.broker
        self._next = 0
        self._answers: dict[int, asyncio.Future[msgspec.Raw]] = {}

    def ask(
        self,
        order: Command[ResultT],
        *,
        descriptors: tuple[int, ...] = (),
        seconds: float | None = None,
        **scope: str,
    ) -> int:
        """Send a command; returns its request id. The descriptors are the broker's from here on.

        `seconds` is how long it may take; `scope` may name a workspace and a trace.
        """
        self._next += 1
        self._answers[self._next] = asyncio.get_running_loop().create_future()
        payload = encode_payload(order)
        deadline = None if seconds is None else time.monotonic() + seconds
        self._broker.admit(
            self, self._next, order.__meta__, payload, deadline=deadline, descriptors=descriptors, **scope
        )
        return self._next

    async def answer(self, order: type[Command[ResultT]], request: int) -> ResultT:
        async with asyncio.timeout(PATIENCE):
            return order.__meta__.decode_result(await self._answers[request])

    async def call(self, order: Command[ResultT], **scope: str) -> ResultT:
        return await self.answer(type(order), self.ask(order, **scope))

    async def refusal(self, order: Command[Any]) -> GarretError:
        """The error with which a command ends."""
        return await self.error(self.ask(order))

    async def error(self, request: int) -> GarretError:
        async with asyncio.timeout(PATIENCE):
            try:
                result = await self._answers[request]
            except GarretError as error:
                return error
        raise AssertionError(f"it went well: {result!r}")

    def answered(self, request: int) -> bool:
        return self._answers[request].done()

    def cancel(self, request: int) -> None:
        self._broker.cancel(self, request)

    def put(self, request: int, item: Any) -> None:
        self._broker.put_input(self, request, None if item is None else encode_payload(item))

    def leave(self) -> None:
        self._broker.drop_caller(self)

    # ---- the broker's Caller

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        del descriptors
        self._answers[request].set_result(payload)

    def on_error(self, request: int, error: GarretError) -> None:
        if not self._answers[request].done():
            self._answers[request].set_exception(error)
            self._answers[request].exception()  # looked at

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        self.items.append((name, msgspec.msgpack.decode(payload)))

    def on_credit(self, request: int, items: int) -> None:
        self._broker.add_credit(self, request, items)


def toy_service(plane: ControlPlane) -> toy_room.ToyService:
    """The toy room's service in this control plane."""
    return next(each for each in plane._services_built if isinstance(each, toy_room.ToyService))
