"""Overdriven, off centre, or a channel that carries nothing: told where it is so, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from garret.features.dictate.contracts.notes import Note
from tests.features.dictate.audio.sounds import RATE, encoded, librivox, music, noise, spoken, tone
from tests.features.dictate.audio.test_decode import decoded

WORDS = "The kettle is on the table in the kitchen, and the bread is beside it."


def voice() -> npt.NDArray[np.float64]:
    sound = spoken(WORDS).astype(float)
    return sound / np.abs(sound).max()


def notes_of(
    sound: npt.NDArray[Any], container: str = "WAV", codec: str = "PCM_16", rate: int = RATE
) -> tuple[Note, ...]:
    return decoded(encoded(np.clip(sound, -1, 1), rate, container, codec))[0].notes


@pytest.mark.parametrize("gain", [2.0, 4.0, 10.0, 100.0])
@pytest.mark.parametrize(("container", "codec"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("WAV", "FLOAT")])
def test_overdriven_speech_is_told(gain: float, container: str, codec: str) -> None:
    (note,) = notes_of(gain * voice(), container, codec)
    assert note.kind == "clipped"
    assert 0 <= note.start < note.end <= len(voice()) / RATE


def test_overdriven_speech_is_told_where_it_is() -> None:
    quiet = 0.3 * voice()
    (note,) = notes_of(np.concatenate([quiet, 8 * voice(), quiet]))
    assert note.kind == "clipped"
    assert len(quiet) / RATE - 0.1 < note.start < note.end < 2 * len(quiet) / RATE + 0.1


@pytest.mark.parametrize("offset", [0.05, -0.1, 0.3])
def test_sound_that_is_off_its_centre_is_told(offset: float) -> None:
    (note,) = notes_of(0.3 * voice() + offset)
    assert note.kind == "offset"
    assert f"{abs(offset) * 100:.0f} %" in note.sentence
    assert ("above" if offset > 0 else "below") in note.sentence


@pytest.mark.parametrize("level", [0.0, 1e-4, "stuck"])
@pytest.mark.parametrize("dead", [0, 1])
def test_a_channel_that_carries_nothing_is_told(level: float | str, dead: int) -> None:
    nothing = np.full(len(voice()), 0.01) if level == "stuck" else float(level) * noise(len(voice()) / RATE)
    channels = [voice(), voice()]
    channels[dead] = nothing
    (note,) = notes_of(np.stack(channels, 1))
    assert note.kind == "channels"
    assert f"Channel {dead + 1} carries no sound" in note.sentence


def test_a_channel_that_breaks_off_is_told() -> None:
    sound = np.tile(0.5 * voice(), 6)
    both = np.stack([sound, sound], 1)
    gone = len(sound) // 4
    both[gone:, 1] = 0
    (note,) = notes_of(both)
    assert note.kind == "channels"
    assert note.start == pytest.approx(gone / RATE, abs=4.2)


@pytest.mark.parametrize(
    "sound",
    [
        lambda: voice(),
        lambda: 0.99 * voice(),
        lambda: tone(3.0, hertz=50, level=1.0),
        lambda: tone(3.0, hertz=440, level=1.0),
        lambda: music(3.0) / 32768,
        lambda: 3 * noise(3),
        lambda: np.zeros(2 * RATE),
        lambda: np.stack([voice(), 0.5 * voice()], 1),
        lambda: np.stack([np.zeros(2 * RATE), np.zeros(2 * RATE)], 1),
        lambda: np.stack([np.concatenate([voice(), 0 * voice()]), np.concatenate([0 * voice(), voice()])], 1),
    ],
)
@pytest.mark.parametrize(
    ("container", "codec"), [("WAV", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
)
def test_clean_sound_has_no_remark(sound: Any, container: str, codec: str) -> None:
    assert notes_of(sound(), container, codec) == ()


def test_recordings_of_people_have_no_remark() -> None:
    for _, samples in librivox():
        assert notes_of(samples / 32768) == ()
        assert notes_of(samples / np.abs(samples).max()) == ()
