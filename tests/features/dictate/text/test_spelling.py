"""Spelling aloud."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.errors import SpellingError
from garret.features.dictate.text.spelling import SPOKEN_CHARACTERS, spell, spell_parts, word_of


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("alpha bravo three capital charlie", "ab3C"),
        ("capital x-ray Yankee zed zee a. b c.", "Xyzzabc"),
        ("one oh niner dot hyphen underscore slash", "109.-_/"),
        ("juliett space whisky 7", "j w7"),
        ("double four triple seven", "44777"),
        ("double capital b. capital double c.", "BBCC"),
        ("double u. double u", "ww"),
        ("oh", "o"),
        ("five oh one o. two", "50102"),
        ("oh oh seven", "007"),
        ("a. oh b.", "aob"),
        ("b. oh seven", "bo7"),
        ("seven oh b.", "70b"),
        ("oscar seven", "o7"),
        ("", ""),
    ],
)
def test_names_of_characters_become_characters(said: str, written: str) -> None:
    assert spell(said.split()) == written


@pytest.mark.parametrize(
    "said",
    [
        "alpha banana",
        "capital",
        "capital three",
        "capital capital a",
        "alpha capital",
        "double",
        "triple dot",
    ],
)
def test_what_names_no_character_is_refused(said: str) -> None:
    with pytest.raises(SpellingError) as caught:
        spell(said.split())
    assert "Nothing was written" in caught.value.message


def test_every_letter_and_digit_can_be_said() -> None:
    assert set(string.ascii_lowercase + string.digits) <= set(SPOKEN_CHARACTERS.values())


def test_what_is_said_with_pauses_is_one_run() -> None:
    assert spell_parts([["one"], ["oh"], [], ["two"]]) == ("1", "0", "", "2")
    assert spell_parts([["capital"], ["b."]]) == ("", "B")
    assert spell_parts([]) == ()


@pytest.mark.parametrize("character", string.ascii_lowercase + string.digits + ".-_/ @")
def test_each_character_has_a_word_that_spells_it(character: str) -> None:
    assert spell([word_of(character)]) == character


@given(st.lists(st.sampled_from(sorted(SPOKEN_CHARACTERS.keys() - {"oh", "o."}))))
def test_each_word_is_one_character(words: list[str]) -> None:
    assert spell(words) == "".join(SPOKEN_CHARACTERS[word] for word in words)
