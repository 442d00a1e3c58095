"""Initials that were said letter by letter."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.initials import KNOWN, is_initials, write_initials
from garret.features.dictate.text.tokens import Edit, join, split


def written(text: str) -> str:
    tokens, tail = split(text)
    return join(write_initials(tokens).tokens, tail)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("the u. s. economy", "the U.S. economy"),
        ("in the u. s., they", "in the U.S., they"),
        ("j. k. rowling", "J.K. rowling"),
        ("the f b i", "the FBI"),
        ("a b b c show", "a BBC show"),
        ("two d v d s", "two DVDs"),
        ("the x y z company", "the XYZ company"),
        ("a p h d", "a PhD"),
        ("ten p m", "ten p.m."),
        ("ten a. m. sharp", "ten a.m. sharp"),
        ("e. g. this", "e.g. this"),
        ("an a i model", "an AI model"),
    ],
)
def test_initials_are_written_as_one_word(said: str, text: str) -> None:
    assert written(said) == text


@pytest.mark.parametrize(
    "text", ["a i mean", "plan b", "i a m", "s m i t h", "b b c d", "x y z", "u, s", "u\ns"]
)
def test_other_letters_stay(text: str) -> None:
    assert written(text) == text


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_known_one_is_written_where_it_is_named(name: str) -> None:
    text = written("the " + " ".join(name))
    assert text.casefold() == f"the {name}"
    assert is_initials(text.removeprefix("the "))


def test_what_becomes_another_word_is_declared() -> None:
    assert write_initials(split("the f b i")[0]).edits == [Edit("initials", ("f", "b", "i"), ("fbi",))]
    assert write_initials(split("the u. s. army")[0]).edits == []
