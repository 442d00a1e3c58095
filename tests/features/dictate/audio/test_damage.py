"""Recordings that are damaged, joined, late or wrongly labelled: all the rest is heard, at its right time.

The sound is noise: it is different at every moment, so that a
shift of one sample, or a piece that is missing, shows.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from garret.features.dictate.audio import matroska, mpeg, ogg
from garret.features.dictate.audio.decode import AudioInfo
from garret.features.dictate.audio.errors import TrackMissingError
from garret.features.dictate.audio.source import Source, View
from tests.features.dictate.audio.sounds import RATE, descriptor, encoded, tone
from tests.features.dictate.audio.test_decode import decoded

av: Any = pytest.importorskip("av", reason="FURTHER WRAPPINGS NOT TESTED: PyAV is not installed")

KINDS = [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]


def noise(seconds: float, seed: int = 3) -> npt.NDArray[np.float64]:
    """Coloured noise, which codecs keep well enough to be found again."""
    white = np.random.default_rng(seed).normal(0, 1, round(seconds * RATE))
    smooth = np.convolve(white, np.hanning(24), "same")
    return 0.25 * smooth / np.abs(smooth).max()


def lag(samples: npt.NDArray[Any], true: npt.NDArray[Any]) -> int:
    """By how many samples the one is later than the other (of equal length)."""
    size = 1 << (2 * len(true)).bit_length()
    product = np.fft.rfft(samples.astype(float), size) * np.conj(np.fft.rfft(true.astype(float), size))
    place = int(np.argmax(np.fft.irfft(product, size)))
    return place - size if place > size // 2 else place


def kinds(info: AudioInfo) -> list[str]:
    return [note.kind for note in info.notes]


def hit(data: bytes, share: float, count: int = 120, seed: int = 1) -> bytes:
    """The data with random bytes at a share of its length."""
    place = int(len(data) * share)
    junk = np.random.default_rng(seed).integers(0, 256, count, np.uint8).tobytes()
    return data[:place] + junk + data[place + count :]


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


# ---------------------------------------------------------------- what PyAV reads


def muxed(
    path: Path, tracks: list[npt.NDArray[Any]], codec: str, *, starts: float = 0.0, holes: bool = False
) -> bytes:
    """Tracks in a file whose sound begins at `starts` seconds; with `holes` the second second is left out."""
    with av.open(str(path), "w") as output:
        streams = [output.add_stream(codec, rate=48_000, layout="mono") for _ in tracks]
        for stream, sound in zip(streams, tracks, strict=True):
            wide = np.repeat(sound, 3).astype(np.float32)
            size = stream.frame_size or 960
            for place in range(0, len(wide) - size, size):
                if holes and 48_000 <= place < 96_000:
                    continue
                frame = av.AudioFrame.from_ndarray(
                    wide[None, place : place + size], format="fltp", layout="mono"
                )
                frame.sample_rate, frame.pts = 48_000, place + round(starts * 48_000)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_sound_that_begins_late_stands_at_its_time(tmp_path: Path, suffix: str) -> None:
    info, samples = decoded(muxed(tmp_path / f"late.{suffix}", [tone(3.0)], "aac", starts=5.0))
    loud = np.flatnonzero(np.abs(samples) > 2000)
    assert abs(loud[0] / RATE - 5.0) < 0.05
    assert not info.truncated


def test_a_hole_in_the_timestamps_is_kept_and_told(tmp_path: Path) -> None:
    info, samples = decoded(muxed(tmp_path / "hole.mkv", [tone(4.0)], "aac", holes=True))
    assert len(samples) == pytest.approx(4 * RATE, abs=0.1 * RATE)
    (note,) = info.notes
    assert (note.kind, note.start, note.end) == ("gap", pytest.approx(1, abs=0.1), pytest.approx(2, abs=0.1))


def test_a_track_can_be_chosen(tmp_path: Path) -> None:
    data = muxed(tmp_path / "two.mkv", [np.zeros(3 * RATE), tone(3.0)], "aac")
    first, silent = decoded(data)
    second, loud = decoded(data, track=2)
    assert (first.track, second.track, second.tracks) == (1, 2, 2)
    assert np.abs(silent).max() < 100 < np.abs(loud).max()
    with pytest.raises(TrackMissingError, match="2 sound tracks"):
        decoded(data, track=3)
    with pytest.raises(TrackMissingError, match="1 sound track;"):
        decoded(encoded(tone(1.0), RATE, "WAV", "PCM_16"), track=2)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_damage_in_an_mp4_is_told_and_the_rest_is_at_its_time(tmp_path: Path, share: float) -> None:
    data = muxed(tmp_path / "a.mp4", [noise(6)], "aac")
    _, true = decoded(data)
    begin = data.index(b"mdat")
    sound = int.from_bytes(data[begin - 4 : begin], "big")
    place = begin + int(sound * share)
    _, samples = decoded(data[:place] + b"\xff" * 200 + data[place + 200 :])
    assert len(samples) == len(true)
    assert abs(lag(samples[-RATE:], true[-RATE:])) <= 1


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("ts", "mp2"),
        ("flv", "aac"),
        ("ac3", "ac3"),
        ("wv", "wavpack"),
        ("mka", "flac"),
        ("3gp", "aac"),
    ],
)
def test_every_wrapping_that_the_library_reads_is_tried(tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=48_000, layout="mono")
        wide = tone(3.0, 48_000).astype(np.float32)
        fifo, resampler = av.AudioFifo(), av.AudioResampler(format=stream.format, layout="mono", rate=48_000)
        frame = av.AudioFrame.from_ndarray(wide[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        for part in resampler.resample(frame):
            fifo.write(part)
        while part := fifo.read(stream.frame_size or 960, partial=True):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    info, samples = decoded(path.read_bytes())
    assert info.notes == ()
    assert len(samples) == pytest.approx(3 * RATE, abs=0.1 * RATE)
    assert np.sqrt(np.mean((samples[4000:-4000] / 32768) ** 2)) == pytest.approx(0.212, abs=0.02)


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


# ---------------------------------------------------------------- Matroska


@pytest.mark.parametrize("share", [0.3, 0.55, 0.8])
@pytest.mark.parametrize("count", [30, 120, 600])
def test_a_webm_goes_on_with_the_next_whole_block(tmp_path: Path, share: float, count: int) -> None:
    data = muxed(tmp_path / "a.webm", [noise(8)], "libopus")
    _, true = decoded(data)
    info, samples = decoded(hit(data, share, count))
    assert abs(lag(samples[-RATE:], true[-RATE:])) <= RATE // 1000, "times there are whole milliseconds"
    assert abs(len(samples) - len(true)) <= RATE // 1000
    assert set(kinds(info)) <= {"damage"}
    lost = sum(note.end - note.start for note in info.notes)
    assert lost < 0.02 * (count / 60 + 3), "no more than the packets that were hit"


def test_a_whole_or_shortened_matroska_is_left_as_it_is(tmp_path: Path) -> None:
    data = muxed(tmp_path / "a.mkv", [noise(8)], "aac")
    for each in (data, data[: len(data) * 2 // 3]):
        assert matroska.mended(Source(descriptor(each), "x"), lambda: False) is None
    torn = hit(data, 0.5)
    view = matroska.mended(Source(descriptor(torn), "x"), lambda: False)
    assert view is None or view.size == len(torn)
