from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.client import sources
from garret.features.dictate.client.errors import SourceMissing, SourceUnusable


def wave(
    samples: bytes, *, rate: int = 16_000, channels: int = 1, bits: int = 16, size: int | None = None
) -> bytes:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * frame, frame, bits)
    extra = struct.pack("<4sI", b"LIST", 5) + b"hello\0"
    data = struct.pack("<4sI", b"data", len(samples) if size is None else size) + samples
    return b"RIFF\xff\xff\xff\xffWAVE" + struct.pack("<4sI", b"fmt ", 16) + fmt + extra + data


@pytest.fixture
def stop() -> Iterator[sources.StopSignal]:
    signal = sources.StopSignal()
    yield signal
    signal.close()


def piped(data: bytes) -> int:
    """The reading end of a pipe that `data` is written to, in small pieces."""
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb", buffering=0) as stream:
            for start in range(0, len(data), 997):
                stream.write(data[start : start + 997])

    threading.Thread(target=write, daemon=True).start()
    return reader


def read_all(descriptor: int, stop: sources.StopSignal) -> bytes:
    found = sources.sniff(descriptor)
    assert isinstance(found, tuple)
    audio = sources.PushedAudio(descriptor, *found, stop)
    parts: list[bytes] = []
    while (chunk := audio()) is not None:
        assert 0 < len(chunk.data) <= 65_536
        assert len(chunk.data) % 2 == 0
        parts.append(chunk.data)
    os.close(descriptor)
    return b"".join(parts)


@given(st.binary(max_size=5_000))
def test_raw_pcm_comes_through_sample_by_sample(data: bytes) -> None:
    data = b"\x01" + data  # no container begins so
    signal = sources.StopSignal()
    got = read_all(piped(data), signal)
    signal.close()
    assert got == data[: len(data) // 2 * 2]


@pytest.mark.parametrize("size", [None, 0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_the_samples_of_a_live_wave_come_through(size: int | None, stop: sources.StopSignal) -> None:
    samples = os.urandom(100_000)
    assert read_all(piped(wave(samples, size=size)), stop) == samples


def test_what_follows_the_samples_of_a_wave_is_no_sound(stop: sources.StopSignal) -> None:
    samples = os.urandom(1_000)
    assert read_all(piped(wave(samples) + b"LIST\x04\0\0\0info"), stop) == samples


def test_a_wave_that_breaks_off_gives_what_there_is(stop: sources.StopSignal) -> None:
    assert read_all(piped(wave(b"abcd", size=400)), stop) == b"abcd"


@pytest.mark.parametrize(
    "head",
    [
        wave(b"abcd", rate=44_100),
        wave(b"abcd", channels=2),
        wave(b"abcd", bits=8),
        b"fLaC" + bytes(40),
        b"OggS" + bytes(40),
        b"ID3\x04" + bytes(40),
        b"\0\0\0\x20ftypM4A " + bytes(40),
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEfmt ",
    ],
)
def test_other_audio_is_read_whole(head: bytes) -> None:
    descriptor = piped(head + b"more")
    found = sources.sniff(descriptor)
    assert isinstance(found, bytes)
    with sources.copied(descriptor, found) as copy:
        assert os.read(copy, 10_000) == head + b"more"
    os.close(descriptor)


@given(st.binary(max_size=300))
def test_no_beginning_is_too_wild(data: bytes) -> None:
    for head in (data, b"RIFF\0\0\0\0WAVE" + data, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + data):
        descriptor = piped(head)
        found = sources.sniff(descriptor)
        assert isinstance(found, bytes | tuple)
        os.close(descriptor)


def test_extensible_pcm_is_pcm() -> None:
    plain = struct.pack("<HHIIHH", 0xFFFE, 1, 16_000, 32_000, 2, 16)
    assert sources.is_live_format(plain + struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14))
    assert not sources.is_live_format(plain + struct.pack("<HHIH", 22, 16, 4, 3) + bytes(14))
    assert not sources.is_live_format(b"")


def test_the_signal_ends_a_wait_for_a_silent_pipe(stop: sources.StopSignal) -> None:
    reader, writer = os.pipe()
    audio = sources.PushedAudio(reader, b"ab", None, stop)
    first = audio()
    assert first is not None
    stop.give()
    stop.give()
    assert audio() is None
    os.close(reader)
    os.close(writer)


def test_a_file_is_opened_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"audio")
    with sources.opened(str(path)) as descriptor:
        assert os.read(descriptor, 10) == b"audio"
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_a_named_pipe_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(b"audio",), daemon=True).start()
    with sources.opened(str(path)) as descriptor:
        assert os.fstat(descriptor).st_size == 5
        assert os.read(descriptor, 10) == b"audio"


def test_a_missing_file_is_told_with_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "interview.wav").write_bytes(b"")
    with (
        pytest.raises(SourceMissing, match=r"did you mean .*interview\.wav"),
        sources.opened(str(tmp_path / "intervew.wav")),
    ):
        pass
    with pytest.raises(SourceMissing, match="There is no file"), sources.opened("/nowhere/at/all.wav"):
        pass


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    with listener:
        for path in (str(tmp_path), "/dev/zero", str(tmp_path / "s"), "a\0b"):
            with pytest.raises(SourceUnusable), sources.opened(path):
                pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"audio")
    path.chmod(0)
    with pytest.raises(SourceUnusable, match="cannot be read"), sources.opened(str(path)):
        pass
