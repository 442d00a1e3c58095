"""Subtitles of real transcripts beside what broadcasters ask: time to read, balanced lines, no orphans.

Read speech (LibriVox) and made speech are heard by Whisper, and cut into cues by its words' times. Speech
that is itself faster than 17 characters a second leaves no cue the time it would need; what can be asked is
that no silence around such a cue is left unused. Neighbours: `spoken` makes the sound, `text/cues` cuts.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from typing import Final

from benchmarks import spoken
from benchmarks.dictation_words import model
from benchmarks.report import Row, row
from benchmarks.spoken import RATE, Spoken
from garret.features.dictate.engines.contract import Engine, EngineConfig
from garret.features.dictate.engines.registry import open_engine
from garret.features.dictate.text.cues import CHARACTERS_A_SECOND, GAP, SHORTEST_CUE, Cue, make_cues
from garret.features.dictate.text.segments import Segment
from garret.features.dictate.text.words import Word

_PAUSES: Final = (0.3, 0.8, 1.5, 0.4)
_ROUNDED: Final = 1.01
"""Times are whole milliseconds, so that a cue may be a little over 17 characters a second."""
_ORPHAN: Final = 10  # characters; a lone word shorter than this is one


def run() -> list[Row]:
    """The shares of cues that broadcasters would send back."""
    found = model()
    utterances = [*spoken.human(), *spoken.made(), spoken.demo()]
    if found is None:
        print("subtitles: tiny.en is not here (or GARRET_BENCH_WHISPER): not measured", file=sys.stderr)
        return []
    engine = open_engine(EngineConfig("whisper", str(found), language="en", threads=os.cpu_count() or 1))
    try:
        segments, seconds = _heard(engine, utterances)
    finally:
        engine.close()
    cues = make_cues(segments, seconds)
    what = f"of {len(cues)} cues, {seconds / 60:.1f} min"
    fast = [place for place, cue in enumerate(cues) if _is_fast(cue)]
    unused = [place for place in fast if _has_silence(cues, place)]
    return [
        _share(f"subtitles: shorter than 5/6 s, {what}", sum(map(_is_short, cues)), len(cues)),
        _share(
            f"subtitles: faster than 17 characters a second, silence unused, {what}", len(unused), len(cues)
        ),
        row(f"subtitles: faster, as the speech itself, {what}", 100 * len(fast) / len(cues), "%"),
        _share(
            f"subtitles: with a lone short word in a line, {what}", sum(map(_has_orphan, cues)), len(cues)
        ),
        row(
            f"subtitles: lines of which one is twice as long, {what}",
            100 * sum(map(_is_uneven, cues)) / len(cues),
            "%",
            budget=5.0,
        ),
    ]


def _share(name: str, count: int, whole: int) -> Row:
    return row(name, 100 * count / whole, "%", budget=1.0)


def _heard(engine: Engine, utterances: list[Spoken]) -> tuple[list[Segment], float]:
    """What the engine heard of each utterance, one after the other with pauses; the seconds of all of it."""
    segments: list[Segment] = []
    start = 0.0
    for number, each in enumerate(utterances):
        recognizer = engine.recognizer(partials=False)
        recognizer.accept(each.samples)
        result = recognizer.finish()
        words = tuple(
            Word(word.text, start + word.start, start + word.end, word.confidence) for word in result.words
        )
        segments.append(Segment(start, start + len(each.samples) / RATE, result.text, words))
        start += each.seconds + _PAUSES[number % len(_PAUSES)]
    return segments, start


def _characters(cue: Cue) -> int:
    return sum(map(len, cue.lines)) + len(cue.lines) - 1


def _is_short(cue: Cue) -> bool:
    return cue.end - cue.start < SHORTEST_CUE


def _is_fast(cue: Cue) -> bool:
    return _characters(cue) * 1000 > CHARACTERS_A_SECOND * _ROUNDED * (cue.end - cue.start)


def _has_silence(cues: list[Cue], place: int) -> bool:
    """Whether the cue after this one begins later than right at its end."""
    return any(before is cues[place] and after.start - before.end >= GAP for before, after in pairwise(cues))


def _has_orphan(cue: Cue) -> bool:
    lone = [" " not in line and len(line) < _ORPHAN for line in cue.lines]
    return any(lone) and not cue.lines[-1].endswith((".", "?", "!")) if len(lone) == 1 else any(lone)


def _is_uneven(cue: Cue) -> bool:
    lengths = sorted(map(len, cue.lines))
    return len(lengths) == 2 and lengths[1] > 2 * lengths[0]
