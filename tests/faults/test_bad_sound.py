"""Sound that is no sound: each file gets a typed error that says what is wrong, or is survived."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.transport.client import Client
from garret.transport.errors import TransportError
from tests.e2e import speech
from tests.e2e.house import House, Push, running_house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


def wav_header(data_bytes: int, rate: int = 8000, bits: int = 8) -> bytes:
    """A canonical WAV header that claims so many bytes (RIFF, Microsoft 1991)."""
    width = bits // 8
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * width, width, bits)
    size = min(36 + data_bytes, 0xFFFFFFFF)
    return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + chunk + struct.pack("<4sI", b"data", data_bytes)


def blobs(house: House) -> set[Path]:
    """The files that are kept under the names of their bytes."""
    return {path for path in house.home.blobs.rglob("*") if path.is_file()}


def refused(house: House, path: Path) -> GarretError:
    """What dictating a file is refused with; the house is well afterwards."""
    before = house.call(d.History(limit=1000)).utterances
    kept = blobs(house)
    error = house.refusal(d.Transcribe(utterance=house.take(path), key=new_id("ask")))
    assert not list(house.home.spool.iterdir()), "nothing is left lying about"
    assert blobs(house) == kept, "nor is the file"
    assert house.call(d.History(limit=1000)).utterances == before, "nor in the history"
    return error


def test_an_empty_file_is_refused_at_once(house: House, tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(GarretError, match="empty") as caught:
        house.take(path)
    assert caught.value.code == Code.USAGE


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.wav", b"Dear diary, today I was not a recording. " * 50),
        ("noise.mp3", bytes(np.random.default_rng(1).integers(0, 256, 40_000, np.uint8))),
        ("picture.flac", b"\x89PNG\r\n\x1a\n" + bytes(5000)),
        ("header.wav", wav_header(100)[:20]),
        ("one.wav", b"\x00"),
        ("archive.m4a", b"PK\x03\x04" + bytes(3000)),
    ],
)
def test_what_is_no_sound_is_named_so(house: House, tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    error = refused(house, path)
    assert error.code == Code.INVALID
    assert name in error.message
    assert not error.retryable


@pytest.mark.parametrize(
    "header",
    [
        wav_header(1000, rate=0),
        wav_header(1000, rate=4_000_000_000),
        wav_header(0xFFFFFFF0),
        wav_header(1000)[:22] + b"\x00\x00" + wav_header(1000)[24:],  # no channels
        wav_header(1000)[:22] + b"\xff\xff" + wav_header(1000)[24:],  # 65,535 channels
        wav_header(1000)[:16] + struct.pack("<I", 0xFFFFFFFF) + wav_header(1000)[20:],  # a 4 GiB format
    ],
    ids=["rate 0", "rate 4 GHz", "4 GiB of data", "no channels", "65535 channels", "4 GiB of format"],
)
def test_a_hostile_header_is_refused_or_survived(house: House, tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "hostile.wav"
    path.write_bytes(header + bytes(range(256)) * 8)
    taken = house.take(path)
    try:
        done = house.call(d.Transcribe(utterance=taken, key=new_id("ask")))
        assert done.audio_seconds < 10
    except GarretError as error:
        if error.code != Code.INVALID:
            raise
    assert house.workers("audio")[0].restarts == 0, "no worker died of it"


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_file_that_breaks_off_gives_the_text_of_what_is_there(
    house: House, tmp_path: Path, suffix: str
) -> None:
    whole = speech.write(tmp_path / f"whole.{suffix}", speech.joined(speech.greeting(), speech.hope()))
    data = whole.read_bytes()
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(data[: int(len(data) * 0.6)])
    found = house.dictate(path)
    assert found.raw.startswith("good morning")
    assert "come with us" not in found.raw
    assert "breaks off" in found.note


def test_thirty_hours_are_refused_with_the_limit_named(house: House, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    size = 30 * 3600 * 8000
    with path.open("wb") as file:
        file.write(wav_header(size))
        file.truncate(44 + size)  # sparse: it takes no room
    error = refused(house, path)
    assert error.code == Code.INVALID
    assert "30.0 h" in error.message
    assert "12.0 h" in error.message
    assert error.details["limit_seconds"] == 12 * 3600


def test_a_header_that_claims_thirty_hours_of_one_second_gives_the_second(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "boast.wav"
    data = speech.greeting().astype("<i2").tobytes()
    path.write_bytes(wav_header(30 * 3600 * 32_000 % 0xFFFFFFFF, rate=16_000, bits=16) + data)
    found = house.dictate(path)
    assert found.raw == "good morning"
    assert "breaks off" in found.note


def test_silence_alone_has_no_text_and_no_error(house: House, tmp_path: Path) -> None:
    found = house.dictate(speech.write(tmp_path / "silence.wav", speech.silence(5.0)))
    assert (found.raw, found.text, found.total) == ("", "", 0)
    assert "No speech" in found.note


def test_music_alone_has_no_text_or_little_and_no_error(house: House, tmp_path: Path) -> None:
    found = house.dictate(speech.write(tmp_path / "music.wav", speech.music(6.0)))
    assert found.state == "cleaned"
    assert len(found.raw.split()) <= 6


def test_loud_noise_and_clipping_are_survived(house: House, tmp_path: Path) -> None:
    loud = np.where(np.random.default_rng(3).random(3 * speech.RATE) < 0.5, -32768, 32767).astype(np.int16)
    assert house.dictate(speech.write(tmp_path / "loud.wav", loud)).state == "cleaned"


def test_a_path_that_vanishes_while_it_is_read_is_read_to_its_end(house: House, tmp_path: Path) -> None:
    path = speech.write(tmp_path / "vanishing.wav", speech.greeting())
    descriptor = os.open(path, os.O_RDONLY)
    path.unlink()
    try:
        taken = house.call(d.Import(name=path.name), descriptors=(descriptor,)).utterance
    finally:
        os.close(descriptor)
    house.call(d.Transcribe(utterance=taken, key=new_id("ask")))
    assert house.transcript(taken).raw == "good morning"


def test_what_is_no_file_is_refused(house: House, tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        error = house.refusal(d.Import(name="folder"), descriptors=(descriptor,))
    finally:
        os.close(descriptor)
    assert error.code in (Code.INVALID, Code.USAGE, Code.FAILED)
    assert house.refusal(d.Import(name="nothing")).code in (Code.USAGE, Code.INVALID)


def test_the_sound_of_a_client_that_goes_away_becomes_text(house: House) -> None:
    """Its connection ends in the middle: what it had pushed is dictated all the same."""
    push = Push(np.concatenate([speech.greeting(), speech.silence(60.0)]), pace=1.0)
    client = Client.connect(house.home)
    key = new_id("ask")

    def note(item: d.DictationItem) -> None:
        if item.kind == "final":
            client.close()

    with pytest.raises(TransportError):
        client.stream(d.Listen(source="push", key=key), note, inputs=push)
    push.stopped.set()
    done = house.call(d.Listen(source="push", key=key))
    assert house.transcript(done.utterance).raw == "good morning"
