"""The names of marks, and the same names as ordinary words."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.punctuation import LAYOUT, MARKS, is_mark, named_marks
from garret.features.dictate.text.tokens import split


def named(text: str) -> list[str]:
    return [" ".join(each.name) for each in named_marks(split(text)[0])]


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
def test_ordinary_uses_of_the_names_are_not_found(text: str) -> None:
    assert named(text) == []


def test_the_name_and_the_ordinary_word_may_stand_in_one_sentence() -> None:
    (found,) = named_marks(split("the period of time was short period")[0])
    assert (found.first, found.end, found.mark) == (6, 7, MARKS["period"])


@pytest.mark.parametrize("name", sorted(MARKS | LAYOUT))
def test_every_name_in_the_table_is_found(name: str) -> None:
    assert named(f"apples {name} pears") == named(f"apples, {name}, pears") == [name]


def test_a_name_does_not_run_over_a_line_break_or_a_comma() -> None:
    assert named("full\nstop") == named("question, mark") == []


def test_a_mark_is_known_by_what_is_written() -> None:
    assert is_mark(",")
    assert not is_mark("comma")
