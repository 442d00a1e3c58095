"""Text for the ear: made safe, and cut into sentences so that speech starts before the text is read.

Pure functions. `clean` takes any string a person or a program may send and returns one that no
synthesizer can stumble over; `split` cuts it into chunks of whole sentences where it can. Invariant:
joining the chunks with single spaces gives the cleaned text with its white space collapsed, unless a
single word was longer than the limit. Neighbours: `engines/` feed one chunk at a time to their library.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

CHUNK_LIMIT = 400
"""Characters a chunk may have: about 25 s of speech, the most a cancelled engine computes in vain."""

# A full stop after one of these does not end a sentence when more text follows on the line.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st mt no nos vs etc e.g i.e a.m p.m fig vol dept est approx inc ltd co corp "
    "gen col capt lt sgt rev hon jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# The end of a sentence: a mark, closing quotes or brackets, then white space. Full-width marks need no space.
_SENTENCE_END = re.compile(
    r"[.!?\u2026]+[\"'\u2019\u201d)\]]*(?=\s)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*"
)
_CLAUSE_END = re.compile(r"[,;:\u2014\uff0c\u3001][\"'\u2019\u201d)\]]*(?=\s)|[\uff0c\u3001]")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LAST_WORD = re.compile(r"(\S+?)[.]$")


def clean(text: str) -> str:
    """Return `text` with control, unassigned and lone surrogate characters turned into spaces.

    Line breaks stay; invisible format characters (soft hyphens, text direction) vanish. Control
    characters are not harmless: espeak-ng reads U+0001 as the start of an embedded voice command, and a
    NUL would end the text early. Zero-width joiners stay, since emoji and several scripts use them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    return "".join(map(_safe, text))


def _safe(character: str) -> str:
    if character.isascii():
        return character if character in "\n\t" or character.isprintable() else " "
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in "\u200c\u200d" else ""
    return " " if category in ("Cc", "Cs", "Co", "Cn") else character


def has_words(text: str) -> bool:
    """Whether there is anything to say: at least one letter, digit or symbol, not punctuation alone."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def split(text: str, limit: int = CHUNK_LIMIT) -> Iterator[str]:
    """Yield `text` in order as chunks of at most `limit` characters, white space collapsed.

    Chunks end at the end of a sentence or paragraph; a sentence over the limit is cut at the last clause
    mark before it, else at the last space, else in the middle of the word. Raises ValueError when `limit`
    is under 2.
    """
    if limit < 2:
        raise ValueError("a chunk needs at least two characters")
    for paragraph in _PARAGRAPH.split(text):
        for sentence in _sentences(" ".join(paragraph.split())):
            yield from _cut(sentence, limit)


def _sentences(paragraph: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        if not _ends_sentence(paragraph[start : match.end()], paragraph[match.end() :]):
            continue
        yield paragraph[start : match.end()].strip()
        start = match.end()
    rest = paragraph[start:].strip()
    if rest:
        yield rest


def _ends_sentence(before: str, after: str) -> bool:
    """Whether the mark that ends `before` ends a sentence, judged by the word before and the text after."""
    word = _LAST_WORD.search(before[-40:])
    if word is None:
        return True
    last = word.group(1).lstrip("\"'([").lower()
    if last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last != "i"):
        return False
    following = after.lstrip()
    return not (following and following[0].islower())


def _cut(sentence: str, limit: int) -> Iterator[str]:
    while len(sentence) > limit:
        end = _last_end(_CLAUSE_END, sentence, limit)
        if end < limit // 2:  # a clause mark near the start would leave a stub of speech
            space = sentence.rfind(" ", 1, limit + 1)
            end = space if space > 0 else limit
        yield sentence[:end].strip()
        sentence = sentence[end:].strip()
    if sentence:
        yield sentence


def _last_end(pattern: re.Pattern[str], text: str, limit: int) -> int:
    end = 0
    for match in pattern.finditer(text, 0, limit + 1):
        if match.end() <= limit:
            end = match.end()
    return end
