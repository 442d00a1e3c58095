"""A client of the control plane for Qt's loop: callbacks on the thread that made it, descriptors included.

Qt's own socket classes cannot receive descriptors, so that the socket is watched by a QSocketNotifier and
read as everywhere else. PySide6 is loaded when a client is made; the extra `desktop` installs it.

    client = QtClient.connect(home, on_proven=ready, on_closed=gone)
    client.start(GetStatus(), on_result=show, on_error=complain)

Neighbours: `evented`, which this gives Qt's loop to.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable
from typing import Any

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.base.singletons import keep_singletons
from garret.protocol.contract import Command
from garret.protocol.life import Progress
from garret.protocol.streams import Gap
from garret.transport.client import not_running, session_for
from garret.transport.descriptors import close_all
from garret.transport.evented import EventedClient

OnResult = Callable[[Any], None]


class QtLoop:
    """Qt's loop of this thread, as `AsyncChannel` wants it."""

    def __init__(self) -> None:
        """Raises ImportError where PySide6 is not installed."""
        keep_singletons()
        self._qt: Any = importlib.import_module("PySide6.QtCore")
        self._readers: dict[int, Any] = {}
        self._writers: dict[int, Any] = {}

    def add_reader(self, fd: int, callback: Callable[[], object], /) -> None:
        self._watch(self._readers, fd, self._qt.QSocketNotifier.Type.Read, callback)

    def remove_reader(self, fd: int, /) -> None:
        self._unwatch(self._readers, fd)

    def add_writer(self, fd: int, callback: Callable[[], object], /) -> None:
        self._watch(self._writers, fd, self._qt.QSocketNotifier.Type.Write, callback)

    def remove_writer(self, fd: int, /) -> None:
        self._unwatch(self._writers, fd)

    def call_soon(self, callback: Callable[[], object], /) -> None:
        self._qt.QTimer.singleShot(0, callback)

    def call_later(self, delay: float, callback: Callable[[], object], /) -> QtTimer:
        timer = self._qt.QTimer()
        timer.setSingleShot(True)
        timer.timeout.connect(callback)
        timer.start(round(delay * 1000))
        return QtTimer(timer)

    def _watch(self, table: dict[int, Any], fd: int, kind: Any, callback: Callable[[], object]) -> None:
        notifier = self._qt.QSocketNotifier(fd, kind)

        def activated(*_: object) -> None:
            callback()

        notifier.activated.connect(activated)
        table[fd] = notifier

    def _unwatch(self, table: dict[int, Any], fd: int) -> None:
        notifier = table.pop(fd)
        notifier.setEnabled(False)
        notifier.deleteLater()  # it may be the one whose signal is being handled


class QtTimer:
    """A call that is due later; keeps Qt's timer alive."""

    def __init__(self, timer: Any) -> None:
        self._timer = timer

    def cancel(self) -> None:
        self._timer.stop()


class QtClient:
    """One connection, for the thread whose Qt loop made it."""

    def __init__(self, evented: EventedClient) -> None:
        self._evented = evented

    @classmethod
    def connect(
        cls,
        home: Home,
        *,
        on_proven: Callable[[], None],
        on_closed: Callable[[GarretError], None],
        role: str = "shell",
        service: str = "garret-shell",
    ) -> QtClient:
        """Connect; `on_proven` says that calls may be made, `on_closed` once why there can be none any more.

        Raises TransportError where nobody listens, or too many connect at this moment.
        """
        loop = QtLoop()
        session = session_for(home, role, service)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(str(home.socket))  # of a Unix socket done at once or not at all
        except OSError as error:
            connection.close()
            raise not_running(home) from error
        return cls(EventedClient(loop, connection, session, on_proven, on_closed))

    def start(
        self,
        request: Command[Any],
        *,
        on_result: OnResult,
        on_error: Callable[[GarretError], None],
        on_item: Callable[[Any], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_gap: Callable[[Gap], None] | None = None,
        on_credit: Callable[[], None] | None = None,
        descriptors: tuple[int, ...] = (),
        seconds: float | None = None,
        workspace: str = "",
    ) -> QtCall:
        """Send a command; one of `on_result` and `on_error` is called at its end.

        `on_credit` says that more may be streamed in. Raises TransportError where the connection is closed.
        """
        call = QtCall(self._evented, on_result, on_error, on_item, on_progress, on_gap, on_credit)
        call.number = self._evented.start(
            request, call, descriptors=descriptors, seconds=seconds, workspace=workspace
        )
        return call

    def close(self) -> None:
        """End the connection; what is under way fails."""
        self._evented.close()


class QtCall:
    """One command under way. Descriptors that nobody takes in `on_result` are closed after it."""

    def __init__(
        self,
        evented: EventedClient,
        on_result: OnResult,
        on_error: Callable[[GarretError], None],
        on_item: Callable[[Any], None] | None,
        on_progress: Callable[[Progress], None] | None,
        on_gap: Callable[[Gap], None] | None,
        on_credit: Callable[[], None] | None,
    ) -> None:
        self.number = 0
        self.on_error = on_error
        self._evented = evented
        self._on_result = on_result
        self._on_item = on_item
        self._on_progress = on_progress
        self._on_gap = on_gap
        self._on_credit = on_credit
        self._descriptors: tuple[int, ...] = ()

    def put(self, item: Any) -> bool:
        """Stream one item in; False where it has to wait for `on_credit`."""
        return self._evented.put(self.number, item)

    def end(self) -> None:
        """End what is streamed in."""
        self._evented.end(self.number)

    def cancel(self) -> None:
        """Ask that it ends; `on_error` hears of it, unless it was done before."""
        self._evented.cancel(self.number)

    def abandon(self) -> None:
        """Cancel it, and hear nothing more of it."""
        self._evented.give_up(self.number)

    def take_descriptors(self) -> tuple[int, ...]:
        """What came beside the result, from now on the caller's to close."""
        descriptors, self._descriptors = self._descriptors, ()
        return descriptors

    # ---- the client's Reactions

    def on_result(self, value: Any, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors
        try:
            self._on_result(value)
        finally:
            close_all(self.take_descriptors())

    def on_item(self, item: Any) -> None:
        if self._on_item is not None:
            self._on_item(item)
        self._evented.consumed(self.number)

    def on_progress(self, progress: Progress) -> None:
        if self._on_progress is not None:
            self._on_progress(progress)

    def on_gap(self, gap: Gap) -> None:
        if self._on_gap is not None:
            self._on_gap(gap)

    def on_credit(self) -> None:
        if self._on_credit is not None:
            self._on_credit()
