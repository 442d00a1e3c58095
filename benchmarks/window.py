"""The window under a screen that nobody sees: first paint, round trips, files, what it takes while idle,
what its first screen weighs, and how it goes on while a log runs past.

Round trips go from the page's script over the bridge to the control plane and back; the floor is the same
command from a blocking client. Each figure comes from a process of its own (`window_run`). Beside times stand
those of the processor: they are what can be compared where other programs have it too.
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import chatty_house, echo_house
from benchmarks.dictation import house
from benchmarks.report import Row, row
from garret.base.paths import Home
from garret.features.desk.contracts import GetPreferences
from garret.features.house.contracts import SetSetting
from garret.page.assets import FOLDER, find
from garret.page.errors import PageError
from garret.transport.client import Client
from tests.shell.desktop import desktop, missing

STARTS = 5
FLOOR = 1000


def run() -> list[Row]:
    """All figures; none where there can be no window."""
    if lacking := missing():
        print(f"window: not measured, since {lacking} are not installed", file=sys.stderr)
        return []
    with (
        tempfile.TemporaryDirectory(prefix="g-", dir="/tmp") as folder,
        desktop(Path(folder)) as screen,
        house() as home,
    ):
        environment = {
            **screen.environment,
            "GARRET_HOME": str(home.root),
            "QTWEBENGINE_DISABLE_SANDBOX": "1",
        }
        return _rows(home, environment)


def _rows(home: Home, environment: dict[str, str]) -> list[Row]:
    told = _window("bench", environment)
    trips = sorted(told["trips"])
    rows = [
        row(
            "window: page to control plane and back, p50",
            statistics.median(trips),
            "ms",
            budget=1.5,
            floor=_floor(home),
        ),
        row("window: page to control plane and back, p95", trips[len(trips) * 95 // 100], "ms"),
        row("window: 64 MiB to the page, median", statistics.median(told["blobs"]) / 1000, "s", budget=0.4),
    ]
    if not (FOLDER / "index.html").is_file():
        print("window: paint and memory are not measured, since the page is not built", file=sys.stderr)
        return rows
    starts = [_window("paint", environment) for _ in range(STARTS + 1)][1:]  # the first warms the disk
    still = _window("idle", environment)
    weight = sum(_compressed(name) for name in set(_window("weight", environment)["files"]))
    return [
        *rows,
        row(
            "window: process to first paint, warm, median",
            statistics.median(each["paint"] for each in starts),
            "s",
            budget=1.5,
        ),
        row(
            "window: ... processor time, all its processes",
            statistics.median(each["cpu"] for each in starts),
            "s",
        ),
        row("window: memory idle, all its processes", still["memory"] / (1 << 20), "MiB", budget=250.0),
        row("window: memory idle, the process with Python", still["own"] / (1 << 20), "MiB"),
        row("window: processor idle", still["cpu"], "%", budget=0.5),
        row("window: first screen, compressed", weight / 1024, "KiB", budget=400.0),
        *_tail(environment),
    ]


def _tail(environment: dict[str, str]) -> list[Row]:
    """The log page while it follows 1,000 lines a second."""
    with echo_house.running("benchmarks.chatty_house") as home:
        client = Client.connect(home, role="shell", service="garret-bench")
        client.call(SetSetting(key="desk.first_run_done", value="yes"))
        client.close()
        told = _window("tail", {**environment, "GARRET_HOME": str(home.root)})
    frames, keys = sorted(told["frames"]), sorted(told["keys"])
    busy = f"{chatty_house.LINES:,} log lines a second"
    return [
        row(f"window: frame with {busy}, p95", frames[len(frames) * 95 // 100], "ms", budget=33.4),
        row(f"window: key to its frame with {busy}, p95", keys[len(keys) * 95 // 100], "ms", budget=100.0),
        row(f"window: processor with {busy}, of one", told["cpu"], "%"),
    ]


def _compressed(address: str) -> int:
    """Bytes of a file of the page as a browser gets it: what is text is compressed, as the gateway does."""
    try:
        found = find(urlsplit(address).path)
    except PageError:
        return 0  # the bridge's own script, which only the window has
    data = found.path.read_bytes()
    return len(data) if found.path.suffix == ".woff2" else len(gzip.compress(data, 9, mtime=0))


def _window(what: str, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.window_run", repr(time.time()), what],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parent.parent,
        timeout=300,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _floor(home: Home) -> float:
    client = Client.connect(home, role="shell", service="garret-bench")
    took: list[float] = []
    for _ in range(FLOOR):
        began = time.perf_counter()
        client.call(GetPreferences())
        took.append((time.perf_counter() - began) * 1000)
    client.close()
    return statistics.median(took)
