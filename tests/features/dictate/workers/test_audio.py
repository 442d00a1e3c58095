"""The audio worker: which track is heard, what is told of it, and speech that does not stand out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from garret.features.dictate import contracts as c
from garret.features.dictate.audio import spool
from garret.features.dictate.workers.audio import decode_file
from tests.features.dictate.audio.sounds import RATE, descriptor, encoded, librivox, music, muxed


class Asked:
    """A call as the worker sees it."""

    def __init__(self, data: bytes) -> None:
        self.descriptors = (descriptor(data), os.memfd_create("spool"))
        self.told: list[c.SpeechSegment] = []

    def emit_many(self, items: Any) -> None:
        self.told.extend(items)

    def cancelled(self) -> bool:
        return False

    def check(self) -> None:
        return None


def decoded(data: bytes, track: int = 0) -> tuple[c.AudioInfo, Asked]:
    call: Any = Asked(data)
    return decode_file(c.DecodeAudio(name="talk", limit_seconds=60, track=track), call), call


def speech() -> Any:
    return librivox()[1][1] / 32768


def test_the_track_that_has_speech_is_heard_and_told(tmp_path: Path) -> None:
    said = speech()
    data = muxed(tmp_path / "two.mkv", [np.zeros(len(said)), said], "aac")
    info, call = decoded(data)
    assert [note.kind for note in info.notes] == ["track"]
    assert "nobody speaks in number 1, so number 2" in info.notes[0].sentence
    assert call.told
    assert spool.samples_in(call.descriptors[1]) == round(info.seconds * RATE)
    quiet, other = decoded(data, track=1)
    assert not other.told
    assert [note.kind for note in quiet.notes] == ["speech"], "what was asked for is not told"


def test_of_several_tracks_with_speech_the_first_is_heard(tmp_path: Path) -> None:
    info, call = decoded(muxed(tmp_path / "two.mkv", [speech(), speech()], "aac"))
    assert "number 1 was taken" in info.notes[0].sentence
    assert len(call.told) == len(decoded(muxed(tmp_path / "one.mkv", [speech()], "aac"))[1].told)


def test_where_no_track_has_speech_the_default_one_stays(tmp_path: Path) -> None:
    info, call = decoded(muxed(tmp_path / "none.mkv", [np.zeros(RATE * 2), np.zeros(RATE * 3)], "aac"))
    assert [note.kind for note in info.notes] == ["track", "speech"]
    assert not call.told
    assert info.seconds == pytest.approx(2, abs=0.1)


def test_speech_under_noise_is_given_to_the_engine_with_a_remark() -> None:
    said = speech()
    hiss = np.random.default_rng(1).normal(0, np.std(said) * 10 ** (9 / 20), len(said))
    info, call = decoded(encoded(np.clip((said + hiss) / 2, -1, 1), RATE, "WAV", "PCM_16"))
    assert call.told
    assert [note.kind for note in info.notes] == ["noise"]
    assert info.notes[0].end > info.notes[0].start


@pytest.mark.parametrize("kind", ["hiss", "hum", "music", "zeros"])
def test_what_is_no_speech_is_not_made_into_some(kind: str) -> None:
    clock = np.arange(RATE * 20) / RATE
    sounds = {
        "hiss": np.random.default_rng(2).normal(0, 0.1, len(clock)),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * clock),
        "music": music(20) / 32768,
        "zeros": np.zeros(len(clock)),
    }
    info, call = decoded(encoded(sounds[kind], RATE, "WAV", "PCM_16"))
    assert not call.told
    assert [note.kind for note in info.notes] == ["speech" if kind == "zeros" else "noise"]


def test_clear_speech_has_no_remark() -> None:
    info, call = decoded(encoded(speech(), RATE, "WAV", "PCM_16"))
    assert call.told
    assert info.notes == ()
