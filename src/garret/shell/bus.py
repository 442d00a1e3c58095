"""The person's session bus (D-Bus) on the loop of its thread: calls that answer by callback, and signals.

jeepney has the protocol without I/O; the socket is watched here. Qt's own binding is not used, since from
Python it cannot send the unsigned numbers that most desktop interfaces ask for. Nothing blocks: the
greeting goes by the loop as well, and what is called before it is done waits for it.

A signal is heard from the service that it was asked of and from nobody else. That has to be looked at here:
what any program sends to our own name reaches us whatever we asked the bus for. Who owns a service's name is
told by the bus before anything that the service sends.

Belongs to the loop's thread. Neighbours: `notifier` and `hotkeys.portal` use it.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import jeepney
import jeepney.auth
import jeepney.bus

from garret.base import log
from garret.base.errors import Code
from garret.shell.errors import ShellError
from garret.transport.loop import EventLoop

_READ: Final = 65_536
_WAITING: Final = 4 << 20  # bytes on their way to a bus that does not read
_BUS: Final = "org.freedesktop.DBus"
_DBUS: Final = jeepney.DBusAddress("/org/freedesktop/DBus", bus_name=_BUS, interface=_BUS)
_lib: Any = jeepney
_addresses = cast("Callable[[str], Any]", jeepney.bus.get_connectable_addresses)  # pyright: ignore[reportUnknownMemberType]
_logger = log.get("shell.bus")

OnReply = Callable[[tuple[Any, ...]], None]
OnError = Callable[[ShellError], None]
OnSignal = Callable[[tuple[Any, ...]], None]


class BusError(ShellError):
    """The session bus, or who was asked by it, did not do it."""

    code = Code.UNAVAILABLE


class Signal(NamedTuple):
    """A signal of an object of a service."""

    service: str
    path: str
    interface: str
    member: str

    @property
    def rule(self) -> str:
        """What the bus is asked for."""
        return (
            f"type='signal',sender='{self.service}',path='{self.path}',interface='{self.interface}',"
            f"member='{self.member}'"
        )


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


class Bus:
    """One connection; it does not come back by itself."""

    def __init__(self, loop: EventLoop, where: str) -> None:
        """Raises BusError where nobody listens."""
        self._loop = loop
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(0)
            self._socket.connect(where)
        except OSError as error:
            self._socket.close()
            raise BusError(f"The session bus is not reached: {error.strerror}.") from error
        self.closed = False
        self.on_gone: Callable[[], None] = lambda: None
        """Called when the bus ends the connection."""
        self._greeting: Any = jeepney.auth.Authenticator()
        self._greeted = False
        self._parser: Any = _lib.Parser()
        self._serial = 0
        self._out = bytearray()
        self._writing = False
        self._held: list[bytes] = []
        self._replies: dict[int, tuple[OnReply, OnError]] = {}
        self._signals: dict[Signal, OnSignal] = {}
        self._owners: dict[str, str] = {_BUS: _BUS}
        loop.add_reader(self._socket.fileno(), self._readable)
        self._write(self._greeting.data_to_send())
        self._name = ""
        self._named: list[tuple[Callable[[str], None], OnError]] = []
        self.call(_DBUS, "Hello", "", (), self._on_name, self._not_named)

    def named(self, then: Callable[[str], None], failed: OnError) -> None:
        """Tell our own name on the bus, once it is known."""
        if self._name:
            then(self._name)
        elif self.closed:
            failed(BusError("The session bus is gone. Nothing was sent."))
        else:
            self._named.append((then, failed))

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

    def listen(self, signal: Signal, on_signal: OnSignal) -> None:
        """Hear a signal of a service, until `forget`."""
        if signal.service not in self._owners:
            self._follow(signal.service)
        self._signals[signal] = on_signal
        self.call(_DBUS, "AddMatch", "s", (signal.rule,), _ignore, _log)

    def forget(self, signal: Signal) -> None:
        """Hear it no more. Idempotent."""
        if self._signals.pop(signal, None) is not None:
            self.call(_DBUS, "RemoveMatch", "s", (signal.rule,), _ignore, _log)

    def close(self) -> None:
        """End the connection; what is under way fails. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._socket.fileno())
        if self._writing:
            self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        replies, self._replies = self._replies, {}
        for _, on_error in replies.values():
            on_error(BusError("The session bus is gone."))

    # ---- names

    def _on_name(self, body: tuple[Any, ...]) -> None:
        self._name = str(body[0])
        named, self._named = self._named, []
        for then, _ in named:
            then(self._name)

    def _not_named(self, error: ShellError) -> None:
        named, self._named = self._named, []
        for _, failed in named:
            failed(error)

    def _follow(self, service: str) -> None:
        """Know who owns a service's name, now and when that changes."""
        self._owners[service] = ""

        def owns(body: tuple[Any, ...]) -> None:
            self._owners[service] = str(body[0])

        rule = f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{service}'"
        self.call(_DBUS, "AddMatch", "s", (rule,), _ignore, _log)
        self.call(_DBUS, "GetNameOwner", "s", (service,), owns, _ignore_error)

    # ---- the socket

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._gone()
            return
        try:
            self._take(data)
        except (ValueError, KeyError, UnicodeDecodeError) as error:
            _logger.warning("the session bus is left: %s", error)
            self._gone()

    def _gone(self) -> None:
        self.close()
        self.on_gone()

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
        fields = {key.name: value for key, value in message.header.fields.items()}
        kind = message.header.message_type
        if kind == _lib.MessageType.signal:
            self._signalled(fields, tuple(message.body))
            return
        on_reply, on_error = self._replies.pop(fields.get("reply_serial", 0), (_ignore, _ignore_error))
        if kind == _lib.MessageType.method_return:
            on_reply(tuple(message.body))
        elif kind == _lib.MessageType.error:
            name = str(fields.get("error_name", ""))
            said = message.body[0] if message.body and isinstance(message.body[0], str) else name
            on_error(BusError(said, details={"error": name}))

    def _signalled(self, fields: Mapping[str, Any], body: tuple[Any, ...]) -> None:
        sender, member = fields.get("sender", ""), fields.get("member", "")
        if sender == _BUS and member == "NameOwnerChanged" and body[0] in self._owners:
            self._owners[str(body[0])] = str(body[2])
            return
        place = (fields.get("path", ""), fields.get("interface", ""), member)
        for signal, hear in tuple(self._signals.items()):
            if signal[1:] == place and sender and self._owners.get(signal.service) == sender:
                hear(body)

    def _write(self, data: bytes) -> None:
        if self.closed:
            return
        self._out += data
        if len(self._out) > _WAITING:
            _logger.warning("the session bus is left: it does not read")
            self.close()
            return
        self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._out and not self.closed:
                try:
                    del self._out[: self._socket.send(self._out)]
                except BrokenPipeError:
                    self.close()
        if not self.closed and bool(self._out) != self._writing:
            self._writing = bool(self._out)
            if self._writing:
                self._loop.add_writer(self._socket.fileno(), self._flush)
            else:
                self._loop.remove_writer(self._socket.fileno())


def _ignore(body: tuple[Any, ...]) -> None:
    del body


def _ignore_error(error: ShellError) -> None:
    del error


def _log(error: ShellError) -> None:
    _logger.info("%s", error.message)
