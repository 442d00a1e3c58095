"""Numbers in words and in digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.numerals import value_of, write_numbers
from garret.features.dictate.text.tokens import Edit, join, split
from garret.features.dictate.text.words import normal_words

UNITS = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def written(text: str) -> str:
    tokens, tail = split(text)
    return join(write_numbers(tokens).tokens, tail)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("I have twenty five apples", "I have 25 apples"),
        ("twenty-five apples, thirty pears", "25 apples, 30 pears"),
        ("one hundred and five pages", "105 pages"),
        ("nineteen hundred", "1900"),
        ("two thousand and twenty six", "2026"),
        ("two hundred thousand people", "200,000 people"),
        ("twenty and thirty", "20 and 30"),
        ("five million people", "5 million people"),
        ("two point five million", "2.5 million"),
        ("five million three hundred thousand", "5,300,000"),
        ("pi is three point one four one five", "pi is 3.1415"),
        ("five percent of ten dollars", "5 percent of 10 dollars"),
        ("born in nineteen eighty four", "born in 1984"),
        ("in nineteen oh five and twenty twenty six", "in 1905 and 2026"),
        ("call five five five oh one two three", "call 5550123"),
        ("agent zero zero seven", "agent 007"),
        ("the twenty first of may", "the 21st of may"),
        ("the third of june", "the 3rd of june"),
        ("december twenty fifth", "december 25th"),
        ("catch twenty two", "catch 22"),
        ("a ten second delay", "a 10 second delay"),
        ("a hundred and five", "105"),
        ("ten a.m. or eleven p m", "10 a.m. or 11 p m"),
        ("at ten thirty", "at 10:30"),
        ("the nineteen sixties", "the 1960s"),
        ("between nine and eleven", "between 9 and 11"),
        ("one in ten", "1 in 10"),
        ("june sixth two thousand and four", "june 6th 2004"),
        ("june six two thousand and four", "june 6 2004"),
        ("version two point five point one", "version 2.5.1"),
        ("room four one two", "room 412"),
        ("in fourteen ninety two", "in 1492"),
    ],
)
def test_numbers_become_digits(said: str, text: str) -> None:
    assert written(said) == text


@pytest.mark.parametrize(
    "text",
    [
        "twenty five past nine",
        "at half past ten",
        "quarter to twelve",
        "ten to nine",
        "twenty five to eleven",
        "twenty minutes past ten",
        "ten thirty",
        "eleven o'clock",
        "one of the others",
        "no one knows",
        "second thoughts",
        "the first and the twentieth",
        "the twenty first century",
        "on the eleventh hour",
        "I may second that",
        "thirty second of may",
        "three apples and two pears",
        "one two three go",
        "five four three two one",
        "a hundred",
        "a thousand and one",
        "two four six eight",
        "two or three hundred",
        "five to ten minutes",
        "twenty two and a half",
        "two four six eight and ten",
        "the only one and two more",
        "several thousand",
        "twenty thirty forty",
        "twenty thirty minutes",
        "seven eleven",
        "at this point two people left",
        "zero",
        "oh well",
        "ten five",
        "zero five",
        "one hundred one hundred",
    ],
)
def test_words_that_a_careful_typist_would_leave_stay(text: str) -> None:
    assert written(text) == text


def test_a_range_of_a_clock_hour_stays_but_a_larger_range_is_digits() -> None:
    assert written("from five to twelve") == "from five to twelve"
    assert written("from twenty to thirty") == "from 20 to 30"


def test_every_change_is_declared_with_the_words_it_replaced() -> None:
    edits = write_numbers(split("twenty-five, then one hundred thousand at nine fifteen")[0]).edits
    assert edits == [
        Edit("number", ("twenty", "five"), ("25",)),
        Edit("number", ("one", "hundred", "thousand"), ("100000",)),
        Edit("number", ("nine", "fifteen"), ("9", "15")),
    ]


def spoken(value: int) -> str:
    """English for a whole number below a billion, written for this test alone."""
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if value >= size:
            rest = f" {spoken(value % size)}" if value % size else ""
            return f"{spoken(value // size)} {name}{rest}"
    if value >= 20:
        return TENS[value // 10 - 2] + (f" {UNITS[value % 10]}" if value % 10 else "")
    return (UNITS + TEENS)[value]


@given(st.integers(min_value=10, max_value=10**9 - 1).filter(lambda n: n % 10**6))
def test_a_whole_number_keeps_its_value(value: int) -> None:
    assert normal_words(written(f"about {spoken(value)} of them")) == ["about", str(value), "of", "them"]


@given(
    st.lists(
        st.sampled_from([*UNITS, *TEENS, *TENS, "hundred", "thousand", "and", "point", "oh"]), max_size=8
    )
)
def test_digits_always_have_the_value_of_the_words_they_replace(words: list[str]) -> None:
    for edit in write_numbers(split(" ".join(words))[0]).edits:
        assert edit.added[0] in value_of(edit.removed)


def test_the_check_of_values_knows_wrong_from_right() -> None:
    assert "25" in value_of(("twenty", "five"))
    assert "26" not in value_of(("twenty", "five"))
    assert not value_of(("no", "number"))
    assert not value_of(())
