"""SIGKILL amid deciding, writing down and handing over: each run of a schedule is one job, none missing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from garret.base.paths import Home
from garret.control.schedules.plans import run_id
from tests.faults.schedules_victim import BEGIN, EVERY, open_store

KILLS = int(os.environ.get("GARRET_KILLS", "8"))
MOST_LOOKS = 400  # a victim is killed after at most so many


def live(home: Home, *, line: bytes = b"looked\n", lines: int, rest: float = 0.0) -> None:
    """A life that ends by SIGKILL as soon as the victim has written a line so many times."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.schedules_victim", str(home.root), str(rest)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    with process, process.stdout:
        while lines:
            read = process.stdout.readline()
            assert read in (b"looked\n", b"made\n")
            lines -= read == line
        process.kill()
    assert process.returncode == -signal.SIGKILL


def written(home: Home) -> tuple[tuple[Any, ...], list[tuple[Any, ...]], dict[Any, Any]]:
    """The schedule and when it is due, its runs, the keys of the jobs."""
    store = open_store(home)
    try:
        with store.readers.read() as connection:
            (schedule,) = connection.execute("SELECT id, due FROM schedules").fetchall()
            runs = connection.execute("SELECT due, state, job FROM schedule_runs ORDER BY due").fetchall()
            keys = dict(connection.execute("SELECT id, idempotency FROM jobs").fetchall())
    finally:
        store.close()
    return schedule, runs, keys


def test_every_minute_has_one_job_whenever_the_house_is_killed(home: Home) -> None:
    home.create()
    chance = random.Random(18)
    for _ in range(KILLS):
        live(home, lines=chance.randint(1, MOST_LOOKS))
    # Where disks are slow each may have died before it had written one: the last lives until it has.
    live(home, line=b"made\n", lines=1, rest=0.01)
    (schedule, due), runs, keys = written(home)
    dues = [BEGIN + EVERY * number for number in range(1, len(runs) + 1)]
    assert [run[0] for run in runs] == dues, "every minute, and none twice"
    assert due == dues[-1] + EVERY
    assert len(keys) == len(runs)
    for at, state, job in runs:
        assert state == "done"
        assert keys[job] == run_id(str(schedule), float(at))
