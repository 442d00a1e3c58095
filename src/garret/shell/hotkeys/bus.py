"""The session bus on the loop of this thread: calls that are answered later, and signals.

Connecting and the bus's greeting are waited for, once; the daemon is local and answers in milliseconds.
Nothing else is. The library (jeepney) does the format; it states its types in part only.

Neighbours: `portal` talks over it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from garret.base.errors import Code, GarretError
from garret.transport.loop import EventLoop


class BusError(GarretError):
    """There is no session bus, or nobody on it who could answer."""

    code = Code.UNAVAILABLE


Answered = Callable[[tuple[Any, ...]], None]
Refused = Callable[[str], None]
Heard = Callable[[tuple[Any, ...]], None]


class Bus:
    """See the module. Raises BusError where there is no session bus."""

    def __init__(self, loop: EventLoop) -> None:
        self._jeepney: Any = importlib.import_module("jeepney")
        blocking: Any = importlib.import_module("jeepney.io.blocking")
        try:
            self._connection: Any = blocking.open_dbus_connection("SESSION")
        except (OSError, KeyError, ValueError, self._jeepney.AuthenticationError) as error:
            raise BusError("There is no session bus here, and so no desktop that could be asked.") from error
        self._loop: EventLoop | None = loop
        self._waiting: dict[int, tuple[Answered, Refused]] = {}
        self._signals: dict[tuple[str, str, str], Heard] = {}
        self._rules: list[str] = []
        self.on_gone: Callable[[], None] = lambda: None
        loop.add_reader(self._connection.sock.fileno(), self._read)

    @property
    def name(self) -> str:
        """Our own name on the bus."""
        return str(self._connection.unique_name)

    def call(
        self,
        service: str,
        path: str,
        method: str,
        signature: str,
        body: tuple[Any, ...],
        answered: Answered,
        refused: Refused,
    ) -> None:
        """Call `interface.Method`; one of the two hears of it."""
        interface, _, member = method.rpartition(".")
        address = self._jeepney.DBusAddress(path, bus_name=service, interface=interface)
        message = self._jeepney.new_method_call(address, member, signature, body)
        serial = next(self._connection.outgoing_serial)
        self._waiting[serial] = (answered, refused)
        self._connection.send(message, serial=serial)

    def hear(self, service: str, path: str, signal: str, heard: Heard) -> None:
        """Have `heard` called with what `interface.Signal` of an object carries."""
        interface, _, member = signal.rpartition(".")
        self._signals[path, interface, member] = heard
        rule = f"type='signal',sender='{service}',path='{path}',interface='{interface}',member='{member}'"
        self.call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.AddMatch",
            "s",
            (rule,),
            lambda _: None,
            lambda _: None,
        )

    def forget(self, path: str, signal: str) -> None:
        """Take back `hear`."""
        interface, _, member = signal.rpartition(".")
        self._signals.pop((path, interface, member), None)

    def close(self) -> None:
        """End the connection; what was made over it ends with it."""
        if self._loop is not None:
            self._loop.remove_reader(self._connection.sock.fileno())
            self._loop = None
            self._connection.close()

    def _read(self) -> None:
        while self._loop is not None:
            try:
                message = self._connection.receive(timeout=0)
            except TimeoutError:
                return
            except OSError:
                self.close()
                self.on_gone()
                return
            self._take(message)

    def _take(self, message: Any) -> None:
        kinds, fields = self._jeepney.MessageType, message.header.fields
        names: Mapping[Any, Any] = {key.name: value for key, value in fields.items()}
        kind = message.header.message_type
        if kind == kinds.signal:
            heard = self._signals.get((names["path"], names["interface"], names["member"]))
            if heard is not None:
                heard(tuple(message.body))
            return
        waiting = self._waiting.pop(names.get("reply_serial", -1), None)
        if waiting is None:
            return
        if kind == kinds.error:
            waiting[1](str(message.body[0]) if message.body else str(names.get("error_name", "")))
        else:
            waiting[0](tuple(message.body))
