"""The asyncio client on a real control plane: many calls at once, streams both ways, what is given up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.protocol.errors import HandshakeRefused
from garret.transport import client as client_module
from garret.transport import evented
from garret.transport.aio_client import AsyncClient
from garret.transport.bulk import BulkReader, from_bytes
from garret.transport.errors import TransportError
from tests.toy_room import contracts as c
from tests.toy_room.house import figures, house, until


def memories() -> int:
    """Descriptors of memory that this process, in which the control plane runs too, has open."""
    found = 0
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # it was closed meanwhile
            found += "memfd:" in str(path.readlink())
    return found


def run(home: Home, test: Callable[[ControlPlane, AsyncClient], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), house(home) as plane:
            async with await AsyncClient.connect(home, role="shell", service="test") as client:
                await test(plane, client)

    uvloop.run(main())


def test_many_calls_at_once_get_their_own_answers(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        del plane
        echoes = [client.call(c.Repeat(text=str(number))) for number in range(6)]
        totals = [client.call(c.Count(upto=200)) for _ in range(2)]
        answers = await asyncio.gather(*echoes)
        assert [answer.text for answer in answers] == [str(number) for number in range(6)]
        assert [total.count for total in await asyncio.gather(*totals)] == [200, 200]

    run(home, test)


def test_items_come_as_fast_as_they_are_taken(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        async with client.start(c.Count(upto=500)) as call:
            slow = [item.value async for item in call]
            assert slow == list(range(500))
            assert (await call.result()).count == 500
        async with client.start(c.Count(upto=500)) as call:
            assert (await anext(call)).value == 0
            await client.call(c.Echo(text="others are not held up"))
            assert len(call._items) < 64, "no more came than there was credit for"
        await until(lambda: figures(plane).running == 0)

    run(home, test)


def test_inputs_and_items_stream_at_the_same_time(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        del plane
        async with client.start(c.Tally()) as call:

            async def feed() -> None:
                for number in range(300):
                    await call.put(c.Number(value=number))
                call.end()

            feeding = asyncio.create_task(feed())
            sums = [item.value async for item in call]
            await feeding
            assert sums[-1] == sum(range(300))
            assert await call.result() == c.Total(count=300, total=sums[-1])
            with pytest.raises(CancelledError):
                await call.put(c.Number(value=1))

    run(home, test)


def test_cancelling_the_task_cancels_the_command(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        task = asyncio.create_task(client.call(c.Wait()))
        await until(lambda: figures(plane).running == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: figures(plane).running == 0)
        async with client.start(c.Wait()) as call:
            await anext(call)
            call.cancel()
            with pytest.raises(CancelledError):
                await call.result()

    run(home, test)


def test_errors_and_deadlines_are_raised_where_they_are_awaited(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        del plane
        with pytest.raises(GarretError):
            await client.call(c.Misbehave(how="raise"))
        with pytest.raises(DeadlineError):
            await client.call(c.Linger(), seconds=0.05)
        assert (await client.call(c.Echo(text="on"), workspace="work")).text == "on"
        with pytest.raises(GarretError) as caught:
            await client.call(c.Echo(text="on"), workspace="no name")
        assert caught.value.code == Code.USAGE

    run(home, test)


def test_a_silent_control_plane_is_given_up_call_by_call(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garret.protocol.session.GRACE", 0.0)

    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        monkeypatch.setattr(plane.broker, "command", lambda *arguments: None)
        calls = [client.call(c.Echo(text="a"), seconds=seconds) for seconds in (0.06, 0.02, 0.04)]
        for failure in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(failure, DeadlineError)
            assert "did not answer" in failure.message
        long = asyncio.create_task(client.call(c.Echo(text="a"), seconds=1000.0))
        await asyncio.sleep(0)
        with pytest.raises(DeadlineError):
            await client.call(c.Echo(text="a"), seconds=0.02)
        assert not long.done()
        long.cancel()
        assert not client.closed

    run(home, test)


def test_descriptors_go_there_and_back_and_none_is_left(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        del plane
        before = memories()
        data = from_bytes(bytes(range(200)))
        async with client.start(c.Reverse(), descriptors=(data,)) as call:
            await call.result()
            (back,) = call.take_descriptors()
            with BulkReader(back) as reader:
                assert bytes(reader.view) == bytes(reversed(range(200)))
        await client.call(c.Reverse(), descriptors=(data,))  # nobody takes what comes back
        with contextlib.suppress(asyncio.CancelledError):
            async with client.start(c.Reverse(), descriptors=(data,)):
                pass  # given up before it was answered
        await client.call(c.Echo(text="after it"))
        os.close(data)
        await until(lambda: memories() <= before)

    run(home, test)


def test_the_end_of_the_connection_fails_what_is_under_way(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        task = asyncio.create_task(client.call(c.Wait()))
        await until(lambda: figures(plane).running == 1)
        for connection in list(plane.connections):
            connection.channel.close()
        with pytest.raises(TransportError):
            await task
        assert client.closed
        with pytest.raises(TransportError, match="Nothing was sent"):
            client.start(c.Echo(text="a"))

    run(home, test)


def test_progress_and_what_was_missed_are_told(home: Home) -> None:
    async def test(plane: ControlPlane, client: AsyncClient) -> None:
        async with client.start(c.Steps(key="k")) as call:
            for number in range(10):
                await call.put(c.Number(value=number))
                assert (await anext(call)).value == number
            async with await AsyncClient.connect(plane.home, role="shell", service="other") as other:
                async with other.start(c.Steps(key="k")) as joined:
                    assert [(await anext(joined)).value for _ in range(4)] == [6, 7, 8, 9]
                    assert joined.missed == 6
                    call.end()
                    assert await joined.result() == await call.result() == c.Total(count=10, total=45)

    run(home, test)


def test_a_connection_that_cannot_be_is_told_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody() -> None:
        with pytest.raises(TransportError, match="not set up"):
            await AsyncClient.connect(home, role="shell", service="test")
        home.create()
        home.client_secret("shell").write_bytes(b"s" * 32)
        with pytest.raises(TransportError, match="not running"):
            await AsyncClient.connect(home, role="shell", service="test")
        monkeypatch.setattr(evented, "HANDSHAKE_SECONDS", 0.01)
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(home.socket))
            silent.listen()
            with pytest.raises(TransportError, match="does not answer"):
                await AsyncClient.connect(home, role="shell", service="test")

    uvloop.run(nobody())


def test_another_build_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:

    async def refused(plane: ControlPlane, client: AsyncClient) -> None:
        del plane, client
        monkeypatch.setattr(client_module, "build_hash", lambda: "f" * 16)
        with pytest.raises(HandshakeRefused, match="another build"):
            await AsyncClient.connect(home, role="shell", service="test")

    run(home, refused)
