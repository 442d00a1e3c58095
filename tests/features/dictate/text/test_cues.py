"""Cutting text into subtitle cues."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.cues import LINE_CHARACTERS, LONGEST_CUE, Cue, make_cues
from garret.features.dictate.text.errors import TranscriptError
from garret.features.dictate.text.segments import Segment
from garret.features.dictate.text.words import Word


def spoken(text: str, *, start: float = 0.0, pace: float = 0.4) -> Segment:
    words = tuple(
        Word(word, start + i * pace, start + (i + 1) * pace, 1.0)
        for i, word in enumerate(text.lower().split())
    )
    return Segment(start, words[-1].end if words else start, text, words)


def test_a_short_phrase_is_one_cue_with_the_times_of_its_words() -> None:
    assert make_cues([spoken("Hello there", start=2.0)]) == [Cue(2000, 2800, ("Hello there",))]


def test_a_long_text_is_cut_at_two_lines_of_forty_two_characters() -> None:
    cues = make_cues([spoken("lorem ipsum dolor " * 30, pace=0.1)])
    assert len(cues) > 3
    assert max(len(cue.lines) for cue in cues) == 2
    assert max(len(line) for cue in cues for line in cue.lines) <= LINE_CHARACTERS


def test_slow_speech_is_cut_at_seven_seconds() -> None:
    cues = make_cues([spoken("one two three four five six seven eight", pace=2.0)])
    assert [cue.lines for cue in cues] == [
        ("one two three",),
        ("four five six",),
        ("seven eight",),
    ]
    assert all(cue.end - cue.start <= LONGEST_CUE for cue in cues)


def test_a_pause_and_a_sentence_end_begin_a_new_cue() -> None:
    words = (Word("so", 0, 1, 1), Word("then", 4, 5, 1))
    assert len(make_cues([Segment(0, 5, "so then", words)])) == 2
    sentences = "This is a sentence that fills over half. And this comes after it."
    assert [" ".join(cue.lines) for cue in make_cues([spoken(sentences, pace=0.1)])] == [sentences]
    sentences = "This is a sentence that is a little longer. And this comes after it."
    assert len(make_cues([spoken(sentences, pace=0.1)])) == 2


def test_cleaned_words_take_the_times_of_the_words_they_came_from() -> None:
    heard = "um the meeting is at twenty five past nine"
    words = tuple(Word(w, i, i + 1, 1) for i, w in enumerate(heard.split()))
    (first, second) = make_cues([Segment(0, 9, "The meeting is at 25 past nine", words)])
    assert first == Cue(1000, 8000, ("The meeting is at 25 past",))
    assert second == Cue(8000, 9000, ("nine",))


def test_without_word_times_the_time_is_shared_by_length() -> None:
    (first, second) = make_cues([Segment(0, 10, "aaaa bbbb cccc dddd eeee")])
    assert (first.start, second.end) == (0, 10_000)
    assert first.end == second.start == 6000


def test_a_text_without_spaces_is_cut_by_the_line() -> None:
    cues = make_cues([Segment(0, 6, "\u6f22" * 100)])
    assert [len(line) for cue in cues for line in cue.lines] == [42, 42, 16]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_time_that_is_no_number_is_a_typed_error(bad: float) -> None:
    with pytest.raises(TranscriptError):
        make_cues([Segment(0, bad, "x")])
    with pytest.raises(TranscriptError):
        make_cues([Segment(0, 1, "x", (Word("x", bad, 1, 1),))])


TIMES = st.floats(min_value=-5, max_value=400_000, allow_nan=False)
WORDS = st.builds(Word, st.sampled_from(["a", "cat", "Hello.", "x" * 50]), TIMES, TIMES, st.just(1.0))
SEGMENTS = st.lists(
    st.builds(
        Segment,
        TIMES,
        TIMES,
        st.one_of(
            st.text(max_size=80), st.lists(st.sampled_from(["a", "cat", "hello", "x" * 50])).map(" ".join)
        ),
        st.lists(WORDS, max_size=12).map(tuple),
    ),
    max_size=5,
)


@given(SEGMENTS)
@settings(max_examples=300)
def test_cues_are_never_empty_too_large_out_of_order_or_short_of_a_character(segments: list[Segment]) -> None:
    cues = make_cues(segments)
    earliest = 0
    for cue in cues:
        assert earliest <= cue.start < cue.end <= cue.start + LONGEST_CUE
        earliest = cue.end
        assert 1 <= len(cue.lines) <= 2
        assert all(line and line == line.strip() and len(line) <= LINE_CHARACTERS for line in cue.lines)
    shown = "".join("".join(cue.lines) for cue in cues).replace(" ", "")
    said = "".join(c for s in segments for c in s.text if c.isprintable() or c in "\u200c\u200d")
    assert shown == "".join(said.split())
