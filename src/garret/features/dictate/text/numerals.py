"""Numbers in words become digits where a careful typist would write digits.

A *run* is a stretch of number words with nothing but spaces between them. A run is converted as a
whole or not at all, and only if it reads as exactly one number. Rules, in order:

1. Clock phrases stay in words: a run beside "past", "o'clock", "a.m." or "p.m."; "five to nine" and
   the like; runs that read as hour and minutes ("ten thirty").
2. Ordinals stay in words ("second thoughts"), except in dates: "twenty first of may" is
   "21st of may", "may twenty first" is "may 21st".
3. Three or more digits in a row are one string ("five five five oh one" is "55501"), unless they
   count up or down by one ("one two three").
4. Years in two parts ("nineteen eighty four", "twenty twenty six") are four digits, unless a
   measure follows ("twenty thirty minutes").
5. Decimals ("three point one four") are digits.
6. Whole numbers from ten up are digits; below ten only before a measure ("five percent"), before
   million or more ("5 million"), never alone ("one of them", "no one"). From 10,000 up with commas.
7. A run that starts with "hundred", "thousand" or "million" stays ("a hundred", "several thousand").

Values come from text2num, which is loaded at first use; the shape of a run is checked here because
text2num also takes "zero five" or "a hundred and twenty and five" for one number.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import cast

from .tokens import Edit, StepResult, Token, keys, plain_gap

_UNITS = tuple("zero one two three four five six seven eight nine".split())
_TEENS = tuple(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
)
_TENS = tuple("twenty thirty forty fifty sixty seventy eighty ninety".split())
_DIGIT = {word: str(value) for value, word in enumerate(_UNITS)} | {"oh": "0"}
_SMALL = {word: value for value, word in enumerate((*_UNITS, *_TEENS))} | {
    word: 20 + 10 * place for place, word in enumerate(_TENS)
}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
        fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),
        start=1,
    )
} | {"thirtieth": 30}
_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
_MEASURES = frozenset(
    """percent dollar dollars cent cents euro euros pound pounds degree degrees celsius fahrenheit
    meter meters metre metres kilometer kilometers kilometre kilometres centimeter centimeters
    millimeter millimeters millimetre millimetres mile miles gram grams kilogram kilograms kilo kilos
    liter liters litre litres milliliters milligrams watt watts kilowatts volt volts byte bytes kilobytes
    megabytes gigabytes terabytes hertz megahertz gigahertz milliseconds pixels""".split()
)
# After a pair like "twenty thirty" these show that two numbers are meant, not a year.
_COUNTED = _MEASURES | frozenset(
    "second seconds minute minutes hour hours day days week weeks months years people times vision".split()
)
_CLOCK_AFTER = frozenset(("past", "o'clock", "oclock", "a.m", "p.m", "am", "pm"))
_LARGE = frozenset(("million", "billion"))

# One letter for each class of number word, so that the shape of a run is a regular expression.
_CLASS = (
    {"zero": "Z", "hundred": "H", "thousand": "K", "million": "M", "billion": "B", "and": "A", "oh": "O"}
    | {"point": "P"}
    | dict.fromkeys(_UNITS[1:], "U")
    | dict.fromkeys(_TEENS, "T")
    | dict.fromkeys(_TENS, "D")
)
_SUB_100 = "(?:DU?|T|U)"
_SUB_1000 = f"(?:(?:DU|T|U)H(?:A?{_SUB_100})?|{_SUB_100})"
_WHOLE = re.compile(f"Z|(?=[UTD])(?:{_SUB_1000}B)?(?:A?{_SUB_1000}M)?(?:A?{_SUB_1000}K)?(?:A?{_SUB_1000})?")
_DECIMAL = re.compile(f"(?:Z|{_SUB_1000})P[ZUO]+")
_YEAR = re.compile("T(?:DU?|T|OU)|D(?:DU?|T|OU)")


def is_number_word(word: str) -> bool:
    """Whether `word` names a number by itself; "oh" only counts among other digits."""
    return word in _SMALL or word in ("hundred", "thousand", "million", "billion")


def write_numbers(tokens: Sequence[Token]) -> StepResult:
    """Write numbers as digits by the rules of this module."""
    spread = _spread_hyphens(tokens)
    words = keys(spread)
    out: list[Token] = []
    edits: list[Edit] = []
    position = 0
    while position < len(spread):
        end = _run_end(spread, words, position)
        if end == position:
            out.append(spread[position])
            position += 1
            continue
        written = _convert(spread, words, position, end)
        if written is None:
            out.extend(spread[position:end])
        else:
            stop, digits = written
            first, last = spread[position], spread[stop - 1]
            out.append(Token(first.space, first.lead, digits, last.trail, first.fixed))
            edits.append(Edit("number", tuple(words[position:stop]), (plain_digits(digits),)))
            out.extend(spread[stop:end])
        position = end
    return StepResult(_gather_hyphens(out), edits)


def plain_digits(digits: str) -> str:
    """`digits` as `normal_words` has it: without the commas between thousands."""
    return digits.replace(",", "")


def value_of(words: Sequence[str]) -> frozenset[str]:
    """Every way in which `words` may be written in digits, without commas; empty if there is none.

    Used by the content check, which thereby does not depend on the rules that chose one.
    """
    shape = _shape(words)
    readings = (_read_digits(words, shape), _read_year(words, shape), _read_decimal(words, shape))
    found = {reading for reading in (*readings, _read_whole(words, shape), _read_ordinal(words)) if reading}
    return frozenset(found)


def _spread_hyphens(tokens: Sequence[Token]) -> list[Token]:
    """Split "twenty-five" in two; a token split off has a lead of "-" and no space."""
    spread: list[Token] = []
    for token in tokens:
        parts = token.core.split("-")
        known = [part.casefold() in _SMALL or part.casefold() in _ORDINALS for part in parts]
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
    end = start
    while end < len(tokens) and (end == start or _joined(tokens[end - 1], tokens[end])):
        word = words[end]
        if word in _ORDINALS and end > start and words[end - 1] in _TENS:
            return end + 1
        if word not in _CLASS or (word in ("and", "point") and not _continues(words, start, end)):
            break
        end += 1
    if end == start and start < len(words) and words[start] in _ORDINALS:
        return start + 1
    return end


def _joined(left: Token, right: Token) -> bool:
    return plain_gap(left, right) or (right.lead == "-" and not right.space and not left.trail)


def _continues(words: Sequence[str], start: int, at: int) -> bool:
    """Whether "and" or "point" at `at` stands inside a number rather than between two."""
    if at == start or at + 1 >= len(words):
        return False
    if words[at] == "point":
        return words[at + 1] in _DIGIT and words[at - 1] in _CLASS
    return words[at - 1] in ("hundred", "thousand", *_LARGE) and words[at + 1] in _SMALL


def _convert(tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> tuple[int, str] | None:
    """Return (end of the converted part, digits), or None where the run stays in words."""
    run = words[start:end]
    before = words[start - 1] if start and not tokens[start - 1].trail else ""
    after = _word_after(tokens, words, end)
    beyond = words[end + 1] if after and end + 1 < len(words) else ""
    if run[-1] in _ORDINALS:
        return _date(run, before, after, beyond, end)
    if _is_clock(run, before, after, beyond):
        return None
    shape = _shape(run)
    digits = _read_digits(run, shape)
    if digits:
        return (end, digits) if not _is_counting(digits) else None
    year = _read_year(run, shape)
    if year and 1700 <= int(year) < 2100:
        return (end, year) if after not in _COUNTED else None
    decimal = _read_decimal(run, shape)
    return (end, decimal) if decimal else _whole_number(run, shape, after, end)


def _word_after(tokens: Sequence[Token], words: Sequence[str], end: int) -> str:
    if end >= len(words) or tokens[end - 1].trail:
        return ""
    return words[end] or tokens[end].core.casefold()  # "a.m" is not one word as words are compared


def _whole_number(run: Sequence[str], shape: str, after: str, end: int) -> tuple[int, str] | None:
    if shape[0] in "HKMBO" or shape == "Z":
        return None
    if run[-1] in _LARGE and not set(shape[:-1]) & set("MB"):
        count = _read_decimal(run[:-1], shape[:-1]) or _with_commas(_read_whole(run[:-1], shape[:-1]))
        return (end - 1, count) if count else None
    digits = _read_whole(run, shape)
    if not digits or (int(digits) < 10 and after not in _MEASURES):
        return None
    return end, _with_commas(digits)


def _with_commas(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdigit() and len(digits) > 4 else digits


def _is_clock(run: Sequence[str], before: str, after: str, beyond: str) -> bool:
    if before == "past" or after in _CLOCK_AFTER:
        return True
    if after in ("minute", "minutes") and beyond in ("past", "to"):
        return True
    if after in ("a", "p") and beyond == "m":
        return True
    if after == "to" and beyond in _SMALL and 1 <= _SMALL[beyond] <= 12:
        return _minutes(run) in (5, 10, 20, 25)
    # The hour of "twenty to nine" and "quarter to ten".
    return before == "to" and len(run) == 1 and 10 <= _SMALL.get(run[0], 0) <= 12


def _minutes(run: Sequence[str]) -> int:
    """The value of a run of one or two words below sixty, or 0."""
    if len(run) == 1:
        return _SMALL.get(run[0], 0)
    if len(run) == 2 and run[0] in _TENS and run[1] in _UNITS:
        return _SMALL[run[0]] + _SMALL[run[1]]
    return 0


def _is_counting(digits: str) -> bool:
    steps = {int(right) - int(left) for left, right in pairwise(digits)}
    return steps in ({1}, {-1})


def _date(run: Sequence[str], before: str, after: str, beyond: str, end: int) -> tuple[int, str] | None:
    digits = _read_ordinal(run)
    if not digits or not 1 <= int(digits[:-2]) <= 31:
        return None
    if after in _MONTHS or (after == "of" and beyond in _MONTHS):
        return (end, digits) if after == "of" or int(digits[:-2]) >= 10 else None
    return (end, digits) if before in _MONTHS and int(digits[:-2]) >= 10 else None


def _shape(words: Sequence[str]) -> str:
    return "".join(_CLASS.get(word, "?") for word in words)


def _read_digits(words: Sequence[str], shape: str) -> str:
    if len(words) < 3 or not set(shape) <= set("ZUO") or (shape[0] == "O" and len(words) < 6):
        return ""
    return "".join(_DIGIT[word] for word in words)


def _read_year(words: Sequence[str], shape: str) -> str:
    if not _YEAR.fullmatch(shape):
        return ""
    tail = sum(_SMALL.get(word, 0) for word in words[1:])
    return f"{_SMALL[words[0]]}{tail:02d}"


def _read_decimal(words: Sequence[str], shape: str) -> str:
    if not _DECIMAL.fullmatch(shape):
        return ""
    point = shape.index("P")
    whole = _read_whole(words[:point], shape[:point])
    return f"{whole}.{''.join(_DIGIT[word] for word in words[point + 1 :])}" if whole else ""


def _read_whole(words: Sequence[str], shape: str) -> str:
    if not shape or not _WHOLE.fullmatch(shape):
        return ""
    try:
        return str(_text2num()(" ".join(words), "en"))
    except ValueError:
        return ""


@cache
def _text2num() -> Callable[[str, str], int]:
    # Loaded at first use: it takes 10 ms, and many texts hold no number. It has no annotations.
    module = importlib.import_module("text_to_num")
    return cast("Callable[[str, str], int]", module.text2num)


def _read_ordinal(words: Sequence[str]) -> str:
    if not words or len(words) > 2 or words[-1] not in _ORDINALS:
        return ""
    value = _ORDINALS[words[-1]]
    if len(words) == 2:
        if words[0] not in _TENS or value > 9:
            return ""
        value += _SMALL[words[0]]
    suffix = "th" if value in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{suffix}"
