"""The egress process: connects for workers what they were granted, and nothing else.

Started by the control plane with one socket to it: `python -m garret.control.egress.process DESCRIPTOR`. The
kernel asks it about every `connect` and every datagram socket of a worker that has destinations
(`worker.connect_filter`). It reads the address, checks it against what it resolved itself for the names
granted, and connects the worker's own socket by a duplicate of it, with its own copy of the address. It is
the only process of the house with connections to the outside, and ends with the control plane.

Invariants: what is not granted, closed, or not understood is refused with EACCES; a question is answered
only while its thread is the one that asked; the control plane's orders are read before any question, so that
what a worker was told to do is known before it acts on it. Neighbours: `egress` is the other end, `served`
answers for one worker, `names` and `closing` judge, `attempt`, `connections` and `datagrams` do.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import ipaddress
import itertools
import os
import resource
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final
from urllib.parse import urlsplit

import msgspec

from garret.control.egress import closing, wire
from garret.control.egress.attempt import Attempt
from garret.control.egress.connections import Connection, Connections
from garret.control.egress.loop import READ, WRITE, Loop
from garret.control.egress.names import Names
from garret.control.egress.served import Served
from garret.control.egress.sockaddr import Address, Internet
from garret.worker import privileges

_SEEN_AT_ONCE: Final = 100
# What one address answers and another of the same host may not.
_ELSEWHERE: Final = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})
_FAILED_SECONDS: Final = 5.0  # a name that could not be resolved is asked for again after this


class EgressProcess:
    """Serves one control plane until it is gone."""

    def __init__(self, control: socket.socket) -> None:
        self.loop = Loop()
        self.rules = wire.Rules()
        self.names = Names()
        self.connections = Connections(self.loop, self.tell)
        self._control = control
        self._served: dict[int, Served] = {}
        self._numbers = itertools.count(1)
        self._resolving: dict[str, list[Callable[[], None]]] = {}
        self._news: deque[tuple[bytes, int]] = deque()
        control.setblocking(False)
        self.loop.watch(control.fileno(), READ, self._ready)

    def run(self) -> None:
        """Until the control plane is gone."""
        self.loop.run()

    def number(self) -> int:
        """The next connection's number."""
        return next(self._numbers)

    # ---- the control plane

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._send_news()
        if events & ~WRITE:
            self.take_orders()

    def take_orders(self) -> None:
        """Carry out everything that the control plane has said."""
        while self._something_said():
            try:
                data, descriptors, _flags, _address = socket.recv_fds(self._control, wire.MOST_BYTES, 1)
            except OSError:
                data, descriptors = b"", []
            if not data:
                self._end()
                return
            self._carry_out(wire.decode_order(data), descriptors)

    def _something_said(self) -> bool:
        """Looked at before each question, so without the room that an order takes."""
        try:
            self._control.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _carry_out(self, order: wire.ToProcess, descriptors: list[int]) -> None:
        match order:
            case wire.Serve():
                os.set_inheritable(descriptors[0], False)
                self._served[order.key] = Served(self, order, descriptors[0])
            case wire.Calls():
                served = self._served.get(order.key)
                if served is not None:
                    served.ongoing = order.ongoing
            case wire.Rules():
                self.rules = order
                self._cut_what_is_closed()
            case wire.Dial():
                self._dial(order)
            case wire.HangUp():
                connection = self.connections.numbered(order.connection)
                if connection is not None:
                    self.connections.end(connection)
            case wire.Look():
                self._show(order.request)

    def _end(self) -> None:
        self.connections.cut_all("Garret ended")
        self.loop.stop()

    def tell(self, entry: wire.Entry) -> None:
        """Tell the control plane of a connection."""
        self._send(entry)

    def _send(self, news: wire.FromProcess, descriptor: int = -1) -> None:
        """In order, and never waiting for the control plane. The descriptor is closed once it was sent."""
        self._news.append((wire.encode(news), descriptor))
        if len(self._news) == 1:
            self._send_news()

    def _send_news(self) -> None:
        while self._news:
            data, descriptor = self._news[0]
            try:
                socket.send_fds(self._control, [data], [descriptor] if descriptor >= 0 else [])
            except BlockingIOError:
                self.loop.watch(self._control.fileno(), READ | WRITE, self._ready)
                return
            except OSError:  # it is gone; the end comes by reading
                pass
            self._news.popleft()
            if descriptor >= 0:
                os.close(descriptor)
        self.loop.watch(self._control.fileno(), READ, self._ready)

    def _show(self, request: int) -> None:
        entries = [connection.told() for connection in self.connections]
        for served in self._served.values():
            entries += served.relays()
        for start in range(0, max(1, len(entries)), _SEEN_AT_ONCE):
            part = tuple(entries[start : start + _SEEN_AT_ONCE])
            self._send(wire.Seen(request, part, last=start + _SEEN_AT_ONCE >= len(entries)))

    def unserve(self, key: int) -> None:
        """A worker's processes are all gone."""
        self._served.pop(key, None)

    def _cut_what_is_closed(self) -> None:
        for connection in self.connections:
            reason = closing.closed_by(self.rules, connection.entry)
            if reason:
                self.connections.cut(connection, reason)
        for served in list(self._served.values()):
            served.rules_changed()

    # ---- names

    def resolve(self, host: str, then: Callable[[], None]) -> None:
        """Have `host` resolved, unless it is; then call back. The system's own resolver is asked."""
        if self.names.fresh(host, time.monotonic()):
            then()
            return
        waiting = self._resolving.setdefault(host, [])
        waiting.append(then)
        if len(waiting) == 1:
            self.loop.beside(lambda: _look_up(host), lambda outcome: self._resolved(host, outcome))

    def _resolved(self, host: str, outcome: Future[list[Address]]) -> None:
        found = [] if outcome.exception() is not None else outcome.result()
        seconds = self.rules.pin_seconds if found else _FAILED_SECONDS
        self.names.pin(host, found, time.monotonic() + seconds)
        for then in self._resolving.pop(host):
            then()

    def by_proxy(self, then: Callable[[Internet | None], None]) -> None:
        """The proxy's address, to a callback."""
        parts = urlsplit(self.rules.proxy)
        host, port = parts.hostname or "", parts.port or 80
        place = wire.Place(host, (port,), "the proxy", "tcp", local=True, literal=_literal(host))

        def resolved() -> None:
            addresses = self.names.addresses(place)
            then(Internet(addresses[0], port) if addresses else None)

        if place.literal:
            resolved()
        else:
            self.resolve(host, resolved)

    # ---- for the control plane itself

    def _dial(self, order: wire.Dial) -> None:
        """Connect to a place at each of its addresses in turn: this machine's, unless it goes outward."""
        if not order.outward:
            addresses = [address for address in self.names.addresses(order.place) if address.is_loopback]
            self._dial_next(order, addresses)
        elif order.place.literal or order.place.host == "localhost":
            self._dial_next(order, self.names.addresses(order.place))
        elif closed := closing.closed_by(self.rules, self._dialling(order, "")):
            self._undialled(order, "", errno.EACCES, closed)  # and its name is not looked up
        else:
            self.resolve(order.place.host, lambda: self._dial_next(order, self.names.addresses(order.place)))

    def _dialling(self, order: wire.Dial, address: str) -> wire.Entry:
        """What is told of a connection for the control plane."""
        return wire.Entry(
            self.number(),
            time.time(),
            order.room,
            order.worker,
            "",
            order.profile,
            order.workspace,
            order.place.host,
            address,
            order.place.ports[0],
            "tcp",
        )

    def _undialled(self, order: wire.Dial, address: str, code: int, reason: str) -> None:
        """Answer that there is no connection; one that was to leave the machine is told of."""
        self._send(wire.Dialled(order.request, 0, code, reason))
        if order.outward:
            verdict = "refused" if code == errno.EACCES else "failed"
            entry = self._dialling(order, address)
            self.tell(msgspec.structs.replace(entry, verdict=verdict, reason=reason))

    def _dial_next(self, order: wire.Dial, addresses: list[Address]) -> None:
        if not addresses and order.outward:
            self._undialled(order, "", errno.EHOSTUNREACH, "its name is not known")
            return
        if not addresses:
            self._undialled(order, "", errno.EACCES, "It is not on this machine.")
            return
        address, port = addresses[0], order.place.ports[0]
        entry = self._dialling(order, str(address))
        closed = closing.closed_by(self.rules, entry)
        if closed:
            self._undialled(order, str(address), errno.EACCES, closed)
            return
        connecting = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)

        def done(code: int, reason: str, overhead: tuple[int, int]) -> None:
            if code in _ELSEWHERE and len(addresses) > 1:
                connecting.close()
                self._dial_next(order, addresses[1:])
            elif code:
                connecting.close()
                self._undialled(order, str(address), code, reason)
            else:
                self._dialled(order, entry, connecting)

        Attempt(self.loop, connecting, Internet(address, port), done=done).start()

    def _dialled(self, order: wire.Dial, entry: wire.Entry, connected: socket.socket) -> None:
        connection = Connection(entry, connected, (0, 0))
        connection.established = True
        self.connections.add(connection)
        self._send(wire.Dialled(order.request, entry.connection), os.dup(connected.fileno()))


def _look_up(host: str) -> list[Address]:
    """What the system's resolver says. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found))


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def main(arguments: list[str]) -> int:
    """Serve the control plane on the descriptor named in `arguments`; return the exit code."""
    control = socket.socket(fileno=int(arguments[0]))
    os.set_inheritable(control.fileno(), False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    privileges.die_with_parent(signal.SIGKILL)
    privileges.no_new_privileges()
    with contextlib.suppress(OSError):
        privileges.keep_only_looking()
    privileges.not_dumpable()
    process = EgressProcess(control)
    # What was imported stays; to look through it again and again would hold up whoever connects.
    gc.freeze()
    process.run()
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # a thread that waits for a name server is not worth waiting for
