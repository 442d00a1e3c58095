"""One connection to the control plane that comes back by itself, on Qt's or asyncio's loop.

It is `connecting`, `open`, `away` (nobody listens; tried again after 0.1 s, then ever longer, 2 s at most)
or `refused` (another build, a wrong secret: tried again every 5 s, since a person may put that right).
Whoever listens is told of each change. What was under way when the connection ended fails with
`unavailable`; the line repeats nothing, since it cannot know what was done.

Belongs to its loop's thread. Neighbours: `transport.evented` is the connection, `channel` uses it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.page.errors import PageError
from garret.page.messages import Line as LineState
from garret.protocol.contract import Command
from garret.protocol.errors import HandshakeRefused
from garret.transport.client import not_running, session_for
from garret.transport.evented import EventedClient, Reactions
from garret.transport.loop import EventLoop

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
REFUSED_PAUSE: Final = 5.0
"""Seconds until the next try."""

Connect = Callable[[], socket.socket]


class Line:
    """See the module."""

    def __init__(
        self,
        loop: EventLoop,
        home: Home,
        *,
        role: str,
        service: str,
        secret: bytes | None = None,
        connect: Connect | None = None,
    ) -> None:
        """`connect`, for who may make no sockets, gives one connected to the home's, or raises OSError."""
        self._loop = loop
        self._home = home
        self._role = role
        self._service = service
        self._secret = secret
        self._connect = connect or self._make
        self._client: EventedClient | None = None
        self._timer: Any = None
        self._pause = FIRST_PAUSE
        self._closed = False
        self._listeners: list[Callable[[LineState], None]] = []
        self.state = LineState(state="connecting")

    @property
    def client(self) -> EventedClient | None:
        """The proven connection, None while there is none."""
        return self._client if self.state.state == "open" else None

    def listen(self, hear: Callable[[LineState], None]) -> Callable[[], None]:
        """Have `hear` called after each change; call what this returns to end it."""
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    def open(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._timer = None
        try:
            session = session_for(self._home, self._role, self._service, self._secret)
            connection = self._connected()
        except GarretError as error:
            self._lost(error)
            return
        # What `EventedClient` calls may come from within its constructor only by the loop: not before this.
        self._client = EventedClient(self._loop, connection, session, self._proven, self._lost)

    def close(self) -> None:
        """End the connection and come back no more. Idempotent."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._client is not None:
            self._client.close()

    def start(
        self,
        request: Command[Any],
        reactions: Reactions,
        *,
        descriptors: tuple[int, ...] = (),
        seconds: float | None = None,
        workspace: str = "",
    ) -> tuple[EventedClient, int]:
        """As `EventedClient.start`; the connection that the call's number belongs to comes with it.

        Raises PageError while there is no connection, and as `EventedClient.start`.
        """
        client = self.client
        if client is None:
            raise PageError(
                f"{self.state.reason or 'Garret is not reached at the moment.'} Nothing was sent.",
                code=Code.UNAVAILABLE,
            )
        number = client.start(
            request, reactions, descriptors=descriptors, seconds=seconds, workspace=workspace
        )
        return client, number

    def _connected(self) -> socket.socket:
        try:
            return self._connect()
        except OSError as error:
            raise not_running(self._home) from error

    def _make(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(str(self._home.socket))  # of a Unix socket done at once or not at all
        except OSError:
            connection.close()
            raise
        return connection

    def _proven(self) -> None:
        self._pause = FIRST_PAUSE
        self._tell(LineState(state="open"))

    def _lost(self, reason: GarretError) -> None:
        self._client = None
        if self._closed:
            return
        refused = isinstance(reason, HandshakeRefused)
        self._tell(LineState(state="refused" if refused else "away", reason=reason.message))
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        self._timer = self._loop.call_later(REFUSED_PAUSE if refused else pause, self.open)

    def _tell(self, state: LineState) -> None:
        if state == self.state:
            return
        self.state = state
        for hear in tuple(self._listeners):
            hear(state)
