"""What numbers in words come to: every reading of a run of number words, without regard to style.

Values come from text2num, which is loaded at first use; the shape of a run is checked here because
text2num also takes "zero five" or "a hundred and twenty and five" for one number.

Pure. Neighbours: `writing` chooses among the readings; the content check asks `value_of`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import cast

from garret.features.dictate.text.words import normal_words

_UNITS = tuple("zero one two three four five six seven eight nine".split())
_TEENS = tuple(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
)
TENS = tuple("twenty thirty forty fifty sixty seventy eighty ninety".split())
DIGIT = {word: str(value) for value, word in enumerate(_UNITS)} | {"oh": "0"}
SMALL = {word: value for value, word in enumerate((*_UNITS, *_TEENS))} | {
    word: 20 + 10 * place for place, word in enumerate(TENS)
}
ORDINALS = {
    word: value
    for value, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
        fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),
        start=1,
    )
} | {f"{word.removesuffix('y')}ieth": 30 + 10 * place for place, word in enumerate(TENS[1:])}
DECADES = {
    word: value
    for value, word in enumerate(
        "hundreds tens twenties thirties forties fifties sixties seventies eighties nineties".split()
    )
}
# One letter for each class of number word, so that the shape of a run is a regular expression.
CLASS = (
    {"zero": "Z", "hundred": "H", "thousand": "K", "million": "M", "billion": "B", "and": "A", "oh": "O"}
    | {"point": "P"}
    | dict.fromkeys(_UNITS[1:], "U")
    | dict.fromkeys(_TEENS, "T")
    | dict.fromkeys(TENS, "D")
)
_SUB_100 = "(?:DU?|T|U)"
_SUB_1000 = f"(?:(?:DU|T|U)H(?:A?{_SUB_100})?|{_SUB_100})"
_WHOLE = re.compile(f"Z|(?=[UTD])(?:{_SUB_1000}B)?(?:A?{_SUB_1000}M)?(?:A?{_SUB_1000}K)?(?:A?{_SUB_1000})?")
_DECIMAL = re.compile(f"(?:Z|{_SUB_1000})P(?:[ZUO]+|DU?|T)")
_VERSION = re.compile(f"(?:[ZO]|{_SUB_100})(?:P(?:[ZO]|{_SUB_100})){{2,}}")
_DIGITS = re.compile("[ZUO]+|U?UH[ZUO]{7}")  # the second: the number of a free call
_TIME = re.compile("[UT](?:DU?|T|OU)?")
_YEAR = re.compile("T(?:DU?|T|OU)|D(?:DU?|T|OU)")


def is_number_word(word: str) -> bool:
    """Whether `word` names a number by itself; "oh" only counts among other digits."""
    return word in SMALL or word in ("hundred", "thousand", "million", "billion")


def value_of(words: Sequence[str]) -> frozenset[str]:
    """Every way in which `words` may be written in digits, as `normal_words` has them, parted by a space.

    Empty if there is none. Used by the content check, which thereby does not depend on the rules that
    chose one.
    """
    words = counted(words)
    readers = (
        read_digits,
        read_year,
        read_decimal,
        read_whole,
        read_ordinal,
        read_decade,
        read_time,
        read_version,
    )
    return frozenset(" ".join(normal_words(reading)) for reader in readers if (reading := reader(words)))


def counted(words: Sequence[str]) -> Sequence[str]:
    """`words` with "one" for the "a" of "a hundred" and "a thousand"."""
    if len(words) > 1 and words[0] == "a" and words[1] in ("hundred", "thousand"):
        return ["one", *words[1:]]
    return words


def shape_of(words: Sequence[str]) -> str:
    """One letter for each of `words`: the class of number word that it is, "?" for none."""
    return "".join(CLASS.get(word, "?") for word in words)


def read_digits(words: Sequence[str]) -> str:
    """Three or more digits one after the other, as one string of them; "eight hundred" in it is 800."""
    shape = shape_of(words)
    if len(words) < 3 or not _DIGITS.fullmatch(shape) or (shape[0] == "O" and len(words) < 6):
        return ""
    return "".join("00" if word == "hundred" else DIGIT[word] for word in words)


def read_year(words: Sequence[str]) -> str:
    """A year in two parts: "nineteen eighty four", "nineteen oh five"."""
    if not _YEAR.fullmatch(shape_of(words)):
        return ""
    return f"{SMALL[words[0]]}{_sum(words[1:]):02d}"


def _sum(words: Sequence[str]) -> int:
    return sum(SMALL.get(word, 0) for word in words)


def read_decade(words: Sequence[str]) -> str:
    """A decade or century: "nineteen sixties", "eighteen hundreds"."""
    if len(words) != 2 or words[1] not in DECADES or not 11 <= SMALL.get(words[0], 0) <= 20:
        return ""
    return f"{SMALL[words[0]]}{DECADES[words[1]]}0s"


def read_time(words: Sequence[str]) -> str:
    """An hour from 1 to 12, and minutes if they are said: "ten thirty" is "10:30"."""
    if not _TIME.fullmatch(shape_of(words)) or not 1 <= SMALL[words[0]] <= 12:
        return ""
    return f"{SMALL[words[0]]}:{_sum(words[1:]):02d}" if len(words) > 1 else str(SMALL[words[0]])


def read_version(words: Sequence[str]) -> str:
    """Numbers with "point" between them, two or more times: "two point five point one"."""
    if not _VERSION.fullmatch(shape_of(words)):
        return ""
    parts = " ".join(words).split(" point ")
    return ".".join(str(_sum(part.split())) for part in parts)


def read_decimal(words: Sequence[str]) -> str:
    """A decimal: "three point one four", "three point fourteen"."""
    if not _DECIMAL.fullmatch(shape_of(words)):
        return ""
    point = list(words).index("point")
    whole, places = read_whole(words[:point]), words[point + 1 :]
    digits = "".join(DIGIT[word] for word in places) if places[0] in DIGIT else str(_sum(places))
    return f"{whole}.{digits}" if whole else ""


def read_whole(words: Sequence[str]) -> str:
    """A whole number."""
    shape = shape_of(words)
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


def read_ordinal(words: Sequence[str]) -> str:
    """An ordinal below a hundred: "21st"."""
    if not words or len(words) > 2 or words[-1] not in ORDINALS:
        return ""
    value = ORDINALS[words[-1]]
    if len(words) == 2:
        if words[0] not in TENS or value > 9:
            return ""
        value += SMALL[words[0]]
    suffix = "th" if value in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{suffix}"
