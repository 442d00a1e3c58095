"""A control plane that does not keep to the protocol, and clients on a loop and without one."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from garret.base.errors import GarretError
from garret.protocol.envelope import encode_payload, pack
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import NonceMemory, PeerHandshake, ServerHandshake
from garret.protocol.session import ACCEPTED, Session
from garret.transport.blocking import BlockingChannel
from garret.transport.client import Client
from garret.transport.evented import EventedClient
from tests.toy_room import contracts as c

SECRET = b"s" * 32


def session() -> Session:
    return Session(PeerHandshake(SECRET, "build", service="test", role="cli"), "test")


def serve(connection: socket.socket, answer: Callable[[BlockingChannel, int], None]) -> threading.Thread:
    """A control plane's end in a thread: its handshake, then `answer` to the first command."""

    def run() -> None:
        channel = BlockingChannel(connection)
        channel.set_timeout(30)
        server = ServerHandshake({"cli": SECRET}, "build", nonces=NonceMemory())
        channel.send(server.open())
        channel.send(server.receive(channel.receive()[0]))
        answer(channel, channel.receive()[0].id)
        channel.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class Wrong:
    """Answers with a descriptor where none may come, and sees whether the client closes it."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()

    def __call__(self, channel: BlockingChannel, number: int) -> None:
        payload = encode_payload(c.Number(value=1))
        channel.send(pack(Kind.STREAM, number, payload, name="item", descriptors=1), (self._writing,))
        os.close(self._writing)

    def was_closed(self) -> bool:
        """Whether nobody holds the writing end any more; waits for it."""
        try:
            return os.read(self.reading, 1) == b""
        finally:
            os.close(self.reading)


def test_a_descriptor_out_of_place_is_closed_and_ends_the_connection_of_a_loop() -> None:
    wrong = Wrong()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        thread = serve(theirs, wrong)
        proven, closed = asyncio.Event(), loop.create_future()
        client = EventedClient(loop, ours, session(), proven.set, closed.set_result)
        await proven.wait()
        errors: list[GarretError] = []
        reactions: Any = SimpleNamespace(on_error=errors.append)
        client.start(c.Count(upto=1), reactions)
        assert isinstance(await closed, ProtocolError)
        assert errors == [await closed]
        await asyncio.to_thread(thread.join)

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(bounded())
    assert wrong.was_closed()


def test_a_descriptor_out_of_place_is_closed_by_a_blocking_client() -> None:
    wrong = Wrong()
    ours, theirs = socket.socketpair()
    thread = serve(theirs, wrong)
    client = Client(BlockingChannel(ours, ACCEPTED), session())
    client.prove()
    with pytest.raises(ProtocolError, match="Descriptors"):
        client.call(c.Count(upto=1))
    thread.join()
    assert wrong.was_closed()
    client.close()
