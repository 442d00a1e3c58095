"""The last piece of a stream that has no header: whether all of it is there.

Streams of frames (AC-3, DTS, AAC, MLP) and of packets (MPEG program and transport streams, FLV, Ogg) tell
the size of each piece at its beginning. Where the pieces of the last part of a file follow each other, and
the very last one goes on behind the end, the file breaks off. What cannot be followed tells nothing.

Neighbours: `source` gives the bytes; `endings` asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from garret.features.dictate.audio.source import Source

_TAIL: Final = 1 << 18  # bytes: far more than two of the largest pieces, pictures left out
_CHAIN: Final = 2  # pieces in a row that are sure to be some


class _Kind(NamedTuple):
    """How a stream begins, the bytes that a piece's size takes, and that size; 0: no piece begins there."""

    marks: tuple[bytes, ...]
    at: int
    header: int
    size: Callable[[bytes], int]


def is_torn(source: Source) -> bool:
    """Whether the last piece of a stream is there in part only."""
    head = source.head
    if head[:4] == b"OggS":
        return _ogg_is_torn(source)
    for first, step in ((0, 188), (4, 192)):
        if len(head) > first + 2 * step and all(head[first + step * n] == 0x47 for n in range(3)):
            return source.size % step != 0 or _transport_is_torn(source, first, step)
    for kind in _KINDS:
        if head[kind.at : kind.at + len(kind.marks[0])] in kind.marks:
            return _chain_is_torn(source, kind)
    return False


def _chain_is_torn(source: Source, kind: _Kind) -> bool:
    start = max(0, source.size - _TAIL)
    tail = source.at(start, _TAIL)
    position = _first(tail, kind)
    while position is not None:
        head = tail[position : position + kind.header]
        if len(head) < kind.header:
            return len(head) > 0
        size = kind.size(head)
        if size == 0:
            return False
        position += size
        if position > len(tail):
            return True
    return False


def _first(tail: bytes, kind: _Kind) -> int | None:
    """The first marked piece that others follow, or that is the only one."""
    position = -1
    while (position := _marked(tail, kind, position + 1)) >= 0:
        following = position
        for _ in range(_CHAIN + 1):
            size = kind.size(tail[following : following + kind.header])
            if size == 0:
                break
            following += size
            if following + kind.header > len(tail):
                return position if position == 0 or following == len(tail) else None
        else:
            return position
    return None


def _marked(tail: bytes, kind: _Kind, start: int) -> int:
    """The next place whose piece begins with the mark of the kind; -1 where there is none."""
    places = (tail.find(mark, start + kind.at) - kind.at for mark in kind.marks)
    return min((place for place in places if place >= start), default=-1)


# ---------------------------------------------------------------- frames

_AC3_RATES: Final = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def _ac3(head: bytes) -> int:
    """AC-3 and E-AC-3 (ETSI TS 102 366, 4.3 and E.1.2)."""
    if head[:2] != b"\x0b\x77":
        return 0
    if head[5] >> 3 > 10:
        return 2 * (((head[2] & 7) << 8 | head[3]) + 1)
    rate, index = head[4] >> 6, head[4] & 63
    if rate == 3 or index // 2 >= len(_AC3_RATES):
        return 0
    kilobits = _AC3_RATES[index // 2]
    return (4 * kilobits, 2 * (kilobits * 320 // 147 + index % 2), 6 * kilobits)[rate]


def _dts(head: bytes) -> int:
    """The core of DTS in 16-bit words (ETSI TS 102 114, 5.3)."""
    if head[:4] != b"\x7f\xfe\x80\x01":
        return 0
    return ((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1


def _adts(head: bytes) -> int:
    """AAC in ADTS (ISO/IEC 14496-3, 1.A.2.2)."""
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > 7 else 0


def _loas(head: bytes) -> int:
    """AAC in LATM (ISO/IEC 14496-3, 1.7.2)."""
    if head[0] != 0x56 or head[1] & 0xE0 != 0xE0:
        return 0
    return 3 + ((head[1] & 0x1F) << 8 | head[2])


def _spdif(head: bytes) -> int:
    """A burst of IEC 61937, which stands for as many samples as it holds; the rest is filled up."""
    if head[:4] != b"\x72\xf8\x1f\x4e":
        return 0
    return {1: 6144, 11: 2048, 12: 4096, 13: 8192}.get(head[4] & 31, 0)


def _mlp(head: bytes) -> int:
    """An access unit of MLP or TrueHD. Nothing marks most of them, so that only their chain tells."""
    size = 2 * ((head[0] & 0x0F) << 8 | head[1])
    return size if size >= 8 else 0


# ---------------------------------------------------------------- packets


def _program(head: bytes) -> int:
    """A pack header or a packet of an MPEG program stream (ISO/IEC 13818-1, 2.5; 11172-1)."""
    if head[:3] != b"\0\0\1" or head[3] < 0xB9:
        return 0
    if head[3] == 0xBA:
        return 14 + (head[13] & 7) if head[4] >> 6 == 1 else 12
    return 4 if head[3] == 0xB9 else 6 + (head[4] << 8 | head[5])


def _transport_is_torn(source: Source, first: int, step: int) -> bool:
    """Whether a packet that a stream within has begun lacks bytes of the size that it tells."""
    packets = min(source.size // step, _TAIL // step)
    tail = source.at(source.size - packets * step, packets * step)
    missing: dict[int, int] = {}
    for start in range(first, len(tail), step):
        packet = tail[start : start + 188]
        if packet[0] != 0x47:
            return False
        stream = (packet[1] & 0x1F) << 8 | packet[2]
        skipped = 5 + packet[4] if packet[3] & 0x20 else 4
        content = packet[skipped:] if packet[3] & 0x10 else b""
        if packet[1] & 0x40:
            size = content[4] << 8 | content[5] if content[:3] == b"\0\0\1" and len(content) > 5 else 0
            missing[stream] = 6 + size if size else 0  # 0: of pictures it may be left open
        if missing.get(stream):
            missing[stream] -= len(content)
    return any(count > 0 for count in missing.values())


def _ogg_is_torn(source: Source) -> bool:
    """Whether the last page is not all there, or does not close its stream (RFC 3533)."""
    start = max(0, source.size - 2 * 65_307)
    tail = source.at(start, source.size - start)
    place = tail.rfind(b"OggS")
    while place >= 0:
        lacing = place + 27
        body = lacing + (tail[place + 26] if len(tail) > place + 26 else 255)
        if body + sum(tail[lacing:body]) == len(tail):
            return not tail[place + 5] & 4
        place = tail.rfind(b"OggS", 0, place)
    return True


def flv_is_whole(source: Source) -> bool:
    """Whether a Flash video ends with the size of its last tag, and that tag begins where it says."""
    size = int.from_bytes(source.at(source.size - 4, 4), "big")
    head = source.at(source.size - 4 - size, 4) if 11 <= size < source.size - 4 else b""
    return len(head) == 4 and head[0] & 0x1F in (8, 9, 18) and int.from_bytes(head[1:], "big") == size - 11


_KINDS: Final = (
    _Kind((b"\x0b\x77",), 0, 6, _ac3),
    _Kind((b"\x7f\xfe\x80\x01",), 0, 8, _dts),
    _Kind((b"\xff\xf0", b"\xff\xf1", b"\xff\xf8", b"\xff\xf9"), 0, 6, _adts),
    _Kind(tuple(bytes((0x56, second)) for second in range(0xE0, 0x100)), 0, 3, _loas),
    _Kind((b"\x72\xf8\x1f\x4e",), 0, 5, _spdif),
    _Kind((b"\xf8\x72\x6f\xba", b"\xf8\x72\x6f\xbb"), 4, 2, _mlp),
    _Kind((b"\0\0\1\xba",), 0, 14, _program),
)
