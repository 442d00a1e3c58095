"""Recordings that are damaged, joined, late or wrongly labelled: all the rest is heard, at its right time.

The sound is noise: it is different at every moment, so that a
shift of one sample, or a piece that is missing, shows.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest

from garret.features.dictate.audio import mpeg, ogg
from garret.features.dictate.audio.source import Source, View
from tests.features.dictate.audio.sounds import RATE, descriptor, encoded, hit, kinds, lag, noise
from tests.features.dictate.audio.test_decode import decoded

KINDS = [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]


@pytest.mark.parametrize(("container", "codec"), KINDS)
def test_a_whole_file_has_no_remark(container: str, codec: str) -> None:
    info, _ = decoded(encoded(noise(12), RATE, container, codec))
    assert (info.notes, info.truncated) == ((), False)


@pytest.mark.parametrize(("container", "codec"), KINDS[:3])
@pytest.mark.parametrize("shares", [(0.58,), (0.3, 0.7), (0.45, 0.46)])
def test_damage_is_named_and_what_follows_stands_at_its_time(
    container: str, codec: str, shares: tuple[float, ...]
) -> None:
    data = encoded(noise(12), RATE, container, codec)
    _, true = decoded(data)
    for share in shares:
        data = hit(data, share)
    info, samples = decoded(data)
    assert len(samples) == len(true)
    assert abs(lag(samples[-2 * RATE :], true[-2 * RATE :])) <= 0.02 * RATE, "a frame of Opus"
    assert abs(lag(samples[: 2 * RATE], true[: 2 * RATE])) == 0
    assert set(kinds(info)) == {"damage"}
    for note in info.notes:
        assert any(note.start - 1.1 < share * 12 < note.end + 1.1 for share in shares)
    lost = sum(note.end - note.start for note in info.notes)
    assert 0 < lost < 2.5 * len(shares)


@pytest.mark.parametrize("seed", range(5))
def test_flac_loses_no_more_than_the_frames_that_were_hit(seed: int) -> None:
    data = encoded(noise(12), RATE, "FLAC", "PCM_16")
    _, true = decoded(data)
    info, samples = decoded(hit(data, 0.2 + 0.13 * seed, 300, seed))
    different = np.flatnonzero(samples != true)
    (note,) = info.notes
    assert note.start * RATE - 1 <= different[0]
    assert different[-1] <= note.end * RATE + 1
    assert len(different) <= 2 * 4096


def test_bytes_that_are_missing_from_an_mp3_leave_a_hole_of_their_length() -> None:
    data = encoded(noise(12), RATE, "MP3", "MPEG_LAYER_III")
    _, true = decoded(data)
    place = len(data) // 2
    info, samples = decoded(data[:place] + bytes([0x55]) * 2000 + data[place + 2000 :])
    assert kinds(info) == ["damage"]
    assert abs(lag(samples[-RATE:], true[-RATE:])) < 0.1 * RATE
    assert abs(len(samples) - len(true)) < 0.1 * RATE


@pytest.mark.parametrize(("container", "codec"), KINDS[1:])
@pytest.mark.parametrize("times", [2, 3])
def test_files_that_were_joined_are_read_through(container: str, codec: str, times: int) -> None:
    data = encoded(noise(3), RATE, container, codec)
    once, first = decoded(data)
    info, samples = decoded(data * times)
    assert info.notes == ()
    assert abs(len(samples) - times * len(first)) <= times
    assert info.seconds == pytest.approx(times * once.seconds, abs=0.01)
    assert abs(lag(samples[-RATE:], first[-RATE:])) <= 1


def test_an_mp3_of_variable_rate_without_a_count_is_whole() -> None:
    quiet, loud = np.zeros(3 * RATE), noise(3)
    data = encoded(np.concatenate([quiet, loud, quiet, loud]), RATE, "MP3", "MPEG_LAYER_III")
    (stretch,) = mpeg.stretches(Source(descriptor(data), "x"), lambda: False)
    first = mpeg.frame_at(data, stretch.start)
    assert first is not None
    assert stretch.declared == stretch.frames
    info, samples = decoded(data[stretch.start + first.size :])
    assert info.notes == ()
    assert len(samples) == pytest.approx(12 * RATE, abs=0.15 * RATE)
    assert np.abs(samples[-2 * RATE : -RATE]).max() > 1000


# ---------------------------------------------------------------- headers


def wave(data: bytes, riff: int, size: int) -> bytes:
    return data[:4] + struct.pack("<I", riff) + data[8:40] + struct.pack("<I", size) + data[44:]


@pytest.mark.parametrize(
    ("riff", "size", "expected"),
    [
        (0, 0, ["header"]),
        (36, 0, ["header"]),
        (0xFFFFFFFF, 0xFFFFFFFF, []),
        (0xFFFFFFFF, 0, []),
        (0x7FFFF024, 0x7FFFF000, []),
        (20_000, 19_964, ["header"]),
        (500_000, 500_000, ["truncated"]),
    ],
)
def test_a_wav_with_wrong_sizes_is_read_to_its_end(riff: int, size: int, expected: list[str]) -> None:
    sound = (noise(3) * 32767).astype(np.int16)
    info, samples = decoded(wave(encoded(sound, RATE, "WAV", "PCM_16"), riff, size))
    assert np.array_equal(samples, sound)
    assert kinds(info) == expected


def test_chunks_behind_the_samples_are_no_sound() -> None:
    sound = (noise(1) * 32767).astype(np.int16)
    data = encoded(sound, RATE, "WAV", "PCM_16") + b"LIST" + struct.pack("<I", 4000) + bytes(4000)
    info, samples = decoded(data)
    assert np.array_equal(samples, sound)
    assert info.notes == ()


@pytest.mark.parametrize("container", ["RF64", "W64", "AIFF", "AU", "WAVEX"])
def test_other_headers_that_say_too_little_or_nothing(container: str) -> None:
    sound = (noise(2) * 32767).astype(np.int16)
    data = encoded(sound, RATE, container, "PCM_16")
    info, samples = decoded(data)
    assert np.array_equal(samples, sound)
    assert info.notes == ()
    size = len(sound) * 2
    order, width = ("big", 4) if container in ("AIFF", "AU") else ("little", 8)
    claims = {"W64": size + 24, "AIFF": size + 8}.get(container, size)
    width = 4 if container == "WAVEX" else width
    place = data.index(claims.to_bytes(width, order))
    wrong = data[:place] + bytes(width) + data[place + width :]
    if container == "W64":
        wrong = data[:place] + (24).to_bytes(8, "little") + data[place + 8 :]
    info, samples = decoded(wrong)
    assert np.array_equal(samples, sound)
    assert kinds(info) == ["header"]


# ---------------------------------------------------------------- channels


@pytest.mark.parametrize("share", [-1.0, -0.8, -0.6])
def test_channels_that_cancel_each_other_out_are_noticed(share: float) -> None:
    sound = noise(2)
    info, samples = decoded(encoded(np.stack([sound, share * sound], 1), RATE, "WAV", "PCM_16"))
    assert kinds(info) == ["channels"]
    assert np.abs(samples - sound * 32767).max() < 3


@pytest.mark.parametrize("share", [1.0, 0.3, 0.0])
def test_channels_that_go_together_have_no_remark(share: float) -> None:
    sound = noise(2)
    both = np.stack([sound, share * sound + 0.05 * noise(2, 9)], 1)
    info, _ = decoded(encoded(both, RATE, "WAV", "PCM_16"))
    assert info.notes == ()


# ---------------------------------------------------------------- pieces


def test_a_view_reads_its_pieces_as_one_file() -> None:
    source = Source(descriptor(bytes(range(100))), "x")
    view = View(source, [b"ab", range(10, 20), range(20, 25), b"", range(90, 100)])
    assert view.size == 27
    assert view.read() == b"ab" + bytes(range(10, 25)) + bytes(range(90, 100))
    view.seek(-4, 2)
    assert view.read(2) == bytes((96, 97))


def test_pages_are_found_whatever_lies_between_them() -> None:
    data = encoded(noise(3), RATE, "OGG", "VORBIS")
    whole = list(ogg.pages(Source(descriptor(data), "x"), lambda: False))
    assert [page.number for page in whole] == list(range(len(whole)))
    assert whole[-1].stop == len(data)
    junk = b"OggS" + bytes(40)
    place = whole[3].start
    shifted = list(ogg.pages(Source(descriptor(data[:place] + junk + data[place:]), "x"), lambda: False))
    assert [page.number for page in shifted] == [page.number for page in whole]
