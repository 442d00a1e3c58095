"""Runs of number words: where in a text they begin and end, and what stands around them.

A run is a stretch of number words with nothing but spaces between them. It holds one number, or several that
were said one after the other; `cuts_of` parts those whose parts can be told.

Pure. Neighbours: `reading` knows what number words come to, `writing` what becomes of a run, `style` what of
several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from garret.features.dictate.text.tokens import Token, plain_gap

from .reading import (
    CLASS,
    DECADES,
    DIGIT,
    ORDINALS,
    SMALL,
    TENS,
    counted,
    read_whole,
    read_year,
    shape_of,
    value_of,
)

_MULTIPLES = frozenset(("hundred", "thousand", "million", "billion"))
# A string of digits follows within a few words: "room four one two", "my number is five five five ...".
_NAMING = frozenset(
    """account agent apartment bus call channel code dial digits extension flat flight highway number order
    phone pin postcode route room serial telephone ticket train zip""".split()
)
_NAMING_BEFORE = 3
_LONGEST_ROW = 24
"""Words; a longer run is taken apart by nobody, which keeps the time linear in the length of a text."""


class Run(NamedTuple):
    """A run and what it is to be: `digits` is its form in digits, empty where it must stay in words.

    `wanted` says that digits are written when it stands alone; `counts` that it is one of the numbers that
    are written in one style with their like.
    """

    start: int
    end: int
    digits: str = ""
    wanted: bool = False
    counts: bool = True
    stop: int = 0
    """Where the part that becomes digits ends: before "million"."""


class Around(NamedTuple):
    """The words around a run, as far as nothing but spaces parts them from it.

    `earlier` and `before` stand before it, `after`, `beyond` and `third` after it. `named` says that a word
    shortly before it names a string of digits.
    """

    earlier: str
    before: str
    after: str
    beyond: str
    third: str
    named: bool


def around(tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> Around:
    """The words around the run from `start` to `end`."""
    before = words[start - 1] if start and not tokens[start - 1].trail else ""
    earlier = words[start - 2] if before and start > 1 and not tokens[start - 2].trail else ""
    after = beyond = third = ""
    if end < len(words) and not tokens[end - 1].trail:
        after = words[end] or tokens[end].core.casefold()  # "a.m" is not one word as words are compared
        if end + 1 < len(words) and not tokens[end].trail:
            beyond = words[end + 1]
            third = words[end + 2] if end + 2 < len(words) else ""
    named = not _NAMING.isdisjoint(words[max(0, start - _NAMING_BEFORE) : start])
    return Around(earlier, before, after, beyond, third, named)


def spread_hyphens(tokens: Sequence[Token]) -> list[Token]:
    """Split "twenty-five" in two; a token split off has a lead of "-" and no space."""
    spread: list[Token] = []
    for token in tokens:
        parts = token.core.split("-")
        known = [part.casefold() in SMALL or part.casefold() in ORDINALS for part in parts]
        if len(parts) != 2 or token.fixed or not all(known):
            spread.append(token)
            continue
        spread.append(Token(token.space, token.lead, parts[0], ""))
        spread.append(Token("", "-", parts[1], token.trail))
    return spread


def gather_hyphens(tokens: list[Token]) -> list[Token]:
    """Put together again what `spread_hyphens` split and nobody wrote in digits."""
    gathered: list[Token] = []
    for token in tokens:
        if token.lead == "-" and not token.space and gathered and not gathered[-1].trail:
            previous = gathered[-1]
            gathered[-1] = previous._replace(core=f"{previous.core}-{token.core}", trail=token.trail)
        else:
            gathered.append(token)
    return gathered


def run_end(tokens: Sequence[Token], words: Sequence[str], start: int) -> int:
    """The end of the run of number words at `start`; `start` itself if there is none."""
    if _goes_on(tokens, words, start) and words[start + 1] in DECADES and words[start] in SMALL:
        return start + 2
    article = (
        words[start] == "a" and _goes_on(tokens, words, start) and words[start + 1] in ("hundred", "thousand")
    )
    end = start + article
    first = end
    while end < len(tokens) and (end == first or _joined(tokens[end - 1], tokens[end])):
        word = words[end]
        if word in ORDINALS and end > start and _takes_ordinal(words[start:end], word):
            return end + 1
        if word not in CLASS or (word in ("and", "point") and not _continues(words, start, end)):
            break
        end += 1
    if end == start and start < len(words) and words[start] in ORDINALS:
        return start + 1
    return end


def _takes_ordinal(said: Sequence[str], ordinal: str) -> bool:
    """Whether `ordinal` ends the number that `said` begins: "twenty first", "one hundred and first"."""
    if said[-1] in TENS or (said[-1] == "and" and len(said) > 1):
        return True
    return said[-1] in _MULTIPLES and ordinal != "second"  # "a hundred second pause"


def _goes_on(tokens: Sequence[Token], words: Sequence[str], at: int) -> bool:
    return at + 1 < len(words) and _joined(tokens[at], tokens[at + 1])


def _joined(left: Token, right: Token) -> bool:
    return plain_gap(left, right) or (right.lead == "-" and not right.space and not left.trail)


def _continues(words: Sequence[str], start: int, at: int) -> bool:
    """Whether "and" or "point" at `at` stands inside a number rather than between two."""
    if at == start or at + 1 >= len(words):
        return False
    following = words[at + 1]
    if words[at] == "point":
        return (following in DIGIT or following in SMALL) and words[at - 1] in CLASS
    return words[at - 1] in _MULTIPLES and (following in SMALL or following in ORDINALS)


def cuts_of(words: Sequence[str], start: int, end: int) -> tuple[int, int] | None:
    """(end of the first, start of the rest) of a run that is no number but two; None for any other.

    Two numbers are told where "and" stands between them ("five hundred and six hundred"), or the first can
    take no more ("in nineteen sixty nine two men").
    """
    if end - start > _LONGEST_ROW or value_of(words[start:end]):
        return None
    for place in range(end - 2, start, -1):
        left = counted(words[start:place])
        if words[place] == "and" and read_whole(left) and _is_row(words, place + 1, end):
            return place, place + 1
    for place in range(start + 2, end):
        left = words[start:place]
        if _is_full(left) and read_whole(words[place:end]):
            return place, place
    return None


def _is_full(left: Sequence[str]) -> bool:
    """Whether `left` is a year, or a number over a hundred, that ends in a digit."""
    shape = shape_of(left)
    if shape[-1] not in "UT":
        return False
    large = not {"H", "K"}.isdisjoint(shape) and bool(read_whole(left))
    return large or 1700 <= int(read_year(left) or 0) < 2100


def _is_row(words: Sequence[str], start: int, end: int) -> bool:
    return bool(read_whole(counted(words[start:end]))) or cuts_of(words, start, end) is not None
