"""A real egress process and caged workers around it, with servers on loopback, for tests.

A worker runs a piece of Python after its cage has closed; what it gives to `tell` comes back. Names are
resolved
from a table instead of by the system.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from garret.control.egress import wire
from garret.control.egress.wire import Entry, Place
from tests.servers import Listening

PATIENCE = 30.0  # seconds; a test that hangs fails

PROCESS = """
import ipaddress, json, socket, sys
table = json.loads(sys.argv[2])
def look_up(host, port, **options):
    if host not in table:
        raise socket.gaierror(-2, "no such name")
    return [
        (10 if ":" in address else 2, 1, 6, "", (address, port)) for address in table[host]
    ]
socket.getaddrinfo = look_up
from garret.control.egress import process
if sys.argv[3] == "plain":
    process.privileges.may_look_into_others = lambda: False
process.main([sys.argv[1]])
"""

WORKER = """
import errno, json, os, socket, sys, threading, time
from garret.protocol.manifest import Grants
from garret.worker import sandbox
control = socket.socket(fileno=int(sys.argv[1]))
options = json.loads(sys.argv[2])
port, reached_by = options.pop("port"), options.pop("reached_by")
report = sandbox.enforce(
    Grants(network=True, **options), control_descriptor=control.fileno(), reached_by=reached_by
)
socket.send_fds(control, [b"l"], [report.listener])
os.close(report.listener)
assert control.recv(1) == b"g"
def tell(value):
    control.sendall(json.dumps(value).encode() + b"\\n")
def wait():
    return control.recv(1)
def code(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"
"""


class Server:
    """Answers each piece it gets with `answer`; notes what it got of each connection.

    With `once` it ends a connection after one answer to a request of HTTP.
    """

    def __init__(self, answer: bytes = b"world", *, once: bool = False) -> None:
        self._answer, self._once = answer, once
        self._listening = Listening(self._talk)
        self.port = self._listening.port
        self.close = self._listening.close

    def _talk(self, connected: socket.socket) -> bytes:
        data = b""
        with contextlib.suppress(OSError):
            while piece := connected.recv(65_536):
                data += piece
                if self._once and not data.endswith(b"\r\n\r\n"):
                    continue
                connected.sendall(self._answer)
                if self._once:
                    break
        return data

    def ended(self, count: int) -> list[bytes]:
        """What was got, once so many connections have ended."""
        return self._listening.ended(count)


class Worker:
    """A caged process; `tell` of it comes out of `heard`."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self.process = process
        self._control = control
        self._lines = control.makefile("rb")

    def heard(self) -> Any:
        line = self._lines.readline()
        assert line, self.process.communicate()[1].decode()
        return json.loads(line)

    def go_on(self) -> None:
        self._control.sendall(b"n")

    def end(self) -> None:
        self._lines.close()
        self._control.close()
        self.process.kill()
        self.process.communicate()


class Rig:
    """The control plane's end: gives orders and remembers the news."""

    def __init__(self, control: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._control = control
        self._workers: list[Worker] = []
        self._keys = 0
        self._changed = threading.Condition()
        self.entries: list[Entry] = []
        self.others: list[tuple[Any, list[int]]] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                data, descriptors, _flags, _address = socket.recv_fds(self._control, wire.MOST_BYTES, 1)
            except OSError:
                return
            if not data:
                return
            news = wire.decode_news(data)
            with self._changed:
                if isinstance(news, Entry):
                    self.entries.append(news)
                else:
                    self.others.append((news, list(descriptors)))
                self._changed.notify_all()

    def order(self, order: wire.ToProcess, descriptor: int = -1) -> None:
        socket.send_fds(self._control, [wire.encode(order)], [descriptor] if descriptor >= 0 else [])

    def until(self, reached: Callable[[], Any]) -> Any:
        """What `reached` gives, once it is true."""
        with self._changed:
            assert self._changed.wait_for(reached, PATIENCE), self.entries
            return reached()

    def of(self, *verdicts: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.verdict in verdicts]

    def ended(self, count: int) -> list[Entry]:
        """The entries that are no beginnings, once there are so many."""
        return list(self.until(lambda: found if len(found := self._not_open()) >= count else None))

    def _not_open(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.verdict != "open"]

    def worker(
        self,
        source: str,
        *places: Place,
        port: int = 0,
        barred: tuple[str, ...] = (),
        reached_by: int = 0,
        **grants: Any,
    ) -> Worker:
        """Start `source` in a cage with these places to go to."""
        ours, theirs = socket.socketpair()
        with theirs:
            options = {"port": port, "reached_by": reached_by, "memory_bytes": 1 << 30, **grants}
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER + source, str(theirs.fileno()), json.dumps(options)],
                pass_fds=(theirs.fileno(),),
                stderr=subprocess.PIPE,
            )
        ours.settimeout(PATIENCE)
        data, descriptors, _flags, _address = socket.recv_fds(ours, 1, 1)
        assert data, process.communicate()[1].decode()
        self._keys += 1
        unix, programs = bool(grants.get("local_sockets")), bool(grants.get("execute"))
        self.order(wire.Serve(self._keys, "room", "walker", places, unix, programs, barred), descriptors[0])
        os.close(descriptors[0])
        ours.sendall(b"g")
        self._workers.append(Worker(process, ours))
        return self._workers[-1]

    def hang_up(self) -> None:
        """Be gone, as a control plane that died."""
        self._control.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        with contextlib.suppress(OSError):
            self.hang_up()
        self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        self._control.close()
        for _, descriptors in self.others:
            for descriptor in descriptors:
                with contextlib.suppress(OSError):
                    os.close(descriptor)


@contextmanager
def rig(*, plain: bool = False, **names: list[str]) -> Iterator[Rig]:
    """An egress process that resolves `names`, whose underscores stand for dots.

    A `plain` one has no right to look into what is not dumpable, as without root.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    table = {name.replace("_", "."): addresses for name, addresses in names.items()}
    with theirs:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                PROCESS,
                str(theirs.fileno()),
                json.dumps(table),
                "plain" if plain else "",
            ],
            pass_fds=(theirs.fileno(),),
            cwd=Path(__file__).resolve().parents[3],
        )
    made = Rig(ours, process)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def serving(answer: bytes = b"world", *, once: bool = False) -> Iterator[Server]:
    """A server on loopback."""
    server = Server(answer, once=once)
    try:
        yield server
    finally:
        server.close()


def here(port: int, transport: str = "tcp") -> Place:
    """A place on loopback."""
    return Place("127.0.0.1", (port,), "a test", transport, local=True, literal=True)


def named(host: str, port: int, *, local: bool = False, transport: str = "tcp") -> Place:
    """A place by its name."""
    return Place(host, (port,), "a test", transport, local=local, literal=False)
