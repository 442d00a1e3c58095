"""What PyAV reads: late, with holes, damaged, of several tracks, in any wrapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from garret.features.dictate.audio import matroska
from garret.features.dictate.audio.errors import TrackMissingError
from garret.features.dictate.audio.source import Source
from tests.features.dictate.audio.sounds import RATE, descriptor, encoded, hit, kinds, lag, muxed, noise, tone
from tests.features.dictate.audio.test_decode import decoded

av: Any = pytest.importorskip("av", reason="FURTHER WRAPPINGS NOT TESTED: PyAV is not installed")


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


@pytest.mark.parametrize("suffix", ["flac", "oga"])
@pytest.mark.parametrize("seed", range(6))
def test_flac_of_any_frame_size_loses_what_was_hit_also_in_ogg(
    tmp_path: Path, suffix: str, seed: int
) -> None:
    data = muxed(tmp_path / f"a.{suffix}", [noise(8)], "flac")
    _, true = decoded(data)
    assert len(true) == pytest.approx(8 * RATE, abs=0.1 * RATE)
    info, samples = decoded(hit(data, 0.3 + 0.1 * seed, 300, seed))
    assert len(samples) == len(true)
    assert set(kinds(info)) == {"damage"}
    heard = np.ones(len(true), bool)
    for note in info.notes:
        heard[round((note.start - 0.05) * RATE) : round((note.end + 0.05) * RATE)] = False
    assert np.abs(samples[heard].astype(int) - true[heard]).max() <= 2
    assert np.mean(~heard) * 8 < (0.5 if suffix == "flac" else 1.2)


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
        ("aac", "aac"),
        ("adx", "adpcm_adx"),
        ("aiff", "pcm_s16be"),
        ("au", "pcm_s16be"),
        ("avi", "libmp3lame"),
        ("caf", "alac"),
        ("m4a", "alac"),
        ("mp2", "mp2"),
        ("mp4", "libopus"),
        ("mpg", "mp2"),
        ("tta", "tta"),
        ("voc", "pcm_s16le"),
        ("w64", "pcm_s16le"),
        ("wav", "libmp3lame"),
        ("wma", "wmav2"),
    ],
)
def test_every_wrapping_that_the_library_reads_is_tried(tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=48_000, layout="mono")
        if codec == "wmav2":
            stream.bit_rate = 64_000
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
