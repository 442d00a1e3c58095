"""Voice activity and cutting at silences, with the real model."""

from __future__ import annotations

import numpy as np
import pytest

from garret.base.errors import CancelledError
from garret.features.dictate.audio.segments import SegmentFinder, SpeechFound, find_speech, segments_of
from garret.features.dictate.audio.vad import FRAME_SAMPLES, SpeechProbabilities
from garret.features.dictate.endpoint import Event, SpeechEnd, SpeechStart
from tests.features.dictate.audio.sounds import descriptor, music, spoken


def test_one_probability_a_frame_however_the_samples_arrive() -> None:
    wave = np.concatenate((np.zeros(8000, np.int16), spoken("hello there my friend")))[:40_000]
    whole = SpeechProbabilities()
    expected = whole.accept(wave) + whole.flush()
    assert len(expected) == -(-len(wave) // FRAME_SAMPLES)
    assert all(0.0 <= value <= 1.0 for value in expected)
    assert max(expected) > 0.9 > 0.1 > min(expected)
    pieces = SpeechProbabilities()
    got = [value for part in np.array_split(wave, 37) for value in pieces.accept(part)] + pieces.flush()
    assert got == expected
    whole.reset()
    assert whole.accept(wave)[:20] == expected[:20]


def test_two_sentences_with_a_pause_are_two_segments() -> None:
    first, second = spoken("open the window please"), spoken("and close the door")
    wave = np.concatenate(
        (np.zeros(16_000, np.int16), first, np.zeros(24_000, np.int16), second, np.zeros(16_000, np.int16))
    )
    found = find_speech(descriptor(wave.tobytes()))
    assert len(found.segments) == 2
    assert "2 segments" in found.sentence()
    one, two = found.segments
    assert 16_000 - 6_000 < one.start < 16_000 + 3_000
    assert 16_000 + len(first) - 3_000 < one.end < 16_000 + len(first) + 8_000
    assert two.start > 16_000 + len(first) + 12_000


def test_live_audio_gives_the_same_segments_as_the_file_and_starts_early() -> None:
    wave = np.concatenate(
        (np.zeros(8_000, np.int16), spoken("open the window please"), np.zeros(16_000, np.int16))
    )
    finder = SegmentFinder()
    events: list[Event] = []
    started_after = 0
    for at in range(0, len(wave), 700):
        new = finder.accept(wave[at : at + 700])
        started_after = started_after or (at if new else 0)
        events += new
    events += finder.finish()
    file = list(segments_of(descriptor(wave.tobytes())))
    assert [event for event in events if isinstance(event, SpeechEnd)] == file
    assert isinstance(events[0], SpeechStart)
    assert started_after - 8_000 < 8_000


@pytest.mark.parametrize("kind", ["silence", "music", "hiss", "nothing"])
def test_audio_without_speech_is_no_error(kind: str) -> None:
    wave = {
        "silence": np.zeros(80_000, np.int16),
        "music": music(5.0),
        "hiss": np.random.default_rng(0).normal(0, 300, 80_000).astype(np.int16),
        "nothing": np.zeros(0, np.int16),
    }[kind]
    found = find_speech(descriptor(wave.tobytes()))
    assert found == SpeechFound(len(wave))
    assert found.sentence().startswith("No speech found")


def test_a_word_cut_off_keeps_its_last_sample_without_another_look(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = spoken("open the window please")
    wave = wave[: len(wave) // 2 // FRAME_SAMPLES * FRAME_SAMPLES + 300]
    finder = SegmentFinder()
    finder.accept(wave)
    assert finder.speaking
    looked: list[int] = []
    monkeypatch.setattr(SpeechProbabilities, "flush", lambda self: looked.append(1) or [])
    (end,) = finder.finish()
    assert isinstance(end, SpeechEnd)
    assert (end.end, looked) == (len(wave), [])


def test_a_silence_at_the_end_is_looked_at_to_its_last_piece() -> None:
    wave = np.concatenate(
        (spoken("open the window please"), np.zeros(3_300, np.int16), spoken("now")[:2_000])
    )
    piecewise = SegmentFinder()
    events = [event for at in range(0, len(wave), 333) for event in piecewise.accept(wave[at : at + 333])]
    events += piecewise.finish()
    padded = SegmentFinder()
    whole = padded.accept(np.concatenate((wave, np.zeros(-len(wave) % FRAME_SAMPLES, np.int16))))
    whole += padded.finish()
    ends = [event for event in events if isinstance(event, SpeechEnd)]
    assert ends == [SpeechEnd(e.start, min(e.end, len(wave))) for e in whole if isinstance(e, SpeechEnd)]


def test_it_can_be_cancelled() -> None:
    with pytest.raises(CancelledError):
        list(segments_of(descriptor(bytes(64_000)), cancelled=lambda: True))
