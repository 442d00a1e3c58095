"""Pages over the gateway: a small command there and back, many pages at once, a file of 64 MiB.

A real house, the real `garret serve`, and a client with the browser's cookie: what is measured is page
message, WebSocket, gateway, control socket, broker, service, and all the way back. The peer is uvicorn
alone, which echoes over a WebSocket, and sends as much from its memory. The floor of the round trip is the
same command asked over the control socket, without a gateway; that of the file is one memcpy of as much.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.gateway_peer import SIZE
from benchmarks.report import Row, row
from garret.base.paths import Home
from garret.features.dictate.contracts import Import
from garret.features.gateway.contracts import InviteBrowser
from garret.features.house.contracts import GetIdentity, GetStatus
from garret.transport.client import Client

_CALLS = 3000
_BROWSERS = 5
_PAGES = 20
_CALLS_EACH = 200
_FETCHES = 7


class Served(NamedTuple):
    """Where a server is, what its clients say of themselves, and the process that serves."""

    address: str
    cookie: str
    process: int


def run() -> list[Row]:
    """Measure; see the module's docstring."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(_house())
        began = time.perf_counter()
        gateway = stack.enter_context(_gateway(home))
        started = time.perf_counter() - began
        peer = stack.enter_context(_peer())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measure(home, gateway, peer, started))


async def _measure(home: Home, gateway: Served, peer: Served, started: float) -> list[Row]:
    mine, bare = await _round_trips(gateway), await _round_trips(peer)
    direct = _direct(home)
    browsers = [_another_browser(home, gateway) for _ in range(_BROWSERS)]
    crowd, bare_crowd = await _crowd(browsers), await _crowd([peer])
    fetched, bare_fetched = await _fetches(home, gateway), _bare_fetches(peer)
    memory = psutil.Process(gateway.process).memory_info().rss / (1 << 20)
    name = "uvicorn alone, an echo"
    return [
        row("gateway: page round trip p50", _p(mine, 50), "ms", budget=1.5, peers={name: _p(bare, 50)},
            floor=_p(direct, 50)),
        row("gateway: page round trip p99", _p(mine, 99), "ms", peers={name: _p(bare, 99)}, floor=_p(direct,
        99)), row(f"gateway: commands of {_PAGES} pages", crowd, "calls/s", peers={name: bare_crowd}),
        row("gateway: 64 MiB to a client", fetched, "ms", budget=400, peers={"uvicorn alone": bare_fetched},
            floor=_memcpy()),
        row("gateway: `garret serve` until it serves", started, "s"),
        row("gateway: memory of the process that serves", memory, "MiB"),
    ]  # fmt: skip


_CALL = {"t": "call", "name": "house.me", "payload": {}}


def _p(times: list[float], share: int) -> float:
    return statistics.quantiles(times, n=100)[share - 1]


@contextlib.asynccontextmanager
async def _page(served: Served) -> Any:
    async with connect(
        f"ws{served.address.removeprefix('http')}/channel",
        origin=served.address,  # type: ignore[arg-type]
        additional_headers={"Cookie": served.cookie},
        compression=None,
        max_size=None,
    ) as opened:
        if served.cookie:
            while json.loads(await opened.recv()).get("state") != "open":
                pass
        yield opened


async def _call(page: ClientConnection, number: int) -> None:
    await page.send(json.dumps({**_CALL, "id": number}))
    await page.recv()


async def _round_trips(served: Served) -> list[float]:
    times: list[float] = []
    async with _page(served) as page:
        for number in range(200 + _CALLS):
            before = time.perf_counter()
            await _call(page, number)
            times.append((time.perf_counter() - before) * 1000)
    return times[200:]


async def _crowd(browsers: list[Served]) -> float:
    async def one(served: Served) -> None:
        async with _page(served) as page:
            await all_here.wait()
            for number in range(_CALLS_EACH):
                await _call(page, number)

    all_here = asyncio.Barrier(_PAGES + 1)
    async with asyncio.TaskGroup() as group:
        for number in range(_PAGES):
            group.create_task(one(browsers[number % len(browsers)]))
        await all_here.wait()
        before = time.perf_counter()
    return _PAGES * _CALLS_EACH / (time.perf_counter() - before)


def _direct(home: Home) -> list[float]:
    times: list[float] = []
    with contextlib.closing(Client.connect(home, role="gateway", service="bench")) as client:
        for _ in range(200 + _CALLS):
            before = time.perf_counter()
            client.call(GetIdentity())
            times.append((time.perf_counter() - before) * 1000)
    return times[200:]


async def _fetches(home: Home, gateway: Served) -> float:
    """Milliseconds from asking for a kept recording to its last byte, the median."""
    utterance = _kept(home)
    times: list[float] = []
    async with _page(gateway) as page:
        for number in range(_FETCHES):
            before = time.perf_counter()
            call = {**_CALL, "id": number, "name": "dictate.audio", "payload": {"utterance": utterance}}
            await page.send(json.dumps(call))
            (file,) = json.loads(await page.recv())["files"]
            await asyncio.to_thread(_fetch, gateway, f"/files/{file['ticket']}")
            times.append((time.perf_counter() - before) * 1000)
    return statistics.median(times)


def _bare_fetches(peer: Served) -> float:
    times: list[float] = []
    for _ in range(_FETCHES):
        before = time.perf_counter()
        _fetch(peer, "/")
        times.append((time.perf_counter() - before) * 1000)
    return statistics.median(times)


def _fetch(served: Served, path: str) -> None:
    """Read all that is answered, and no more quickly than it comes: what a client adds is little."""
    host = served.address.partition("//")[2]
    with socket.create_connection(("127.0.0.1", int(host.partition(":")[2]))) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {served.cookie}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        into, size = bytearray(1 << 20), 0
        while count := connection.recv_into(into):
            size += count
        if size < SIZE:
            raise RuntimeError(f"{size} bytes came")


def _memcpy() -> float:
    source = bytearray(SIZE)
    target = bytearray(SIZE)
    before = time.perf_counter()
    target[:] = source
    return (time.perf_counter() - before) * 1000


def _kept(home: Home) -> str:
    """A recording of 64 MiB that the house keeps; its bytes are no sound, and nobody listens."""
    with tempfile.TemporaryFile() as file, contextlib.closing(Client.connect(home)) as client:
        file.truncate(SIZE)
        return client.call(Import(name="bench.wav"), descriptors=(file.fileno(),)).utterance


# --- what is measured -------------------------------------------------------------------------


@contextlib.contextmanager
def _house() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    home = Home(folder / "h")
    process = subprocess.Popen(
        [sys.executable, "-m", "garret.daemon"], env=_environment(home), stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        if not any(b"ready after" in line for line in process.stderr):
            raise RuntimeError("the house did not start")
        with contextlib.closing(Client.connect(home)) as client:
            client.call(GetStatus())
        yield home
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _gateway(home: Home) -> Iterator[Served]:
    command = [sys.executable, "-m", "garret.cli", "--json", "serve", "start", "--port", "0"]
    process = subprocess.Popen(command, env=_environment(home), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        token = told["link"].partition("#")[2]
        entered = httpx.post(
            f"{told['address']}/session", json={"token": token}, headers={"origin": told["address"]}
        )
        (caged,) = psutil.Process(process.pid).children()
        yield Served(told["address"], _cookie(entered), caged.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def _cookie(entered: httpx.Response) -> str:
    ((name, kept),) = entered.cookies.items()
    return f"{name}={kept}"


def _another_browser(home: Home, gateway: Served) -> Served:
    """Each browser has a pace of its own."""
    with contextlib.closing(Client.connect(home)) as client:
        token = client.call(InviteBrowser()).link.partition("#")[2]
    entered = httpx.post(
        f"{gateway.address}/session", json={"token": token}, headers={"origin": gateway.address}
    )
    return gateway._replace(cookie=_cookie(entered))


@contextlib.contextmanager
def _peer() -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gateway_peer", str(number)], pass_fds=(number,)
        )
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield Served(address, "", process.pid)
    finally:
        process.kill()
        process.wait()


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, "GARRET_HOME": str(home.root), "GARRET_KEYCHAIN": "off", "GARRET_PACKS": "off"}
