"""Cutting text into subtitle cues."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.cues import (
    GAP,
    LINE_CHARACTERS,
    LONGEST_CUE,
    SHORTEST_CUE,
    Cue,
    make_cues,
    reading_time,
)
from garret.features.dictate.text.errors import TranscriptError
from garret.features.dictate.text.segments import Segment
from garret.features.dictate.text.words import Word


def spoken(text: str, *, start: float = 0.0, pace: float = 0.4) -> Segment:
    words = tuple(
        Word(word, start + i * pace, start + (i + 1) * pace, 1.0)
        for i, word in enumerate(text.lower().split())
    )
    return Segment(start, words[-1].end if words else start, text, words)


def shown(text: str, pace: float = 0.4) -> list[tuple[str, ...]]:
    return [cue.lines for cue in make_cues([spoken(text, pace=pace)])]


def test_a_short_phrase_stays_as_long_as_it_is_said_or_as_can_be_read() -> None:
    assert make_cues([spoken("Hello there my friend", start=2.0)]) == [
        Cue(1916, 3600, ("Hello there my friend",))
    ]
    assert make_cues([spoken("Yes", start=2.0, pace=0.2)]) == [Cue(1916, 2000 + SHORTEST_CUE, ("Yes",))]
    quick = spoken("Hello there my friend", pace=0.1)
    assert make_cues([quick]) == [Cue(0, reading_time(21), ("Hello there my friend",))]


def test_a_cue_ends_with_the_recording_and_begins_a_little_earlier_for_it() -> None:
    assert make_cues([spoken("Yes", start=2.0, pace=0.2)], 2.3) == [Cue(1875, 2300, ("Yes",))]
    assert make_cues([spoken("Yes", start=2.0, pace=1.0)], 3.0) == [Cue(1916, 3000, ("Yes",))]


def test_a_cue_leads_its_first_word_after_a_long_silence_alone() -> None:
    one, soon, late = spoken("one two", start=5.61), spoken("three.", start=7.2), spoken("four.", start=11)
    starts = [cue.start for cue in make_cues([one, soon, late])]
    assert starts[0] == 5610 - 84
    assert starts[-1] == 11_000 - 84
    assert starts[1:-1] in ([], [7200]), "there it follows at once"
    assert make_cues([spoken("One", start=0.05)])[0].start == 0


def test_a_long_text_is_cut_at_two_lines_of_forty_two_characters() -> None:
    cues = make_cues([spoken("lorem ipsum dolor " * 30, pace=0.1)])
    assert len(cues) > 3
    assert max(len(cue.lines) for cue in cues) == 2
    assert max(len(line) for cue in cues for line in cue.lines) <= LINE_CHARACTERS


def test_slow_speech_is_cut_at_seven_seconds() -> None:
    cues = make_cues([spoken("one two three four five six seven eight", pace=2.0)])
    assert len(cues) == 3
    assert all(cue.end - cue.start <= LONGEST_CUE for cue in cues)


def test_lines_are_cut_at_marks_and_before_what_leads_on_and_are_of_like_length() -> None:
    assert shown("When the rain had stopped at last, they went down to the river") == [
        ("When the rain had stopped at last,", "they went down to the river")
    ]
    assert shown("The man who lived next door had painted his house blue and white") == [
        ("The man who lived next door", "had painted his house blue and white")
    ]


def test_no_article_or_pronoun_is_left_behind() -> None:
    text = "I appreciate you giving me a few minutes of your time tonight so I can discuss with you a "
    text += "complex and difficult issue that is one of the most profound of our time"
    ends = [line.split()[-1] for lines in shown(text, pace=0.3) for line in lines]
    assert not {"a", "the", "I", "you", "your", "of", "is", "can"}.intersection(ends)


def test_no_line_is_one_short_word() -> None:
    text = "He had never been told how far the old stone bridge was from here"
    for words in range(1, len(text.split())):
        said = " ".join(text.split()[: words + 1])
        for lines in shown(said, pace=0.3):
            assert all(" " in line for line in lines), said


def test_a_cue_ends_with_a_sentence_rather_than_in_its_midst() -> None:
    text = "She closed the door behind her. And then, as if nothing at all had happened, she went on with it."
    assert shown(text)[0] == ("She closed the door behind her.",)


def test_a_long_pause_begins_a_new_cue() -> None:
    words = (Word("so", 0, 1, 1), Word("then", 4, 5, 1))
    assert len(make_cues([Segment(0, 5, "so then", words)])) == 2


def test_cues_that_follow_at_once_are_two_frames_apart() -> None:
    first, second, *_ = make_cues([spoken("lorem ipsum dolor sit amet " * 8, pace=0.5)])
    assert second.start - first.end == GAP


def test_cleaned_words_take_the_times_of_the_words_they_came_from() -> None:
    heard = "um the meeting is at twenty five past nine"
    words = tuple(Word(w, i, i + 1, 1) for i, w in enumerate(heard.split()))
    cues = make_cues([Segment(0, 9, "The meeting is at 25 past nine", words)])
    assert (cues[0].start, cues[1].start) == (916, 7000)
    assert [cue.lines for cue in cues] == [("The meeting is at 25",), ("past nine",)]


def test_without_word_times_the_time_is_shared_by_length() -> None:
    cues = make_cues([Segment(0, 10, "aaaa bbbb cccc dddd eeee")])
    assert (cues[0].start, cues[-1].end) == (0, 10_000)
    assert cues[1].start in (4000, 6000)


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


def letters(text: str) -> str:
    return "".join("".join(c for c in text if c.isprintable() or c in "\u200c\u200d").split())


@given(SEGMENTS, st.one_of(st.none(), st.floats(min_value=0, max_value=400_000)))
@settings(max_examples=300)
def test_cues_are_never_empty_too_large_out_of_order_or_short_of_a_character(
    segments: list[Segment], audio_seconds: float | None
) -> None:
    cues = make_cues(segments, audio_seconds)
    earliest = 0
    for cue in cues:
        assert earliest <= cue.start < cue.end <= cue.start + LONGEST_CUE
        earliest = cue.end
        assert 1 <= len(cue.lines) <= 2
        assert all(line and line == line.strip() and len(line) <= LINE_CHARACTERS for line in cue.lines)
    assert letters("".join("".join(cue.lines) for cue in cues)) == letters("".join(s.text for s in segments))
    if audio_seconds is not None and round(audio_seconds * 1000) >= len(cues):
        assert earliest <= round(audio_seconds * 1000)


WORD = st.sampled_from("a I the and of to was river difficult, Yes. stone. internationally bridge".split())
SPEECH = st.lists(
    st.tuples(WORD, st.integers(80, 900), st.sampled_from([0, 0, 0, 40, 400, 2500])), min_size=1
)


@given(SPEECH)
@settings(max_examples=300)
def test_what_cannot_be_read_in_time_has_no_silence_left_around_it(said: list[tuple[str, int, int]]) -> None:
    words: list[Word] = []
    clock = 1000
    for text, lasts, pause in said:
        words.append(Word(text, clock / 1000, (clock + lasts) / 1000, 1.0))
        clock += lasts + pause
    cues = make_cues([Segment(1.0, clock / 1000, " ".join(word.text for word in words), tuple(words))])
    starts = {round(word.start * 1000) for word in words}
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        assert any(start - 125 <= cue.start <= start for start in starts)
        wanted = reading_time(sum(map(len, cue.lines)) + len(cue.lines) - 1)
        if following is None:
            assert cue.end - cue.start >= wanted
        else:
            assert cue.end - cue.start >= wanted or following.start == cue.end
            assert following.start - cue.end >= GAP or following.start == cue.end
