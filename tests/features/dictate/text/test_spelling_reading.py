"""Two readings of what was spelled, and what both together say."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.spelling import spell, word_of
from garret.features.dictate.text.spelling_reading import agree, items_in

CHARACTERS = string.ascii_lowercase + string.digits


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("A, B, C, 1, 2, 3.", "abc123"),
        ("ABC123", "abc123"),
        ("A.B.C.", "abc"),
        ("555-1234", "5551234"),
        ("Double four, triple 7.", "44777"),
        ("Double U, X.", "wx"),
        ("See? Why you are", "cyur"),
        ("ate for to won", "8421"),
        ("Alpha, Bravo, 3, capital Charlie.", "ab3C"),
        ("upper case b", "B"),
        ("oh one", "01"),
        ("J at sign X.", "j@x"),
        ("", ""),
    ],
)
def test_a_free_text_of_items_alone_is_read_without_the_grammar(written: str, right: str) -> None:
    assert spell(agree(written, ())) == right


@pytest.mark.parametrize(
    ("written", "grammar", "right"),
    [
        ("Okay.", "k.", "k"),
        ("Yes.", "s.", "s"),
        ("Yes.", "f.", "f"),
        ("And...", "m.", "m"),
        ("Bye.", "i.", "i"),
        ("8.", "h.", "8"),
        ("Six.", "eight six", "6"),
        ("", "v.", "v"),
        ("Nothing like it.", "q. two", "q2"),
        ("oh", "oh", "o"),
        ("J, O, B", "j. oh b.", "job"),
        ("B, dash, 4", "b. dash four", "b-4"),
        ("A, something, C", "a. b. c.", "abc"),
    ],
)
def test_both_readings_decide_together(written: str, grammar: str, right: str) -> None:
    assert spell(agree(written, grammar.split())) == right


@given(st.text(CHARACTERS.replace("o", ""), min_size=1, max_size=12))
def test_what_both_heard_is_what_was_said(said: str) -> None:
    written = ", ".join(character.upper() for character in said)
    assert spell(agree(written, [word_of(character) for character in said])) == said


@given(st.text(), st.lists(st.sampled_from([word_of(character) for character in CHARACTERS])))
def test_no_reading_adds_items_to_the_other(written: str, grammar: list[str]) -> None:
    count = len(agree(written, grammar))
    assert count in (len(grammar), len(items_in(written)))
