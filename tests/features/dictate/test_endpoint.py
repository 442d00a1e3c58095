"""Endpointing: the promises of `garret.features.dictate.endpoint`, for any probabilities."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.endpoint import (
    FRAME_SAMPLES,
    SAMPLE_RATE,
    Endpointer,
    EndpointerOptions,
    EndpointerOptionsError,
    Event,
    SpeechEnd,
    SpeechPause,
    SpeechResume,
    SpeechStart,
    silence_between,
)

FRAME = FRAME_SAMPLES / SAMPLE_RATE

short_options = EndpointerOptions(
    minimum_speech=3 * FRAME,
    minimum_silence=6 * FRAME,
    pre_roll=2 * FRAME,
    tail=4 * FRAME,
    maximum_segment=40 * FRAME,
    search_window=12 * FRAME,
)
levels = st.sampled_from([0.0, 0.1, 0.34, 0.35, 0.4, 0.5, 0.7, 1.0])
runs = st.lists(st.tuples(levels, st.integers(1, 30)), max_size=30)
probabilities = runs.map(lambda parts: [level for level, count in parts for _ in range(count)])


def run(
    values: list[float], options: EndpointerOptions | None = None, samples: int | None = None
) -> list[Event]:
    endpointer = Endpointer(options)
    events = [event for value in values for event in endpointer.push(value)]
    return events + endpointer.finish(samples)


def segments(events: list[Event]) -> list[SpeechEnd]:
    return [event for event in events if isinstance(event, SpeechEnd)]


@given(probabilities, st.integers(0, FRAME_SAMPLES - 1))
def test_segments_are_ordered_disjoint_inside_and_bounded(values: list[float], missing: int) -> None:
    length = max(0, len(values) * FRAME_SAMPLES - missing)
    found = segments(run(values, short_options, length))
    for segment in found:
        assert 0 <= segment.start < segment.end <= length
        assert segment.end - segment.start <= 41 * FRAME_SAMPLES
    for before, after in itertools.pairwise(found):
        assert before.end <= after.start


def test_nothing_ends_inside_the_padding_of_the_last_frame() -> None:
    quietest_last = [0.5] + [0.35] * 39
    assert (
        segments(run(quietest_last, short_options, 40 * FRAME_SAMPLES - 511))[-1].end
        <= 40 * FRAME_SAMPLES - 511
    )
    whole_tail = EndpointerOptions(minimum_silence=0.6, tail=0.6)
    length = 49 * FRAME_SAMPLES - 511
    assert segments(run([0.9] * 30 + [0.0] * 19, whole_tail, length))[-1].end <= length


@given(probabilities)
def test_every_long_enough_run_of_speech_is_covered(values: list[float]) -> None:
    covered: set[int] = set()
    for segment in segments(run(values, short_options)):
        covered.update(range(segment.start, segment.end, FRAME_SAMPLES // 2))
    position = 0
    for speech, frames in itertools.groupby(values, lambda value: value >= short_options.onset):
        count = len(list(frames))
        if speech and count >= 3:
            wanted = range(position * FRAME_SAMPLES, (position + count) * FRAME_SAMPLES, FRAME_SAMPLES // 2)
            assert set(wanted) <= covered
        position += count


@given(probabilities)
def test_each_start_is_matched_by_an_end_with_the_same_start(values: list[float]) -> None:
    events = run(values, short_options)
    events = [event for event in events if isinstance(event, SpeechStart | SpeechEnd)]
    starts = [event.at for event in events if isinstance(event, SpeechStart)]
    assert starts == [segment.start for segment in segments(events)]
    assert all(isinstance(event, SpeechStart) == (place % 2 == 0) for place, event in enumerate(events))


@given(probabilities)
def test_a_pause_that_no_resume_follows_tells_the_end_to_the_sample(values: list[float]) -> None:
    told: int | None = None
    for event in run(values, short_options):
        match event:
            case SpeechPause(end):
                assert told is None, "a pause is told once"
                told = end
            case SpeechResume():
                assert told is not None, "only a pause that was told is taken back"
                told = None
            case SpeechEnd():
                assert told in (None, event.end)
                assert not (event.cut and told)
                told = None
            case SpeechStart():
                assert told is None


def test_a_pause_is_told_long_before_the_end_is_certain() -> None:
    endpointer = Endpointer()
    told: dict[str, int] = {}
    for frame, value in enumerate([1.0] * 40 + [0.0] * 30):
        for event in endpointer.push(value):
            told.setdefault(type(event).__name__, frame - 39)
    assert told["SpeechPause"] * FRAME <= 0.23
    assert told["SpeechEnd"] * FRAME >= 0.6


def test_only_a_cut_at_the_maximum_is_told_as_one() -> None:
    first, second = segments(run([1.0] * 1000 + [0.0] * 40))
    assert (first.cut, second.cut) == (True, False)
    assert not any(segment.cut for segment in segments(run([1.0] * 94 + [0.0] * 19 + [1.0] * 94)))


@given(probabilities, probabilities)
def test_nothing_is_remembered_across_a_finish(first: list[float], second: list[float]) -> None:
    endpointer = Endpointer(short_options)
    for value in first:
        endpointer.push(value)
    endpointer.finish()
    events = [event for value in second for event in endpointer.push(value)] + endpointer.finish()
    assert events == run(second, short_options)


@given(probabilities, probabilities)
def test_events_so_far_do_not_depend_on_what_follows(past: list[float], future: list[float]) -> None:
    endpointer = Endpointer(short_options)
    certain = [event for value in past for event in endpointer.push(value)]
    assert run(past + future, short_options)[: len(certain)] == certain


def test_padding_surrounds_speech_and_never_reaches_into_the_previous_segment() -> None:
    values = [0.0] * 10 + [0.9] * 10 + [0.0] * 6 + [0.9] * 10 + [0.0] * 20
    assert [
        (s.start // FRAME_SAMPLES, s.end // FRAME_SAMPLES) for s in segments(run(values, short_options))
    ] == [
        (8, 24),
        (24, 40),
    ]


def test_hysteresis_a_dip_between_the_thresholds_does_not_end_speech() -> None:
    values = [0.9] * 10 + [0.4] * 15 + [0.9] * 5 + [0.0] * 10
    assert len(segments(run(values, short_options))) == 1
    assert len(segments(run([0.4] * 50, short_options))) == 0


def test_long_speech_is_cut_at_its_quietest_frame_in_the_window() -> None:
    values = [0.95] * 100
    values[33] = 0.6
    values[10] = 0.55  # quieter, but before the window
    found = segments(run(values, short_options))
    assert found[0].end == 33 * FRAME_SAMPLES + FRAME_SAMPLES // 2
    assert found[1].start == found[0].end
    assert found[-1].end == 100 * FRAME_SAMPLES


def test_a_click_shorter_than_the_minimum_is_no_speech() -> None:
    assert run([0.0, 0.9, 0.9, 0.0, 0.0], short_options) == []


def test_a_probability_that_is_not_a_number_counts_as_silence() -> None:
    assert run([float("nan")] * 50, short_options) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"onset": 0.0},
        {"onset": 1.5},
        {"onset": 0.4, "offset": 0.5},
        {"minimum_speech": -1.0},
        {"minimum_silence": float("nan")},
        {"tail": 1.0, "minimum_silence": 0.5},
        {"maximum_segment": float("inf")},
        {"search_window": 0.0},
        {"maximum_segment": 4.0, "search_window": 3.0},
        {"maximum_segment": 0.6, "search_window": 0.1},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(EndpointerOptionsError):
        EndpointerOptions(**wrong)


def test_the_silence_between_two_segments_counts_their_padding() -> None:
    # 3 s of speech, 0.8 s of silence, 3 s of speech, in frames of 32 ms.
    first, second = segments(run([1.0] * 94 + [0.0] * 25 + [1.0] * 94 + [0.0] * 40))
    assert silence_between(first, second.start) == 0.8
    shortest, after = segments(run([1.0] * 94 + [0.0] * 19 + [1.0] * 94 + [0.0] * 40))
    assert silence_between(shortest, after.start) == 0.608


def test_there_is_no_silence_where_a_segment_was_cut() -> None:
    first, second = segments(run([1.0] * 1000 + [0.0] * 40))
    assert first.end == second.start
    assert silence_between(first, second.start) == 0.0
    assert silence_between(SpeechEnd(0, 900), 800) == 0.0


@given(st.integers(1, 18), st.integers(1, 60))
def test_the_silence_told_is_never_longer_than_it_was(before_the_maximum: int, silent: int) -> None:
    """Also where the maximum cuts a segment in the midst of a silence, whose tail is then short."""
    frames = [1.0] * (938 - before_the_maximum) + [0.0] * silent + [1.0] * 94
    first, second = segments(run(frames))[:2]
    assert silence_between(first, second.start) <= silent * FRAME_SAMPLES / SAMPLE_RATE
