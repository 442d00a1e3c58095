"""The incremental WAV parser: any bytes, cut anywhere."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.audio.errors import AudioError, NotAudioError, UnsupportedAudioError
from garret.features.dictate.audio.wav import PcmFormat, WavStreamParser, to_float


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def fmt(
    tag: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16, align: int | None = None
) -> bytes:
    width = channels * bits // 8 & 0xFFFF if align is None else align
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * width & 0xFFFFFFFF, width, bits))


def riff(*chunks: bytes, magic: bytes = b"RIFF") -> bytes:
    return magic + b"\xff\xff\xff\xff" + b"WAVE" + b"".join(chunks)


def parse(data: bytes, cuts: list[int] | None = None) -> tuple[bytes, WavStreamParser]:
    parser = WavStreamParser()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts or []), len(data)]
    samples = b"".join(parser.feed(data[a:b]) for a, b in itertools.pairwise(edges))
    parser.finish()
    return samples, parser


@given(st.binary(max_size=64), st.lists(st.integers(0, 200), max_size=6), st.sampled_from([0, 0xFFFFFFFF]))
def test_an_unknown_size_means_until_the_end_however_it_is_cut(
    body: bytes, cuts: list[int], size: int
) -> None:
    data = riff(chunk(b"LIST", b"abc"), fmt(), b"data" + struct.pack("<I", size) + body)
    samples, parser = parse(data, cuts)
    assert samples == body[: len(body) // 2 * 2]
    assert parser.truncated == bool(len(body) % 2)
    assert parser.layout == PcmFormat(16_000, 1, 16)


@given(st.binary(max_size=40), st.integers(1, 60), st.lists(st.integers(0, 120), max_size=6))
def test_a_declared_size_ends_the_samples_and_tells_a_short_stream(
    body: bytes, declared: int, cuts: list[int]
) -> None:
    samples, parser = parse(riff(fmt(bits=8), b"data" + struct.pack("<I", declared) + body), cuts)
    assert samples == body[:declared]
    assert parser.truncated == (len(body) < declared)


chunks = st.one_of(
    st.binary(max_size=80),
    st.builds(chunk, st.sampled_from([b"fmt ", b"data", b"ds64", b"LIST"]), st.binary(max_size=48)),
    st.builds(
        chunk,
        st.sampled_from([b"fmt ", b"data", b"ds64", b"junk"]),
        st.binary(max_size=48),
        st.integers(0, 0xFFFFFFFF),
    ),
    st.builds(
        fmt,
        st.sampled_from([0, 1, 3, 0xFFFE]),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.sampled_from([0, 1, 8, 16, 24, 32, 64, 0xFFFF]),
        st.one_of(st.none(), st.integers(0, 0xFFFF)),
    ),
)
hostile = st.one_of(
    st.binary(max_size=200),
    st.builds(riff, chunks, chunks, chunks),
    st.builds(lambda a, b: riff(a, b, magic=b"RF64"), chunks, chunks),
)


@given(hostile, st.lists(st.integers(0, 300), max_size=8))
def test_any_bytes_give_a_typed_error_or_the_same_samples_as_in_one_piece(
    data: bytes, cuts: list[int]
) -> None:
    try:
        whole, _ = parse(data)
    except AudioError as error:
        with pytest.raises(type(error)):
            parse(data, cuts)
    else:
        assert parse(data, cuts)[0] == whole


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (riff(fmt(channels=0), chunk(b"data", b"")), UnsupportedAudioError),
        (riff(fmt(rate=0), chunk(b"data", b"")), UnsupportedAudioError),
        (riff(fmt(rate=4_000_000_000), chunk(b"data", b"")), UnsupportedAudioError),
        (riff(fmt(channels=60_000, align=0), chunk(b"data", b"")), UnsupportedAudioError),
        (riff(fmt(align=7), chunk(b"data", b"")), NotAudioError),
        (riff(fmt(tag=0x55), chunk(b"data", b"")), UnsupportedAudioError),
        (riff(chunk(b"data", b"1234")), NotAudioError),
        (riff(chunk(b"fmt ", b"", size=0xFFFFFFFF)), NotAudioError),
        (riff(fmt(), fmt()), NotAudioError),
        (riff(fmt()), NotAudioError),
        (b"RIFF\0\0\0\0AVI ", NotAudioError),
        (b"ID3\4", NotAudioError),
    ],
)
def test_hostile_headers_are_refused(data: bytes, error: type[AudioError]) -> None:
    with pytest.raises(error):
        parse(data)


def test_a_header_without_end_is_refused_without_being_held_in_memory() -> None:
    parser = WavStreamParser()
    parser.feed(riff(b"junk\xff\xff\xff\xff"))
    block = bytes(1024 * 1024)
    for _ in range(63):
        assert parser.feed(block) == b""
        assert len(parser._pending) == 0
    with pytest.raises(NotAudioError):
        parser.feed(block + block)


def test_rf64_takes_its_size_from_ds64() -> None:
    body = b"\1\2\3\4"
    sizes = chunk(b"ds64", struct.pack("<QQQI", 0, len(body), 2, 0))
    data = riff(sizes, fmt(), b"data\xff\xff\xff\xff" + body, b"LIST\0\0\0\0", magic=b"RF64")
    assert parse(data)[0] == body


@pytest.mark.parametrize(
    ("bits", "floating"), [(8, False), (16, False), (24, False), (32, False), (32, True), (64, True)]
)
def test_every_width_reads_as_the_same_wave(bits: int, floating: bool) -> None:
    wave = np.array([0.0, 0.5, -0.5, -1.0, 0.25])
    if floating:
        raw = wave.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        raw = (wave * 128 + 128).astype(np.uint8).tobytes()
    else:
        wide = (wave * 2 ** (bits - 1)).astype("<i8").view(np.uint8).reshape(-1, 8)
        raw = wide[:, : bits // 8].tobytes()
    assert np.allclose(to_float(raw, PcmFormat(8000, 1, bits, floating))[:, 0], wave, atol=1e-6)
