"""Private servers for tests, on loopback, as a plain user; each is stopped by its own process.

Where a program cannot be had the test is skipped, and says so. `Listening` is a server of a test's own;
`Relay` stands before a real one and counts the bytes of each connection.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import pytest

PATIENCE = 60.0  # seconds; a test that hangs fails


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def may_run_as(name: str, folder: Path) -> dict[str, Any]:
    """How to start a program that refuses root: as user `name`, to whom `folder` is given."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, name)
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _needs(library: str, program: Path | None, user: str, what: str) -> None:
    """Skip where the client's library, the server's program or the user it runs as is missing."""
    if find_spec(library) is None or program is None or (os.geteuid() == 0 and not _is_user(user)):
        pytest.skip(f"CLIENT {library} NOT TESTED: it is not installed, or there is no {what}")


@contextlib.contextmanager
def postgresql(folder_of_programs: Path | None = None) -> Iterator[int]:
    """A PostgreSQL server, the system's unless programs are named, its user `garret`; gives its port."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if folder_of_programs is not None:
        programs = [folder_of_programs]
    _needs("psycopg", programs[-1] if programs else None, "postgres", "PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="g-pg-"))
    user = may_run_as("postgres", folder)
    data = str(folder / "data")
    subprocess.run(
        [programs[-1] / "initdb", "-D", data, "-A", "trust", "-U", "garret", "--no-sync"],
        check=True,
        capture_output=True,
        **user,
    )
    port = free_port()
    words = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
    server = subprocess.Popen([programs[-1] / "postgres", *words], stderr=subprocess.PIPE, text=True, **user)
    try:
        assert server.stderr is not None
        said = ""
        while "ready to accept connections" not in said:
            line = server.stderr.readline()
            assert line, said
            said += line
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()
        shutil.rmtree(folder)


@contextlib.contextmanager
def rabbitmq() -> Iterator[int]:
    """A RabbitMQ server; gives its AMQP port. Its port mapper is our own, and ends with it."""
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    mapper = shutil.which("epmd")
    _needs("aio_pika", program if program.exists() and mapper else None, "rabbitmq", "RabbitMQ")
    assert mapper is not None
    folder = Path(tempfile.mkdtemp(prefix="g-mq-"))
    user = may_run_as("rabbitmq", folder)
    port, names = free_port(), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),  # of the cookie
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"garret-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    (folder / "plugins").write_text("[].\n")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(
            _running([mapper, "-address", "127.0.0.1"], environment, user, subprocess.DEVNULL)
        )
        server = stack.enter_context(_running([str(program)], environment, user))
        assert server.stdout is not None
        said = ""
        while "Server startup complete" not in said:
            line = server.stdout.readline()
            assert line, said
            said += line
        # What it says later is of no interest, but a full pipe would stop it.
        threading.Thread(target=_drain, args=(server.stdout,), daemon=True).start()
        yield port


@contextlib.contextmanager
def _running(
    words: list[str], environment: dict[str, str], user: dict[str, Any], output: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """A program in a process group of its own, which is stopped whole."""
    process = subprocess.Popen(
        words,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **user,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _drain(output: IO[str]) -> None:
    with output:
        for _ in output:
            pass


class Listening:
    """Listens on loopback; `talk`, in a thread for each connection, gives what is noted once it has ended."""

    def __init__(self, talk: Callable[[socket.socket], Any]) -> None:
        self._talk = talk
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listening.getsockname()[1])
        self._noted: list[Any] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._note, args=(connected,), daemon=True).start()

    def _note(self, connected: socket.socket) -> None:
        with connected:
            noted = self._talk(connected)
        with self._changed:
            self._noted.append(noted)
            self._changed.notify_all()

    def ended(self, count: int) -> list[Any]:
        """What was noted, once so many connections have ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._noted) >= count, PATIENCE), len(self._noted)
            return list(self._noted)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)


class Relay:
    """Hands each connection on to a server on loopback, and notes the bytes of each way."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listening = Listening(self._relay)
        self.port = self._listening.port
        self.close = self._listening.close

    def _relay(self, client: socket.socket) -> tuple[int, int]:
        with socket.create_connection(("127.0.0.1", self._to)) as server:
            back = [0]
            answering = threading.Thread(target=self._pump, args=(server, client, back), daemon=True)
            answering.start()
            there = [0]
            self._pump(client, server, there)
            answering.join(PATIENCE)
        return there[0], back[0]

    def _pump(self, source: socket.socket, sink: socket.socket, count: list[int]) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                sink.sendall(piece)
                count[0] += len(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def ended(self, count: int) -> list[tuple[int, int]]:
        """Bytes that each client sent and received, once so many connections have ended."""
        return self._listening.ended(count)


@contextlib.contextmanager
def relaying(to: int) -> Iterator[Relay]:
    """A relay before the server on port `to`."""
    relay = Relay(to)
    try:
        yield relay
    finally:
        relay.close()
