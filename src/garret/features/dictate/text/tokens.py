"""The tokens that the clean-up steps work on, and the edits they must declare.

`split` and `join` lose nothing: joining what was split gives the same text. A step takes tokens,
returns tokens, and declares every word it removed or added as an `Edit`; the content check
(`content.py`) believes no step and verifies each declaration by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .words import normal_words

_PIECE = re.compile(r"\S+")
SENTENCE_ENDS = frozenset(".?!\u2026")
CLOSERS = frozenset("\"'\u2019\u201d)]}\u00bb")


class Token(NamedTuple):
    """A stretch without white space: `space` before it, `lead` and `trail` are its punctuation.

    `fixed` tokens were written by the vocabulary and are not looked at by later steps.
    """

    space: str
    lead: str
    core: str
    trail: str
    fixed: bool = False

    @property
    def text(self) -> str:
        """The token as written, without the space before it."""
        return self.lead + self.core + self.trail


class Edit(NamedTuple):
    """A declared change: which kind of step removed which words (as they were compared) for which."""

    kind: str
    removed: tuple[str, ...]
    added: tuple[str, ...] = ()


class Context(NamedTuple):
    """What the text before the present piece hands on: sentence start, the caps commands, and whether a mark
    that was said has the sentence go on (`goes_on`)."""

    sentence_start: bool = True
    all_caps: bool = False
    cap_next: bool = False
    goes_on: bool = False


class StepResult(NamedTuple):
    """What a step made of its tokens, the words it owns up to having changed, and what it hands on."""

    tokens: list[Token]
    edits: list[Edit]
    context: Context | None = None


def split(text: str) -> tuple[list[Token], str]:
    """Return the tokens of `text` and the white space at its end."""
    tokens: list[Token] = []
    end = 0
    for match in _PIECE.finditer(text):
        tokens.append(_token(text[end : match.start()], match[0]))
        end = match.end()
    return tokens, text[end:]


def _token(space: str, piece: str) -> Token:
    first, last = 0, len(piece)
    while first < last and not piece[first].isalnum():
        first += 1
    while last > first and not piece[last - 1].isalnum():
        last -= 1
    if first == last:  # punctuation alone: it closes what stands before it
        return Token(space, "", "", piece)
    return Token(space, piece[:first], piece[first:last], piece[last:])


def join(tokens: Sequence[Token], tail: str = "") -> str:
    """Return the text of `tokens`, followed by `tail`."""
    return "".join(token.space + token.lead + token.core + token.trail for token in tokens) + tail


def key(token: Token) -> str:
    """The word of a token as it is compared; empty for punctuation and for anything but one word."""
    core = token.core
    if core.isascii() and core.isalpha():
        return core.lower()
    words = normal_words(core)
    return words[0] if len(words) == 1 else ""


def keys(tokens: Sequence[Token]) -> list[str]:
    """`key` of each token; empty for fixed tokens, which no later step may match."""
    return ["" if token.fixed else key(token) for token in tokens]


def ends_sentence(token: Token) -> bool:
    """Whether the punctuation after `token` ends a sentence (closing quotes and brackets aside)."""
    for character in reversed(token.trail):
        if character in SENTENCE_ENDS:
            return True
        if character not in CLOSERS:
            return False
    return False


def plain_gap(left: Token, right: Token) -> bool:
    """Whether only spaces stand between two tokens: no punctuation and no line break."""
    return not left.trail and not right.lead and "\n" not in right.space
