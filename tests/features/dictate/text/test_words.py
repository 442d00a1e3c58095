"""Words as they are compared, and the word error rate."""

from __future__ import annotations

import jiwer
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.words import Word, align_cost, normal_words, word_error_rate

SHORT = st.lists(st.sampled_from("abcd"), max_size=12)


def test_a_word_refuses_fields_it_does_not_know() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"text":"a","start":0,"end":1,"confidence":1,"x":1}', type=Word)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don\u2019t DON'T", ["don't", "don't"]),
        ("twenty-five and/or snake_case", ["twenty", "five", "and", "or", "snake", "case"]),
        ("10,000 3.5 5pm 21st", ["10000", "3.5", "5pm", "21st"]),
        ("\u201cquoted\u201d \u2026 'single'", ["quoted", "single"]),
        ("Stra\u00dfe STRASSE", ["strasse", "strasse"]),
        ("cafe\u0301 caf\u00e9", ["caf\u00e9", "caf\u00e9"]),
        ("\u0928\u092e\u0938\u094d\u0924\u0947", ["\u0928\u092e\u0938\u094d\u0924\u0947"]),
        ("9 a.m.", ["9", "a", "m"]),
        (" -- ", []),
    ],
)
def test_case_width_and_punctuation_make_no_difference(text: str, words: list[str]) -> None:
    assert normal_words(text) == words


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_a_character_beyond_ascii_does_not_change_how_the_rest_is_read(text: str) -> None:
    assert normal_words(text + " \u2026") == normal_words(text)


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_has_words_and_they_are_stable(text: str) -> None:
    words = normal_words(text)
    assert all(words)
    assert [again for word in words for again in normal_words(word)] == words


@given(SHORT, SHORT)
def test_the_number_of_errors_is_that_of_an_independent_program(said: list[str], heard: list[str]) -> None:
    ours = word_error_rate(" ".join(said), " ".join(heard))
    assert ours.words == len(said)
    assert ours.deletions - ours.insertions == len(said) - len(heard)
    if said:
        theirs = jiwer.process_words(" ".join(said), " ".join(heard))
        errors = theirs.substitutions + theirs.deletions + theirs.insertions
        assert ours.substitutions + ours.deletions + ours.insertions == errors
        assert ours.rate == pytest.approx(theirs.wer)
        assert ours.substitutions <= theirs.substitutions
    else:
        assert ours.rate == len(heard)


@pytest.mark.parametrize(
    ("said", "heard", "counts"),
    [
        ("the cat sat", "the cat sat", (0, 0, 0)),
        ("the cat sat", "the hat sat", (1, 0, 0)),
        ("the cat sat", "the sat", (0, 1, 0)),
        ("the cat sat", "the big cat sat", (0, 0, 1)),
        ("", "two words", (0, 0, 2)),
        ("two words", "", (0, 2, 0)),
    ],
)
def test_each_kind_of_error_is_counted_as_such(said: str, heard: str, counts: tuple[int, int, int]) -> None:
    errors = word_error_rate(said, heard)
    assert (errors.substitutions, errors.deletions, errors.insertions) == counts


def test_texts_that_differ_beyond_the_first_band_are_aligned_all_the_same() -> None:
    left = [f"a{i}" for i in range(90)]
    assert align_cost(left, [f"b{i}" for i in range(90)]) == (90, 90)
    # Half of the words move by forty places: cheaper to drop and insert them than to replace all.
    assert align_cost(left, left[40:] + left[:40]) == (80, 0)
