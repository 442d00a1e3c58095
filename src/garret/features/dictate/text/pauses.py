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

from .casing import ABBREVIATIONS
from .cleanup import STEPS, CleanupOptions, clean
from .editor import Editor, TextEdit
from .numerals import is_number_word
from .reading import Reading
from .tokens import Token, split
from .words import normal_words

_MARKS = frozenset(",.;:?!\u2026\u00bf\u00a1\u037e\u00b7\u2013\u2014")
# What the dictionary of PocketSphinx writes with a full stop of its own, beside single letters and what
# has a full stop inside.
_ABBREVIATIONS = ABBREVIATIONS | frozenset("al co conn corp cr in jan jr mass messrs mssrs rep".split())
# Every orthography in these scripts that is in use ends its sentences with "." and parts words by spaces.
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
_HEAD_STEPS = tuple(step for step in STEPS if step.name in ("vocabulary", "fillers"))


class SentenceEnds(NamedTuple):
    """The places of the segments that end a sentence, and of the last one, which ends one if another does."""

    places: frozenset[int] = frozenset()
    last: int | None = None


def sentence_ends(readings: Sequence[Reading], least: float, options: CleanupOptions) -> SentenceEnds:
    """The sentence ends among the segments of one utterance; `least` is in seconds, 0 for none.

    The editor has the last word: where it writes no stop, as after "the", no sentence has ended.
    """
    if least <= 0 or all(reading.pause < least for reading in readings):
        return SentenceEnds()
    if not all(_is_bare(reading.text) for reading in readings):
        return SentenceEnds()
    remaining, pauses = _edited(readings, options)
    places = [
        left
        for left, right in pairwise(remaining)
        if pauses.get(left, 0.0) >= least and _are_apart(readings[left], readings[right], options)
    ]
    last = remaining[-1] if remaining and _is_text(readings[remaining[-1]], -1) else None
    return SentenceEnds(frozenset(places), last)


def _is_text(reading: Reading, place: int) -> bool:
    """Whether the first (0) or the last (-1) part of a segment is text."""
    return bool(reading.parts) and reading.parts[place].command is None


def _edited(readings: Sequence[Reading], options: CleanupOptions) -> tuple[tuple[int, ...], dict[int, float]]:
    """The places of the segments that the text has at its end, and the pauses before the text after each.

    A text that was scratched leaves the pause before it to the text that takes its place. Beside a filler,
    or sound without words, the longer pause counts: two short ones are no long one.
    """
    editor = Editor(options)
    pauses: dict[int, float] = {}
    before, pause = -1, 0.0
    for place, reading in enumerate(readings):
        if editor.ending is not None:
            break
        pause = max(pause, reading.pause)
        edit = editor.apply(reading)
        if not editor.history[-1].commands and edit == TextEdit():
            continue
        if _is_text(reading, 0):
            pauses[before] = pause
        before, pause = place, 0.0
    return editor.remaining, pauses


def _are_apart(left: Reading, right: Reading, options: CleanupOptions) -> bool:
    """Whether two segments with a long pause between them are texts there that may be two sentences."""
    if not _is_text(left, -1) or not _is_text(right, 0):
        return False
    tokens, following = _head(left.parts[-1].text, options), _head(right.parts[0].text, options)
    if not tokens or not following or _starts_with_mark(following[0]):
        return False
    return not options.english or not (_is_number(tokens[-1], -1) and _is_number(following[0], 0))


def _head(text: str, options: CleanupOptions) -> Sequence[Token]:
    """The words of a text while its numbers are still as they were said."""
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
