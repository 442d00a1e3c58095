"""WAV output of another program is read within its bounds, whatever its header says."""

from __future__ import annotations

import io
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.speak.engines import wav
from garret.features.speak.engines.contract import SynthesisError


def make(pcm: bytes, rate: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


@given(st.lists(st.integers(-32768, 32767), max_size=50), st.sampled_from([8_000, 16_000, 44_100]))
def test_sound_comes_back_as_it_was(samples: list[int], rate: int) -> None:
    pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
    assert wav.parse(make(pcm, rate)) == wav.Wave(rate, 1, pcm)


@given(st.binary(max_size=100), st.integers(0, 60))
def test_damage_is_a_typed_error_or_sound(tail: bytes, keep: int) -> None:
    data = make(bytes(range(40)))[:keep] + tail
    try:
        found = wav.parse(data)
    except SynthesisError:
        return
    assert len(found.pcm) <= len(data)
    assert len(found.pcm) % 2 == 0


def test_a_length_beyond_the_file_is_what_is_there() -> None:
    data = bytearray(make(b"\x01\x02" * 10))
    data[40:44] = b"\xff\xff\xff\xff"
    assert wav.parse(bytes(data)).pcm == b"\x01\x02" * 10


@pytest.mark.parametrize("data", [b"", b"RIFF", make(b"abc", width=1), make(bytes(4), rate=1000)])
def test_what_is_not_16_bit_sound_is_refused(data: bytes) -> None:
    with pytest.raises(SynthesisError):
        wav.parse(data)
