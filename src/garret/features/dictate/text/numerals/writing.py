"""Where numbers are written in digits, and in one style for numbers that belong together.

A *run* is a stretch of number words with nothing but spaces between them. A run is converted as a
whole or not at all, and only if it reads as exactly one number. Rules, in order:

1. Clock phrases stay in words: a run beside "past" or "o'clock"; "five to nine" and the like; runs that
   read as hour and minutes ("ten thirty"). After "at" these are a time ("at 10:30"), and before
   "a.m." and "p.m." every hour is ("5 p.m.").
2. Ordinals stay in words ("second thoughts"), except in dates: "twenty first of may" is
   "21st of may", "june sixth" is "june 6th".
3. Three or more digits in a row are one string where they are seven or more, hold a zero, or follow a
   word that names such a string ("room four one two"), unless they count by even steps.
4. Years in two parts ("nineteen eighty four", "twenty twenty six") are four digits, unless a
   measure follows ("twenty thirty minutes"); decades are "1960s".
5. Decimals ("three point one four") and versions ("two point five point one") are digits.
6. Whole numbers from ten up are digits; below ten only before a measure ("five percent"), before
   million or more ("5 million"), never alone ("one of them", "no one"). From 10,000 up with commas.
7. A run that starts with "hundred", "thousand" or "million" stays ("a hundred", "several thousand"), but
   "a hundred and twenty five" is 125. Before "and a half" and the like a run stays.
8. Numbers that "and", "or", "to" and the like join are written in one style: in digits if each can be
   and one is ("between 9 and 11"), else in words ("two or three hundred").
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from garret.features.dictate.text.tokens import Edit, StepResult, Token, keys, plain_gap
from garret.features.dictate.text.words import normal_words

from .reading import (
    CLASS,
    DECADES,
    DIGIT,
    ORDINALS,
    SMALL,
    TENS,
    counted,
    read_decade,
    read_decimal,
    read_digits,
    read_ordinal,
    read_time,
    read_version,
    read_whole,
    read_year,
    shape_of,
)

_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
_MEASURES = frozenset(
    """percent dollar dollars cent cents euro euros pound pounds degree degrees celsius fahrenheit
    meter meters metre metres kilometer kilometers kilometre kilometres centimeter centimeters
    millimeter millimeters millimetre millimetres mile miles gram grams kilogram kilograms kilo kilos
    liter liters litre litres milliliters milligrams watt watts kilowatts volt volts byte bytes kilobytes
    megabytes gigabytes terabytes hertz megahertz gigahertz milliseconds pixels
    mm cm km kg mg ml mb gb tb hz khz mhz ghz kw mph kmh""".split()
)
# After a pair like "twenty thirty" these show that two numbers are meant, not a year or a time.
_COUNTED = _MEASURES | frozenset(
    "second seconds minute minutes hour hours day days week weeks months years people times vision".split()
)
_CLOCK_AFTER = frozenset(("past", "o'clock", "oclock", "am"))
_HALVES = frozenset(("a.m", "p.m", "pm"))
_LARGE = frozenset(("million", "billion"))
_FRACTIONS = frozenset("half quarter third quarters thirds fourths fifths sixths eighths tenths".split())
_YEAR_BEFORE = frozenset(("by", "in", "since", "until", "year"))
_DATE_BEFORE = frozenset("after before by from on since until".split())
# A string of digits follows within a few words: "room four one two", "my number is five five five ...".
_NAMING = frozenset(
    """account agent apartment bus call channel code dial digits extension flat flight number order phone
    pin postcode route room serial telephone ticket train zip""".split()
)
_NAMING_BEFORE = 3
_LONG_STRING = 7

_LINKS = frozenset(("and", "by", "in", "minus", "or", "plus", "through", "times", "to", "versus"))
# What makes of "one" a number and not a word for somebody or something.
_ONE_LINKS = frozenset(("in", "or", "out", "through", "to"))


class _Run(NamedTuple):
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


def write_numbers(tokens: Sequence[Token]) -> StepResult:
    """Write numbers as digits by the rules of this module."""
    spread = _spread_hyphens(tokens)
    words = keys(spread)
    out: list[Token] = []
    edits: list[Edit] = []
    position = 0
    for run in _in_one_style(spread, words, _runs(spread, words)):
        out.extend(spread[position : run.start])
        position = run.start
        if run.wanted:
            first, last = spread[run.start], spread[run.stop - 1]
            out.append(Token(first.space, first.lead, run.digits, last.trail, first.fixed))
            edits.append(Edit("number", tuple(words[run.start : run.stop]), tuple(normal_words(run.digits))))
            position = run.stop
    out.extend(spread[position:])
    return StepResult(_gather_hyphens(out), edits)


def _runs(tokens: Sequence[Token], words: Sequence[str]) -> list[_Run]:
    found: list[_Run] = []
    position = 0
    while position < len(tokens):
        end = _run_end(tokens, words, position)
        if end > position:
            found.extend(_convert(tokens, words, position, end))
        position = max(end, position + 1)
    return found


def _in_one_style(tokens: Sequence[Token], words: Sequence[str], runs: list[_Run]) -> list[_Run]:
    out: list[_Run] = []
    group: list[_Run] = []
    for run in runs:
        if group and not _linked(tokens, words, group[-1], run):
            out.extend(_alike(words, group))
            group = []
        group.append(run)
    return out + _alike(words, group)


def _linked(tokens: Sequence[Token], words: Sequence[str], left: _Run, right: _Run) -> bool:
    between = words[left.end : right.start]
    gap = [token.trail for token in tokens[left.end - 1 : right.start]]
    if not (left.counts and right.counts) or tokens[right.start].lead not in ("", "-"):
        return False
    if any("\n" in token.space for token in tokens[left.end : right.start + 1]):
        return False
    if gap[0] == "," and not any(gap[1:]):
        return between in ([], ["and"], ["or"])
    if any(gap) or (between != ["out", "of"] and (len(between) != 1 or between[0] not in _LINKS)):
        return False
    if words[left.start : left.end] != ["one"] or between[0] in _ONE_LINKS:
        return True
    return left.start > 0 and words[left.start - 1] == "between"


def _alike(words: Sequence[str], group: list[_Run]) -> list[_Run]:
    """The runs of `group` with one style for all of them."""
    if len(group) < 2 or not any(run.wanted for run in group):
        return group
    shared = any(_is_shared(words, left, right) for left, right in pairwise(group))
    digits = not shared and all(run.digits for run in group)
    return [run._replace(wanted=digits) for run in group]


def _is_shared(words: Sequence[str], left: _Run, right: _Run) -> bool:
    """Whether a multiplier is said once for both: "two or three hundred" is 200 or 300."""
    last = words[left.start : left.end]
    first = words[right.start : right.end]
    if first[-1] not in ("hundred", "thousand") or not {"hundred", "thousand"}.isdisjoint(last):
        return False
    count, other = read_whole(first[:-1]), read_whole(last)
    return bool(count and other) and int(other) < int(count)


def _spread_hyphens(tokens: Sequence[Token]) -> list[Token]:
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


def _gather_hyphens(tokens: list[Token]) -> list[Token]:
    gathered: list[Token] = []
    for token in tokens:
        if token.lead == "-" and not token.space and gathered and not gathered[-1].trail:
            previous = gathered[-1]
            gathered[-1] = previous._replace(core=f"{previous.core}-{token.core}", trail=token.trail)
        else:
            gathered.append(token)
    return gathered


def _run_end(tokens: Sequence[Token], words: Sequence[str], start: int) -> int:
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
        if word in ORDINALS and end > start and words[end - 1] in TENS:
            return end + 1
        if word not in CLASS or (word in ("and", "point") and not _continues(words, start, end)):
            break
        end += 1
    if end == start and start < len(words) and words[start] in ORDINALS:
        return start + 1
    return end


def _goes_on(tokens: Sequence[Token], words: Sequence[str], at: int) -> bool:
    return at + 1 < len(words) and _joined(tokens[at], tokens[at + 1])


def _joined(left: Token, right: Token) -> bool:
    return plain_gap(left, right) or (right.lead == "-" and not right.space and not left.trail)


def _continues(words: Sequence[str], start: int, at: int) -> bool:
    """Whether "and" or "point" at `at` stands inside a number rather than between two."""
    if at == start or at + 1 >= len(words):
        return False
    if words[at] == "point":
        return (words[at + 1] in DIGIT or words[at + 1] in SMALL) and words[at - 1] in CLASS
    return words[at - 1] in ("hundred", "thousand", *_LARGE) and words[at + 1] in SMALL


class _Around(NamedTuple):
    """The words around a run, as far as nothing but spaces parts them from it."""

    before: str
    after: str
    beyond: str
    third: str
    named: bool


def _around(tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> _Around:
    before = words[start - 1] if start and not tokens[start - 1].trail else ""
    after = beyond = third = ""
    if end < len(words) and not tokens[end - 1].trail:
        after = words[end] or tokens[end].core.casefold()  # "a.m" is not one word as words are compared
        if end + 1 < len(words) and not tokens[end].trail:
            beyond = words[end + 1]
            third = words[end + 2] if end + 2 < len(words) else ""
    named = not _NAMING.isdisjoint(words[max(0, start - _NAMING_BEFORE) : start])
    return _Around(before, after, beyond, third, named)


def _convert(tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> list[_Run]:
    """What becomes of the run from `start` to `end`: mostly one run, two where it is a day and a year."""
    around = _around(tokens, words, start, end)
    run = counted(words[start:end])
    for rule in (_special, _time):
        digits = rule(run, around)
        if digits is not None:
            return [_Run(start, end, digits, wanted=bool(digits), counts=False, stop=end)]
    if _is_clock(run, around):
        return [_Run(start, end)]
    date = _day_and_year(run, around.before)
    if date:
        day, year, cut = date
        return [
            _Run(start, start + cut, day, wanted=True, counts=False, stop=start + cut),
            _Run(start + cut, end, year, wanted=True, counts=False, stop=end),
        ]
    digits = _string(run, around) or _year(run, around) or read_version(run)
    if digits:
        return [_Run(start, end, digits, wanted=True, counts=False, stop=end)]
    return [_count(words[start:end], run, around, start, end)]


def _special(run: Sequence[str], around: _Around) -> str | None:
    """Ordinals and decades: their digits, empty where they stay in words; None for other runs."""
    if run[-1] in ORDINALS:
        return _date(run, around)
    if run[-1] in DECADES:
        digits = read_decade(run)
        certain = run[-1] not in ("hundreds", "tens") or around.before in ("the", "early", "mid", "late")
        return digits if certain else ""
    return None


def _date(run: Sequence[str], around: _Around) -> str:
    digits = read_ordinal(run)
    if not digits or not 1 <= int(digits[:-2]) <= 31:
        return ""
    small = int(digits[:-2]) < 10
    if around.after == "of" and around.beyond in _MONTHS:
        return digits
    if around.after in _MONTHS:
        return "" if small else digits
    if around.before not in _MONTHS:
        return ""
    verb = around.before in ("may", "march")
    return "" if small and verb and not _starts_year(around.after, around.beyond) else digits


def _starts_year(first: str, second: str) -> bool:
    return (first in SMALL and second in SMALL) or (first in ("one", "two") and second == "thousand")


def _time(run: Sequence[str], around: _Around) -> str | None:
    """The digits of a time of day; None where the run is none."""
    if around.after in _HALVES or (around.after in ("a", "p") and around.beyond == "m"):
        return read_time(run) or ""
    if around.before == "at" and len(run) > 1 and around.after not in _COUNTED and not _is_clock(run, around):
        return read_time(run) or None
    return None


def _is_clock(run: Sequence[str], around: _Around) -> bool:
    before, after, beyond = around.before, around.after, around.beyond
    if before == "past" or after in _CLOCK_AFTER:
        return True
    if after in ("minute", "minutes") and beyond in ("past", "to"):
        return True
    if after == "to" and beyond in SMALL and 1 <= SMALL[beyond] <= 12:
        return _minutes(run) in (5, 10, 20, 25)
    # The hour of "twenty to nine" and "quarter to ten".
    return before == "to" and len(run) == 1 and 10 <= SMALL.get(run[0], 0) <= 12


def _minutes(run: Sequence[str]) -> int:
    """The value of a run of one or two words below sixty, or 0."""
    if len(run) == 1:
        return SMALL.get(run[0], 0)
    if len(run) == 2 and run[0] in TENS and run[1] in DIGIT:
        return SMALL[run[0]] + SMALL.get(run[1], 0)
    return 0


def _day_and_year(run: Sequence[str], before: str) -> tuple[str, str, int] | None:
    """(day, year, words of the day) of "june six two thousand and four", if it can be read in one way."""
    if before not in _MONTHS:
        return None
    found: list[tuple[str, str, int]] = []
    for cut in (1, 2):
        day, year = read_whole(run[:cut]), read_year(run[cut:]) or read_whole(run[cut:])
        if day and year and 1 <= int(day) <= 31 and 1000 <= int(year) < 2100:
            found.append((day, year, cut))
    return found[0] if len(found) == 1 and not read_whole(run) else None


def _string(run: Sequence[str], around: _Around) -> str:
    """A string of digits, where they are surely one."""
    digits = read_digits(run)
    if not digits or _is_counting(digits):
        return ""
    return digits if around.named or len(digits) >= _LONG_STRING or "0" in digits else ""


def _is_counting(digits: str) -> bool:
    """Whether the digits go up or down by even steps, as people count."""
    steps = {int(right) - int(left) for left, right in pairwise(digits)}
    return len(steps) == 1 and steps != {0}


def _year(run: Sequence[str], around: _Around) -> str:
    year = read_year(run)
    if not year or around.after in _COUNTED:
        return ""
    return year if 1700 <= int(year) < 2100 or (int(year) >= 1100 and around.before in _YEAR_BEFORE) else ""


def _count(said: Sequence[str], run: Sequence[str], around: _Around, start: int, end: int) -> _Run:
    """A decimal or a whole number."""
    left = _Run(start, end, stop=end)
    if around.after in _FRACTIONS or (around.after == "and" and _FRACTIONS & {around.beyond, around.third}):
        return left
    decimal = read_decimal(run)
    if decimal:
        return left._replace(digits=decimal, wanted=True)
    shape = shape_of(run)
    if shape[0] in "HKMBO" or shape == "Z":
        return left
    if run[-1] in _LARGE and not set(shape[:-1]) & set("MB"):
        if said[0] == "a":
            return left
        count = read_decimal(run[:-1]) or _with_commas(read_whole(run[:-1]))
        return left._replace(digits=count, wanted=bool(count), stop=end - 1)
    digits = read_whole(run)
    if not digits:
        return left
    small = int(digits) < 10 and around.after not in _MEASURES
    return left._replace(digits=_with_commas(digits), wanted=not small and not _is_idiom(said))


def _is_idiom(said: Sequence[str]) -> bool:
    """Whether it is "a hundred", "a hundred thousand" or "a thousand and one", which are said at a guess."""
    return said[0] == "a" and (SMALL.keys().isdisjoint(said) or said[1:] == ["thousand", "and", "one"])


def _with_commas(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdigit() and len(digits) > 4 else digits
