"""Letters, digits and signs said one by one: "alpha bravo three capital charlie" is "ab3C".

"Double four" and "triple seven" are 44 and 777. "Oh" is 0 beside digits and the letter beside letters or
alone. What engines write for such items is read by `spelling_reading`; here each item has one word. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .errors import SpellingError

# The spelling alphabet of ICAO Annex 10, volume II, and the common spellings of its words.
_NATO = """alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar
papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu alfa""".split()
_NUMERALS = "zero one two three four five six seven eight nine".split()

# Every one of these is in the dictionary of the bundled model. "a." is the letter, "a" the article.
SPOKEN_CHARACTERS: dict[str, str] = {
    **{word: word[0] for word in _NATO},
    **{f"{letter}.": letter for letter in "abcdefghijklmnopqrstuvwxyz"},
    "zee": "z",
    "zed": "z",
    **{word: str(value) for value, word in enumerate(_NUMERALS)},
    "oh": "0",
    "niner": "9",
    "dot": ".",
    "hyphen": "-",
    "dash": "-",
    "underscore": "_",
    "slash": "/",
    "space": " ",
}
# Words that other engines write for the same.
_ALSO = {"juliett": "j", "xray": "x", "whisky": "w", "tree": "3", "fower": "4", "fife": "5", "at": "@"}
CAPITAL: Final = "capital"
"""The next letter is a capital."""
TIMES: Final = {"double": 2, "triple": 3}
"""The next letter or digit is meant so often."""
SPOKEN_MODIFIERS: Final = (CAPITAL, *TIMES)
_ROUND: Final = frozenset(("oh", "o.", "o"))  # zero or the letter, by what stands beside it


def word_of(character: str) -> str:
    """The word that names a letter or digit for `spell`; signs of `SPOKEN_CHARACTERS` too."""
    if character.isdigit():
        return _NUMERALS[int(character)]
    if character.isalpha():
        return f"{character.lower()}."
    return _SIGNS[character]


def character_of(word: str) -> str | None:
    """The character that `word` names, None where it names none; single letters and digits are themselves."""
    plain = word.casefold()
    found = SPOKEN_CHARACTERS.get(plain) or _ALSO.get(plain)
    return plain if found is None and len(plain) == 1 and plain.isalnum() else found


_SIGNS: Final = {"@": "at", **{sign: word for word, sign in SPOKEN_CHARACTERS.items() if not sign.isalnum()}}


def spell(words: Sequence[str]) -> str:
    """Return the characters that `words` name.

    Raises `SpellingError` for a word that names no character, for "capital" without a letter, and for
    "double" or "triple" without a letter or digit.
    """
    return spell_parts([words])[0]


def spell_parts(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The characters of each part of what was spelled with pauses; "oh" is read by all of it.

    Raises `SpellingError` as `spell` does.
    """
    items = without_double_u([(number, word) for number, words in enumerate(parts) for word in words])
    characters = _characters([word for _, word in items])
    written = [""] * len(parts)
    capital, times, modified = False, 1, ""
    for (number, word), character in zip(items, characters, strict=True):
        plain = word.casefold()
        if character is None:
            if modified and (plain == CAPITAL) == capital:
                break
            capital, times = capital or plain == CAPITAL, max(times, TIMES.get(plain, 1))
            modified = plain
            continue
        if modified and not (character.isalpha() if capital else character.isalnum()):
            break
        written[number] += (character.upper() if capital else character) * times
        capital, times, modified = False, 1, ""
    if modified:
        raise SpellingError(
            f'In "{" ".join(word for _, word in items)}", "{modified}" is not followed by a '
            f"letter{'' if modified == CAPITAL else ' or digit'}. Nothing was written; say it again."
        )
    return tuple(written)


def without_double_u(items: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """ "Double u" is the letter w, however it was taken apart; nobody says it for two of them."""
    whole: list[tuple[int, str]] = []
    for number, word in items:
        if whole and whole[-1][1].casefold() == "double" and character_of(word) == "u":
            whole[-1] = (whole[-1][0], "w.")
        else:
            whole.append((number, word))
    return whole


def _characters(words: Sequence[str]) -> list[str | None]:
    """What each word names; None for "capital" and the like."""
    found = [None if word.casefold() in SPOKEN_MODIFIERS else _character(word) for word in words]
    return [
        _round(found, words, place) if word.casefold() in _ROUND else character
        for place, (word, character) in enumerate(zip(words, found, strict=True))
    ]


def _round(found: Sequence[str | None], words: Sequence[str], place: int) -> str:
    before = _kind(found, words, range(place - 1, -1, -1))
    after = _kind(found, words, range(place + 1, len(words)))
    # Between a letter and a digit what was said before it decides: "oh" belongs to the group it ends.
    return "0" if (before or after) == "digit" else "o"


def _kind(found: Sequence[str | None], words: Sequence[str], places: range) -> str:
    """Whether the nearest letter or digit is a letter or a digit; signs and other "oh"s are passed over."""
    for place in places:
        character = found[place]
        if character is not None and character.isalnum() and words[place].casefold() not in _ROUND:
            return "digit" if character.isdigit() else "letter"
    return ""


def _character(word: str) -> str:
    found = character_of(word)
    if found is None:
        raise SpellingError(
            f'"{word}" stands for no letter, digit or sign. Nothing was written; say it again.'
        )
    return found
