"""Spelling aloud."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.errors import SpellingError
from garret.features.dictate.text.spelling import SPOKEN_CHARACTERS, spell


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("alpha bravo three capital charlie", "ab3C"),
        ("capital x-ray Yankee zed zee a. b c.", "Xyzzabc"),
        ("one oh niner dot hyphen underscore slash", "109.-_/"),
        ("juliett space whisky 7", "j w7"),
        ("", ""),
    ],
)
def test_names_of_characters_become_characters(said: str, written: str) -> None:
    assert spell(said.split()) == written


@pytest.mark.parametrize(
    "said", ["alpha banana", "capital", "capital three", "capital capital a", "alpha capital"]
)
def test_what_names_no_character_is_refused(said: str) -> None:
    with pytest.raises(SpellingError) as caught:
        spell(said.split())
    assert "Nothing was written" in caught.value.message


def test_every_letter_and_digit_can_be_said() -> None:
    assert set(string.ascii_lowercase + string.digits) <= set(SPOKEN_CHARACTERS.values())


@given(st.lists(st.sampled_from(sorted(SPOKEN_CHARACTERS))))
def test_each_word_is_one_character(words: list[str]) -> None:
    assert spell(words) == "".join(SPOKEN_CHARACTERS[word] for word in words)
