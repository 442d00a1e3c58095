"""Spelling: single letters and digits, and runs of four, said by made voices; how many are read wrong.

Each is said by two flite voices at two speeds, with pauses around it and a quiet room's noise. The share of
the grammar was set while other clips of these voices were looked at, so this is no blind test. Read by both
engines together (tiny.en's folder as in `dictation_words`), beside PocketSphinx alone on the same clips.
Neighbours: `spoken`, `dictation_words`.
"""

from __future__ import annotations

import os
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr

from benchmarks.dictation_words import model
from benchmarks.report import Row, row
from benchmarks.spoken import RATE
from garret.features.dictate.engines.contract import Engine, EngineConfig, Weighing
from garret.features.dictate.engines.registry import open_engine
from garret.features.dictate.text.errors import SpellingError
from garret.features.dictate.text.grammar import ONE_CHARACTER_GRAMMAR, SPELLING_GRAMMAR
from garret.features.dictate.text.spelling import spell
from garret.features.dictate.text.spelling_reading import CHOICES, agree
from garret.features.dictate.text.words import align_cost

_VOICES: Final = ("awb", "kal16")
_STRETCHES: Final = ("1.0", "1.25")
_DIGITS: Final = "zero one two three four five six seven eight nine".split()
_ITEMS: Final = {
    **{str(value): name for value, name in enumerate(_DIGITS)},
    # Flite takes "A.", "I." and "W." for the ends of abbreviations.
    **{letter: letter.upper() + ("" if letter in "aiw" else ".") for letter in string.ascii_lowercase},
}

Read = Callable[[Any], Sequence[str]]


def run() -> list[Row]:
    flite, found = shutil.which("flite"), model()
    if flite is None:
        print("letters need flite: not measured", file=sys.stderr)
        return []
    items, runs = _clips(flite)
    config = EngineConfig(mode="grammar", grammar=SPELLING_GRAMMAR, alone=ONE_CHARACTER_GRAMMAR)
    grammar = open_engine(config)
    digits = {said: clips for said, clips in items.items() if said.isdigit()}
    parts = (digits, items, runs)
    alone = [_wrong(part, partial(_heard, grammar)) for part in parts]
    rows = [row("letters: single items, PocketSphinx alone", alone[1], "% wrong", budget=20)]
    if found is not None:
        free = open_engine(EngineConfig("whisper", str(found), language="en", threads=os.cpu_count() or 1))
        names = ("single digits", "single letters and digits", "characters in runs of four")
        for name, part, budget, other in zip(names, parts, (1.0, 7.0, None), alone, strict=True):
            wrong = _wrong(part, partial(_both, grammar, free))
            peers = {"PocketSphinx alone": other}
            rows.append(row(f"letters: {name}", wrong, "% wrong", budget=budget, peers=peers))
        free.close()
    grammar.close()
    return rows


def _heard(engine: Engine, samples: Any) -> list[str]:
    recognizer = engine.recognizer(partials=False)
    recognizer.accept(samples)
    return recognizer.finish().text.split()


def _both(grammar: Engine, free: Engine, samples: Any) -> Sequence[str]:
    weights = free.weigh(samples, CHOICES) if isinstance(free, Weighing) else None
    return agree(" ".join(_heard(free, samples)), _heard(grammar, samples), weights)


def _wrong(parts: dict[str, list[Any]], read: Read) -> float:
    """The characters that are wrong, missing or too many, in per cent of those said."""
    errors = 0
    for said, clips in parts.items():
        for samples in clips:
            try:
                errors += align_cost(said, spell(read(samples)))[0]
            except SpellingError:
                errors += len(said)
    return 100 * errors / sum(len(said) * len(clips) for said, clips in parts.items())


def _clips(flite: str) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What was said, and its clips: single items, and runs of four with short pauses."""
    random = np.random.default_rng(24)
    items: dict[str, list[Any]] = {}
    runs: dict[str, list[Any]] = {}
    for voice in _VOICES:
        for stretch in _STRETCHES:
            said = {item: _said(flite, voice, stretch, name) for item, name in _ITEMS.items()}
            for item, sound in said.items():
                items.setdefault(item, []).append(_in_room([sound], random))
            for chosen in random.permutation(list(said)).reshape(-1, 4):
                run = _in_room([said[item] for item in chosen], random)
                runs.setdefault("".join(chosen), []).append(run)
    return items, runs


def _said(flite: str, voice: str, stretch: str, text: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        speed = f"duration_stretch={stretch}"
        subprocess.run([flite, "-voice", voice, "--setf", speed, "-t", text, "-o", str(path)], check=True)
        samples, rate = soundfile.read(path, dtype="float32")
    wide = soxr.resample(samples, rate, RATE)
    loud = np.flatnonzero(np.abs(wide) > 0.01 * np.abs(wide).max())
    return wide[loud[0] : loud[-1]] / np.abs(wide).max()


def _in_room(sounds: Sequence[Any], random: Any) -> Any:
    """The sounds with 0.3 s around and 0.2 s between them, peaks at -10 dB, noise 40 dB below these."""
    parts = [np.zeros(round(0.3 * RATE))]
    for sound in sounds:
        parts += [0.3 * sound, np.zeros(round(0.2 * RATE))]
    whole = np.concatenate([*parts, np.zeros(round(0.1 * RATE))])
    whole += random.normal(0, 0.003, len(whole))
    return np.round(whole.clip(-1, 1) * 32_767).astype(np.int16)
