"""False commands in hours of ordinary English: the rule that takes commands, run over prose as if said.

The prose is what lies on any machine that runs this: the topics of Python's own help, the explanations in its
library and the descriptions of the installed packages, licences, and the files or folders that
GARRET_BENCH_PROSE names (parted by colons). This project's own documents speak of commands and are left out.
It is parted as a recogniser would part it: sentences end a segment, a clause ends one or leaves a pause
within it, and now and then a speaker falls silent amid a clause. Every word counts as said in 0.4 s, so that
9,000 are an hour. It is read once as an engine writes it that punctuates and once bare, as PocketSphinx does.
How sound misleads is not in it: `spoken_commands` has that. Neighbours: `spoken_commands`.
"""

from __future__ import annotations

import importlib.metadata
import os
import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.report import Row, row
from garret.features.dictate.text.commands import DEFAULT_TABLE, decide
from garret.features.dictate.text.reading import Heard, read

HOURS: Final = float(os.environ.get("GARRET_BENCH_PROSE_HOURS", "20"))
WORDS_AN_HOUR: Final = 9_000
_EXPLANATION: Final = re.compile(r"\"\"\"(.+?)\"\"\"", re.DOTALL)
_LICENCES: Final = Path("/usr/share/common-licenses")
_LARGEST: Final = 4 << 20  # bytes of a file
_NO_PROSE: Final = re.compile(
    r"```.*?```|``?[^`]*``?|^\s*[|>$.].*$|https?:\S+|\S+@\S+|[*_#<>\[\]{}|=\\]", re.S | re.M
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[A-Z\"'(])|\n\s*\n")
_CLAUSE: Final = re.compile(r"(?<=[,;:)])\s+|\s+(?=\()|\s+[-\u2013\u2014]+\s+")
_WORD: Final = re.compile(r"[\"'(]*(?:[0-9]+|[A-Za-z]+)(?:['\u2019-][A-Za-z]+)*[\"').,;:!?]*")
_ENDS, _BREAKS, _HESITATES = 0.35, 0.5, 0.04
"""How likely somebody falls silent at a clause, so that a segment ends, or within it; and after any word."""
_LEAST: Final = 3  # words of a sentence
_SHORT: Final = 6  # words of a segment in which commands are listened for
_UTTERANCE: Final = 30  # sentences
_BARE: Final = re.compile(r"[^a-z' ]+")


def run() -> list[Row]:
    utterances = list(_spoken(random.Random(25)))
    words = sum(len(heard.text.split()) for utterance in utterances for heard in utterance)
    hours = words / WORDS_AN_HOUR
    what = f"{hours:.1f} h of prose ({words:,} words)"
    bare = [[heard._replace(text=_bare(heard.text)) for heard in utterance] for utterance in utterances]
    mistaken = _mistaken(bare)
    return [
        row(
            f"commands: false in {what}, as Whisper writes it",
            _false(utterances, False),
            "commands",
            budget=0.0,
        ),
        row(f"commands: false in {what}, as PocketSphinx does", _false(bare, True), "commands", budget=0.0),
        row(f"commands: false in {what}, were all heard by the grammar", mistaken, "commands"),
    ]


def _false(utterances: Sequence[Sequence[Heard]], marks: bool) -> int:
    """How many commands are taken in texts that have none; each is printed."""
    count = 0
    for utterance in utterances:
        for reading in read(utterance, DEFAULT_TABLE, marks=marks):
            for part in reading.parts:
                if part.command is not None:
                    count += 1
                    print(
                        f"  {part.text!r} in {reading.text!r} was taken for {part.command.phrase!r}",
                        flush=True,
                    )
    return count


def _mistaken(utterances: Sequence[Sequence[Heard]]) -> int:
    """How many short segments would be commands if the grammar heard in each the phrase nearest to it."""
    texts = {heard.text for utterance in utterances for heard in utterance}
    found = 0
    for text in sorted(texts):
        if 0 < len(text.split()) <= _SHORT:
            phrase = next((each.phrase for each in DEFAULT_TABLE if decide(each.phrase, text)), "")
            if phrase:
                found += 1
                print(f"  {text!r} would be taken for {phrase!r}", flush=True)
    return found


# ---------------------------------------------------------------- said


def _spoken(chance: random.Random) -> Iterator[list[Heard]]:
    """Utterances of some sentences each, until there are hours of them."""
    words, utterance = 0, list[Heard]()
    for number, sentence in enumerate(_sentences(), start=1):
        segments = _segments(sentence, chance)
        utterance += segments
        words += sum(len(heard.text.split()) for heard in segments)
        if number % _UTTERANCE == 0 or words >= HOURS * WORDS_AN_HOUR:
            yield utterance
            utterance = []
        if words >= HOURS * WORDS_AN_HOUR:
            return
    if utterance:
        yield utterance


def _segments(sentence: Sequence[str], chance: random.Random) -> list[Heard]:
    """A sentence, given as clauses, in the segments and pauses of somebody who says it."""
    segments: list[Heard] = []
    words: list[str] = []
    breaks: list[tuple[int, float]] = []
    pause = chance.uniform(0.6, 1.5)
    for number, clause in enumerate(sentence):
        if number and chance.random() < _ENDS:
            segments.append(Heard(" ".join(words), pause=pause, breaks=tuple(breaks)))
            words, breaks, pause = [], [], chance.uniform(0.6, 1.5)
        elif number and chance.random() < _BREAKS:
            breaks.append((len(words), chance.uniform(0.3, 0.6)))
        for place, word in enumerate(clause.split()):
            if place and chance.random() < _HESITATES:
                breaks.append((len(words), chance.uniform(0.3, 0.6)))
            words.append(word)
    return [*segments, Heard(" ".join(words), pause=pause, breaks=tuple(breaks))]


def _bare(text: str) -> str:
    """As an engine writes it that knows neither case nor marks."""
    return " ".join(_BARE.sub(" ", text.lower().replace("\u2019", "'")).split())


# ---------------------------------------------------------------- prose


def _sentences() -> Iterator[list[str]]:
    """Sentences of plain words, each once, as clauses; none that is a command by itself."""
    seen: set[str] = set()
    for text in _texts():
        for sentence in _SENTENCE.split(_NO_PROSE.sub(" ", text)):
            words = sentence.split()
            plain = " ".join(words)
            if len(words) < _LEAST or plain in seen or not all(_WORD.fullmatch(word) for word in words):
                continue
            seen.add(plain)
            clauses = [clause for clause in _CLAUSE.split(plain) if clause]
            if not any(DEFAULT_TABLE.match(clause) for clause in clauses):
                yield clauses


def _texts() -> Iterator[str]:
    for named in filter(None, os.environ.get("GARRET_BENCH_PROSE", "").split(":")):
        path = Path(named)
        yield from map(_read, sorted(path.rglob("*")) if path.is_dir() else [path])
    yield from _help()
    for distribution in sorted(importlib.metadata.distributions(), key=lambda each: each.name or ""):
        yield (distribution.read_text("METADATA") or "").partition("\n\n")[2]  # behind its fields
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted([*library.glob("*.py"), *library.glob("[a-z]*/*.py")]):
        yield "\n\n".join(_EXPLANATION.findall(_read(path)))
    if _LICENCES.is_dir():
        yield from map(_read, sorted(path.resolve() for path in _LICENCES.iterdir()))


def _help() -> Iterator[str]:
    from pydoc_data import topics

    yield from topics.topics.values()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() and path.stat().st_size <= _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""
