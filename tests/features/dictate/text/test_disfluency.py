"""Fillers and words said twice."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.disfluency import STUTTERED, remove_fillers, remove_repeats
from garret.features.dictate.text.tokens import Edit, join, split


def without_fillers(text: str) -> str:
    tokens, tail = split(text)
    return join(remove_fillers(tokens).tokens, tail)


def without_repeats(text: str) -> str:
    tokens, tail = split(text)
    return join(remove_repeats(tokens).tokens, tail)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("um so er we uh went", "so we went"),
        ("Um, so we went", "so we went"),
        ("we, um, went", "we, went"),
        ("we went um. then", "we went. then"),
        ("we went, uh. then", "we went. then"),
        ("we went\num home", "we went\nhome"),
        ("UM WE WENT", "WE WENT"),
        ("um", ""),
    ],
)
def test_fillers_go(said: str, written: str) -> None:
    assert without_fillers(said) == written


@pytest.mark.parametrize(
    "text",
    [
        "the ER was full",  # an acronym
        "the word um is short",
        'he wrote "um" twice',
        "uh-huh and er-doctor",
        "umbrella error hummus",
    ],
)
def test_what_only_looks_like_a_filler_stays(text: str) -> None:
    assert without_fillers(text) == text


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("the the the cat", "the cat"),
        ("I I think we we can", "I think we can"),
        ("The the cat", "The cat"),
        ("it is the the, well", "it is the, well"),
    ],
)
def test_a_word_said_twice_by_mistake_is_said_once(said: str, written: str) -> None:
    assert without_repeats(said) == written


@pytest.mark.parametrize(
    "text",
    [
        "he had had enough",
        "I know that that is so",
        "very very good",
        "five five five",
        "twenty twenty",
        "b b c",
        "no, no",  # the engine heard a pause
        "the, the",
        "the\nthe",
        "007 007",
    ],
)
def test_doubling_that_is_meant_stays(text: str) -> None:
    assert without_repeats(text) == text


@pytest.mark.parametrize("word", sorted(STUTTERED - {"my"}))
def test_every_listed_word_is_said_once(word: str) -> None:
    assert without_repeats(f"{word} {word} cat") == f"{word} cat"


@pytest.mark.parametrize("word", "go cha wait sing said on in that it her you very had no he".split())
def test_a_word_that_may_be_doubled_on_purpose_stays(word: str) -> None:
    assert without_repeats(f"so {word} {word} {word} then") == f"so {word} {word} {word} then"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("in the in the house", "in the house"),
        ("I want to I want to go", "I want to go"),
        ("if you want to you want to sing", "if you want to you want to sing"),
        ("he is he is", "he is he is"),
        ("in the, in the house", "in the, in the house"),
        ("th- the house", "the house"),
        ("we re- read it", "we re- read it"),
        ("the pre- and post-war years", "the pre- and post-war years"),
    ],
)
def test_phrases_and_words_that_were_broken_off(said: str, written: str) -> None:
    assert without_repeats(said) == written


@pytest.mark.parametrize("said", ["uh oh", "uh huh", "mm hmm", "uh uh", "five mm wide", "in the er", "hmm"])
def test_replies_measures_and_places_are_no_fillers(said: str) -> None:
    assert without_fillers(said) == said


def test_every_removed_word_is_declared() -> None:
    assert remove_fillers(split("um we uh go")[0]).edits == [Edit("filler", ("um",)), Edit("filler", ("uh",))]
    assert remove_repeats(split("we we go")[0]).edits == [Edit("repeat", ("we",))]
    assert remove_repeats(split("th- the")[0]).edits == [Edit("fragment", ("th",))]
