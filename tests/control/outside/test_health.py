"""Health checks against real little servers on loopback, and the thresholds."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from garret.control.outside.addresses import Address
from garret.control.outside.health import (
    PROCESS,
    Outcome,
    probe_check,
    run_layers,
)
from garret.control.outside.programs import HttpCheck, OutsideProgram, WebSocketCheck, decode_programs
from tests.control.outside.dialling import connect_here

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> Any:
    """A server on loopback; yields its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the checker let go
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def answering(*parts: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await writer.drain()

    return handle


class WebSocketServer:
    """Takes opening handshakes; `wrong` gives a false Sec-WebSocket-Accept. Notes what came after."""

    def __init__(self, wrong: bool = False) -> None:
        self.wrong = wrong
        self.received = asyncio.get_running_loop().create_future()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        assert headers["Sec-WebSocket-Version"] == "13"
        assert len(base64.b64decode(headers["Sec-WebSocket-Key"])) == 16
        key = "x" if self.wrong else headers["Sec-WebSocket-Key"]
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(accept) + b"\r\n\r\n"
        )
        self.received.set_result(await reader.read())


def http(port: int, **options: Any) -> HttpCheck:
    return HttpCheck(f"http://127.0.0.1:{port}/health", **options)


@pytest.mark.parametrize(
    ("answer", "statuses", "ok"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (), True),
        (b"HTTP/1.0 302 Found\r\n\r\n", (), True),
        (b"HTTP/1.1 200\r\n\r\n", (), True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (200,), False),
        (b"HTTP/1.1 503 Unavailable\r\n\r\n", (), False),
        (b"HTTP/1.1 503 Unavailable\r\n\r\n", (503,), True),
        (b"SSH-2.0-OpenSSH\r\n\r\n", (), False),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", (), False),
        (b"HTTP/1.1 200 OK\r\n", (), False),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 40_000 + b"\r\n\r\n", (), False),
        (b"", (), False),
    ],
)
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_http(run: Any, answer: bytes, statuses: tuple[int, ...], ok: bool) -> None:
    async def main() -> Outcome:
        async with serving(answering(answer)) as port:
            return await probe_check(http(port, statuses=statuses), "http", connect_here())

    outcome = run(main())
    assert outcome.ok is ok, outcome.detail
    assert outcome.detail


def test_the_request_is_what_a_server_expects() -> None:
    async def main() -> bytes:
        heard = asyncio.get_running_loop().create_future()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.set_result(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

        async with serving(handle) as port:
            check = HttpCheck(f"http://localhost:{port}/deep/health?x=1")
            assert (await probe_check(check, "http", connect_here())).ok
            return (await heard).replace(str(port).encode(), b"PORT")

    assert asyncio.run(main()).startswith(b"GET /deep/health?x=1 HTTP/1.1\r\nHost: localhost:PORT\r\n")


def test_a_server_that_never_answers_and_one_that_is_not_there() -> None:
    async def main() -> list[Outcome]:
        async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with serving(never) as port:
            silent = await probe_check(http(port, timeout=0.05), "http", connect_here())
        return [silent, await probe_check(http(port), "http", connect_here())]

    silent, absent = asyncio.run(main())
    assert (silent.ok, absent.ok) == (False, False)
    assert "no answer within" in silent.detail
    assert absent.detail == "nothing listens there"


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_websocket_is_opened_verified_and_closed(run: Any) -> None:
    async def main() -> tuple[Outcome, bytes]:
        server = WebSocketServer()
        async with serving(server) as port:
            outcome = await probe_check(
                WebSocketCheck(f"ws://127.0.0.1:{port}/asr"), "websocket", connect_here()
            )
            return outcome, await server.received

    outcome, received = run(main())
    assert outcome.ok, outcome.detail
    assert received == b"\x88\x82\0\0\0\0\x03\xe8"  # a masked close frame with code 1000


def test_what_is_no_websocket_is_told() -> None:
    async def main() -> list[Outcome]:
        outcomes: list[Outcome] = []
        for handler in (
            WebSocketServer(wrong=True),
            answering(b"HTTP/1.1 200 OK\r\n\r\n"),
            answering(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n"),
        ):
            async with serving(handler) as port:
                outcomes.append(
                    await probe_check(WebSocketCheck(f"ws://127.0.0.1:{port}/"), "websocket", connect_here())
                )
        return outcomes

    outcomes = asyncio.run(main())
    assert not any(outcome.ok for outcome in outcomes)
    for word, outcome in zip(("wrong Sec", "200", "upgrade"), outcomes, strict=True):
        assert word in outcome.detail


def test_what_leaves_the_machine_is_refused_by_the_connector_of_this_machine() -> None:
    outcome = asyncio.run(probe_check(HttpCheck("https://192.0.2.1/"), "http", connect_here()))
    assert not outcome.ok
    assert "not this machine" in outcome.detail


def test_a_connector_of_the_caller_is_used_for_it() -> None:
    asked: list[Address] = []

    async def main() -> Outcome:
        async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:

            @asynccontextmanager
            async def broker(address: Address) -> Any:
                asked.append(address)
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                yield reader, writer
                writer.close()

            return await probe_check(HttpCheck("https://example.org/x"), "http", broker)

    assert asyncio.run(main()).ok
    assert [(address.host, address.port, address.secure) for address in asked] == [("example.org", 443, True)]


def program(port: int) -> OutsideProgram:
    return decode_programs(
        [
            {
                "name": "server",
                "command": ["server"],
                "checks": [
                    {"type": "http", "url": f"http://127.0.0.1:{port}/"},
                    {"type": "websocket", "url": f"ws://127.0.0.1:{port}/"},
                    {"type": "http", "url": f"http://127.0.0.1:{port}/last"},
                ],
            }
        ]
    )[0]


def test_layers_run_in_order_and_stop_at_the_first_failure() -> None:
    async def main() -> tuple[list[Outcome], list[Outcome]]:
        async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
            return (
                await run_layers(program(port), lambda: True, connect_here()),
                await run_layers(program(port), lambda: False, connect_here()),
            )

    running, dead = asyncio.run(main())
    assert [(outcome.layer, outcome.ok) for outcome in running] == [
        (PROCESS, True),
        ("http", True),
        ("websocket", False),
    ]
    assert [(outcome.layer, outcome.ok) for outcome in dead] == [(PROCESS, False)]


async def connected(address: Address) -> None:
    async with connect_here()(address):
        raise AssertionError("it connected")


def test_connecting_here_refuses_every_other_host() -> None:
    for host in ("192.0.2.1", "example.org", "localhost.example.org"):
        with pytest.raises(Exception, match="not this machine"):
            asyncio.run(connected(Address("http", host, 80, "/")))
