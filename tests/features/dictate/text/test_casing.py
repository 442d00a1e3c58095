"""Sentence starts, names of days, and the spoken caps commands."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.casing import sentence_start_after, write_caps, write_case
from garret.features.dictate.text.tokens import Context, join, split

START = Context()


def cased(text: str, *, start: bool = True, english: bool = True) -> str:
    tokens, tail = split(text)
    return join(write_case(tokens, Context(start), english=english).tokens, tail)


def capped(text: str, context: Context = START) -> str:
    tokens, tail = split(text)
    return join(write_caps(tokens, context).tokens, tail)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so. then i'm on monday in may", "So. Then I'm on Monday in may"),
        ("the 21st of may or march 3rd, it may rain", "The 21st of May or March 3rd, it may rain"),
        ("one\ntwo", "One\nTwo"),
        ("iPhone is iPhone. eBay", "iPhone is iPhone. eBay"),
        ("at 5 p.m. we met dr. who", "At 5 p.m. we met dr. who"),
        ("wait... what", "Wait... what"),
        ('he said. "yes"', 'He said. "Yes"'),
        ("WE GO ON MONDAY", "We go on Monday"),
        ("NASA", "NASA"),
        ("\u0131rak", "\u0131rak"),  # a capital dotless i would be another letter's capital
    ],
)
def test_case_of_english_text(text: str, expected: str) -> None:
    assert cased(text) == expected


def test_a_text_that_goes_on_from_another_has_no_sentence_start() -> None:
    assert cased("and then. he", start=False) == "and then. He"


def test_in_other_languages_only_sentences_are_capitalised() -> None:
    assert cased("i monday. \u00e9t\u00e9", english=False) == "I monday. \u00c9t\u00e9"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("so all caps very big end caps indeed", "so VERY BIG indeed"),
        ("so all caps big end caps, then", "so BIG, then"),
        ("cap next\nparis", "\nParis"),
        ("we went to cap next paris today", "we went to Paris today"),
        ("caps on yes caps off no", "YES no"),
        ("write it in all caps please", "write it in all caps please"),
        ("the end caps were loose", "the end caps were loose"),
        ("end caps hello", "hello"),
    ],
)
def test_caps_commands(said: str, expected: str) -> None:
    assert capped(said) == expected


def test_caps_go_on_into_the_next_piece_of_text() -> None:
    result = write_caps(split("all caps hello")[0], Context())
    assert result.context is not None
    assert result.context.all_caps
    assert capped("world end caps now", result.context) == "WORLD now"


@pytest.mark.parametrize(
    ("text", "start", "after"),
    [
        ("done.", False, True),
        ("done", True, False),
        ("\u201d", True, True),
        ("so\n", False, True),
        ("", True, True),
    ],
)
def test_whether_the_next_word_begins_a_sentence(text: str, start: bool, after: bool) -> None:
    assert sentence_start_after(text, start) is after
