"""Words of a question: tokens with their base forms, numbers and quoted texts.

Base forms are found by rules of English spelling and a short list of irregular ones. Both sides, question and
names of a schema, go through the same rules, so an odd base form does no harm. Pure; no neighbour but
`lexicon`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from garret.features.data.translator.lexicon import IRREGULAR, NUMBERS

_TOKEN: Final = re.compile(
    r"""(?P<quoted>"[^"]{1,200}"|“[^”]{1,200}”|(?<!\w)'[^']{1,200}'(?!\w)|(?<!\w)‘[^’]{1,200}’(?!\w)
        |(?<!\w)`[^`]{1,200}`)
      |(?P<date>\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}/\d{1,2}/\d{4})
      |(?P<number>(?<![\w.])[-$€£]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])
        |(?<![\w.])[-$€£]?\d+(?:\.\d+)?(?![\w]))
      |(?P<word>[^\W_]+(?:[&+][^\W_]+)*(?:[._/-](?=[^\W_])[^\W_]+)*)
      |(?P<mark>[,;:?!.()&%=<>*/'’-])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A token: `text` as typed (without quotes), `low` in small letters, `base` its base form."""

    text: str
    low: str
    base: str
    quoted: bool = False
    number: float | None = None
    date: bool = False
    owns: bool = False
    """Whether it was followed by a possessive ending."""

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()


def tokens(question: str) -> list[Token]:
    """The tokens of a question, in order."""
    found: list[Token] = []
    for match in _TOKEN.finditer(question):
        kind, text = match.lastgroup, match.group()
        after = question[match.end() : match.end() + 2].lower()
        owns = after[:1] in ("'", "’") and kind == "word"
        if kind == "quoted":
            inner = text[1:-1].strip()
            if inner:
                found.append(Token(inner, inner.lower(), inner.lower(), quoted=True))
        elif kind == "number":
            plain = text.replace(",", "").lstrip("$€£")
            found.append(Token(plain, plain, plain, number=float(plain)))
        elif kind == "date":
            found.append(Token(text, text, text, date=True))
        elif text in ("'", "’") or (text.lower() == "s" and _owned(question, match.start())):
            continue
        else:
            low = text.lower()
            number = NUMBERS.get(low)
            found.append(Token(text, low, base(low), number=number, owns=owns))
    return found


def _owned(question: str, at: int) -> bool:
    return at > 0 and question[at - 1] in "'’"


@lru_cache(maxsize=16384)
def base(word: str) -> str:
    """The base form of a noun or verb in small letters: plural endings only."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("uses") and len(word) > 5 and word[-5] not in "oa":
        return word[:-2]
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    if word.endswith("s"):
        return word[:-1]
    return word


_ENDINGS: Final = (
    "ations", "ation", "ions", "ion", "ments", "ment", "ings", "ing", "ities", "ity", "ers", "er",
    "ors", "or",
    "ence", "ance", "ies", "ied", "ed", "es", "al", "ly", "y", "e", "s",
)  # fmt: skip


@lru_cache(maxsize=16384)
def root(word: str) -> str:
    """A cruder form that joins words of one family: `published`, `publisher`, `publication`."""
    word = base(word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    if len(word) > 4 and word[-1] == word[-2]:
        word = word[:-1]
    return word.rstrip("eiy") if len(word) > 4 else word


_PIECES: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")


def pieces(name: str) -> list[str]:
    """The words of an identifier in small letters: snake_case, camelCase, digits apart."""
    return [piece.lower() for piece in _PIECES.findall(name)]


def is_year(number: float) -> bool:
    """Whether a number reads as a year."""
    return number == int(number) and 1000 <= number <= 2100
