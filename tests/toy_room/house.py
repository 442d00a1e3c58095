"""A real control plane with the toy room, on the test's own loop, and clients in threads.

    async def main(plane, client): ...
    run(home, main)

Clients block, so they run in threads (`client.call` and the like through `asyncio.to_thread`, or the
coroutines of `Guest`). Whatever a test leaves open is closed, and the control plane stopped, at its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from unittest import mock

import msgspec
import uvloop

from garret.base.build import build_hash
from garret.base.paths import Home
from garret.control import plane as plane_module
from garret.control.clients.listener import HomeLock
from garret.control.plane import ControlPlane
from garret.control.secrets.store import SecretStore
from garret.control.settings.core import CORE_SETTINGS
from garret.control.supervision.placement import PoolStatistics
from garret.protocol.contract import Command, ResultT
from garret.protocol.envelope import Envelope, encode_payload, pack
from garret.protocol.frames import Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.session import ACCEPTED
from garret.transport.blocking import BlockingChannel
from garret.transport.client import Client
from tests.toy_room.manifest import ROOM

_SECONDS = {
    "supervisor.heartbeat_seconds": 0.2,
    "supervisor.drain_seconds": 1.0,
    "supervisor.terminate_seconds": 0.5,
}
# Tests wait for what is given up; it need not take as long as it does for a person.
_IMPATIENT = tuple(
    msgspec.structs.replace(setting, default=_SECONDS.get(setting.key, setting.default))
    for setting in CORE_SETTINGS
)


@contextlib.asynccontextmanager
async def house(home: Home) -> AsyncIterator[ControlPlane]:
    """The control plane of `home`, serving."""
    home.create()
    secrets = SecretStore.open(home)
    with mock.patch.object(plane_module, "CORE_SETTINGS", _IMPATIENT):
        plane = await ControlPlane.open(home, [ROOM], lock=HomeLock(home.lock), secrets=secrets)
    plane.serve()
    try:
        yield plane
    finally:
        await plane.stop()


class Guest:
    """A proven client that speaks in single frames, so that a test decides what is sent when."""

    def __init__(self, home: Home, *, build: str | None = None, secret: bytes | None = None) -> None:
        self._home = home
        self.build = build or build_hash()
        self._secret = home.client_secret().read_bytes() if secret is None else secret
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(home.socket))
        self.channel = BlockingChannel(connection, ACCEPTED)
        self.channel.set_timeout(30)

    async def prove(self) -> Guest:
        handshake = PeerHandshake(self._secret, self.build, service="guest", role="cli")
        while handshake.capabilities is None:
            answer = handshake.receive(await self.receive())
            if answer is not None:
                self.channel.send(answer)
        return self

    def send(self, kind: Kind, request: int, value: Any = None, **fields: Any) -> None:
        """Send one frame; a command's name is filled in."""
        if isinstance(value, Command):
            fields.setdefault("name", value.__meta__.name)
        payload = value if isinstance(value, msgspec.Raw) else encode_payload(value)
        self.channel.send(pack(kind, request, payload, **fields))

    def send_raw(self, data: bytes) -> None:
        self.channel.send(data)

    async def receive(self) -> Envelope:
        """The next frame. Raises Disconnected when there is none to come."""
        return (await asyncio.to_thread(self.channel.receive))[0]

    def close(self) -> None:
        self.channel.close()


async def call(client: Client, request: Command[ResultT], **options: Any) -> ResultT:
    """A blocking client's call, in a thread."""
    return await asyncio.to_thread(client.call, request, **options)


async def until(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds; the loop goes on meanwhile."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.005)


def figures(plane: ControlPlane, pool: str = "toy") -> PoolStatistics:
    """What runs and waits in a pool."""
    return next(found for found in plane.workers.scheduler.statistics() if found.name == pool)


def pids(plane: ControlPlane, pool: str = "toy") -> list[int]:
    """The processes of a pool."""
    return [pid for slot in plane.pools[pool].slots for pid in slot.pids]


def run(home: Home, test: Callable[[ControlPlane, Client], Awaitable[None]]) -> None:
    """Run `test` with a control plane and one connected client."""

    async def main() -> None:
        async with house(home) as plane:
            client = await asyncio.to_thread(Client.connect, home)
            try:
                await test(plane, client)
            finally:
                client.close()

    uvloop.run(main())
