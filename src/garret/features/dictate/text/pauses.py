"""Which pauses end sentences: a rule over the segments of a whole utterance.

For engines that write no punctuation. A long pause ends a sentence where words stand on both sides of it:
never beside a spoken command or a spoken mark, whose pauses belong to them, and never within a row of
numbers. Nothing is ended at all in an utterance that the engine has punctuated, or that is not written in
a script whose sentences end with ".". The last sentence is ended only together with an earlier one, so
that a search word or a short answer stays bare. Question marks are not guessed.

Pure. Neighbours: `full_stop.py` writes the stop, and refuses it after a word that can hardly be the last.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from .casing import ABBREVIATIONS, starts_with_caps_command
from .cleanup import STEPS, CleanupOptions, clean
from .commands import DEFAULT_TABLE, Command, CommandTable
from .editor import Editor, TextEdit
from .numerals import is_number_word
from .tokens import Token, split
from .words import normal_words

_MARKS = frozenset(",.;:?!\u2026\u00bf\u00a1\u037e\u00b7\u2013\u2014")
# What the dictionary of PocketSphinx writes with a full stop of its own, beside single letters and what
# has a full stop inside.
_ABBREVIATIONS = ABBREVIATIONS | frozenset("al co conn corp cr in jan jr mass messrs mssrs rep".split())
# Every orthography in these scripts that is in use ends its sentences with "." and parts words by spaces.
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
_HEAD_STEPS = tuple(step for step in STEPS if step.name in ("vocabulary", "fillers", "punctuation"))


class Piece(NamedTuple):
    """A segment: what was heard, the command it is, and the seconds of silence before it (at least)."""

    text: str
    command: Command | None = None
    pause: float = 0.0


class SentenceEnds(NamedTuple):
    """The places of the pieces that end a sentence, and of the last one, which ends one if another does."""

    places: frozenset[int] = frozenset()
    last: int | None = None


def sentence_ends(
    pieces: Sequence[Piece],
    least: float,
    options: CleanupOptions,
    table: CommandTable = DEFAULT_TABLE,
) -> SentenceEnds:
    """The sentence ends among the `pieces` of one utterance; `least` is in seconds, 0 for none.

    The editor has the last word: where it writes no stop, as after "the", no sentence has ended.
    """
    if least <= 0 or all(piece.pause < least for piece in pieces):
        return SentenceEnds()
    if not all(_is_bare(piece.text) for piece in pieces):
        return SentenceEnds()
    remaining, pauses = _edited(pieces, options, table)
    places = [
        left
        for left, right in pairwise(remaining)
        if pauses.get(left, 0.0) >= least and _are_apart(pieces[left], pieces[right], options)
    ]
    last = remaining[-1] if remaining and pieces[remaining[-1]].command is None else None
    return SentenceEnds(frozenset(places), last)


def _edited(
    pieces: Sequence[Piece], options: CleanupOptions, table: CommandTable
) -> tuple[tuple[int, ...], dict[int, float]]:
    """The places of the pieces that the text still has at its end, and the pauses before the text after each.

    A text that was scratched leaves the pause before it to the text that takes its place. Beside a filler,
    or sound without words, the longer pause counts: two short ones are no long one.
    """
    editor = Editor(options, table)
    pauses: dict[int, float] = {}
    before, pause = -1, 0.0
    for place, piece in enumerate(pieces):
        if editor.ending is not None:
            break
        pause = max(pause, piece.pause)
        edit = editor.apply(piece.text, piece.command)
        if piece.command is None and edit == TextEdit():
            continue
        if piece.command is None:
            pauses[before] = pause
        before, pause = place, 0.0
    return editor.remaining, pauses


def _are_apart(left: Piece, right: Piece, options: CleanupOptions) -> bool:
    """Whether two pieces with a long pause between them are texts that may be two sentences."""
    if left.command is not None or right.command is not None:
        return False
    tokens, following = _head(left.text, options), _head(right.text, options)
    if not tokens or not following or _starts_with_mark(following[0]):
        return False
    if not options.english:
        return True
    if options.caps and starts_with_caps_command(following):
        return False
    return not (_is_number(tokens[-1], -1) and _is_number(following[0], 0))


def _head(text: str, options: CleanupOptions) -> Sequence[Token]:
    """The words and marks of a text while its numbers and caps commands are still as they were said."""
    return split(clean(text, options, steps=_HEAD_STEPS).text)[0]


def _starts_with_mark(token: Token) -> bool:
    """Whether a text with `token` at its start begins with a mark or a line break; "'bout" does not."""
    return not token.core or "\n" in token.space or bool(token.lead.strip("'\u2019"))


def _is_number(token: Token, place: int) -> bool:
    """Whether the first (0) or the last (-1) word of a token is a number in digits or in words."""
    words = normal_words(token.core)
    return bool(words) and (words[place].isdigit() or is_number_word(words[place]))


def _is_bare(text: str) -> bool:
    """Whether an engine wrote `text` without punctuation, in a script whose sentences end with "."."""
    return all(_is_unmarked(token) and _is_in_script(token.core) for token in split(text)[0])


def _is_unmarked(token: Token) -> bool:
    if _MARKS.isdisjoint(token.lead) and _MARKS.isdisjoint(token.trail):
        return True
    abbreviated = len(token.core) == 1 or "." in token.core or token.core.casefold() in _ABBREVIATIONS
    return token.trail == "." and bool(token.core) and abbreviated


def _is_in_script(word: str) -> bool:
    return word.isascii() or all(_is_letter_of_script(character) for character in word)


@cache
def _is_letter_of_script(character: str) -> bool:
    """Whether a character is a letter of one of the scripts, or none of any (modifier letters are none)."""
    if unicodedata.category(character) not in ("Lu", "Ll", "Lt", "Lo") or character in "\u00aa\u00b5\u00ba":
        return True
    return unicodedata.name(character, "").startswith(_SCRIPTS)
