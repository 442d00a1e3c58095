"""Speech without a word is found, and what is heard of it again comes to its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines.contract import Hypothesis, RecognisedWord
from garret.features.dictate.engines.coverage import completed, unheard


def heard(*words: tuple[str, float, float]) -> Hypothesis:
    made = tuple(RecognisedWord(text, start, end, 0.9) for text, start, end in words)
    return Hypothesis(" ".join(word.text for word in made), made)


def test_a_stretch_without_a_word_is_told_and_neighbours_are_one() -> None:
    words = heard(("one", 0.2, 0.6), ("four", 9.2, 9.6)).words
    speech = [(0.0, 1.0), (2.0, 4.0), (5.0, 7.0), (9.0, 10.0), (12.0, 13.5)]
    assert unheard(speech, words) == [(2.0, 7.0), (12.0, 13.5)]


def test_a_cough_and_a_slow_speaker_are_no_such_stretch() -> None:
    words = heard(("one", 0.2, 0.6), ("two", 2.5, 3.0)).words
    assert unheard([(0.0, 3.5), (5.0, 5.6)], words) == []


def test_a_sentence_that_was_left_out_amid_words_is_told() -> None:
    words = heard(("one", 0.2, 0.6), ("two", 5.0, 5.4)).words
    assert unheard([(0.0, 9.0)], words) == [(0.6, 5.0), (5.4, 9.0)]


def test_where_nothing_was_heard_there_is_nothing_to_hear_again() -> None:
    assert unheard([(0.0, 9.0)], ()) == []


spoken = st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.1, 1.0)), min_size=1, max_size=20)


@given(spoken, st.data())
def test_what_was_left_out_comes_back_to_its_place(
    drawn: list[tuple[float, float]], data: st.DataObject
) -> None:
    at = 0.0
    words: list[tuple[str, float, float]] = []
    for number, (gap, length) in enumerate(drawn):
        words.append((f"w{number},", at + gap, at + gap + length))
        at += gap + length
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    begin = words[first][1]
    lost = heard(*((text, start - begin, end - begin) for text, start, end in words[first : last + 1]))
    left = heard(*words[:first], *words[last + 1 :])
    found = completed(left, lost, begin)
    assert found.text == heard(*words).text
    assert [word.text for word in found.words] == [text for text, _, _ in words]


def test_a_text_of_other_words_is_made_of_the_words() -> None:
    odd = Hypothesis("20 words", heard(("twenty", 0.0, 0.5), ("words", 0.5, 1.0)).words)
    assert completed(odd, heard(("more", 0.0, 0.4)), 3.0).text == "twenty words more"
    assert completed(odd, Hypothesis(""), 3.0) == odd
