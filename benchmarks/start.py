"""How soon things are up, and what they cost while nothing happens.

The bootstrap of a worker runs from the decision to start it until it is proven and caged (a plane that
was idle is asked something; the answer's time less the same question asked again). Control plane: from
exec until it serves, on a fresh home with all rooms; then its memory and processor time without a worker.
Peers: a bare interpreter, and one with FastAPI and uvicorn imported. The floor of a worker is a bare
interpreter, too.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.echo_house import running
from benchmarks.echo_room import DoNothing
from benchmarks.report import Row, row
from garret.base.paths import Home
from garret.transport.client import Client
from garret.transport.errors import TransportError

ROUNDS = 5
IDLE_SECONDS = 10.0
_PATIENCE = 60.0


def run() -> list[Row]:
    """Measure; see the module's docstring."""
    interpreter = statistics.median(_interpreter("pass") for _ in range(ROUNDS))
    fastapi = statistics.median(_interpreter("import fastapi, uvicorn") for _ in range(ROUNDS))
    worker = statistics.median(_worker_start() for _ in range(ROUNDS))
    planes = [_plane(idle=number == ROUNDS - 1) for number in range(ROUNDS)]
    ready = statistics.median(plane[0] for plane in planes)
    _, memory, percent = planes[-1]
    return [
        row("start: a worker with light imports", worker, "ms", budget=150.0, floor=interpreter),
        row(
            "start: control plane, cold",
            ready,
            "ms",
            budget=1000.0,
            peers={"import fastapi, uvicorn": fastapi},
            floor=interpreter,
        ),
        row("idle: control plane's memory", memory, "MB", budget=60.0),
        row(f"idle: control plane's processor over {IDLE_SECONDS:.0f} s", percent, "%", budget=0.0),
    ]


def _interpreter(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (time.perf_counter() - start) * 1000


def _worker_start() -> float:
    """Milliseconds until a worker that was not there answers, less those of one that was."""
    with running() as home:
        client = Client.connect(home)
        start = time.perf_counter()
        client.call(DoNothing())
        first = time.perf_counter() - start
        start = time.perf_counter()
        client.call(DoNothing())
        again = time.perf_counter() - start
        client.close()
    return (first - again) * 1000


def _plane(*, idle: bool) -> tuple[float, float, float]:
    """A control plane on a fresh home: milliseconds until it serves, MB resident, percent of a processor."""
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    home = Home(folder / "h")
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "garret.daemon"],
        env={**os.environ, "GARRET_HOME": str(home.root), "GARRET_KEYCHAIN": "off"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_serving(home, process)
        ready = (time.perf_counter() - start) * 1000
        memory, percent = _idle(process.pid) if idle else (0.0, 0.0)
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)
    return ready, memory, percent


def _wait_serving(home: Home, process: subprocess.Popen[bytes]) -> None:
    """Return as soon as the socket takes connections: by then everything else is up."""
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end and process.poll() is None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(home.socket))
            except OSError:
                time.sleep(0.002)
                continue
        _prove(home)
        return
    raise RuntimeError("the control plane did not come up")


def _prove(home: Home) -> None:
    try:
        Client.connect(home).close()
    except TransportError as error:
        raise RuntimeError("the control plane listens, but does not answer") from error


def _idle(pid: int) -> tuple[float, float]:
    """Resident MB, and percent of one processor used while nothing happens, after things settled."""
    process = psutil.Process(pid)
    time.sleep(2.0)  # what start-up left to do, such as writing the log, is done
    memory = process.memory_info().rss / 1e6
    before = process.cpu_times()
    time.sleep(IDLE_SECONDS)
    after = process.cpu_times()
    used = (after.user + after.system) - (before.user + before.system)
    return memory, used / IDLE_SECONDS * 100
