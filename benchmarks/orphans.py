"""How soon a worker and its grandchildren are gone after the control plane's SIGKILL.

A control plane starts a guarded worker, whose child stayed in its group and whose grandchild left group and
session, ignores SIGTERM and lost its parent (tests/worker/family.py). The time runs from the SIGKILL of the
control plane until every pidfd tells the end. The floor is a SIGKILL straight at one process, its worst
beside the worst: on a busy machine that alone takes tens of milliseconds now and then.
"""

from __future__ import annotations

import json
import os
import select
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.report import row

_ROUNDS = 20
_BUDGET = 100.0  # milliseconds
_PATIENCE = 30.0  # seconds until a process counts as escaped
_FAMILY = Path(__file__).resolve().parent.parent / "tests" / "worker" / "family.py"


def _wait_gone(fds: list[int]) -> None:
    left = set(fds)
    while left:
        ready, _, _ = select.select(list(left), [], [], _PATIENCE)
        if not ready:
            raise TimeoutError("a process outlived its control plane")
        left.difference_update(ready)
    for fd in fds:
        os.close(fd)


def _family_gone(kind: str) -> float:
    """Milliseconds from the SIGKILL of the control plane until its whole family is gone."""
    plane = subprocess.Popen([sys.executable, str(_FAMILY), "plane", kind], stdout=subprocess.PIPE, text=True)
    assert plane.stdout is not None
    fds = [os.pidfd_open(pid) for pid in sorted(set(json.loads(plane.stdout.readline())))]
    started = time.perf_counter()
    plane.kill()
    _wait_gone(fds)
    taken = (time.perf_counter() - started) * 1000
    plane.communicate()
    return taken


def _bare_kill() -> float:
    process = subprocess.Popen(["/bin/sleep", "600"])
    fds = [os.pidfd_open(process.pid)]
    started = time.perf_counter()
    process.send_signal(signal.SIGKILL)
    _wait_gone(fds)
    taken = (time.perf_counter() - started) * 1000
    process.wait()
    return taken


def run() -> list[dict[str, Any]]:
    """Median and worst of twenty rounds each."""
    rows: list[dict[str, Any]] = []
    floors = [_bare_kill() for _ in range(_ROUNDS)]
    for kind, words in (("guarded", "worker and grandchildren"), ("plain", "worker without programs")):
        times = [_family_gone(kind) for _ in range(_ROUNDS)]
        for name, of in (("median", statistics.median), (f"worst of {_ROUNDS}", max)):
            value, floor = of(times), of(floors)
            full = f"orphans: {words} gone after SIGKILL of the control plane, {name}"
            rows.append(dict(row(full, round(value, 2), "ms", budget=_BUDGET, floor=round(floor, 2))))
    return rows
