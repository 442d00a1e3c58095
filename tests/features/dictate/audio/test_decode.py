"""Decoding: every kind of file, and everything that can be wrong with one."""

from __future__ import annotations

import errno
import os
import re
import resource
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import CancelledError, Code
from garret.base.installing import way_to_install
from garret.features.dictate.audio import spool
from garret.features.dictate.audio.decode import AudioInfo, decode, decode_raw
from garret.features.dictate.audio.errors import (
    AudioError,
    CodecMissingError,
    EmptyAudioError,
    NotAudioError,
    SinkFailedError,
    SourceFailedError,
    TooLongError,
    UnsupportedAudioError,
)
from garret.features.dictate.audio.spool import SpoolWriter
from garret.features.dictate.audio.wav import PcmFormat
from tests.features.dictate.audio.sounds import descriptor, encoded, tone

NO_CHANNELS = b"fmt \x10\0\0\0\1\0\0\0\x80\x3e\0\0\0\0\0\0\0\0\x10\0data\xff\xff\xff\xff"


def decoded(data: bytes, **options: Any) -> tuple[AudioInfo, spool.Samples]:
    source, target = descriptor(data), os.memfd_create("spool")
    try:
        info = decode(source, SpoolWriter(target), **options)
        return info, spool.read(target, 0, spool.samples_in(target))
    finally:
        os.close(source)
        os.close(target)


def loudness(samples: spool.Samples) -> float:
    """Root mean square as a fraction of full scale; the sine of `tone` has 0.3 / sqrt 2 = 0.212."""
    return float(np.sqrt(np.mean((samples[2000:-2000] / 32768.0) ** 2)))


@pytest.mark.parametrize(
    ("container", "codec", "rate", "channels"),
    [
        ("WAV", "PCM_U8", 8_000, 1),
        ("WAV", "PCM_16", 16_000, 1),
        ("WAV", "PCM_24", 48_000, 2),
        ("WAV", "PCM_32", 11_025, 6),
        ("WAV", "FLOAT", 44_100, 1),
        ("WAV", "DOUBLE", 96_000, 2),
        ("WAV", "ULAW", 8_000, 1),
        ("FLAC", "PCM_24", 48_000, 2),
        ("OGG", "VORBIS", 44_100, 2),
        ("OGG", "OPUS", 48_000, 1),
        ("MP3", "MPEG_LAYER_III", 44_100, 2),
        ("AIFF", "PCM_16", 22_050, 1),
    ],
)
def test_every_kind_becomes_mono_16_khz(container: str, codec: str, rate: int, channels: int) -> None:
    wave = np.repeat(tone(1.5, rate)[:, None], channels, axis=1)
    info, samples = decoded(encoded(wave, rate, container, codec))
    assert (info.container, info.codec, info.sample_rate, info.channels) == (container, codec, rate, channels)
    assert not info.truncated
    assert abs(len(samples) / 16_000 - info.seconds) < 0.001
    assert abs(info.seconds - 1.5) < 0.1
    assert abs(loudness(samples) - 0.212) < 0.01


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_a_truncated_file_keeps_what_there_is_and_says_so(container: str) -> None:
    codec = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(container, "PCM_16")
    hiss = np.random.default_rng(0).normal(0, 0.1, 66_150)  # does not fit into one Ogg page, as a tone would
    data = encoded(tone(3.0, 22_050) + hiss, 22_050, container, codec)
    info, samples = decoded(data[: len(data) * 2 // 3])
    assert info.truncated
    assert 0.9 < len(samples) / 16_000 < 2.5


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "aac"), ("webm", "opus"), ("adts", "aac")])
def test_what_libsndfile_does_not_know_is_decoded_by_pyav(tmp_path: Path, suffix: str, codec: str) -> None:
    data = with_av(tmp_path / f"sound.{suffix}", suffix, codec)
    info, samples = decoded(data)
    assert info.codec.startswith(codec)
    assert not info.truncated
    assert abs(loudness(samples) - 0.212) < 0.02
    if suffix == "webm":
        short, fewer = decoded(data[: len(data) * 2 // 3])
        assert short.truncated
        assert 16_000 < len(fewer) < len(samples)


def with_av(path: Path, container: str, codec: str) -> bytes:
    av = pytest.importorskip("av", reason="M4A AND WEBM NOT TESTED: the media extra is not installed")
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec if codec != "opus" else "libopus", rate=48_000, layout="stereo")
        wave = np.repeat(tone(3.0, 48_000)[None], 2, axis=0).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=48_000)
        for part in resampler.resample(frame):
            fifo.write(part)
        while part := fifo.read(stream.frame_size or 960, partial=True):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return path.read_bytes()


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(CodecMissingError, match=re.escape(way_to_install("setup-media", "av"))) as caught:
        decoded(b"\0\0\0\x20ftypM4A " + bytes(100))
    assert caught.value.details["library"] == "av"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyAudioError),
        (encoded(np.zeros(0), 16_000, "WAV", "PCM_16"), EmptyAudioError),
        (b"a shopping list\n" * 50, NotAudioError),
        (b"\x7fELF" + bytes(500), NotAudioError),
        (b"\0\0\0\x20ftypM4A " + bytes(500), NotAudioError),
        (b"RIFF\xff\xff\xff\xffWAVE" + NO_CHANNELS, NotAudioError),
    ],
)
def test_what_is_no_audio_is_a_typed_error(data: bytes, error: type[AudioError]) -> None:
    with pytest.raises(error):
        decoded(data, name="list.txt")


def test_a_header_that_claims_four_gibibytes_gives_what_the_file_holds() -> None:
    data = bytearray(encoded(tone(1.0), 16_000, "WAV", "PCM_16"))
    data[40:44] = struct.pack("<I", 0xFFFF_FFFE)
    info, samples = decoded(bytes(data))
    assert info.truncated
    assert len(samples) == 16_000


@pytest.mark.parametrize("rate", [1, 4_000_000_000])
def test_absurd_rates_are_refused(rate: int) -> None:
    data = bytearray(encoded(tone(1.0), 16_000, "WAV", "PCM_16"))
    data[24:28] = struct.pack("<I", rate)
    with pytest.raises((UnsupportedAudioError, NotAudioError)):
        decoded(bytes(data))


def test_not_a_number_is_silence_and_overshoots_are_clipped() -> None:
    wave = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0, 0.5] * 2000, np.float32)
    _, samples = decoded(encoded(wave, 16_000, "WAV", "FLOAT"))
    assert samples[:6].tolist() == [0, 32767, -32768, 32767, -32768, 16384]


def test_sixteen_bit_at_sixteen_kilohertz_passes_bit_exact() -> None:
    wave = np.random.default_rng(1).integers(-32768, 32768, 50_000).astype(np.int16)
    _, samples = decoded(encoded(wave, 16_000, "WAV", "PCM_16"))
    assert np.array_equal(samples, wave)


def test_a_long_file_is_refused_before_anything_is_decoded() -> None:
    data = encoded(np.zeros(8_000 * 8, np.int16), 8_000, "WAV", "PCM_16")
    with pytest.raises(TooLongError, match="limit") as caught:
        decoded(data, limit_seconds=5.0)
    assert caught.value.details["seconds_declared"] == 8.0


def test_thirty_hours_in_a_small_file_stop_at_the_limit_in_bounded_memory() -> None:
    minute = encoded(np.zeros(8_000 * 600, np.int16), 8_000, "FLAC", "PCM_16")
    data = bytearray(minute)
    # STREAMINFO (RFC 9639, section 8.2): 36 bits of total samples end 26 bytes into the file; 0 = unknown
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written = 0

    def count(pcm: bytes) -> None:
        nonlocal written
        written += len(pcm)

    source = descriptor(bytes(data))
    with pytest.raises(TooLongError) as caught:
        decode(source, count, limit_seconds=500.0)
    os.close(source)
    assert caught.value.details["seconds_kept"] == 500.0
    assert abs(written / 32_000 - 500) < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_a_read_error_is_no_end_of_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(tone(20.0), 16_000, "WAV", "PCM_16")
    real, source, target = os.pread, descriptor(data), os.memfd_create("spool")

    def failing(fd: int, count: int, offset: int) -> bytes:
        if fd == source and offset > 300_000:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, count, offset)

    monkeypatch.setattr(os, "pread", failing)
    with pytest.raises(SourceFailedError) as caught:
        decode(source, SpoolWriter(target))
    kept = caught.value.details["seconds_kept"]
    assert 8 < kept < 12
    assert spool.samples_in(target) == round(kept * 16_000)
    assert caught.value.retryable


def test_a_source_that_is_cut_short_while_it_is_read_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "growing.wav"
    path.write_bytes(encoded(tone(60.0), 16_000, "WAV", "PCM_16"))
    source, target = os.open(path, os.O_RDONLY), os.memfd_create("spool")
    info = decode(source, SpoolWriter(target), progress=lambda seconds: os.truncate(path, 700_000))
    os.close(source)
    assert info.truncated
    assert 4 < info.seconds < 30
    assert spool.samples_in(target) == round(info.seconds * 16_000)


def test_a_closed_descriptor_is_a_typed_error() -> None:
    fd = descriptor(b"RIFF")
    os.close(fd)
    with pytest.raises(SourceFailedError):
        decode(fd, lambda pcm: None)


def test_a_full_disk_is_told_and_what_was_written_is_kept(tmp_path: Path) -> None:
    target = os.open("/dev/full", os.O_WRONLY)
    source = descriptor(encoded(tone(1.0), 16_000, "WAV", "PCM_16"))
    with pytest.raises(SinkFailedError, match="full") as caught:
        decode(source, SpoolWriter(target))
    assert caught.value.code is Code.FULL


def test_cancelling_stops_between_blocks_and_keeps_the_rest() -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3  # the first time is when its header was read

    source, target = descriptor(encoded(tone(60.0), 16_000, "WAV", "PCM_16")), os.memfd_create("spool")
    with pytest.raises(CancelledError):
        decode(source, SpoolWriter(target), cancelled=cancelled)
    assert spool.samples_in(target) == 2 * 65_536


def through_pipe(data: bytes) -> int:
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as file:
            file.write(data)

    threading.Thread(target=write, daemon=True).start()
    return reader


def test_a_wav_on_a_pipe_is_read_to_its_end() -> None:
    data = bytearray(encoded(tone(2.0, 44_100), 44_100, "WAV", "PCM_16"))
    data[40:44] = b"\xff\xff\xff\xff"
    target, reader = os.memfd_create("spool"), through_pipe(bytes(data))
    info = decode(reader, SpoolWriter(target), name="standard input")
    os.close(reader)
    assert (info.container, info.codec, info.sample_rate, info.truncated) == ("WAV", "PCM_16", 44_100, False)
    assert spool.samples_in(target) == 32_000
    assert abs(loudness(spool.read(target, 0, 32_000)) - 0.212) < 0.01


@pytest.mark.parametrize(("data", "error"), [(b"", EmptyAudioError), (b"fLaC" + bytes(90), NotAudioError)])
def test_a_pipe_that_holds_no_wav_is_a_typed_error(data: bytes, error: type[AudioError]) -> None:
    reader = through_pipe(data)
    with pytest.raises(error):
        decode(reader, lambda pcm: None, name="standard input")
    os.close(reader)


def test_raw_samples_are_read_by_their_given_layout() -> None:
    wave = np.repeat(tone(1.0, 8_000)[:, None], 2, axis=1).astype("<f4")
    target, source = os.memfd_create("spool"), descriptor(wave.tobytes() + b"\1")
    info = decode_raw(source, SpoolWriter(target), PcmFormat(8_000, 2, 32, floating=True))
    assert (info.seconds, info.truncated) == (1.0, True)
    assert abs(loudness(spool.read(target, 0, 16_000)) - 0.212) < 0.01


SEEDS = [
    encoded(tone(0.2), 16_000, container, codec)
    for container, codec in [
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("AIFF", "PCM_16"),
    ]
]
BEGINNINGS = [
    b"ID3",
    b"\xff\xfb",
    b"OggS\0\2",
    b"fLaC\0\0\0\x22",
    b"FORM\0\0\1\0AIFF",
    b".snd",
    b"\x1a\x45\xdf\xa3",
    b"RIFF",
]
edits = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), min_size=1, max_size=6)


@given(st.sampled_from(SEEDS), edits, st.one_of(st.none(), st.integers(0, 400)))
def test_damaged_headers_give_audio_or_a_typed_error(
    seed: bytes, changes: list[tuple[int, int]], cut: int | None
) -> None:
    data = bytearray(seed)
    for place, value in changes:
        data[place] = value
    try:
        info, samples = decoded(bytes(data[:cut]), limit_seconds=60.0)
    except AudioError:
        return
    assert info.seconds > 0
    assert abs(len(samples) / 16_000 - info.seconds) < 0.01


@given(st.builds(bytes.__add__, st.sampled_from([b"", *BEGINNINGS]), st.binary(max_size=300)))
def test_any_bytes_give_audio_or_a_typed_error(data: bytes) -> None:
    with pytest.raises(AudioError):
        decoded(data)
