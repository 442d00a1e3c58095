"""Two readings of what was spelled: what a free engine wrote, and what one heard that knows items only.

A free engine writes words that sound like the items ("See?" for c, "Why" for y, "eight" or "8"), and where
an item is no word of its own, one near it ("Okay" for k, "Yes" for s). Each word is read as a distribution
over letters and digits. The grammar engine's item adds how often engines take one item for another: those
of one confusion set rhyme or share their vowel (Fanty and Cole: Spoken Letter Recognition, 1990, has the
E-set as the hardest). The product decides. Neither reading adds items to the other: where their numbers
differ, the free reading is taken if it consists of items, and the grammar's if it does not.

Pure. Neighbours: `spelling` writes the items; the `stt` worker has both engines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from .spelling import SPOKEN_MODIFIERS, character_of, without_double_u, word_of

_ITEMS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

# What sounds like the item, or nearly so, in the accents of English.
_SAME: Final[dict[str, str]] = {
    "a": "ay eh",
    "b": "be bee",
    "c": "see sea cee si",
    "d": "dee",
    "e": "ee",
    "f": "ef eff",
    "g": "gee ji",
    "h": "age aitch haitch",
    "i": "eye aye",
    "j": "jay jae",
    "k": "kay cay okay ok",
    "l": "el ell elle",
    "m": "em",
    "n": "en",
    "o": "oh owe",
    "p": "pee pea",
    "q": "cue queue kew",
    "r": "are ar our",
    "s": "es ess",
    "t": "tea tee",
    "u": "you ewe yu",
    "v": "vee",
    "x": "ex eks",
    "y": "why wye",
    "z": "zee zed said",
    "0": "zero",
    "1": "one won",
    "2": "two to too",
    "3": "three free",
    "4": "four for fore",
    "5": "five",
    "6": "six sicks",
    "7": "seven",
    "8": "eight ate",
    "9": "nine niner",
}

# Words that a free engine writes for an item of which it is not sure; likeliest first. The first of each is
# about twice as likely as the second, and so on.
_NEAR: Final[dict[str, str]] = {
    "hey": "a8hk",
    "hay": "ah8",
    "yeah": "a8l",
    "eh": "a8",
    "me": "ebvmp",
    "we": "vebu",
    "he": "eptg",
    "key": "tepkbq",
    "peace": "pbtc",
    "deep": "tpdb",
    "team": "tpd",
    "please": "pvb",
    "these": "zdv",
    "the": "zvde",
    "thee": "vdz3",
    "she": "gcz",
    "easy": "z",
    "if": "f",
    "yes": "sfx",
    "is": "szx",
    "us": "sx",
    "ask": "s",
    "this": "sx",
    "that's": "x",
    "it's": "xs",
    "next": "x",
    "thanks": "x6s",
    "axe": "x",
    "and": "nml",
    "in": "nm",
    "an": "nm",
    "hmm": "m",
    "mm": "m",
    "damn": "m",
    "him": "m",
    "am": "mn",
    "end": "nm",
    "hell": "l",
    "help": "l",
    "well": "lo",
    "bell": "l",
    "bill": "l",
    "all": "lo",
    "alright": "r",
    "right": "r1",
    "ah": "r",
    "bar": "r",
    "off": "ro4",
    "on": "r1",
    "or": "4or",
    "bye": "iy5r",
    "by": "iy5",
    "hi": "iy",
    "i": "iy9",
    "my": "iy9",
    "i'm": "i9",
    "white": "y",
    "wife": "y5",
    "wow": "1",
    "fine": "59y",
    "nice": "9",
    "mine": "9",
    "night": "9",
    "no": "o0l",
    "so": "o0",
    "go": "o0",
    "who": "uo2",
    "do": "2u",
    "cute": "q2",
    "cube": "q",
    "thank": "q",
    "here": "u0",
    "floor": "4",
    "full": "4",
    "forward": "4",
    "sex": "6x",
    "jet": "j",
    "good": "j",
    "jade": "j",
    "gay": "kja",
    "case": "k",
    "it": "8",
    "ace": "8ha",
}
_SETS: Final = ("bcdegptvz3", "mn", "fsx6", "ajkh8", "iy59", "qu2", "lo0", "r14", "mnl", "17", "79")

_KNOWN: Final = 0.9  # of a word that is an item's name or sounds like it
_RHYMING: Final = 0.09  # shared by the rest of its confusion sets; what is left, by everything else
_HEARD: Final = 0.75  # of the grammar engine: of hard clips it hears two in three, of good ones four in five
_HEARD_RHYMING: Final = 0.2

_TOKEN: Final = re.compile(r"[a-z]+(?:-ray)?(?:'[a-z]+)?|[0-9]|[@_/]")
_BETWEEN: Final = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_NAMES: Final[dict[str, str]] = {word: item for item, words in _SAME.items() for word in words.split()}
_DOUBLE_U: Final = re.compile(r"\bdouble[- ](?:u|you|ewe|view|hue)\b|\bthat(?:'ll| will) do\b")
_MODIFIER_WORDS: Final = {"upper": "capital", "uppercase": "capital", "big": "capital", "twice": "double"}


_SAID_BESIDE: Final = frozenset(("case", "letter", "number", "sign"))  # "upper case", "at sign"


class Item(NamedTuple):
    """One thing that was said: `word` for `spell`, and how likely each letter or digit is.

    `likely` is empty for signs and modifiers, which are what they are, and `sure` says that the word names
    the item. A word that tells nothing has no `word`.
    """

    word: str
    likely: Mapping[str, float]
    sure: bool


def items_in(text: str) -> list[Item]:
    """The items that a free engine's `text` is read as, in order; marks between them say nothing."""
    plain = _BETWEEN.sub(" ", text.replace("\u2019", "'"))
    found: list[Item] = []
    for piece in re.split(r"[\s,]+", plain):
        # "ABC" and "B.C.", but not "OK".
        letters = piece.replace(".", "").replace("-", "")
        if 1 < len(letters) < 7 and letters.isupper() and letters.isalpha() and not _names(letters.lower()):
            found += [_item(letter) for letter in letters.lower()]
            continue
        found.append(Item(piece, {}, sure=False))
    return _named(found)


def _names(word: str) -> bool:
    return word in _NAMES or character_of(word) is not None or word in SPOKEN_MODIFIERS


def _named(pieces: Sequence[Item]) -> list[Item]:
    """The pieces that were left as text, read word by word; those of letters stay as they are."""
    found: list[Item] = []
    run: list[str] = []
    for piece in [*pieces, None]:
        if piece is not None and not piece.likely:
            run.append(piece.word)
            continue
        said = _DOUBLE_U.sub("w", " ".join(run).casefold())
        found += [_item(token) for token in _TOKEN.findall(said) if token not in _SAID_BESIDE]
        run.clear()
        if piece is not None:
            found.append(piece)
    return found


def _item(token: str) -> Item:
    token = _MODIFIER_WORDS.get(token, token)
    if token in SPOKEN_MODIFIERS:
        return Item(token, {}, sure=True)
    named = _NAMES.get(token) or character_of(token)
    if named is None and token in "@_/":
        named = token
    if named is not None and named in _ITEMS:
        # A word of the spelling alphabet is long enough to be itself.
        whole = len(token) > 3 and token not in _NAMES
        return Item(word_of(named), _around(named, 0.999 if whole else _KNOWN, _RHYMING), sure=True)
    if named is not None:
        return Item(word_of(named), {}, sure=True)
    near = _NEAR.get(token, "")
    if not near:
        return Item("", dict.fromkeys(_ITEMS, 1 / len(_ITEMS)), sure=False)
    rest = 0.15 / len(_ITEMS)
    weights = {item: 0.5**place for place, item in enumerate(near)}
    total = sum(weights.values()) / 0.85
    likely = {item: weights.get(item, 0.0) / total + rest for item in _ITEMS}
    return Item(word_of(near[0]), likely, sure=False)


def _around(item: str, itself: float, rhyming: float) -> dict[str, float]:
    """The likelihoods where `item` was heard: for itself, for what is easily taken for it, for the rest."""
    rhymes = {other for each in _SETS if item in each for other in each} - {item}
    rest = max(1e-4, 1 - itself - (rhyming if rhymes else 0)) / (len(_ITEMS) - 1 - len(rhymes))
    return {
        other: itself if other == item else rhyming / len(rhymes) if other in rhymes else rest
        for other in _ITEMS
    }


def agree(free: str, grammar: Sequence[str]) -> tuple[str, ...]:
    """The words for `spell` from both readings: the free engine's text, and the grammar engine's words."""
    items = items_in(free)
    heard = [word for _, word in without_double_u([(0, word) for word in grammar])]
    if not items:
        return tuple(heard)
    if len(items) == len(heard):
        return tuple(_one(item, word) for item, word in zip(items, heard, strict=True))
    return tuple(item.word for item in items) if all(item.sure for item in items) else tuple(heard)


def _one(item: Item, word: str) -> str:
    character = character_of(word)
    if not item.likely:
        return item.word
    if character is None or character not in _ITEMS:
        return item.word if item.sure else word
    if word in ("oh", "o.") and item.word == "o.":
        return "oh"
    by_grammar = _around("o" if word == "oh" else character, _HEARD, _HEARD_RHYMING)
    best = max(_ITEMS, key=lambda each: item.likely[each] * by_grammar[each])
    return word_of(best)
