"""Punctuation and layout by name, and the same names as ordinary words."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.punctuation import LAYOUT, MARKS, write_marks
from garret.features.dictate.text.tokens import Edit, join, split


def written(text: str) -> str:
    tokens, tail = split(text)
    return join(write_marks(tokens).tokens, tail)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("hello comma world full stop", "hello, world."),
        ("we met period then we left period", "we met. then we left."),
        ("how are you question mark", "how are you?"),
        ("stop exclamation point", "stop!"),
        ("three things colon bread semi colon milk", "three things: bread; milk"),
        ("open quote yes close quote she said", "\u201cyes\u201d she said"),
        ("see open bracket page two close bracket now", "see (page two) now"),
        ("well hyphen known", "well-known"),
        ("he came dash late", "he came \u2013 late"),
        ("either slash or", "either/or"),
        ("me at sign home", "me@home"),
        ("wait dot dot dot what", "wait\u2026 what"),
        ("dear all new line hello new paragraph bye", "dear all\nhello\n\nbye"),
        ("done new line", "done\n"),
        ("comma and then", ", and then"),
        ("tell her comma not him", "tell her, not him"),
        ("I like that period", "I like that."),
    ],
)
def test_marks_are_written(said: str, text: str) -> None:
    assert written(said) == text


@pytest.mark.parametrize(
    "text",
    [
        "the period of time was long",
        "a period drama",
        "during this period we slept",
        "over the same period it grew",
        "the grace period ended",
        "a trial period of two weeks",
        "it came to a full stop",
        "the question mark over his future",
        "the Oxford comma matters",
        "a comma is small",
        "colon cancer is serious",
        "a dash of salt",
        "we must dash off now",
        "to slash prices",
        "to underscore the point",
        "quote unquote free",
        'he said "period" twice',
        "a new line of products",
        "a new paragraph begins",
        "semi-colon",
    ],
)
def test_ordinary_uses_of_the_names_stay_words(text: str) -> None:
    assert written(text) == text


def test_the_name_and_the_ordinary_word_may_stand_in_one_sentence() -> None:
    assert written("the period of time was short period") == "the period of time was short."


def test_a_mark_that_the_engine_wrote_too_is_not_doubled() -> None:
    assert written("Hello comma, how are you, question mark.") == "Hello, how are you?"


@pytest.mark.parametrize("name", sorted(MARKS | LAYOUT))
def test_every_name_in_the_table_is_understood_and_declared(name: str) -> None:
    result = write_marks(split(f"apples {name} pears")[0])
    mark = (MARKS | LAYOUT)[name].text
    assert mark in join(result.tokens)
    assert name.split()[0] not in join(result.tokens)
    assert result.edits == [Edit("punctuation", tuple(name.split()))]


def test_a_name_does_not_run_over_a_line_break_or_a_comma() -> None:
    assert written("full\nstop") == "full\nstop"
    assert written("question, mark") == "question, mark"
