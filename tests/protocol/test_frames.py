"""Frames: any split gives the same frames; what is not a frame is refused before it is buffered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.protocol.errors import FrameTooLarge, ProtocolError
from garret.protocol.frames import HEADER, LIMITS, MAX_DESCRIPTORS, Frame, FrameDecoder, Kind, encode_frame

KINDS = st.sampled_from(list(Kind))
FRAMES = st.lists(
    st.tuples(KINDS.map(int), st.integers(0, MAX_DESCRIPTORS), st.binary(max_size=900)), max_size=12
)


def encoded(frames: list[Frame]) -> bytes:
    return b"".join(encode_frame(kind, body, descriptors) for kind, descriptors, body in frames)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(edges)]


@given(FRAMES, st.lists(st.integers(min_value=0), max_size=30))
def test_any_split_of_the_stream_gives_the_same_frames(frames: list[Frame], places: list[int]) -> None:
    decoder = FrameDecoder()
    found = [frame for piece in cut(encoded(frames), places) for frame in decoder.feed(piece)]
    assert found == frames
    assert decoder.buffered == 0


@given(FRAMES)
def test_byte_by_byte_is_a_split_like_any_other(frames: list[Frame]) -> None:
    decoder = FrameDecoder()
    assert [frame for byte in encoded(frames) for frame in decoder.feed(bytes([byte]))] == frames


@given(FRAMES.filter(bool), st.integers(min_value=0))
def test_a_truncated_stream_gives_only_whole_frames(frames: list[Frame], place: int) -> None:
    stream = encoded(frames)
    short = stream[: place % len(stream)]
    decoder = FrameDecoder()
    found = decoder.feed(short)
    assert found == frames[: len(found)]
    assert encoded(found) + decoder.remainder() == short


@given(FRAMES.filter(bool), st.integers(min_value=0), st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_harmless(frames: list[Frame], place: int, bit: int) -> None:
    stream = bytearray(encoded(frames))
    stream[place % len(stream)] ^= 1 << bit
    decoder = FrameDecoder()
    try:
        found = decoder.feed(bytes(stream))
    except ProtocolError:
        return
    # Whatever came out of it is exactly what the bytes say, within every limit, and nothing was made up.
    assert encoded(found) + decoder.remainder() == bytes(stream)
    assert all(len(body) <= LIMITS[kind] for kind, _, body in found)


@given(FRAMES, st.integers(min_value=0), st.binary(min_size=1, max_size=40))
def test_inserted_bytes_are_refused_or_harmless(frames: list[Frame], place: int, more: bytes) -> None:
    stream = encoded(frames)
    place %= len(stream) + 1
    changed = stream[:place] + more + stream[place:]
    decoder = FrameDecoder()
    try:
        found = decoder.feed(changed)
    except ProtocolError:
        return
    assert encoded(found) + decoder.remainder() == changed


@pytest.mark.parametrize("kind", list(Kind))
def test_four_gibibytes_are_refused_by_the_header_alone(kind: Kind) -> None:
    decoder = FrameDecoder()
    with pytest.raises(FrameTooLarge) as caught:
        decoder.feed(HEADER.pack(0xFFFFFFFF, kind, 0))
    assert caught.value.details["limit"] == LIMITS[kind]
    assert decoder.buffered == 0


@pytest.mark.parametrize("kind", list(Kind))
def test_the_limit_of_each_kind_is_exact(kind: Kind) -> None:
    limit = LIMITS[kind]
    (frame,) = FrameDecoder().feed(encode_frame(kind, bytes(limit)))
    assert len(frame[2]) == limit
    with pytest.raises(FrameTooLarge):
        encode_frame(kind, bytes(limit + 1))
    with pytest.raises(FrameTooLarge):
        FrameDecoder().feed(HEADER.pack(limit + 1, kind, 0))


@given(st.integers(0, 255).filter(lambda number: number not in set(Kind)))
def test_unknown_kinds_are_refused(number: int) -> None:
    with pytest.raises(ProtocolError, match="unknown kind"):
        FrameDecoder().feed(HEADER.pack(0, number, 0))


@given(KINDS, st.frozensets(KINDS))
def test_only_accepted_kinds_come_through(kind: Kind, accepted: frozenset[Kind]) -> None:
    decoder = FrameDecoder(accepted)
    if kind in accepted:
        assert decoder.feed(encode_frame(kind, b"")) == [(kind, 0, b"")]
    else:
        with pytest.raises(ProtocolError, match="not expected"):
            decoder.feed(encode_frame(kind, b""))


def test_more_descriptors_than_a_frame_may_have_are_refused() -> None:
    with pytest.raises(ProtocolError):
        encode_frame(Kind.COMMAND, b"", MAX_DESCRIPTORS + 1)
    with pytest.raises(ProtocolError):
        encode_frame(Kind.COMMAND, b"", -1)
    with pytest.raises(ProtocolError, match="descriptors"):
        FrameDecoder().feed(HEADER.pack(0, Kind.COMMAND, MAX_DESCRIPTORS + 1))


def test_descriptors_are_due_only_for_the_frame_that_is_under_way() -> None:
    decoder = FrameDecoder()
    assert decoder.descriptors_due() == 0
    decoder.feed(HEADER.pack(10, Kind.COMMAND, 2)[:3])
    assert decoder.descriptors_due() == MAX_DESCRIPTORS  # it is not known yet how many
    decoder.feed(HEADER.pack(10, Kind.COMMAND, 2)[3:])
    assert decoder.descriptors_due() == 2
    decoder.feed(bytes(10))
    assert decoder.descriptors_due() == 0


def test_a_decoder_that_takes_over_goes_on_in_the_middle_of_a_frame() -> None:
    stream = encode_frame(Kind.COMMAND, b"body")
    first = FrameDecoder()
    first.feed(stream[:7])
    second = FrameDecoder(frozenset({Kind.COMMAND}))
    second.feed(first.remainder())
    assert second.feed(stream[7:]) == [(Kind.COMMAND, 0, b"body")]
