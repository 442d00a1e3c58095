"""Long recordings: how soon a cancelled transcription leaves the workers idle, and what four hours need.

Cancelling is measured from the client's command to the moment at which no worker of the room is busy any
more, asked of the house without a pause, at several places of a file of an hour. A call into an engine cannot
be interrupted, so that the worst is what one such call takes. Memory is the peak of a process that decodes
four hours and nothing else; the peer reads the same file in one go, as programs do that hand on an array.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.dictation import RATE, house
from benchmarks.report import Row, row
from benchmarks.spoken import DEMO
from garret.base.errors import CancelledError
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.transport.client import Client

_CANCEL_SECONDS = 3600
_LONG_SECONDS = 4 * 3600
_ROUNDS = 5
_BUSY = "busy"
_ROOM = ("audio", "stt", "text")
_IN_BLOCKS = """
import os, resource, sys
from garret.features.dictate.audio.decode import decode
decode(os.open(sys.argv[1], os.O_RDONLY), lambda pcm: None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_IN_ONE_GO = """
import resource, soundfile, sys
soundfile.read(sys.argv[1], dtype="float32")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _speech(path: Path, seconds: int) -> Path:
    """A FLAC of that many seconds, the demonstration's passage over and over; written in pieces."""
    passage, _ = soundfile.read(DEMO / "passage.flac", dtype="int16")
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for _ in range(-(-seconds * RATE // len(passage))):
            file.write(passage)
    return path


def _silence(path: Path, seconds: int) -> Path:
    """Faint noise: all of it is decoded and looked at, and none of it takes an engine's time."""
    faint = np.random.default_rng(1).normal(0, 20, 60 * RATE).astype(np.int16)
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for _ in range(seconds // 60):
            file.write(faint)
    return path


def _take(client: Client, path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return client.call(d.Import(name=path.name), descriptors=(descriptor,)).utterance
    finally:
        os.close(descriptor)


class _Run:
    """A transcription under way, on a connection of its own."""

    def __init__(self, home: Home, utterance: str) -> None:
        self._home = home
        self._utterance = utterance
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with closing(Client.connect(self._home)) as client, suppress(CancelledError):
            client.call(d.Transcribe(utterance=self._utterance, key=new_id("ask")))

    def join(self) -> None:
        self._thread.join()


def _busy(client: Client) -> list[h.WorkerStatus]:
    return [
        each for each in client.call(h.ListWorkers()).workers if each.name in _ROOM and each.state == _BUSY
    ]


def _cancelling(home: Home, client: Client, path: Path) -> list[float]:
    """Milliseconds from the command until no worker is busy, of each round."""
    times: list[float] = []
    for number in range(_ROUNDS):
        run = _Run(home, _take(client, path))
        while not {each.name for each in _busy(client)} >= {"audio", "stt"}:
            time.sleep(0.02)
        time.sleep(0.3 * number)  # another place in the window of the engine each time
        (job,) = [each for each in client.call(h.ListJobs(limit=20)).jobs if each.state == "running"]
        began = time.monotonic()
        client.call(h.CancelJob(job=job.id))
        while _busy(client):
            pass
        times.append((time.monotonic() - began) * 1000)
        run.join()
    print("  cancelled, ms:", ", ".join(f"{each:.0f}" for each in times), flush=True)
    return times


def _memory(folder: Path) -> list[Row]:
    path = _silence(folder / "long.flac", _LONG_SECONDS)
    sizes: list[int] = []
    for program in (_IN_BLOCKS, _IN_ONE_GO):
        command = [sys.executable, "-c", program, str(path)]
        sizes.append(int(subprocess.run(command, capture_output=True, check=True).stdout))
    return [
        row(
            "recordings: memory of a process that decodes 4 h",
            sizes[0] / 1024,
            "MiB",
            budget=160.0,
            peers={"read in one go": sizes[1] / 1024},
        )
    ]


def run() -> list[Row]:
    """Both figures."""
    with tempfile.TemporaryDirectory(prefix="g-", dir="/tmp") as name, house() as home:
        folder = Path(name)
        with closing(Client.connect(home)) as client:
            times = _cancelling(home, client, _speech(folder / "hour.flac", _CANCEL_SECONDS))
        memory = _memory(folder)
    return [
        row(
            "recordings: from the cancelling of a transcription to idle workers, median",
            statistics.median(times),
            "ms",
            budget=100.0,
        ),
        row("recordings: ... at worst", max(times), "ms"),
        *memory,
    ]
