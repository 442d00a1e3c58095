"""A cut amid speech: what the first segment gives up the second hears."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines.contract import Hypothesis, RecognisedWord
from garret.features.dictate.engines.cuts import GIVEN_UP_SECONDS, after_cut, before_cut


def heard(*words: tuple[str, float, float]) -> Hypothesis:
    made = tuple(RecognisedWord(text, start, end, 0.9) for text, start, end in words)
    return Hypothesis(" ".join(word.text for word in made), made)


times = st.lists(st.tuples(st.floats(0.0, 0.6), st.floats(0.05, 0.9)), max_size=60)


@given(times)
def test_what_is_kept_is_a_beginning_and_ends_near_the_cut(drawn: list[tuple[float, float]]) -> None:
    at = 0.0
    words: list[tuple[str, float, float]] = []
    for number, (gap, length) in enumerate(drawn):
        words.append((f"word{number}.", at + gap, at + gap + length))
        at += gap + length
    whole = heard(*words)
    kept = before_cut(whole, at)
    assert kept.words == whole.words[: len(kept.words)]
    assert kept.text == " ".join(word.text for word in kept.words)
    if len(kept.words) < len(whole.words):
        assert at - kept.words[-1].end <= GIVEN_UP_SECONDS
        gaps = [b.start - a.end for a, b in zip(whole.words, whole.words[1:], strict=False)]
        given_up = gaps[len(kept.words) :]
        assert all(gaps[len(kept.words) - 1] >= gap - 0.011 for gap in given_up)
    else:
        assert len(words) < 2 or words[-2][2] < at - GIVEN_UP_SECONDS


def test_a_word_that_was_cut_apart_is_left_to_the_next_segment() -> None:
    whole = heard(("He", 27.0, 27.2), ("bought", 27.2, 27.6), ("a", 27.8, 27.9), ("comp", 27.9, 28.0))
    kept = before_cut(whole, 28.0)
    assert kept.text == "He bought"
    assert kept.words == whole.words[:2]


def test_words_that_are_not_in_the_text_keep_it_whole() -> None:
    odd = Hypothesis("20 words", heard(("twenty", 27.0, 27.5), ("words", 27.5, 28.0)).words)
    assert before_cut(odd, 28.0) == odd


def test_the_remnant_of_the_word_before_is_not_heard_again() -> None:
    again = heard(("bought", 0.0, 0.1), ("a", 0.2, 0.3), ("computer.", 0.3, 0.9))
    assert after_cut(again, "He bought").text == "a computer."
    assert [word.text for word in after_cut(again, "He bought").words] == ["a", "computer."]


def test_a_word_that_was_said_twice_is_heard_twice() -> None:
    again = heard(("very", 0.0, 0.4), ("good", 0.4, 0.8))
    assert after_cut(again, "It is very") == again
    assert after_cut(again, "It is so") == again
    assert after_cut(again, "") == again
    assert after_cut(Hypothesis(""), "It is") == Hypothesis("")
