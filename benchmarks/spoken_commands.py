"""Spoken commands: how many said alone are missed, and how many are taken in ordinary clauses said alone.

Both go the way of a dictation: the speech-to-text worker hears the segment by tiny.en and by the grammar of
commands, and the text worker says what it is. Every built-in phrase is said once by each of two flite voices.
The ordinary clauses are of this project's documents, of up to six words: the grammar is asked of short
segments only, and many hold the words of commands. Running speech has few so short segments, so that the
false commands in an hour of clauses are more than those in an hour of dictation. GARRET_BENCH_CLAUSES sets
how many are said by each voice. Neighbours: `spoken`, `letters`, `dictation_words`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from benchmarks.dictation_words import model
from benchmarks.report import Row, row
from benchmarks.spoken import RATE, in_room, said
from garret.features.dictate import contracts as c
from garret.features.dictate.setting_table import SETTINGS
from garret.features.dictate.text.commands import DEFAULT_TABLE, Command
from garret.features.dictate.workers.stt import COMMAND_SECONDS, SttWorker
from garret.features.dictate.workers.text import TextWorker

_VOICES: Final = ("rms", "slt")
_CLAUSES: Final = int(os.environ.get("GARRET_BENCH_CLAUSES", "100"))
_DOCUMENTS: Final = Path(__file__).resolve().parent.parent / "docs"
_LONGEST: Final = 6  # words of a clause
_NO_PROSE: Final = re.compile(r"```.*?```|`[^`]*`|^\|.*$|https?:\S+|[*_#<>\[\]]", re.DOTALL | re.MULTILINE)
_BETWEEN: Final = re.compile(r"[.,;:?!()\"]+(?:\s+|$)|\s+[-\u2013\u2014]+\s+|\n\s*\n")
_WORD: Final = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")


class _Segment:
    """A call of the speech-to-text worker with one segment in its spool."""

    def __init__(self, samples: Any) -> None:
        self.descriptors = (os.memfd_create("segment"),)
        os.pwrite(self.descriptors[0], samples.tobytes(), 0)

    def cancelled(self) -> bool:
        return False

    def close(self) -> None:
        os.close(self.descriptors[0])


class _House:
    """Both workers of a dictation, with the settings of a new installation."""

    def __init__(self, folder: Path) -> None:
        settings = {setting.key: setting.default for setting in SETTINGS}
        settings |= {"dictate.engine": "whisper", "dictate.whisper_model": str(folder)}
        self._hears = SttWorker(settings, folder)
        self._reads = TextWorker(settings)

    def taken(self, samples: Any) -> tuple[str, str]:
        """The phrase of the command that a segment is taken for, empty where it is text; and its text."""
        call = _Segment(samples)
        try:
            heard = self._hears.recognize(c.Recognize(start=0, end=len(samples)), cast("Any", call))
        finally:
            call.close()
        raw = c.RawSegment(text=heard.text, grammar=heard.grammar, breaks=heard.breaks, doubt=heard.doubt)
        cleaned = self._reads.document([raw], heard.engine, lambda: None)
        found = cleaned.segments[0].commands
        return (found[0].phrase if found else ""), heard.text

    def close(self) -> None:
        self._hears.close()


def run() -> list[Row]:
    flite, folder = shutil.which("flite"), model()
    if flite is None or folder is None:
        print("spoken commands need flite and tiny.en: not measured", file=sys.stderr)
        return []
    house = _House(folder)
    try:
        return [*_missed(house, flite), *_invented(house, flite)]
    finally:
        house.close()


def _missed(house: _House, flite: str) -> list[Row]:
    random = np.random.default_rng(25)
    missed = wrong = plain = count = 0
    for voice in _VOICES:
        for command in DEFAULT_TABLE:
            phrase, text = house.taken(in_room([said(flite, voice, command.phrase)], random))
            count += 1
            plain += not _is_same(command, DEFAULT_TABLE.match(text))
            if _is_same(command, DEFAULT_TABLE.match(phrase)):
                continue
            missed += 1
            wrong += bool(phrase)
            print(f"  {voice}: {command.phrase!r} ({text!r}) was taken for {phrase or text!r}", flush=True)
    what = f"of {count} said alone in {len(_VOICES)} voices"
    return [
        row(
            f"commands: missed {what}",
            100 * missed / count,
            "%",
            budget=5.0,
            peers={"the text alone": 100 * plain / count},
        ),
        row(f"commands: taken for another {what}", 100 * wrong / count, "%", budget=1.0),
    ]


def _invented(house: _House, flite: str) -> list[Row]:
    random = np.random.default_rng(26)
    clauses = _clauses()
    false, samples, count = 0, 0, 0
    for voice in _VOICES:
        for place in random.choice(len(clauses), min(_CLAUSES, len(clauses)), replace=False):
            segment = in_room([said(flite, voice, clauses[place])], random)
            if len(segment) > COMMAND_SECONDS * RATE:
                continue
            phrase, text = house.taken(segment)
            count += 1
            samples += len(segment)
            if phrase:
                false += 1
                print(f"  {voice}: {clauses[place]!r} ({text!r}) was taken for {phrase!r}", flush=True)
    what = f"{count} clauses said alone, {samples / RATE / 60:.1f} min"
    return [row(f"commands: false in {what}", false, "commands", budget=0.0)]


def _is_same(one: Command, other: Command | None) -> bool:
    """Whether they do the same: "semi colon" is heard for "semicolon"."""
    return other is not None and (one.action, one.text) == (other.action, other.text)


def _clauses() -> list[str]:
    return sorted({clause for path in sorted(_DOCUMENTS.rglob("*.md")) for clause in _clauses_of(path)})


def _clauses_of(path: Path) -> Iterator[str]:
    """The clauses of a document that a person could say alone and that are no command by themselves."""
    for clause in _BETWEEN.split(_NO_PROSE.sub(" ", path.read_text(encoding="utf-8"))):
        words = clause.split()
        if 0 < len(words) <= _LONGEST and all(_WORD.fullmatch(word) for word in words):
            text = " ".join(words).lower()
            if DEFAULT_TABLE.match(text) is None:
                yield text
