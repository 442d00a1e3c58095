"""Tunnels through a private ssh server: what is at the other end of the socket, and how each of them ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.control.tunnels.tunnels import Tunnels, Wanted
from garret.control.tunnels.ways import TunnelError
from tests.control.planes import run
from tests.control.tunnels.direct import House
from tests.servers import Listening
from tests.sshd import Sshd, sshd


@pytest.fixture(scope="module")
def gate() -> Iterator[Sshd]:
    with sshd() as server:
        yield server


@pytest.fixture
def echo() -> Iterator[Listening]:
    def talk(connected: socket.socket) -> None:
        while piece := connected.recv(65_536):
            connected.sendall(piece)

    server = Listening(talk)
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("t") / "ways"


def wanted(gate: Sshd, port: int, *, way: str = "", settings: str = "") -> Wanted:
    file = settings or str(gate.config)
    return Wanted(way or gate.way, "127.0.0.1", port, "s", file, "a test", "data", "admin", "main")


def test_the_socket_leads_to_the_server_and_is_gone_with_the_block(
    gate: Sshd, echo: Listening, folder: Path
) -> None:
    async def story() -> None:
        house = House()
        tunnels = Tunnels(asyncio.get_running_loop(), house, folder)
        async with tunnels.open(wanted(gate, echo.port)) as place:
            assert [each.name for each in await asyncio.to_thread(lambda: list(place.iterdir()))] == ["s"]
            assert oct((await asyncio.to_thread(place.stat)).st_mode & 0o777) == "0o700"
            streams = [await asyncio.open_unix_connection(place / "s") for _ in range(3)]
            for number, (reader, writer) in enumerate(streams):
                writer.write(b"%d" % number * 100_000)
                assert await reader.readexactly(100_000) == b"%d" % number * 100_000
                writer.close()
            (guardian,) = tunnels.pids()
        assert tunnels.pids() == []
        assert not await asyncio.to_thread(Path(f"/proc/{guardian}").exists)
        assert await asyncio.to_thread(lambda: list(folder.iterdir())) == []
        ((place_asked,),) = [house.asked]
        assert (place_asked.host, place_asked.ports) == ("127.0.0.1", (gate.port,))

    run(story())


def test_the_connection_is_sshs_alone_and_ends_with_it(gate: Sshd, echo: Listening, folder: Path) -> None:
    async def story() -> None:
        tunnels = Tunnels(asyncio.get_running_loop(), House(), folder)
        async with tunnels.open(wanted(gate, echo.port)) as place:
            reader, writer = await asyncio.open_unix_connection(place / "s")
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            (guardian,) = tunnels.pids()
            os.kill(guardian, signal.SIGTERM)
            assert await reader.read() == b""
            writer.close()

    run(story())


def test_what_may_not_leave_and_what_leads_elsewhere_is_not_connected(
    gate: Sshd, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "config"
    elsewhere.write_text("Host localhost\n  HostName gate.example.org\nHost far\n  HostName 192.0.2.1\n")

    async def story() -> None:
        house = House(leaves=False)
        tunnels = Tunnels(asyncio.get_running_loop(), house, folder)
        for way, words in (
            ("me@localhost", "which is not this machine"),
            ("me@far", "may leave this machine"),
        ):
            with pytest.raises(TunnelError) as caught:
                async with tunnels.open(wanted(gate, 1, way=way, settings=str(elsewhere))):
                    raise AssertionError("it was opened")
            assert words in caught.value.message
        assert house.asked == []
        assert tunnels.pids() == []

    run(story())


def test_a_broken_configuration_is_told(gate: Sshd, folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "config"
    broken.write_text("Nonsense yes\n")

    async def story() -> None:
        tunnels = Tunnels(asyncio.get_running_loop(), House(), folder)
        with pytest.raises(TunnelError) as caught:
            async with tunnels.open(wanted(gate, 1, settings=str(broken))):
                raise AssertionError("it was opened")
        assert "bad configuration options" in caught.value.message

    run(story())


def test_a_cancel_while_it_opens_leaves_nothing(gate: Sshd, echo: Listening, folder: Path) -> None:
    async def story() -> None:
        tunnels = Tunnels(asyncio.get_running_loop(), House(), folder)

        async def open_it() -> None:
            async with tunnels.open(wanted(gate, echo.port)):
                await asyncio.Event().wait()

        for steps in (1, 3, 10):
            opening = asyncio.create_task(open_it())
            for _ in range(steps):
                await asyncio.sleep(0)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            assert tunnels.pids() == []

    run(story())
