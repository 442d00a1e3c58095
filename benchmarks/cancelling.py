"""How long an engine goes on computing after a dictation of a file was cancelled, where two cores are free.

A file is dictated by tiny.en and its job cancelled amid recognition, at moments spread over its packs. From
then on the processor time of the speech-to-text processes is read every 5 ms: the engine is idle from the
last moment at which it grew. What CTranslate2 has begun cannot be interrupted, so that one of its calls has
to end; `floor` is what the cancellation takes until the caller has its answer. The processor time that is
spent after it does not depend on who else uses the machine. It is counted in steps of 10 ms.
Neighbours: `dictation`, whose house it uses.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from benchmarks.dictation import RATE, house
from benchmarks.dictation_words import model
from benchmarks.report import Row, row
from benchmarks.spoken import DEMO
from garret.base.errors import GarretError
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.transport.client import Client

ROUNDS: Final = int(os.environ.get("GARRET_BENCH_CANCELS", "20"))
SECONDS: Final = 150.0
BUDGET: Final = 100.0  # milliseconds
_STEP: Final = 0.005
_QUIET: Final = 0.5  # seconds without a step of the processor's clock: it is idle
_TICK: Final = os.sysconf("SC_CLK_TCK")
_PATIENCE: Final = 60.0


def run() -> list[Row]:
    folder = model()
    if folder is None:
        print("cancelling needs tiny.en: not measured", file=sys.stderr)
        return []
    with (
        house() as home,
        tempfile.TemporaryDirectory() as temporary,
        contextlib.closing(Client.connect(home)) as mine,
    ):
        mine.call(h.SetSetting(key="dictate.whisper_model", value=str(folder)))
        mine.call(h.SetSetting(key="dictate.engine", value="whisper"))
        path = Path(temporary) / "long.flac"
        passage, _ = soundfile.read(DEMO / "passage.flac", dtype="int16")
        soundfile.write(path, np.resize(passage, round(SECONDS * RATE)), RATE)
        found = [_cancelled(home, mine, path, number / ROUNDS) for number in range(-1, ROUNDS)][1:]
    idle, answered, spent = ([1000 * each[place] for each in found] for place in range(3))
    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"  idle after, ms: {', '.join(f'{each:.0f}' for each in sorted(idle))} ({load})", flush=True)
    what = f"cancelling: engine idle, {ROUNDS} times"
    return [
        row(
            f"{what}, median", statistics.median(idle), "ms", budget=BUDGET, floor=statistics.median(answered)
        ),
        row(f"{what}, worst", max(idle), "ms", budget=BUDGET, floor=max(answered)),
        row("cancelling: processor time spent after it, median", statistics.median(spent), "ms"),
        row("cancelling: processor time spent after it, worst", max(spent), "ms"),
    ]


def _cancelled(home: Home, mine: Client, path: Path, share: float) -> tuple[float, float, float]:
    """Cancel a dictation: seconds until the engine was idle, till the caller was answered, and spent."""
    with path.open("rb") as file:
        utterance = mine.call(d.Import(name=path.name), descriptors=(file.fileno(),)).utterance
    answered = threading.Event()
    answers: list[float] = []

    def dictate() -> None:
        with contextlib.closing(Client.connect(home)) as other, contextlib.suppress(GarretError):
            other.call(d.Transcribe(utterance=utterance, key=new_id("ask")))
        answers.append(time.monotonic())
        answered.set()

    thread = threading.Thread(target=dictate)
    thread.start()
    _wait_for_work(mine)
    time.sleep(max(0.0, share) * 1.5)  # somewhere within the calls of a pack
    job = next(job for job in mine.call(h.ListJobs(limit=5)).jobs if job.state == "running")
    processes = [
        worker.pid for worker in mine.call(h.ListWorkers()).workers if worker.name == "stt" and worker.pid
    ]
    began = time.monotonic()
    mine.call(h.CancelJob(job=job.id))
    before = _ticks(processes)
    idle = _idle_from(processes)
    spent = (_ticks(processes) - before) / _TICK
    answered.wait(_PATIENCE)
    thread.join()
    return max(0.0, idle - began), answers[0] - began, spent


def _wait_for_work(mine: Client) -> None:
    """Until the engine has computed for a while."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        pids = [
            each.pid for each in mine.call(h.ListWorkers()).workers if each.name == "stt" and each.running
        ]
        before = _ticks(pids)
        time.sleep(0.05)
        if pids and _ticks(pids) > before:
            return
    raise RuntimeError("the engine was never at work")


def _idle_from(processes: list[int]) -> float:
    """When the processor time of these processes grew last."""
    last = began = time.monotonic()
    ticks = _ticks(processes)
    while time.monotonic() - last < _QUIET and time.monotonic() - began < _PATIENCE:
        time.sleep(_STEP)
        now = _ticks(processes)
        if now > ticks:
            ticks, last = now, time.monotonic()
    return last


def _ticks(processes: list[int]) -> int:
    """User and system time, in ticks of the kernel's clock; of a process that is gone none."""
    total = 0
    for pid in processes:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total
