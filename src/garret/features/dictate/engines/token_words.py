"""From the pieces a neural model writes to words with times and probabilities.

A piece that begins with a space (or the mark U+2581) begins a word; so does every ideograph. Pieces like
<0xE4> are single bytes of UTF-8. Pure. Neighbour: `sherpa`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from garret.features.dictate.engines.contract import RecognisedWord

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_LAST_PIECE_SECONDS = 0.3
"""How long a word's last piece is taken to sound when nothing ends it earlier: about one syllable."""

_FIRST_IDEOGRAPH = 0x2E80  # CJK Radicals Supplement; kana and ideographs follow, Hangul after them
_HANGUL = range(0xAC00, 0xD7B0)  # written with spaces between words


def words_of(
    tokens: Sequence[str],
    starts: Sequence[float],
    seconds: float,
    *,
    durations: Sequence[float] = (),
    log_probabilities: Sequence[float] = (),
) -> tuple[RecognisedWord, ...]:
    """Group `tokens`, which begin at `starts` (seconds), in audio of `seconds`.

    `durations` and `log_probabilities` are per token, or empty where the model gives none; confidence is
    the geometric mean over a word's tokens, None without probabilities.
    """
    count = min(len(tokens), len(starts))
    groups = list(_groups(tokens[:count]))
    words: list[RecognisedWord] = []
    for place, group in enumerate(groups):
        text = _text(tokens, group)
        if not text:
            continue
        start = min(max(0.0, starts[group[0]]), seconds)
        last = group[-1]
        lasting = durations[last] if len(durations) == len(tokens) else _LAST_PIECE_SECONDS
        following = starts[groups[place + 1][0]] if place + 1 < len(groups) else seconds
        end = min(max(start, min(starts[last] + lasting, following)), seconds)
        confidence = None
        if len(log_probabilities) == len(tokens):
            mean = sum(log_probabilities[at] for at in group) / len(group)
            confidence = round(math.exp(min(0.0, mean)), 4)
        words.append(RecognisedWord(text, round(start, 3), round(end, 3), confidence))
    return tuple(words)


def _groups(tokens: Sequence[str]) -> Iterator[list[int]]:
    """Places of the tokens of each word."""
    group: list[int] = []
    for place, token in enumerate(tokens):
        if group and _begins_word(token):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _begins_word(token: str) -> bool:
    if token[:1] in (" ", "▁"):
        return True
    return token != "" and ord(token[0]) >= _FIRST_IDEOGRAPH and ord(token[0]) not in _HANGUL


def _text(tokens: Sequence[str], group: Sequence[int]) -> str:
    data = b""
    for place in group:
        byte = _BYTE.fullmatch(tokens[place])
        data += bytes.fromhex(byte[1]) if byte else tokens[place].encode("utf-8", "replace")
    return data.decode("utf-8", "replace").replace("▁", " ").strip()
