"""What the house costs a dictation: end of speech to final text, throughput on a long file, word errors.

The bare engine is the same engine class in plain processes on the same audio, with as many of them
(`bare_engine`). GARRET_BENCH_SECONDS sets the length of the file (an hour in `make soak`, minutes by
default, since PocketSphinx takes its time), GARRET_BENCH_UTTERANCES the number of live utterances.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import garret
from benchmarks import bare_engine, dictation_words
from benchmarks.report import Row, row
from benchmarks.spoken import Spoken, human
from benchmarks.transport import hold_to
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.features.dictate import contracts as d
from garret.features.dictate.engines.contract import EngineConfig
from garret.features.dictate.text.words import word_error_rate
from garret.features.house import contracts as h
from garret.transport.client import Client

RATE = 16_000
DEMO = Path(garret.__file__).parent / "demo"
SECONDS = float(os.environ.get("GARRET_BENCH_SECONDS", "96"))
UTTERANCES = int(os.environ.get("GARRET_BENCH_UTTERANCES", "10"))
TINY_UTTERANCES = 60
WORKERS = max(1, (os.cpu_count() or 2) - 1)
ROUNDS = 6
LONG_ROUNDS = 2
CHUNK = RATE // 10

# Sentences of the passage without the silence after them, all longer than what may be a command.
_SENTENCES = ((2.0, 6.3), (12.53, 17.5), (23.28, 27.0), (31.92, 35.5), (44.75, 47.1))


@contextlib.contextmanager
def house() -> Iterator[Home]:
    """A control plane on a fresh home, with the workers warm."""
    with tempfile.TemporaryDirectory(prefix="g-", dir="/tmp") as folder:
        home = Home(Path(folder) / "h")
        environment = {**os.environ, "GARRET_HOME": str(home.root), "GARRET_KEYCHAIN": "off"}
        process = subprocess.Popen(
            [sys.executable, "-m", "garret.daemon"], env=environment, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        lines = process.stderr
        while b"ready after" not in (line := lines.readline()):
            if not line:
                raise RuntimeError("the control plane did not start")
        threading.Thread(target=lines.read, daemon=True).start()
        try:
            yield home
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def transcribe(client: Client, path: Path) -> tuple[d.Dictated, str]:
    """Dictate a file; what it gave and its raw text."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        taken = client.call(d.Import(name=path.name), descriptors=(descriptor,))
    finally:
        os.close(descriptor)
    done = client.call(d.Transcribe(utterance=taken.utterance, key=new_id("ask")))
    pages = [
        client.call(d.Get(utterance=done.utterance, first=first)) for first in range(0, done.segments, 200)
    ]
    return done, "".join(page.raw for page in pages)


def throughput(client: Client, folder: Path, house_pid: int) -> list[Row]:
    """One file through the house and through the bare engine, both at once, each held to a core of its own.

    Other tenants of a machine slow a core by more than the house may cost, for seconds at a time; side by
    side both are slowed alike, and the cores change hands from round to round. All processes of the
    house share its one core, so that nothing it does can hide on another.
    """
    passage, _ = soundfile.read(DEMO / "passage.flac", dtype="int16")
    whole = np.tile(passage, -(-round(SECONDS * RATE) // len(passage)))[: round(SECONDS * RATE)]
    path = folder / "long.flac"
    soundfile.write(path, whole, RATE)
    cores = sorted(os.sched_getaffinity(0))[-2:]
    ratios: list[float] = []
    mine: list[float] = []
    with bare_engine.Bare(WORKERS) as without:
        for round_ in range(LONG_ROUNDS if SECONDS > 600 else ROUNDS):
            mine_on, bare_on = cores[round_ % 2], cores[-1 - round_ % 2]
            hold_to(house_pid, {mine_on})
            for pid in without.pids:
                hold_to(pid, {bare_on})
            seconds, bare_seconds = _side_by_side(client, without, path)
            ratios.append(seconds / bare_seconds)
            mine.append(seconds)
        hold_to(house_pid, set(cores))
    # Rounds come in pairs, one on each core, whose speeds cancel out.
    pairs = [math.sqrt(one * other) for one, other in zip(ratios[::2], ratios[1::2], strict=True)]
    length = f"{SECONDS / 60:.0f} min" if SECONDS < 3600 else f"{SECONDS / 3600:.0f} h"
    spread = ", ".join(f"{(ratio - 1) * 100:+.1f}" for ratio in ratios)
    print(f"  throughput lost, round by round: {spread} %", flush=True)
    return [
        row(
            f"dictation: throughput lost on a file of {length}, {WORKERS} workers",
            (statistics.median(pairs) - 1) * 100,
            "%",
            budget=2.0,
        ),
        row(
            f"dictation: speed on a file of {length}, one core",
            SECONDS / statistics.median(mine),
            "x real time",
        ),
    ]


def _side_by_side(client: Client, without: bare_engine.Bare, path: Path) -> tuple[float, float]:
    """Seconds of the house and of the bare engine for the same file at the same time."""
    with ThreadPoolExecutor(1) as threads:
        bare = threads.submit(without.transcribe, path)
        began = time.monotonic()
        _, raw = transcribe(client, path)
        seconds = time.monotonic() - began
        text, bare_seconds = bare.result()
    if raw != text:
        raise RuntimeError("the house and the bare engine heard different things")
    return seconds, bare_seconds


class _Push:
    """A sentence in time; remembers when its last sample was handed over."""

    def __init__(self, samples: Any, pace: float) -> None:
        self._samples = samples
        self._rate = RATE * pace
        self._position = 0
        self._began = 0.0
        self._pause = threading.Event()
        self.ended = 0.0

    def __call__(self) -> d.AudioChunk | None:
        self._began = self._began or time.monotonic()
        piece = self._samples[self._position : self._position + CHUNK]
        if not len(piece):
            self.ended = time.monotonic()
            return None
        self._position += len(piece)
        self._pause.wait(max(0.0, self._began + self._position / self._rate - time.monotonic()))
        return d.AudioChunk(data=piece.astype("<i2").tobytes())


class Latency:
    """End of speech to final text, in the house and with the bare engine, sentence by sentence."""

    def __init__(self, client: Client, count: int, pace: float, config: EngineConfig | None = None) -> None:
        passage, _ = soundfile.read(DEMO / "passage.flac", dtype="int16")
        self.mine: list[float] = []
        self.bare: list[float] = []
        for number in range(-1, count):  # the first warms both
            start, end = _SENTENCES[number % len(_SENTENCES)]
            sentence = passage[round(start * RATE) : round(end * RATE)]
            push = _Push(sentence, pace)
            done = client.stream(d.Listen(source="push", key=new_id("ask")), _ignore, inputs=push)
            finished = time.monotonic()
            found = client.call(d.Get(utterance=done.utterance)).segments
            heard = sentence[round(found[0].start * RATE) : round(found[-1].end * RATE)]
            bare = bare_engine.live_finish(heard, CHUNK, config)
            if number >= 0:
                self.mine.append((finished - push.ended) * 1000)
                self.bare.append(bare * 1000)
        self.added = sorted(mine - bare for mine, bare in zip(self.mine, self.bare, strict=True))

    @property
    def p99(self) -> float:
        return self.added[round(0.99 * (len(self.added) - 1))]


def latency(client: Client, folder: Path) -> list[Row]:
    """With a model that takes no time, so that the house is all there is to see, and with PocketSphinx."""
    rows: list[Row] = []
    config = use_tiny_model(client, folder)
    if config is not None:
        tiny = Latency(client, TINY_UTTERANCES, 4.0, config)
        what = f"dictation: added from end of speech to text, tiny model, {TINY_UTTERANCES} times"
        rows.append(row(f"{what}, p99", tiny.p99, "ms", budget=30.0))
        rows.append(row(f"{what}, median", statistics.median(tiny.added), "ms"))
        for key in ("dictate.engine", "dictate.language", "dictate.sherpa_model"):
            client.call(h.SetSetting(key=key, value=None))
    slow = Latency(client, UTTERANCES, 1.0)
    what = f"dictation: end of speech to text, PocketSphinx, {UTTERANCES} times"
    rows.append(row(f"{what}, added, median", statistics.median(slow.added), "ms"))
    mine, bare = statistics.median(slow.mine), statistics.median(slow.bare)
    return [*rows, row(f"{what}, median", mine, "ms", floor=bare)]


def use_tiny_model(client: Client, folder: Path) -> EngineConfig | None:
    """Have the house use a model of random weights, in a language for which no commands are listened for."""
    try:
        from tests.features.dictate.engines import models
    except ImportError:
        print("the tiny model needs what the tests need: not measured with it", file=sys.stderr)
        return None
    model = str(models.offline_ctc_model(folder / "tiny"))
    config = EngineConfig("sherpa", model, language="de", threads=1)
    client.call(h.SetSetting(key="dictate.language", value=config.language))
    client.call(h.SetSetting(key="dictate.sherpa_model", value=config.model_dir))
    client.call(h.SetSetting(key="dictate.engine", value=config.engine))
    return config


def _ignore(item: object) -> None:
    del item


def accuracy(client: Client) -> list[Row]:
    """Word errors of the default engine where the words are known."""
    _, raw = transcribe(client, DEMO / "passage.flac")
    rate = word_error_rate((DEMO / "passage.txt").read_text(), raw).rate
    rows = [row("dictation: word errors on the demo's passage (synthetic)", rate * 100, "%")]
    errors = words = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.wav"
        for clip in human():
            soundfile.write(path, clip.samples, RATE)
            counted = word_error_rate(clip.words, transcribe(client, path)[1])
            errors += counted.substitutions + counted.deletions + counted.insertions
            words += counted.words
    if words:
        rows.append(row("dictation: word errors on LibriVox clips (human)", errors / words * 100, "%"))
    return rows


def dictate(client: Client, said: Spoken) -> float:
    """Say an utterance in its own time; the seconds from its last sample to its text."""
    push = _Push(said.samples, 1.0)
    client.stream(d.Listen(source="push", key=new_id("ask"), partials=True), _ignore, inputs=push)
    return time.monotonic() - push.ended


def run() -> list[Row]:
    """All rows."""
    with house() as home, tempfile.TemporaryDirectory() as folder:
        client = Client.connect(home)
        client.call(h.SetSetting(key="dictate.keep_audio_days", value="0"))
        transcribe(client, DEMO / "passage.flac")
        pid = client.call(h.GetStatus()).pid
        rows = latency(client, Path(folder)) + throughput(client, Path(folder), pid) + accuracy(client)
        rows += dictation_words.rows(
            client,
            Path(folder),
            lambda path: transcribe(client, path)[1],
            lambda said: dictate(client, said),
        )
        client.close()
    return rows
