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
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from benchmarks.dictation_words import model
from benchmarks.report import Row, row
from benchmarks.spoken import in_room
from benchmarks.spoken import said as said_by
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
            said = {item: said_by(flite, voice, name, stretch) for item, name in _ITEMS.items()}
            for item, sound in said.items():
                items.setdefault(item, []).append(in_room([sound], random))
            for chosen in random.permutation(list(said)).reshape(-1, 4):
                run = in_room([said[item] for item in chosen], random)
                runs.setdefault("".join(chosen), []).append(run)
    return items, runs
