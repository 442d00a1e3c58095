"""uvicorn, held to what the gateway allows: who connects, how long a request's head may take, how it ends.

A connection of another user of this machine is dropped before a byte of it is read (`peers`). A head that
does not come whole within `HEAD_SECONDS` ends its connection, and so does one connection too many: what
strangers hold open is bounded in number and time. The time is counted in steps, so that a process that was
held up, or a machine that slept, takes it for one: what came meanwhile is read first.

Neighbours: `serving` runs it; `page_socket` uses what `ABORT` names.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Generator
from typing import Any, Final

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from garret.base import log
from garret.gateway.gate import App
from garret.gateway.page_socket import ABORT
from garret.gateway.peers import Owners
from garret.gateway.refusals import Refusals
from garret.page.messages import TEXT_LIMIT

HEAD_SECONDS: Final = 10.0
_HEAD_STEPS: Final = 5
CONNECTIONS: Final = 512
_HEAD_BYTES: Final = 32 << 10
_KEEP_ALIVE_SECONDS: Final = 30
_PING_SECONDS: Final = 20.0
_END_SECONDS: Final = 2

_logger = log.get("gateway.guarding")


class GuardedConnection(H11Protocol):
    """One connection: see the module."""

    refusals: Refusals
    owners: Owners

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = None
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        local = ipaddress.ip_address(peer[0]).is_loopback
        whose = self.owners.whose(peer[:2], own[:2]) if local else "ours"
        if whose == "nobody":  # mostly a browser that changed its mind: no news for the audit chain
            _logger.info("a connection was dropped, since it is nobody's any more: %s:%s", peer[0], peer[1])
            transport.abort()
        elif whose == "other":
            self._drop(peer, "It belongs to another user of this machine.")
        elif len(self.connections) > CONNECTIONS:
            self._drop(peer, "Too many connections are open.")
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._await_head()
        else:
            self._head_came()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._head_came()
        super().handle_websocket_upgrade(event)

    def _await_head(self) -> None:
        if self._late is None:
            self._step(_HEAD_STEPS)

    def _step(self, left: int) -> None:
        if left:
            self._late = self.loop.call_later(HEAD_SECONDS / _HEAD_STEPS, self._step, left - 1)
        else:
            self._too_late()

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        self.transport.abort()

    def _drop(self, peer: tuple[Any, ...], reason: str) -> None:
        self.refusals.note("connection", reason, f"{peer[0]}:{peer[1]}")
        self.transport.abort()


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """A page's connection, which its page socket may drop."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            scope: dict[str, Any] = dict(self.scope)
            scope["extensions"][ABORT] = self.transport.abort


class GuardedServer(Server):
    """Runs until `stop`; the signals are whoever runs it's own. No tick: it sleeps while nothing happens."""

    def __init__(self, app: App, refusals: Refusals, tls: ssl.SSLContext | None, owners: Owners) -> None:
        class Connection(GuardedConnection):
            pass

        Connection.refusals = refusals
        Connection.owners = owners
        config = Config(
            app,
            http=Connection,
            ws=GuardedWebSocket,
            ws_max_size=TEXT_LIMIT,
            ws_ping_interval=_PING_SECONDS,
            ws_ping_timeout=_PING_SECONDS,
            ws_per_message_deflate=False,  # memory for each page, and sizes that tell of secrets
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=_HEAD_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_END_SECONDS,
        )
        config.load()
        config.ssl = tls
        super().__init__(config)
        self.up = asyncio.Event()
        """Set once it takes connections."""
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End: no new connections, then those that are open."""
        self._stopped.set()

    async def main_loop(self) -> None:
        self.up.set()
        await self._stopped.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
