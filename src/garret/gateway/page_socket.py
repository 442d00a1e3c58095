"""One page over its WebSocket: messages in, at the pace of its session; messages out, bounded.

What a page does not read waits here, `WAITING_BYTES` of one page at most and `ALL_WAITING_BYTES` of all:
whoever is further behind is cut, and its page connects anew. What comes in is taken one message at a time,
so that a page that floods is slowed down by its own connection.

Neighbours: `garret.page.channel` is the page's side of the house; `routes` makes one for each WebSocket.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from garret.base import log
from garret.base.errors import GarretError
from garret.gateway.gate import peer_of
from garret.gateway.refusals import Refusals
from garret.gateway.sessions import Session
from garret.page.channel import Channel
from garret.page.errors import PageViolation
from garret.page.line import Line
from garret.page.local import LocalCommands
from garret.page.passing import Tickets
from garret.protocol.contract import Registry

WAITING_BYTES: Final = 16 << 20
"""As much as the control plane lets wait for a client; 256 items of 64 KiB fit."""
ALL_WAITING_BYTES: Final = 128 << 20

# RFC 6455, 7.4.1
_GOING_AWAY: Final = 1001
_NO_TEXT: Final = 1003
_VIOLATION: Final = 1008
_BROKEN_BY_PAGE: Final = frozenset({1002, 1007, 1009})  # what the WebSocket's own parser refuses
_LATER: Final = 1013
_LEFT: Final = 1006
_CLOSE_SECONDS: Final = 1.0

ABORT: Final = "garret.abort"
"""Among a WebSocket's extensions: what drops its connection, with whatever waits in it."""

_logger = log.get("gateway.page")


class Backlog:
    """Bytes that wait for all pages."""

    def __init__(self) -> None:
        self.bytes = 0


class PageSocket:
    """See the module. It is one of its session's pages while `run` runs."""

    def __init__(
        self,
        websocket: WebSocket,
        session: Session,
        backlog: Backlog,
        refusals: Refusals,
    ) -> None:
        self._websocket = websocket
        self._session = session
        self._backlog = backlog
        self._refusals = refusals
        self._output: deque[str] = deque()
        self._waiting = 0
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._ending = (_LEFT, "")
        self.files: Tickets | None = None
        """Files that wait for this page."""

    async def run(
        self, line: Line, registry: Registry, local: LocalCommands, up: Tickets, build: str
    ) -> None:
        """Serve the page until it leaves or is cut."""
        await self._websocket.accept()
        channel = Channel(line, registry, local, self._put, self._refused, up)
        self.files = channel.down
        self._session.pages.add(self)
        tasks = [asyncio.ensure_future(self._read(channel)), asyncio.ensure_future(self._write())]
        try:
            channel.begin("gateway", build)
            await self._over.wait()
        finally:
            self._session.pages.discard(self)
            channel.close()
            self._drop()
            for task in tasks:
                task.cancel()
            for error in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(error, Exception):
                    _logger.error("a page's socket failed", exc_info=error)
        await self._close()

    def cut(self, reason: str) -> None:
        """End it at once; nothing more of it is acted on."""
        self._end(_VIOLATION, reason)

    # ---- in

    async def _read(self, channel: Channel) -> None:
        try:
            while True:
                text = await self._receive()
                await self._pace()
                channel.receive(text)
        except PageViolation as error:  # the channel told it to be refused
            self.cut(error.message)
        except WebSocketDisconnect as left:
            if left.code in _BROKEN_BY_PAGE:
                self._note(f"A message broke the WebSocket protocol or its limits ({left.code}).")
            self._end(left.code, "")
        finally:
            self._end(_LEFT, "")

    async def _receive(self) -> str:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            self._end(_NO_TEXT, "Pages speak in texts.")
            self._note("A message came that is no text.")
            raise WebSocketDisconnect(_NO_TEXT)
        return str(text)

    async def _pace(self) -> None:
        if wait := self._session.messages.reserve(time.monotonic()):
            await asyncio.sleep(wait)

    def _refused(self, error: GarretError) -> None:
        self._note(error.message)

    def _note(self, reason: str) -> None:
        self._refusals.note("page message", reason, peer_of(self._websocket.scope))

    # ---- out

    def _put(self, text: str) -> None:
        """For the channel: have the page told."""
        if self._over.is_set():
            return
        self._output.append(text)
        self._waiting += len(text)
        self._backlog.bytes += len(text)
        if self._waiting > WAITING_BYTES or self._backlog.bytes > ALL_WAITING_BYTES:
            self._end(_LATER, "The page does not read what it asked for.")
        self._news.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._output:
                    text = self._output.popleft()
                    self._waiting -= len(text)
                    self._backlog.bytes -= len(text)
                    await self._websocket.send_text(text)
        except WebSocketDisconnect as left:  # while something was on its way to it
            self._end(left.code, "")
        finally:
            self._end(_LEFT, "")

    async def _close(self) -> None:
        """Say goodbye; to a page that takes not even that the connection is just gone."""
        if self._websocket.client_state is not WebSocketState.CONNECTED:
            return
        code, reason = self._ending
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._websocket.close(code if code != _LEFT else _GOING_AWAY, reason[:100])
        except TimeoutError:
            self._websocket.scope["extensions"][ABORT]()
        except (WebSocketDisconnect, RuntimeError):
            return  # it left meanwhile

    def _end(self, code: int, reason: str) -> None:
        if not self._over.is_set():
            self._ending = (code, reason)
            self._over.set()
            self._drop()

    def _drop(self) -> None:
        self._backlog.bytes -= self._waiting
        self._waiting = 0
        self._output.clear()
