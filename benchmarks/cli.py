"""A warm `garret status` as a whole process, beside an interpreter that does nothing, in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.dictation import house
from benchmarks.report import Row, row

CALLS = 25


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def run() -> list[Row]:
    """Median and slowest of `CALLS` calls."""
    installed = Path(sys.executable).parent / "garret"
    status = [str(installed)] if installed.exists() else [sys.executable, "-m", "garret.cli"]
    with house() as home:
        environment = {**os.environ, "GARRET_HOME": str(home.root), "GARRET_KEYCHAIN": "off"}
        _seconds([*status, "status"], environment)
        mine: list[float] = []
        floor: list[float] = []
        for _ in range(CALLS):
            mine.append(_seconds([*status, "status"], environment) * 1000)
            floor.append(_seconds([sys.executable, "-c", "pass"], environment) * 1000)
    return [
        row(
            "cli: warm `garret status`, whole process, median",
            statistics.median(mine),
            "ms",
            budget=150.0,
            floor=statistics.median(floor),
        ),
        row("cli: warm `garret status`, slowest", max(mine), "ms", floor=max(floor)),
    ]
