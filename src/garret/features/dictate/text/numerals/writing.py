"""Where numbers are written in digits.

A run of number words (`runs`) is converted as a whole or not at all, and only if it reads as exactly one
number. Rules, in order:

1. Clock phrases stay in words: a run beside "past" or "o'clock"; "five to nine", "ten after three" and the
   like; runs that read as hour and minutes ("ten thirty"). After "at" these are a time ("at 10:30"), and
   before "a.m." and "p.m." every hour is ("5 p.m."). "Five to ten percent" is no time.
2. Ordinals stay in words ("second thoughts"), except in dates: "twenty first of may" is
   "21st of may", "june sixth" is "june 6th". "May" and "march" are months before one unless the ordinal
   may be a verb or adverb ("i may second that", "they march first").
3. Three or more digits in a row are one string where they are seven or more, hold a zero, or follow a
   word that names such a string ("room four one two"), unless they count by even steps.
4. Years in two parts ("nineteen eighty four", "twenty twenty six") are four digits, unless a
   measure follows ("twenty thirty minutes"); decades are "1960s".
5. Decimals ("three point one four") and versions ("two point five point one") are digits.
6. Whole numbers from ten up are digits; below ten only before a measure ("five percent"), before
   million or more ("5 million"), never alone ("one of them", "no one"). From 10,000 up with commas.
7. A run that starts with "hundred", "thousand" or "million" stays ("a hundred", "several thousand"), but
   "a hundred and twenty five" is 125. Before "and a half" and the like a run stays.
8. What several numbers that belong together are written in, `style` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from garret.features.dictate.text.tokens import Edit, StepResult, Token, keys
from garret.features.dictate.text.words import normal_words

from .reading import (
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
from .runs import Around, Run, around, cuts_of, gather_hyphens, run_end, spread_hyphens
from .style import in_one_style

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
    """second seconds minute minutes hour hours day days week weeks month months year years people times
    vision""".split()
)
_CLOCK_AFTER = frozenset(("past", "o'clock", "oclock", "am"))
_HALVES = frozenset(("a.m", "p.m", "pm"))
_LARGE = frozenset(("million", "billion"))
_FRACTIONS = frozenset(
    """half quarter third quarters thirds fourths fifths sixths eighths tenths hundredth hundredths thousandth
    thousandths millionth millionths""".split()
)
_CENTURY_BEFORE = frozenset("the early mid late and or to".split())
_YEAR_BEFORE = frozenset(("by", "in", "since", "until", "year"))
_DATE_BEFORE = frozenset("after before by from of on since until".split())
_LONG_STRING = 7
# "I may second that", "they march third in line": verbs and adverbs after a word that is a verb as well.
_VERBAL = frozenset(("first", "second", "third"))
_MINUTES_BEFORE = frozenset("five ten quarter twenty minute minutes".split())


def write_numbers(tokens: Sequence[Token]) -> StepResult:
    """Write numbers as digits by the rules of this module."""
    spread = spread_hyphens(tokens)
    words = keys(spread)
    out: list[Token] = []
    edits: list[Edit] = []
    position = 0
    for run in in_one_style(spread, words, _runs(spread, words)):
        out.extend(spread[position : run.start])
        position = run.start
        if run.wanted:
            first, last = spread[run.start], spread[run.stop - 1]
            out.append(Token(first.space, first.lead, run.digits, last.trail, first.fixed))
            edits.append(Edit("number", tuple(words[run.start : run.stop]), tuple(normal_words(run.digits))))
            position = run.stop
    out.extend(spread[position:])
    return StepResult(gather_hyphens(out), edits)


def _runs(tokens: Sequence[Token], words: Sequence[str]) -> list[Run]:
    found: list[Run] = []
    position = 0
    while position < len(tokens):
        end = run_end(tokens, words, position)
        if end > position:
            found.extend(_convert(tokens, words, position, end))
        position = max(end, position + 1)
    return found


def _convert(tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> list[Run]:
    """What becomes of the run from `start` to `end`: mostly one run, two where it is a day and a year."""
    near = around(tokens, words, start, end)
    run = counted(words[start:end])
    for rule in (_special, _time):
        digits = rule(run, near)
        if digits is not None:
            return [Run(start, end, digits, wanted=bool(digits), counts=False, stop=end)]
    if _is_clock(run, near):
        return [Run(start, end)]
    date = _day_and_year(run, near.before)
    if date:
        day, year, cut = date
        return [
            Run(start, start + cut, day, wanted=True, counts=False, stop=start + cut),
            Run(start + cut, end, year, wanted=True, counts=False, stop=end),
        ]
    digits = _string(run, near) or _year(run, near) or read_version(run)
    if digits:
        return [Run(start, end, digits, wanted=True, counts=False, stop=end)]
    two = cuts_of(words, start, end)
    if two:
        return _convert(tokens, words, start, two[0]) + _convert(tokens, words, two[1], end)
    return [_count(words[start:end], run, near, start, end)]


def _special(run: Sequence[str], near: Around) -> str | None:
    """Ordinals and decades: their digits, empty where they stay in words; None for other runs."""
    if run[-1] in ORDINALS:
        return _date(run, near)
    if run[-1] in DECADES:
        digits = read_decade(run)
        certain = run[-1] not in ("hundreds", "tens") or near.before in _CENTURY_BEFORE
        return digits if certain else ""
    return None


def _date(run: Sequence[str], near: Around) -> str:
    digits = read_ordinal(run)
    if not digits or not 1 <= int(digits[:-2]) <= 31:
        return ""
    small = int(digits[:-2]) < 10
    if near.after == "of" and near.beyond in _MONTHS:
        return digits
    if near.after in _MONTHS:
        return "" if small else digits
    if near.before not in _MONTHS:
        return ""
    verb = near.before in ("may", "march") and run[-1] in _VERBAL and len(run) == 1
    dated = near.earlier in _DATE_BEFORE or _starts_year(near.after, near.beyond)
    return "" if verb and not dated else digits


def _starts_year(first: str, second: str) -> bool:
    return (first in SMALL and second in SMALL) or (first in ("one", "two") and second == "thousand")


def _time(run: Sequence[str], near: Around) -> str | None:
    """The digits of a time of day; None where the run is none."""
    if near.after in _HALVES or (near.after in ("a", "p") and near.beyond == "m"):
        return read_time(run) or ""
    if near.before == "at" and len(run) > 1 and near.after not in _COUNTED and not _is_clock(run, near):
        return read_time(run) or None
    return None


def _is_clock(run: Sequence[str], near: Around) -> bool:
    before, after, beyond = near.before, near.after, near.beyond
    if before == "past" or after in _CLOCK_AFTER:
        return True
    if after in ("minute", "minutes") and beyond in ("past", "to"):
        return True
    if after in ("to", "after") and before != "from" and _is_hour(beyond):
        return near.third not in _MEASURES and _minutes(run) in (5, 10, 20, 25)
    # The hour of "twenty to nine", "quarter to ten" and "five after ten".
    hour = before in ("to", "after") and near.earlier in _MINUTES_BEFORE and len(run) == 1
    return hour and 10 <= SMALL.get(run[0], 0) <= 12 and after not in _MEASURES


def _is_hour(word: str) -> bool:
    value = SMALL.get(word, int(word) if word.isdecimal() and len(word) < 3 else 0)
    return 1 <= value <= 12


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


def _string(run: Sequence[str], near: Around) -> str:
    """A string of digits, where they are surely one."""
    digits = read_digits(run)
    if not digits or _is_counting(digits):
        return ""
    return digits if near.named or len(digits) >= _LONG_STRING or "0" in digits else ""


def _is_counting(digits: str) -> bool:
    """Whether the digits go up or down by even steps, as people count."""
    steps = {int(right) - int(left) for left, right in pairwise(digits)}
    return len(steps) == 1 and steps != {0}


def _year(run: Sequence[str], near: Around) -> str:
    year = read_year(run)
    if not year or near.after in _COUNTED:
        return ""
    # "In ten thirty" and "until eleven fifteen" may be times; "in ten sixty six" is none.
    old = int(year) >= 1300 or int(year[-2:]) >= 60 or (int(year) >= 1100 and near.before in ("in", "year"))
    return year if 1700 <= int(year) < 2100 or (old and near.before in _YEAR_BEFORE) else ""


def _count(said: Sequence[str], run: Sequence[str], near: Around, start: int, end: int) -> Run:
    """A decimal or a whole number."""
    left = Run(start, end, stop=end)
    if near.after in _FRACTIONS or (near.after == "and" and _FRACTIONS & {near.beyond, near.third}):
        return left
    decimal = read_decimal(run)
    if decimal and _is_moment(run, near):
        return left
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
    small = int(digits) < 10 and not _is_measured(near)
    return left._replace(digits=_with_commas(digits), wanted=not small and not _is_idiom(said))


def _is_moment(run: Sequence[str], near: Around) -> bool:
    """Whether it is "at one point two men left", where a number follows "at one point"."""
    followed = near.after not in ("", "per", "of") and near.after not in _MEASURES
    return near.before == "at" and list(run[:2]) == ["one", "point"] and len(run) == 3 and followed


def _is_measured(near: Around) -> bool:
    """Whether a measure follows; "to one degree or another" measures nothing."""
    if near.after == "per":
        return near.beyond == "cent"
    return near.after in _MEASURES and (near.beyond, near.third) != ("or", "another")


def _is_idiom(said: Sequence[str]) -> bool:
    """Whether it is "a hundred", "a hundred thousand" or "a thousand and one", which are said at a guess."""
    return said[0] == "a" and (SMALL.keys().isdisjoint(said) or said[1:] == ["thousand", "and", "one"])


def _with_commas(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdigit() and len(digits) > 4 else digits
