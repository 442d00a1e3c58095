"""What was heard beside what a person would have typed: `clean_cases.jsonl`, and what holds for all text."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.cleanup import CleanupOptions, clean
from garret.features.dictate.text.disfluency import STUTTERED
from garret.features.dictate.text.words import normal_words

CASES = [json.loads(line) for line in (Path(__file__).parent / "clean_cases.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["heard"])
def test_the_text_is_one_that_a_person_would_have_typed(case: dict[str, list[str]]) -> None:
    cleaned = clean(str(case["heard"]))
    assert cleaned.refused is None
    assert cleaned.text in case["right"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["heard"])
def test_what_is_clean_stays_as_it_is(case: dict[str, list[str]]) -> None:
    once = clean(str(case["heard"])).text
    assert clean(once).text == once


# Words that some rule looks at, without those that it may take out or count.
ORDINARY = st.sampled_from(
    """cha go wait sing come on in he she said that had very no bye oh huh hmm mm it
    what is was to you her his
    may march june monday past at of between or out year room call people percent minutes house cat look
    for not will with one's period caps slash dash comma next new line u s f b mail""".split()
)
# And those of numbers, addresses, fillers and stutters.
ANY_WORD = st.one_of(
    ORDINARY,
    st.sampled_from(
        """um uh er the the a i we to and dot com example john www w underscore p m a.m. u. s. one two four
        nine ten eleven twenty thirty sixties hundred thousand million point oh zero first sixth
        twenty-five half th- 9 2004 3.5 5:30 U.S. FBI john@example.com Yes. so, "Well" """.split()
    ),
)


@given(st.lists(ANY_WORD, max_size=14).map(" ".join))
@settings(max_examples=600)
def test_to_clean_twice_is_to_clean_once(heard: str) -> None:
    once = clean(heard)
    assert once.refused is None
    assert clean(once.text).text == once.text


@given(st.lists(ORDINARY, max_size=14))
@settings(max_examples=600)
def test_no_ordinary_word_is_lost_or_invented(heard: list[str]) -> None:
    lost = Counter(heard) - Counter(normal_words(clean(" ".join(heard)).text))
    # Function words may go where they stand twice in a row, and letters may become initials.
    doubled = {word for word, after in pairwise(heard) if word == after}
    assert all(word in doubled & STUTTERED or len(word) == 1 for word in lost)


@given(st.lists(ANY_WORD, max_size=14).map(" ".join))
def test_every_step_can_be_switched_off(heard: str) -> None:
    off = CleanupOptions(
        fillers=False, repeats=False, addresses=False, initials=False, numbers=False, casing=False
    )
    assert normal_words(clean(heard, off).text) == normal_words(heard)
