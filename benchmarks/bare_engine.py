"""The same work without the house: the same classes in plain processes, for `dictation` to compare with.

`Bare` keeps a number of worker processes with a loaded engine. A file is decoded and cut at its
silences by one process and its segments recognised by the others, as in the house; there is no
control plane, no store, no sandbox and no clean-up.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from garret.features.dictate.audio import spool
from garret.features.dictate.audio.decode import decode
from garret.features.dictate.audio.segments import SegmentFinder
from garret.features.dictate.endpoint import Event, SpeechEnd
from garret.features.dictate.engines.contract import Engine, EngineConfig
from garret.features.dictate.engines.registry import open_engine
from garret.features.dictate.text.commands import DEFAULT_TABLE
from garret.features.dictate.text.grammar import grammar
from garret.features.dictate.workers.stt import COMMAND_SECONDS

_engines: dict[str, Engine] = {}


def engine(mode: str = "free") -> Engine:
    """PocketSphinx as the house opens it, kept in this process."""
    if mode not in _engines:
        config = EngineConfig(language="en", threads=1)
        if mode == "grammar":
            config = EngineConfig(language="en", mode="grammar", grammar=grammar(DEFAULT_TABLE))
        _engines[mode] = open_engine(config)
    return _engines[mode]


def recognise(path: str, start: int, end: int) -> str:
    """One segment of a spool, with the command grammar's opinion where it is short, as the worker does."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        samples = spool.read(descriptor, start, end - start)
    finally:
        os.close(descriptor)
    if len(samples) <= COMMAND_SECONDS * spool.SAMPLE_RATE:
        commands = engine("grammar").recognizer(partials=False)
        commands.accept(samples)
        commands.finish()
    recognizer = engine().recognizer(partials=False)
    recognizer.accept(samples)
    return recognizer.finish().text


def _cut(path: str, target: str, tell: Callable[[tuple[int, int] | None], object]) -> None:
    """Decode a file into a spool, and tell each stretch of speech as soon as it is certain, then None."""
    source, sink = os.open(path, os.O_RDONLY), os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    writer, finder = spool.SpoolWriter(sink), SegmentFinder()

    def found(events: list[Event]) -> None:
        for event in events:
            if isinstance(event, SpeechEnd):
                tell((event.start, event.end))

    def take(pcm: bytes | memoryview) -> None:
        writer.write(pcm)
        found(finder.accept(np.frombuffer(pcm, "<i2")))

    decode(source, take, name=path)
    found(finder.finish())
    tell(None)


_found: Any = None


def _tell_to(queue: Any) -> None:
    global _found
    _found = queue
    SegmentFinder()


def _decode_into(path: str, target: str) -> None:
    _cut(path, target, _found.put)


class Bare:
    """`workers` processes that recognise; spawned, so that they inherit nothing."""

    def __init__(self, workers: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._pool = self._context.Pool(workers, initializer=_warm)
        # Decoding is one of the processes of the house too, beside those that recognise.
        self._queue = self._context.SimpleQueue()
        self._decoder = self._context.Pool(1, initializer=_tell_to, initargs=(self._queue,))
        for pool, count in ((self._pool, workers), (self._decoder, 1)):
            pool.starmap(_nothing, [()] * count)
        self.pids = [process.pid for process in multiprocessing.active_children() if process.pid]

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in (self._pool, self._decoder):
            pool.close()
            pool.join()

    def transcribe(self, path: Path) -> tuple[str, float]:
        """The text of a file and the seconds it took."""
        with tempfile.TemporaryDirectory() as folder:
            target = str(Path(folder) / "spool.pcm")
            began = time.monotonic()
            decoding = self._decoder.apply_async(_decode_into, (str(path), target))
            results = []
            while (segment := self._queue.get()) is not None:
                results.append(self._pool.apply_async(recognise, (target, *segment)))
            text = " ".join(found for result in results if (found := result.get()))
            seconds = time.monotonic() - began
            decoding.get()
        return text, seconds


def _warm() -> None:
    engine()
    engine("grammar")


def _nothing() -> None:
    return


def live_finish(samples: Any, chunk: int, config: EngineConfig | None = None) -> float:
    """Feed a recogniser with partials, as the house does live; seconds from the last sample to its text.

    As in the house, the last chunk is there when its last sample is, and not before.
    """
    opened = engine() if config is None else _opened(config)
    recognizer = opened.recognizer(partials=True)
    last = (len(samples) - 1) // chunk * chunk
    for start in range(0, last, chunk):
        recognizer.accept(samples[start : start + chunk])
        recognizer.partial()
    ended = time.monotonic()
    recognizer.accept(samples[last:])
    recognizer.finish()
    return time.monotonic() - ended


@functools.cache
def _opened(config: EngineConfig) -> Engine:
    return open_engine(config)
