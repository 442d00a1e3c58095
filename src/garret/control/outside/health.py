"""Health of outside programs: probes over HTTP and WebSocket, in layers.

Probes use plain asyncio streams: one HTTP/1.1 GET (RFC 9112), or one WebSocket opening handshake (RFC 6455,
section 4) that is closed at once. They never listen, and open no connection themselves: the connector that
they are handed does, by way of the egress process, and reaches this machine only.

The supervisor decides when to probe, and how many answers in a row count.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, TypeAlias

from garret.base.errors import GarretError
from garret.control.outside.addresses import Address
from garret.control.outside.programs import HttpCheck, OutsideProgram, WebSocketCheck, address_of

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connector: TypeAlias = Callable[[Address], AbstractAsyncContextManager[Streams]]
"""Connects for the length of a block. Raises OSError, or a GarretError that says why it may not."""

PROCESS: Final = "process"
HEAD_LIMIT: Final = 16_384  # bytes of a response's head
_WEBSOCKET_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one layer answered, in words for a person, after how many seconds."""

    layer: str
    ok: bool
    detail: str
    seconds: float = 0.0


async def probe(program: OutsideProgram, layer: str, connect: Connector) -> Outcome:
    """Do one check of `program`. Never raises but for cancellation; a failure is an answer."""
    return await probe_check(program.check(layer), layer, connect)


async def probe_check(check: HttpCheck | WebSocketCheck, layer: str, connect: Connector) -> Outcome:
    """Do one check, within its own time limit."""
    began = time.monotonic()
    attempt = _http(check, connect) if isinstance(check, HttpCheck) else _websocket(check, connect)
    try:
        async with asyncio.timeout(check.timeout):
            ok, detail = await attempt
    except TimeoutError:
        ok, detail = False, f"no answer within {check.timeout:g} s"
    except GarretError as error:
        ok, detail = False, error.message
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        ok, detail = False, _reason(error)
    return Outcome(layer, ok, detail, time.monotonic() - began)


async def run_layers(
    program: OutsideProgram,
    alive: Callable[[], bool],
    connect: Connector,
    layers: Iterable[str] | None = None,
) -> list[Outcome]:
    """The process, then each layer in order, up to and with the first that fails."""
    if not alive():
        return [Outcome(PROCESS, False, "the process is not running")]
    outcomes = [Outcome(PROCESS, True, "the process is running")]
    for layer in program.layers if layers is None else layers:
        outcomes.append(await probe(program, layer, connect))
        if not outcomes[-1].ok:
            break
    return outcomes


async def _http(check: HttpCheck, connect: Connector) -> tuple[bool, str]:
    address = address_of(check)
    async with connect(address) as (reader, writer):
        writer.write(_request(address, "Connection: close\r\nAccept: */*\r\n"))
        status, _headers = await _head(reader)
    ok = status in check.statuses if check.statuses else status < 400
    return ok, f"answered with status {status}"


async def _websocket(check: WebSocketCheck, connect: Connector) -> tuple[bool, str]:
    address = address_of(check)
    key = base64.b64encode(os.urandom(16))
    async with connect(address) as (reader, writer):
        writer.write(
            _request(
                address,
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key.decode()}\r\n",
            )
        )
        status, headers = await _head(reader)
        refusal = _upgrade_refused(status, headers, key)
        if refusal is None:
            # A close frame from a client is masked (section 5.3): code 1000 under a mask of zeros.
            writer.write(b"\x88\x82\0\0\0\0\x03\xe8")
            await writer.drain()
    return refusal is None, refusal or "took a WebSocket connection"


def _upgrade_refused(status: int, headers: dict[str, str], key: bytes) -> str | None:
    """Why the answer is no WebSocket (RFC 6455, section 4.1), or None where it is one."""
    if status != 101:
        return f"answered with status {status} where 101 was due"
    tokens = [token.strip().lower() for token in headers.get("connection", "").split(",")]
    if headers.get("upgrade", "").lower() != "websocket" or "upgrade" not in tokens:
        return "answered, but did not upgrade to WebSocket"
    digest = hashlib.sha1(key + _WEBSOCKET_GUID, usedforsecurity=False).digest()
    given = headers.get("sec-websocket-accept", "")
    if not hmac.compare_digest(base64.b64encode(digest), given.encode("latin-1")):
        return "answered with a wrong Sec-WebSocket-Accept"
    return None


def _request(address: Address, headers: str) -> bytes:
    line = f"GET {address.target} HTTP/1.1\r\nHost: {address.authority}\r\nUser-Agent: garret\r\n"
    return (line + headers + "\r\n").encode("ascii")


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """The status and headers of a response. Raises ValueError when it is not HTTP/1."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    version, _space, rest = first.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (len(code) == 3 and code.isascii() and code.isdigit()):
        raise ValueError("the answer is not HTTP")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return int(code), headers


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, EOFError):
        return "the connection broke off before an answer"
    if isinstance(error, asyncio.LimitOverrunError):
        return "the answer does not end"
    if isinstance(error, OSError):
        return error.strerror or "the connection failed"
    return str(error)
