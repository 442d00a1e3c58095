"""Subtitle cues: the text of segments cut into pieces that a person can read in time.

A cue has at most two lines of 42 characters and lasts at most seven seconds (the limits of the
Netflix timed text style guide, common in the trade). It also ends where a pause of more than 1.5 s
follows, and at a sentence end once it is half full. Cues are never empty, never overlap and never go
back in time. Text keeps every character except white space and control characters; only a word
longer than a line is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .errors import TranscriptError
from .segments import Segment
from .words import Word, normal_words

LINE_CHARACTERS = 42
LINES = 2
LONGEST_CUE = 7_000  # ms
_PAUSE = 1_500  # ms
_LOOK_AHEAD = 8  # recognised words; how far a written word may be from where it is expected
_HALF = LINE_CHARACTERS * LINES // 2


class Cue(NamedTuple):
    """Milliseconds from the start of the audio, and one or two lines without white space at the ends."""

    start: int
    end: int
    lines: tuple[str, ...]


class _Timed(NamedTuple):
    text: str
    start: int
    end: int


def make_cues(segments: Sequence[Segment]) -> list[Cue]:
    """Cut `segments` into cues. Raises `TranscriptError` for times that are not finite numbers."""
    cues: list[Cue] = []
    earliest = 0
    for segment in segments:
        for group in _groups(_timed_tokens(segment)):
            start = max(earliest, group[0].start)
            end = max(start + 1, min(group[-1].end, start + LONGEST_CUE))
            cues.append(Cue(start, end, tuple(_wrap([token.text for token in group]))))
            earliest = end
    return cues


def _milliseconds(seconds: float) -> int:
    if not math.isfinite(seconds):
        raise TranscriptError(
            f"A segment has {seconds} for a time. Its text is kept; transcribe the audio again."
        )
    return max(0, round(seconds * 1000))


def _timed_tokens(segment: Segment) -> list[_Timed]:
    """The written words of a segment with times: those of the recognised words where they agree,
    in proportion between those where they do not."""
    start = _milliseconds(segment.start)
    end = max(start, _milliseconds(segment.end))
    tokens = list(_printable_tokens(segment.text))
    known = _match(tokens, segment.words, start, end)
    timed: list[_Timed] = []
    position = 0
    while position < len(tokens):
        span = known.get(position)
        if span is not None:
            timed.append(_Timed(tokens[position], *span))
            position += 1
            continue
        stop = position
        while stop < len(tokens) and stop not in known:
            stop += 1
        left = timed[-1].end if timed else start
        right = known[stop][0] if stop < len(tokens) else max(left, end)
        timed.extend(_spread(tokens[position:stop], left, right))
        position = stop
    return [piece for token in timed for piece in _cut(token)]


def _printable_tokens(text: str) -> Iterator[str]:
    for token in text.split():
        kept = "".join(
            c for c in token if c.isprintable() or c in "\u200c\u200d" or "\ud800" <= c <= "\udfff"
        )
        if kept:
            yield kept


def _match(tokens: Sequence[str], words: Sequence[Word], start: int, end: int) -> dict[int, tuple[int, int]]:
    """Position of a token -> its times, for tokens found among the recognised words in order."""
    known: dict[int, tuple[int, int]] = {}
    heard = [normal_words(word.text) for word in words]
    place, earliest = 0, start
    for position, token in enumerate(tokens):
        wanted = normal_words(token)
        near = range(place, min(place + _LOOK_AHEAD, len(words)))
        found = next((i for i in near if wanted and heard[i] == wanted), None)
        if found is None:
            continue
        begins = min(end, max(earliest, _milliseconds(words[found].start)))
        earliest = min(end, max(begins, _milliseconds(words[found].end)))
        known[position] = (begins, earliest)
        place = found + 1
    return known


def _spread(tokens: Sequence[str], start: int, end: int) -> Iterator[_Timed]:
    """Share the time from `start` to `end` among tokens by their length."""
    whole = sum(len(token) for token in tokens)
    done = 0
    for token in tokens:
        begins = start + (end - start) * done // whole
        done += len(token)
        yield _Timed(token, begins, start + (end - start) * done // whole)


def _cut(token: _Timed) -> Iterator[_Timed]:
    """Cut a token longer than a line, as text without spaces is."""
    if len(token.text) <= LINE_CHARACTERS:
        yield token
        return
    parts = [token.text[i : i + LINE_CHARACTERS] for i in range(0, len(token.text), LINE_CHARACTERS)]
    yield from _spread(parts, token.start, token.end)


def _groups(tokens: Sequence[_Timed]) -> Iterator[list[_Timed]]:
    group: list[_Timed] = []
    lines, width = 1, 0
    for token in tokens:
        wider = width + 1 + len(token.text) if width else len(token.text)
        fits = wider <= LINE_CHARACTERS or lines < LINES
        if group and (not fits or _ends_before(group, token, lines, width)):
            yield group
            group, lines, width = [], 1, 0
            wider = len(token.text)
        if wider > LINE_CHARACTERS:
            lines, wider = lines + 1, len(token.text)
        width = wider
        group.append(token)
    if group:
        yield group


def _ends_before(group: list[_Timed], token: _Timed, lines: int, width: int) -> bool:
    if token.end - group[0].start > LONGEST_CUE or token.start - group[-1].end > _PAUSE:
        return True
    half_full = (lines - 1) * LINE_CHARACTERS + width >= _HALF
    return half_full and group[-1].text.rstrip("\"')]\u2019\u201d").endswith((".", "?", "!"))


def _wrap(tokens: Sequence[str]) -> Iterator[str]:
    """Break tokens into lines, each as full as it can be; the grouping saw to it that two suffice."""
    line = ""
    for token in tokens:
        if line and len(line) + 1 + len(token) > LINE_CHARACTERS:
            yield line
            line = token
        else:
            line = f"{line} {token}" if line else token
    yield line
