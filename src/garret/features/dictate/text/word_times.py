"""When each written word of a segment was said.

A written word takes the times of the recognised word that it agrees with; between those, time is shared by
length. What cannot be printed is left out. Neighbours: `cues` cuts subtitles by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .errors import TranscriptError
from .segments import Segment
from .words import Word, normal_words

_LOOK_AHEAD: Final = 8  # recognised words; how far a written word may be from where it is expected


class Timed(NamedTuple):
    """A word and when it was said, in ms from the start of the audio."""

    text: str
    start: int
    end: int


def milliseconds(seconds: float) -> int:
    """Seconds as whole ms, never below 0. Raises `TranscriptError` for what is no finite number."""
    if not math.isfinite(seconds):
        raise TranscriptError(
            f"A segment has {seconds} for a time. Its text is kept; transcribe the audio again."
        )
    return max(0, round(seconds * 1000))


def timed_words(segment: Segment, longest: int) -> list[Timed]:
    """The written words of a segment with their times; one longer than `longest` characters is cut.

    Raises `TranscriptError` for times that are not finite numbers.
    """
    start = milliseconds(segment.start)
    if segment.words:  # heard with this segment, though speech was cut behind them
        start = min(start, milliseconds(segment.words[0].start))
    end = max(start, milliseconds(segment.end))
    tokens = list(_printable_tokens(segment.text))
    known = _match(tokens, segment.words, start, end)
    timed: list[Timed] = []
    position = 0
    while position < len(tokens):
        span = known.get(position)
        if span is not None:
            timed.append(Timed(tokens[position], *span))
            position += 1
            continue
        stop = position
        while stop < len(tokens) and stop not in known:
            stop += 1
        left = timed[-1].end if timed else start
        right = known[stop][0] if stop < len(tokens) else max(left, end)
        timed.extend(_spread(tokens[position:stop], left, right))
        position = stop
    return [piece for token in timed for piece in _cut(token, longest)]


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
        begins = min(end, max(earliest, milliseconds(words[found].start)))
        earliest = min(end, max(begins, milliseconds(words[found].end)))
        known[position] = (begins, earliest)
        place = found + 1
    return known


def _spread(tokens: Sequence[str], start: int, end: int) -> Iterator[Timed]:
    """Share the time from `start` to `end` among tokens by their length."""
    whole = sum(len(token) for token in tokens)
    done = 0
    for token in tokens:
        begins = start + (end - start) * done // whole
        done += len(token)
        yield Timed(token, begins, start + (end - start) * done // whole)


def _cut(token: Timed, longest: int) -> Iterator[Timed]:
    """Cut what is too long, as text without spaces is."""
    if len(token.text) <= longest:
        yield token
        return
    parts = [token.text[i : i + longest] for i in range(0, len(token.text), longest)]
    yield from _spread(parts, token.start, token.end)
