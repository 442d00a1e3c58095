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
        ("so. then i'm on monday in may", "So. Then I'm on Monday in May"),
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


def test_capitals_last_until_they_are_ended_and_cap_next_for_one_word() -> None:
    assert capped("very \u0131ce, iPhone", Context(all_caps=True)) == "VERY \u0131ce, IPHONE"
    assert capped("- paris today", Context(cap_next=True)) == "- Paris today"
    assert capped("all caps caps off cap next") == "all caps caps off cap next"


def test_what_is_still_so_is_handed_on() -> None:
    for text, before, after in (
        ("one", Context(all_caps=True, cap_next=True), Context(all_caps=True)),
        ("...", Context(cap_next=True), Context(cap_next=True)),
    ):
        assert write_caps(split(text)[0], before).context == after


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
