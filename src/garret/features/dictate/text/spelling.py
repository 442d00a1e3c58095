"""Letters, digits and signs said one by one: "alpha bravo three capital charlie" is "ab3C"."""

from __future__ import annotations

from collections.abc import Sequence

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
_ALSO = {"juliett": "j", "xray": "x", "whisky": "w", "tree": "3", "fower": "4", "fife": "5"}
SPOKEN_MODIFIERS = ("capital",)  # the next letter is a capital


def spell(words: Sequence[str]) -> str:
    """Return the characters that `words` name; single letters and digits stand for themselves.

    Raises `SpellingError` for a word that names no character, and for a "capital" without a letter.
    """
    characters: list[str] = []
    capital = False
    for word in words:
        if word.casefold() in SPOKEN_MODIFIERS:
            if capital:
                break
            capital = True
            continue
        character = _character(word)
        characters.append(character.upper() if capital else character)
        if capital and not character.isalpha():
            break
        capital = False
    else:
        if not capital:
            return "".join(characters)
    raise SpellingError(
        f'In "{" ".join(words)}", "capital" is not followed by a letter. Nothing was written; say it again.'
    )


def _character(word: str) -> str:
    plain = word.casefold()
    found = SPOKEN_CHARACTERS.get(plain) or _ALSO.get(plain)
    if found is None and len(plain) == 1 and plain.isalnum():
        found = plain
    if found is None:
        raise SpellingError(
            f'"{word}" stands for no letter, digit or sign. Nothing was written; say it again.'
        )
    return found
