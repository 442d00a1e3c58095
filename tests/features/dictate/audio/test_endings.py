"""A file that was cut anywhere says so, whatever it is wrapped in; one that is whole does not."""

from __future__ import annotations

import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from garret.base.errors import GarretError
from garret.features.dictate.audio.decode import AudioInfo, decode
from garret.features.dictate.audio.endings import ends_early
from garret.features.dictate.audio.source import Source
from tests.features.dictate.audio.sounds import RATE, descriptor, encoded, noise

av = pytest.importorskip("av", reason="PYAV NOT TESTED: it is not installed")

CUTS = 100
SECONDS = 1.5

# Wrapping (FFmpeg's name), codec, samples a second.
SIZED = [
    ("asf", "wmav2", 16_000),
    ("avi", "libmp3lame", 16_000),
    ("caf", "alac", 16_000),
    ("flv", "aac", 44_100),
    ("gxf", "pcm_s16le", 48_000),
    ("ipod", "alac", 16_000),
    ("matroska", "flac", 16_000),
    ("mmf", "adpcm_yamaha", 8_000),
    ("mov", "pcm_s16le", 16_000),
    ("mp4", "aac", 16_000),
    ("nut", "pcm_s16le", 16_000),
    ("swf", "libmp3lame", 44_100),
    ("tta", "tta", 16_000),
    ("wav", "libmp3lame", 16_000),
    ("webm", "libopus", 48_000),
    ("wtv", "mp2", 48_000),
    ("wv", "wavpack", 16_000),
]
PIECES = [
    ("adts", "aac", 16_000),
    ("ac3", "ac3", 48_000),
    ("eac3", "eac3", 48_000),
    ("latm", "aac", 16_000),
    ("mp2", "mp2", 16_000),
    ("mpeg", "mp2", 48_000),
    ("mpegts", "aac", 16_000),
    ("mpegts", "libopus", 48_000),
    ("spdif", "ac3", 48_000),
    ("vob", "ac3", 48_000),
    ("voc", "pcm_s16le", 16_000),
]
"""Wrappings that do not say how long they are: cut between two of their pieces they are whole."""


def wrapped(tmp_path: Path, wrapping: str, codec: str, rate: int) -> bytes:
    """Noise in a wrapping; skips where this build of the library cannot write it."""
    path = tmp_path / "sound"
    sound = np.interp(
        np.arange(round(SECONDS * rate)) / rate, np.arange(round(SECONDS * RATE)) / RATE, noise(SECONDS)
    )
    try:
        with av.open(str(path), "w", format=wrapping) as output:
            stream = output.add_stream(codec, rate=rate, layout="mono")
            if codec == "wmav2":
                stream.bit_rate = 64_000
            for part in _frames(stream, sound.astype(np.float32), rate):
                output.mux(stream.encode(part))
            output.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        pytest.skip(f"{codec} IN {wrapping} NOT TESTED: this library cannot write it ({error})")
    return path.read_bytes()


def _frames(stream: Any, sound: Any, rate: int) -> list[Any]:
    frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
    frame.sample_rate = rate
    fifo = av.AudioFifo()
    for part in av.AudioResampler(format=stream.format, layout="mono", rate=rate).resample(frame):
        fifo.write(part)
    frames: list[Any] = []
    while part := fifo.read(stream.frame_size or 1024, partial=True):
        frames.append(part)
    return frames


def decoded(data: bytes) -> AudioInfo | None:
    """What is decoded of it; None where that fails, which is told as an error."""
    try:
        return decode(descriptor(data), lambda pcm: None)
    except GarretError:
        return None


def silent_cuts(data: bytes) -> list[int]:
    """Where the file may be cut without a word: of places all over it."""
    whole = decoded(data)
    assert whole is not None
    assert whole.notes == (), "a whole file has nothing to tell"
    places = [len(data) * number // (CUTS + 1) for number in range(1, CUTS + 1)]
    results = [(place, decoded(data[:place])) for place in places]
    return [place for place, info in results if info and not info.notes and info.seconds < whole.seconds]


@pytest.mark.parametrize(("wrapping", "codec", "rate"), SIZED)
def test_a_file_that_knows_its_size_is_never_cut_without_a_word(
    tmp_path: Path, wrapping: str, codec: str, rate: int
) -> None:
    assert silent_cuts(wrapped(tmp_path, wrapping, codec, rate)) == []


@pytest.mark.parametrize(("wrapping", "codec", "rate"), PIECES)
def test_a_stream_is_cut_without_a_word_between_two_pieces_at_most(
    tmp_path: Path, wrapping: str, codec: str, rate: int
) -> None:
    between_two_pieces(wrapped(tmp_path, wrapping, codec, rate))


def between_two_pieces(data: bytes) -> None:
    """Assert that cuts without a word are exactly there: a byte more or less tells."""
    for place in silent_cuts(data):
        assert ends_early(Source(descriptor(data[: place + 1]), "x"))
        assert ends_early(Source(descriptor(data[: place - 1]), "x"))


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("AIFF", "ULAW"),
        ("AVR", "PCM_16"),
        ("MAT4", "PCM_16"),
        ("NIST", "PCM_16"),
        ("SVX", "PCM_16"),
        ("WVE", "ALAW"),
    ],
)
def test_what_libsndfile_reads_to_the_end_is_held_to_its_header(container: str, codec: str) -> None:
    rate = 8_000 if container == "WVE" else RATE
    assert silent_cuts(encoded(noise(SECONDS), rate, container, codec)) == []


def made_by(program: list[str], tmp_path: Path, suffix: str, rate: int = RATE) -> bytes:
    """Noise as another program writes it; skips where that is absent."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"{suffix} NOT TESTED: install {program[0]}")
    plain, path = tmp_path / "plain.wav", tmp_path / f"a.{suffix}"
    plain.write_bytes(encoded(noise(SECONDS), rate, "WAV", "PCM_16"))
    subprocess.run([word.replace("IN", str(plain)) for word in program] + [str(path)], check=True)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["sox", "wve", "maud", "sph", "hcom"])
def test_headers_as_sox_writes_them(tmp_path: Path, suffix: str) -> None:
    rate = 8_000 if suffix in ("hcom", "wve") else RATE
    width = ["-b", "8"] if suffix == "hcom" else []
    assert silent_cuts(made_by(["sox", "IN", *width], tmp_path, suffix, rate)) == []


@pytest.mark.parametrize("suffix", ["adx", "spx", "kvag"])
def test_headers_as_ffmpeg_writes_them(tmp_path: Path, suffix: str) -> None:
    codec = ["-c:a", "libspeex"] if suffix == "spx" else ["-f", suffix]
    assert silent_cuts(made_by(["ffmpeg", "-v", "error", "-i", "IN", *codec], tmp_path, suffix)) == []


@pytest.mark.parametrize("suffix", ["dts", "mlp"])
def test_frames_as_ffmpeg_writes_them(tmp_path: Path, suffix: str) -> None:
    program = ["ffmpeg", "-v", "error", "-i", "IN", "-ar", "48000", "-strict", "-2", "-f", suffix]
    between_two_pieces(made_by(program, tmp_path, suffix))


def test_adx_is_heard_to_its_last_block(tmp_path: Path) -> None:
    """The last bytes are read as one torn piece of many frames, none of which is damaged."""
    data = made_by(["ffmpeg", "-v", "error", "-i", "IN"], tmp_path, "adx")
    parts: list[Any] = []
    decode(descriptor(data), lambda pcm: parts.append(np.frombuffer(bytes(pcm), np.int16)))
    samples = np.concatenate(parts)
    assert len(samples) == pytest.approx(SECONDS * RATE, abs=64)
    loudness = np.sqrt(np.mean(samples[-1600:-160].astype(float) ** 2))
    assert loudness == pytest.approx(np.sqrt(np.mean((noise(SECONDS)[-1600:-160] * 32768) ** 2)), rel=0.05)


def test_a_compressed_flash_film_unpacks_to_what_it_declares() -> None:
    body = bytes(100_000)
    whole = b"CWS\x06" + (8 + len(body)).to_bytes(4, "little") + zlib.compress(body, 0)
    assert not ends_early(Source(descriptor(whole), "x"))
    assert ends_early(Source(descriptor(whole[:-20_000]), "x"))


def test_sizes_that_were_never_filled_in_mean_nothing() -> None:
    data = encoded(noise(1), RATE, "AIFF", "ULAW")
    unfilled = data[:4] + b"\x7f\xff\xff\xff" + data[8:]
    assert not ends_early(Source(descriptor(unfilled), "x"))
    assert ends_early(Source(descriptor(data[:-100]), "x"))
