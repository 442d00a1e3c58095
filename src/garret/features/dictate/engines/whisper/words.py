"""Words of a window, with their times and probabilities, from the model's own alignment.

CTranslate2 walks the cross-attention of the model's alignment heads by dynamic time warping and gives pairs
of a token and a time; a token begins where its first pair is. Tokens become words at spaces; a language
without them has a word a character. Punctuation belongs to the word it stands at. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from garret.features.dictate.engines.contract import RecognisedWord
from garret.features.dictate.engines.whisper.vocabulary import SECONDS_PER_STAMP, Vocabulary

UNSPACED: Final = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages written without spaces between words."""

_OPENING: Final = "\"'“¿([{-"
_CLOSING: Final = "\"'.。,，!！?？:：”)]}、;…"
_LONGEST_WORD: Final = 2.0
"""Seconds a word lasts at most: the attention of a word at a pause reaches into it."""


@dataclass(frozen=True)
class Piece:
    """Tokens that make a word: how many, and the text, with the space before it."""

    tokens: int
    text: str


def pieces(vocabulary: Vocabulary, tokens: Sequence[int], *, spaced: bool = True) -> list[Piece]:
    """The words that tokens of text make, without loss: their tokens add up, their texts to the whole."""
    found: list[Piece] = []
    pending: list[int] = []
    for token in tokens:
        pending.append(token)
        text = vocabulary.text(pending)
        if "�" in text and len(pending) < 4 and token is not tokens[-1]:
            continue  # a character whose bytes are not all there yet
        # A space by itself belongs to the word after it.
        begins = not found or bool(found[-1].text.strip() and (not spaced or text[:1].isspace()))
        if begins:
            found.append(Piece(len(pending), text))
        else:
            last = found[-1]
            found[-1] = Piece(last.tokens + len(pending), last.text + text)
        pending = []
    if pending:
        found.append(Piece(len(pending), vocabulary.text(pending)))
    return _with_punctuation(found)


def _with_punctuation(found: Sequence[Piece]) -> list[Piece]:
    """A mark by itself joins the word before it, or an opening one the word after it."""
    joined: list[Piece] = []
    opening: Piece | None = None
    for each in found:
        piece = each
        if opening is not None:
            piece = Piece(opening.tokens + each.tokens, opening.text + each.text.lstrip())
            opening = None
        bare = piece.text.strip()
        if bare and all(mark in _OPENING for mark in bare) and piece.text[:1].isspace():
            opening = piece
        elif joined and bare and all(mark in _CLOSING for mark in bare):
            joined[-1] = Piece(joined[-1].tokens + piece.tokens, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined if opening is None else [*joined, opening]


def timed(
    made_of: Sequence[Piece],
    alignment: Sequence[tuple[int, int]],
    probabilities: Sequence[float],
    *,
    offset: float,
    end: float,
) -> list[RecognisedWord]:
    """Words with their times in seconds, `offset` being the window's start and `end` where the sound ends.

    `alignment` pairs tokens with times of 20 ms and is in order; the last token is that of the end.
    """
    tokens = sum(piece.tokens for piece in made_of)
    starts = _starts(alignment, tokens)
    words: list[RecognisedWord] = []
    first = 0
    for piece in made_of:
        last = first + piece.tokens
        begin = min(offset + starts[first] * SECONDS_PER_STAMP, end)
        until = min(offset + starts[last] * SECONDS_PER_STAMP, end, begin + _LONGEST_WORD)
        part = probabilities[first:last]
        confidence = sum(part) / len(part) if part else 0.0
        text = piece.text.strip()
        if text:
            words.append(
                RecognisedWord(
                    text,
                    round(begin, 3),
                    round(max(begin, until), 3),
                    round(min(1.0, max(0.0, confidence)), 4),
                )
            )
        first = last
    return words


def _starts(alignment: Sequence[tuple[int, int]], tokens: int) -> list[int]:
    """When each token begins, and the end after the last; one that is left out begins with the next."""
    starts: list[int | None] = [None] * (tokens + 1)
    for token, time in alignment:
        if token <= tokens and starts[token] is None:
            starts[token] = time
    last = alignment[-1][1] + 1 if alignment else 0
    known = last
    filled: list[int] = []
    for start in reversed(starts):
        known = known if start is None else min(start, known)
        filled.append(known)
    return filled[::-1]
