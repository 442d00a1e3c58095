"""The full stop that nobody said, after the last word of a piece."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.cleanup import CleanupOptions, clean
from garret.features.dictate.text.full_stop import HARDLY_LAST, hardly_last, write_full_stop
from garret.features.dictate.text.tokens import join, split
from garret.features.dictate.text.vocabulary import Replacement
from garret.features.dictate.text.words import normal_words

ENDING = CleanupOptions(full_stop=True)


def stopped(text: str, *, english: bool = True) -> str:
    tokens, tail = split(text)
    return join(write_full_stop(tokens, english=english).tokens, tail)


@pytest.mark.parametrize("text", ["we met", "at the 2nd", "in Orl\u00e9ans", "at home \n", "x"])
def test_a_word_gets_a_full_stop_right_after_it(text: str) -> None:
    assert stopped(text) == text.rstrip() + "." + text[len(text.rstrip()) :]


@pytest.mark.parametrize(
    "text", ["", " ", "so?", "so,", "so \u2013", "(so)", "she said \u201cyes\u201d", "\u2026"]
)
def test_after_a_mark_or_nothing_none_is_written(text: str) -> None:
    assert stopped(text) == text


@pytest.mark.parametrize(
    "text",
    ["we went to", "AND", "it was the", "I don't know if they're", "so I've", "he'd", "it\u2019s", "my"],
)
def test_after_a_word_that_can_hardly_be_the_last_none_is_written_in_english(text: str) -> None:
    assert stopped(text) == text
    assert stopped(text, english=False) == text + "."


@pytest.mark.parametrize(
    "text", ["come out", "what I do", "is it", "tell her", "I do", "that's that", "do not"]
)
def test_a_word_that_is_often_the_last_gets_one(text: str) -> None:
    assert stopped(text) == text + "."


def test_the_list_holds_words_as_they_are_compared() -> None:
    assert all(normal_words(word) == [word] and hardly_last(word) for word in HARDLY_LAST)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("um we met", "We met."),
        ("we met um", "We met."),
        ("we met the the", "We met the"),
        ("there were twenty five", "There were 25."),
        ("we use pie torch", "We use PyTorch."),
        ("um", ""),
    ],
)
def test_the_clean_up_writes_it_after_what_is_written_in_the_end(said: str, written: str) -> None:
    options = msgspec.structs.replace(ENDING, vocabulary=(Replacement("pie torch", "PyTorch"),))
    cleaned = clean(said, options)
    assert (cleaned.text, cleaned.refused) == (written, None)


def test_after_it_a_sentence_starts_though_the_word_is_an_abbreviation_elsewhere() -> None:
    cleaned = clean("i said no", ENDING)
    assert (cleaned.text, cleaned.sentence_start) == ("I said no.", True)
    assert not clean("i said no").sentence_start


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))
WORDS = st.lists(
    st.sampled_from(
        "apple the to was it's all caps end next comma full stop um twenty five quote new line".split()
    ),
    max_size=10,
).map(" ".join)


@given(st.one_of(ANY_TEXT, WORDS), st.booleans())
@settings(max_examples=300)
def test_no_word_comes_or_goes_and_a_second_time_changes_nothing(text: str, english: bool) -> None:
    once = stopped(text, english=english)
    assert normal_words(once) == normal_words(text)
    assert once.replace(".", "") == text.replace(".", "")
    assert stopped(once, english=english) == once


@given(st.one_of(ANY_TEXT, WORDS), st.sampled_from(["en", "de"]))
@settings(max_examples=300)
def test_the_content_of_a_clean_up_is_the_same_with_it(raw: str, language: str) -> None:
    without = clean(raw, CleanupOptions(language=language))
    ended = clean(raw, CleanupOptions(language=language, full_stop=True))
    assert ended.refused == without.refused
    assert normal_words(ended.text) == normal_words(without.text)
