"""What the way out costs: a connection over loopback, bytes, and how soon what is closed is cut.

The same program connects from a cage, asked for by a real egress process, and freely, in turns, so that both
see the same machine; the floor is the free one. Cutting runs from the order until the worker's read has
ended, on the clock that all processes share; the end of a connection from the worker's close until the other
side reads it.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.report import row
from garret.control.egress import wire
from tests.control.egress.rig import here, rig

_ROUNDS = 10
_CONNECTS = 200  # in one round
_BYTES = 256 << 20
_CUTS = 30
_ADDED_BUDGET = 0.3  # milliseconds, at the 99th percentile
_CUT_BUDGET = 100.0  # milliseconds
_KEPT = 0.95  # of the throughput without a way out

_SERVER = """
import socket, sys
listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
print(listening.getsockname()[1], flush=True)
while True:
    connected, _ = listening.accept()
    connected.close()
"""

_CONNECT = f"""
def connect():
    times = []
    for _ in range({_CONNECTS}):
        made = socket.socket()
        began = time.perf_counter()
        made.connect(("127.0.0.1", port))
        times.append(time.perf_counter() - began)
        made.close()
    return times
"""

_SEND = f"""
def send():
    piece = bytes(1 << 20)
    with socket.create_connection(("127.0.0.1", port)) as made:
        began = time.perf_counter()
        for _ in range({_BYTES} >> 20):
            made.sendall(piece)
        made.shutdown(socket.SHUT_WR)
        made.recv(1)
        return time.perf_counter() - began
"""

_HELD = """
while wait():
    made = socket.create_connection(("127.0.0.1", port))
    tell("open")
    try:
        made.recv(1)
    except OSError:
        pass
    tell(time.monotonic())
    made.close()
"""

_CLOSED = """
while wait():
    made = socket.create_connection(("127.0.0.1", port))
    made.sendall(b"x")
    made.recv(1)
    made.close()
    tell(time.monotonic())
"""

_FREE = """
import json, socket, sys, time
port = int(sys.argv[1])
def tell(value):
    print(json.dumps(value), flush=True)
def wait():
    return sys.stdin.read(1)
"""


class _Free:
    """The same program without a cage, spoken to like a worker of the rig."""

    def __init__(self, source: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FREE + source, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("n")
        self._process.stdin.flush()

    def heard(self) -> Any:
        import json

        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def _server(source: str) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def _in_turns(source: str, call: str, server: str, rounds: int) -> tuple[list[Any], list[Any]]:
    """What the same call gave with a way out and without, round by round."""
    loop = f"{source}\nwhile wait():\n    tell({call}())\n"
    asked, free = [], []
    with _server(server) as port, rig() as egress:
        worker, other = egress.worker(loop, here(port), port=port), _Free(loop, port)
        try:
            for _ in range(rounds):
                for program, found in ((worker, asked), (other, free)):
                    program.go_on()
                    found.append(program.heard())
        finally:
            other.end()
    return asked, free


def _percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def _connects() -> list[dict[str, Any]]:
    asked, free = _in_turns(_CONNECT, "connect", _SERVER, _ROUNDS)
    flat = [[each for times in found for each in times] for found in (asked, free)]
    rows = []
    for name, share, budget in (("median", 0.5, None), ("p99", 0.99, _ADDED_BUDGET)):
        with_it, without = (_percentile(times, share) for times in flat)
        rows.append(
            dict(
                row(
                    f"egress: added to a connect over loopback, {name}",
                    round(max(0.0, with_it - without), 4),
                    "ms",
                    budget=budget,
                    floor=round(without, 4),
                )
            )
        )
    return rows


_SINK = """
import socket
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
buffer = bytearray(1 << 20)
while True:
    connected, _ = listening.accept()
    while connected.recv_into(buffer):
        pass
    connected.close()
"""


def _throughput() -> dict[str, Any]:
    asked, free = _in_turns(_SEND, "send", _SINK, 5)
    rates = [_BYTES / (1 << 20) / statistics.median(times) for times in (asked, free)]
    return dict(
        row(
            "egress: sent over loopback",
            round(rates[0], 1),
            "MiB/s",
            budget=round(_KEPT * rates[1], 1),
            floor=round(rates[1], 1),
        )
    )


def _cuts() -> dict[str, Any]:
    times = []
    with _server(_SINK) as port, rig() as egress:
        worker = egress.worker(_HELD, here(port), port=port)
        for _ in range(_CUTS):
            egress.order(wire.Rules())
            worker.go_on()
            assert worker.heard() == "open"
            began = time.monotonic()
            egress.order(wire.Rules(closed=("worker:walker",)))
            times.append((float(worker.heard()) - began) * 1000)
    return dict(row(f"egress: cut, worst of {_CUTS}", round(max(times), 3), "ms", budget=_CUT_BUDGET))


def _ends() -> dict[str, Any]:
    """How much later than usual the other side learns of a close."""
    times: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listening, rig() as egress:
        ended: list[float] = []
        told = threading.Semaphore(0)

        def serve() -> None:
            for _ in range(_CUTS):
                connected, _ = listening.accept()
                with connected:
                    connected.recv(1)
                    connected.sendall(b"y")
                    connected.recv(1)
                    ended.append(time.monotonic())
                told.release()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        port = int(listening.getsockname()[1])
        worker = egress.worker(_CLOSED, here(port), port=port)
        for number in range(_CUTS):
            worker.go_on()
            closed = float(worker.heard())
            told.acquire()
            times.append((ended[number] - closed) * 1000)
        serving.join()
    return dict(
        row("egress: a close reaches the other side, median", round(statistics.median(times), 3), "ms")
    )


def run() -> list[dict[str, Any]]:
    """Connections, bytes, cuts and ends."""
    return [*_connects(), _throughput(), _cuts(), _ends()]
