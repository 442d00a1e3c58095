"""Recognised words, what counts as the same word, and the word error rate.

`normal_words` is the one definition of "a word" in this package: the word error rate, the content
check and the matching of commands all use it, so they can never disagree about what was lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

# Digits keep an inner separator ("3.5", "10,000"), letters an inner apostrophe ("don't"). What is
# not ASCII and not part of a word has become a space before this is used.
_LETTER = "[a-z0-9\x80-\U0010ffff]"
_WORD = re.compile(rf"[0-9]+(?:[.,][0-9]+)*(?!{_LETTER})|{_LETTER}+(?:'{_LETTER}+)*")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\Z")
_APOSTROPHES = {ord(c): "'" for c in "\u2018\u2019\u02bc\uff07"}


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recognised word: seconds from the start of the audio; confidence 0 to 1, None where not known."""

    text: str
    start: float
    end: float
    confidence: float | None


class WordErrors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The errors of a hypothesis; `words` is the length of the reference, `rate` errors per word of it.

    The rate may exceed 1. Against an empty reference it is the number of inserted words.
    """

    substitutions: int
    deletions: int
    insertions: int
    words: int
    rate: float


def normal_words(text: str) -> list[str]:
    """Return the words of `text` in the form in which they are compared.

    Case, width, typographic apostrophes and all punctuation make no difference; hyphens, dashes,
    slashes and underscores separate words; "10,000" is "10000". Numbers in words and in digits
    are different words. Takes any text and never raises; linear in its length.
    """
    if text.isascii():
        text = text.lower()
    else:
        # Applied twice because folding can undo a normal form (Unicode 15, section 5.18).
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = text.translate(_separators(text))
    found: list[str] = _WORD.findall(text)
    if "," in text:
        return [word.replace(",", "") if _THOUSANDS.match(word) else word for word in found]
    return found


def _separators(text: str) -> dict[int, str]:
    """What to write for the characters of `text` beyond ASCII that are not part of a word."""
    others = {character for character in text if not character.isascii()}
    return {
        ord(character): _APOSTROPHES.get(ord(character), " ")
        for character in others
        if ord(character) in _APOSTROPHES
        or not (character.isalnum() or unicodedata.category(character).startswith("M"))
    }


def word_error_rate(reference: str, hypothesis: str) -> WordErrors:
    """Count the fewest word edits that turn `reference` into `hypothesis` (Levenshtein 1966).

    Where several alignments need equally few edits, the one with the fewest substitutions (so
    the most words right) is counted. Time grows with words x errors, memory with words.
    """
    expected, heard = normal_words(reference), normal_words(hypothesis)
    edits, substitutions = align_cost(expected, heard)
    surplus = len(expected) - len(heard)  # deletions minus insertions, whatever the alignment
    deletions = (edits - substitutions + surplus) // 2
    insertions = edits - substitutions - deletions
    return WordErrors(
        substitutions=substitutions,
        deletions=deletions,
        insertions=insertions,
        words=len(expected),
        rate=edits / max(1, len(expected)),
    )


def align_cost(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """Return (fewest edits between `a` and `b`, the substitutions among them).

    Only a band of the table is filled, doubled until the result fits in it (Ukkonen 1985).
    """
    band = max(16, abs(len(a) - len(b)))
    while True:
        edits, substitutions = _banded(a, b, band)
        if edits <= band or band >= max(len(a), len(b)):
            return edits, substitutions
        band *= 2


def _banded(a: Sequence[str], b: Sequence[str], band: int) -> tuple[int, int]:
    # One integer a cell: edits in the high part, substitutions in the low part, so that the
    # minimum prefers fewer edits and then fewer substitutions, and no trace back is needed.
    edit = len(a) + len(b) + 1
    unreachable = edit * edit * 2
    row = [j * edit if j <= band else unreachable for j in range(len(b) + 1)]
    for i, word in enumerate(a, start=1):
        first, last = max(1, i - band), min(len(b), i + band)
        above_left = row[first - 1]
        left = row[first - 1] = i * edit if first == 1 else unreachable
        for j in range(first, last + 1):
            above = row[j]
            if word == b[j - 1]:
                best = above_left
            else:
                best = above_left + edit + 1
                if above + edit < best:
                    best = above + edit
                if left + edit < best:
                    best = left + edit
            above_left = above
            row[j] = left = best
        if last < len(b):
            row[last + 1] = unreachable
    return divmod(row[len(b)], edit)
