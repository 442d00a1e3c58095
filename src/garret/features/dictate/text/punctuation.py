"""Punctuation and layout said by name: the names, and when one of them is an ordinary word.

A name is an ordinary word, whatever else speaks for a mark, when
1. a determiner stands right before it ("the period", "a full stop", "my colon"),
2. for names that are everyday words (period, dash, colon, slash, underscore, ...), one of the
   words listed for it in `_ORDINARY` stands right before or right after it ("grace period",
   "period of time", "dash of salt", "to slash", "oxford comma"),
3. for "period" only: "this", "that" or the like stands before it after a preposition ("during this
   period"), or an adjective of time after a determiner ("the same period"),
4. it is part of a hyphenated compound or in quotation marks or brackets.
Of the others `flow.py` says which are marks. An engine that punctuates by itself needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .tokens import Token, keys, plain_gap


class Mark(NamedTuple):
    """A mark and how it joins: to the word before it, to the word after it, or as a line break."""

    text: str
    joins_before: bool = True
    joins_after: bool = False


_OPEN, _CLOSE, _BETWEEN, _ALONE = (False, True), (True, False), (True, True), (False, False)

NEW_LINE = Mark("\n", *_BETWEEN)
NEW_PARAGRAPH = Mark("\n\n", *_BETWEEN)

_SPOKEN: dict[tuple[str, tuple[bool, bool]], str] = {
    (",", _CLOSE): "comma",
    (".", _CLOSE): "full stop, period",
    ("?", _CLOSE): "question mark",
    ("!", _CLOSE): "exclamation mark, exclamation point",
    (":", _CLOSE): "colon",
    (";", _CLOSE): "semi colon, semicolon",
    ("\u2026", _CLOSE): "dot dot dot, ellipsis",
    ("-", _BETWEEN): "hyphen",
    ("\u2013", _ALONE): "dash",
    ("/", _BETWEEN): "slash, forward slash",
    ("\\", _BETWEEN): "backslash, back slash",
    ("_", _BETWEEN): "underscore",
    ("@", _BETWEEN): "at sign",
    ("&", _ALONE): "ampersand",
    ("*", _ALONE): "asterisk",
    ("%", _CLOSE): "percent sign",
    ("\u201c", _OPEN): "open quote, open quotes, quote unquote",
    ("\u201d", _CLOSE): "close quote, close quotes, unquote, end quote",
    ("(", _OPEN): "open bracket, open parenthesis, open paren, left bracket, left parenthesis",
    (")", _CLOSE): "close bracket, close parenthesis, close paren, right bracket, right parenthesis",
    ("[", _OPEN): "open square bracket",
    ("]", _CLOSE): "close square bracket",
}

# Spoken name -> mark. "quote unquote" is an idiom with no closing quote; it is not a mark.
MARKS: dict[str, Mark] = {
    name.strip(): Mark(text, *joins)
    for (text, joins), names in _SPOKEN.items()
    for name in names.split(",")
    if name.strip() != "quote unquote"
}
LAYOUT: dict[str, Mark] = {"new line": NEW_LINE, "new paragraph": NEW_PARAGRAPH}

# Words that a noun must follow. "This", "that" and "her" also end phrases ("tell her comma"), so
# they make only "period" an ordinary word, and only after a preposition ("during this period").
_DETERMINERS = frozenset(("a", "an", "the", "my", "your", "its", "our", "their", "every"))
_POINTING = frozenset(("this", "that", "which", "what", "his", "her", "each", "one", "any", "some"))
_DURING = frozenset(("during", "in", "over", "for", "throughout", "within", "after", "before", "of", "since"))

# Name -> (words before it, words after it) that make it an ordinary word.
_PERIODS_BEFORE = """accounting cooling glacial grace historical holding incubation menstrual notice
    probation probationary reporting review settlement time transition transitional trial victorian
    waiting warranty"""
# These also end sentences ("it was short period"), so they need a determiner before them.
_PERIOD_ADJECTIVES = frozenset(
    "brief certain early final first free given late long same second short third whole".split()
)
_PERIODS_AFTER = """of in between during after before piece drama dramas instrument instruments costume
    costumes pain pains property furniture was is when where"""
_ORDINARY: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(before.split()), frozenset(after.split()))
    for name, before, after in (
        ("comma", "oxford serial missing inverted trailing", "separated splice delimited"),
        ("period", _PERIODS_BEFORE, _PERIODS_AFTER),
        ("full stop", "complete came come to", ""),
        ("colon", "transverse sigmoid ascending descending spastic", "cancer surgery polyps cleanse"),
        ("hyphen", "missing", ""),
        (
            "dash",
            "to mad quick must will i we they en em meter metre yard can should",
            "of off out away to through across into for between over past board around back home",
        ),
        ("slash", "to will must can would could", "and prices costs jobs taxes spending"),
        ("underscore", "to will must can would could", "how the that our this why"),
        ("asterisk", "missing", ""),
        ("ellipsis", "missing", ""),
        ("question mark", "big biggest huge real", "over about hangs remains"),
        ("unquote", "quote", ""),
        ("new line", "", "of in up item items"),
        ("new paragraph", "", "of"),
    )
}

_NAMES: dict[str, list[tuple[tuple[str, ...], Mark]]] = {}
for _name, _mark in (MARKS | LAYOUT).items():
    _NAMES.setdefault(_name.split()[0], []).append((tuple(_name.split()), _mark))
for _found in _NAMES.values():
    _found.sort(key=lambda item: -len(item[0]))


class Named(NamedTuple):
    """A name of a mark that is no ordinary word: its first token, how many they are, and the mark."""

    first: int
    name: tuple[str, ...]
    mark: Mark

    @property
    def end(self) -> int:
        """The place of the token after it."""
        return self.first + len(self.name)


def named_marks(tokens: Sequence[Token]) -> Iterator[Named]:
    """The names of marks, line breaks and paragraphs among `tokens` that are no ordinary words."""
    words = keys(tokens)
    position = 0
    while position < len(tokens):
        match = _name_at(tokens, words, position)
        if match is None:
            position += 1
            continue
        named = Named(position, *match)
        yield named
        position = named.end


def is_mark(text: str) -> bool:
    """Whether `text` is one of the marks that can be said by name."""
    return any(mark.text == text for mark in MARKS.values())


def _name_at(tokens: Sequence[Token], words: list[str], position: int) -> tuple[tuple[str, ...], Mark] | None:
    for name, mark in _NAMES.get(words[position], ()):
        end = position + len(name)
        if tuple(words[position:end]) != name:
            continue
        if all(plain_gap(tokens[i], tokens[i + 1]) for i in range(position, end - 1)):
            before = _before(tokens, words, position)
            after = words[end] if end < len(words) and not tokens[end - 1].trail else ""
            quoted = _is_quoted(tokens[position], tokens[end - 1])
            if not quoted and not _is_ordinary(" ".join(name), before, after):
                return name, mark
    return None


def _before(tokens: Sequence[Token], words: list[str], position: int) -> tuple[str, str]:
    """The two words before `position`, nearest last; empty beyond punctuation."""
    if not position or tokens[position - 1].trail:
        return "", ""
    if position == 1 or tokens[position - 2].trail:
        return "", words[position - 1]
    return words[position - 2], words[position - 1]


def _is_ordinary(name: str, before: tuple[str, str], after: str) -> bool:
    if before[1] in _DETERMINERS:
        return True
    if name == "period" and _is_ordinary_period(before):
        return True
    words_before, words_after = _ORDINARY.get(name, (frozenset(), frozenset()))
    return before[1] in words_before or after in words_after


def _is_ordinary_period(before: tuple[str, str]) -> bool:
    if before[1] in _POINTING:
        return before[0] in _DURING
    return before[1] in _PERIOD_ADJECTIVES and before[0] in _DETERMINERS | _POINTING


def _is_quoted(first: Token, last: Token) -> bool:
    # The engine's own comma or full stop after the name is part of saying the mark.
    return bool(first.lead) or not set(last.trail) <= set(",.;:?!\u2026")
