"""The person's session bus (D-Bus) on Qt's loop: calls that answer by callback, and signals.

jeepney has the protocol without I/O; the socket is watched here. Qt's own binding is not used, since from
Python it cannot send the unsigned numbers that most desktop interfaces ask for. Nothing blocks: the
greeting goes by the loop as well, and what is called before it is done waits for it.

Belongs to Qt's main thread. Neighbours: `notifier` uses it.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

import jeepney
import jeepney.auth
import jeepney.bus
from PySide6.QtCore import QObject, QSocketNotifier

from garret.base import log
from garret.base.errors import Code
from garret.shell.errors import ShellError

_READ: Final = 65_536
_WAITING: Final = 4 << 20  # bytes on their way to a bus that does not read
_DBUS: Final = jeepney.DBusAddress(
    "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
)
_lib: Any = jeepney
_addresses = cast("Callable[[str], Any]", jeepney.bus.get_connectable_addresses)  # pyright: ignore[reportUnknownMemberType]
_logger = log.get("shell.bus")

OnReply = Callable[[tuple[Any, ...]], None]
OnError = Callable[[ShellError], None]
OnSignal = Callable[[tuple[Any, ...]], None]


class BusError(ShellError):
    """The session bus, or who was asked by it, did not do it."""

    code = Code.UNAVAILABLE


def address(environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the session bus listens; None where this session has none."""
    told = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
    if told:
        try:
            return str(next(iter(_addresses(told))))
        except (RuntimeError, ValueError):
            return None
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    usual = Path(runtime) / "bus"
    return str(usual) if runtime and usual.exists() else None


class Bus(QObject):
    """One connection; it does not come back by itself."""

    def __init__(self, parent: QObject, where: str) -> None:
        """Raises BusError where nobody listens."""
        super().__init__(parent)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(0)
            self._socket.connect(where)
        except OSError as error:
            self._socket.close()
            raise BusError(f"The session bus is not reached: {error.strerror}.") from error
        self.closed = False
        self._greeting: Any = jeepney.auth.Authenticator()
        self._greeted = False
        self._parser: Any = _lib.Parser()
        self._serial = 0
        self._out = bytearray()
        self._held: list[bytes] = []
        self._replies: dict[int, tuple[OnReply, OnError]] = {}
        self._signals: dict[tuple[str, str], OnSignal] = {}
        self._reader = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read, self)
        self._reader.activated.connect(self._readable)
        self._writer = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Write, self)
        self._writer.setEnabled(False)
        self._writer.activated.connect(self._flush)
        self._write(self._greeting.data_to_send())
        self.call(_DBUS, "Hello", "", ())

    def call(
        self,
        whom: jeepney.DBusAddress,
        method: str,
        signature: str,
        body: tuple[Any, ...],
        on_reply: OnReply | None = None,
        on_error: OnError | None = None,
    ) -> None:
        """Call a method; one of the two callbacks hears what came of it."""
        if self.closed:
            if on_error is not None:
                on_error(BusError("The session bus is gone. Nothing was sent."))
            return
        self._serial += 1
        message = _lib.new_method_call(whom, method, signature or None, body)
        if on_reply is not None or on_error is not None:
            self._replies[self._serial] = (on_reply or _ignore, on_error or _log)
        data: bytes = message.serialise(serial=self._serial)
        if self._greeted:
            self._write(data)
        else:
            self._held.append(data)

    def listen(self, interface: str, member: str, on_signal: OnSignal) -> None:
        """Hear a signal, whoever sends it."""
        self._signals[interface, member] = on_signal
        self.call(
            _DBUS,
            "AddMatch",
            "s",
            (f"type='signal',interface='{interface}',member='{member}'",),
            _ignore,
            _log,
        )

    def close(self) -> None:
        """End the connection; what is under way fails. Idempotent."""
        if self.closed:
            return
        self.closed = True
        for notifier in (self._reader, self._writer):
            notifier.setEnabled(False)
        self._socket.close()
        replies, self._replies = self._replies, {}
        for _, on_error in replies.values():
            on_error(BusError("The session bus is gone."))

    # ---- the socket

    def _readable(self, *_: object) -> None:
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            self._take(data)
        except (ValueError, KeyError, UnicodeDecodeError) as error:
            _logger.warning("the session bus is left: %s", error)
            self.close()

    def _take(self, data: bytes) -> None:
        if not self._greeted:
            self._greeting.feed(data)
            if not self._greeting.authenticated:
                return
            self._write(b"BEGIN\r\n")
            self._greeted = True
            held, self._held = self._held, []
            for message in held:
                self._write(message)
            return
        self._parser.add_data(data)
        while not self.closed and (message := self._parser.get_next_message()) is not None:
            self._heard(message)

    def _heard(self, message: Any) -> None:
        fields = message.header.fields
        kind = message.header.message_type
        if kind == _lib.MessageType.signal:
            hear = self._signals.get(
                (fields.get(_lib.HeaderFields.interface, ""), fields.get(_lib.HeaderFields.member, ""))
            )
            if hear is not None:
                hear(tuple(message.body))
            return
        on_reply, on_error = self._replies.pop(
            fields.get(_lib.HeaderFields.reply_serial, 0), (_ignore, _ignore_error)
        )
        if kind == _lib.MessageType.method_return:
            on_reply(tuple(message.body))
        elif kind == _lib.MessageType.error:
            name = str(fields.get(_lib.HeaderFields.error_name, ""))
            said = message.body[0] if message.body and isinstance(message.body[0], str) else name
            on_error(BusError(said, details={"error": name}))

    def _write(self, data: bytes) -> None:
        if self.closed:
            return
        self._out += data
        if len(self._out) > _WAITING:
            _logger.warning("the session bus is left: it does not read")
            self.close()
            return
        self._flush()

    def _flush(self, *_: object) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._out and not self.closed:
                try:
                    del self._out[: self._socket.send(self._out)]
                except BrokenPipeError:
                    self.close()
        if not self.closed:
            self._writer.setEnabled(bool(self._out))


def _ignore(body: tuple[Any, ...]) -> None:
    del body


def _ignore_error(error: ShellError) -> None:
    del error


def _log(error: ShellError) -> None:
    _logger.info("%s", error.message)
