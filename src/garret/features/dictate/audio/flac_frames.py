"""FLAC behind a damaged place: where the next frame begins that can be decoded, and at which sample.

A frame's header carries its number and a checksum (RFC 9639, section 9.1), so that a decoder can be set up
anew there with a header of its own. Neighbours: `source` gives the bytes; `decode` asks after an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from garret.features.dictate.audio.source import Source, View

_SYNC: Final = re.compile(rb"\xff[\xf8\xf9]")
_BACK: Final = 1 << 20  # bytes; more than a decoder reads ahead, and than any frame takes
_BLOCK: Final = 1 << 20
_HEADER: Final = 16  # bytes at most
_INFO: Final = 34
_NEXT: Final = 4  # places that look like the next frame; few that are none have a right checksum


def _crc8_table() -> bytes:
    """Of the polynomial x^8 + x^2 + x + 1."""
    table = bytearray(256)
    for value in range(256):
        rest = value
        for _ in range(8):
            rest = (rest << 1) ^ 0x07 if rest & 0x80 else rest << 1
        table[value] = rest & 0xFF
    return bytes(table)


def _crc16_table() -> tuple[int, ...]:
    table: list[int] = []
    for value in range(256):
        rest = value << 8
        for _ in range(8):
            rest = (rest << 1) ^ 0x8005 if rest & 0x8000 else rest << 1
        table.append(rest & 0xFFFF)
    return tuple(table)


_CRC8: Final = _crc8_table()
_CRC16: Final = _crc16_table()


class Behind(NamedTuple):
    """A file that begins with the frame at `sample` of the whole."""

    view: View
    sample: int


def behind(source: Source, place: int, sample: int) -> Iterator[Behind]:
    """The files that begin with each whole frame from `sample` on, looked for from about byte `place` on.

    There is none for what is no FLAC from its first byte on.
    """
    info = _stream_info(source)
    if info is None:
        return
    head = b"fLaC\x80\x00\x00\x22" + info
    fixed = int.from_bytes(info[:2], "big")  # the least block: that of all where there is but one size
    for position, number in _frames(source, max(0, place - _BACK), fixed):
        if number >= sample and _is_whole(source, position, fixed):
            yield Behind(View(source, [head, range(position, source.size)]), number)


def frame_samples(source: Source) -> int:
    """Samples a channel of each frame; 0 for what is no FLAC from its first byte on, 1 where it varies."""
    info = _stream_info(source)
    if info is None:
        return 0
    return int.from_bytes(info[:2], "big") if info[:2] == info[2:4] else 1


def _is_whole(source: Source, position: int, fixed: int) -> bool:
    """Whether a frame's own checksum is right: it ends where one of the next seems to begin, or the file."""
    following = islice(_frames(source, position + 1, fixed), _NEXT)
    ends = [*(place for place, _ in following), source.size]
    return any(_crc16(source.at(position, end - position)) == 0 for end in ends if end - position <= _BACK)


def first_sample(source: Source, start: int) -> int | None:
    """The sample with which the first frame from byte `start` on begins; None where there is none."""
    info = _stream_info(source)
    if info is None:
        return None
    found = next(_frames(source, start, int.from_bytes(info[:2], "big")), None)
    return None if found is None else found[1]


def _crc16(data: bytes) -> int:
    """Of the polynomial x^16 + x^15 + x^2 + 1; 0 for data that ends with its own."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return crc


def _stream_info(source: Source) -> bytes | None:
    """The STREAMINFO block, with an unknown length and no checksum: what follows is a part."""
    head = source.head[:8]
    if head[:4] != b"fLaC" or head[4:5] not in (b"\x00", b"\x80") or head[5:] != b"\x00\x00\x22":
        return None
    info = bytearray(source.head[8 : 8 + _INFO])
    info[13] &= 0xF0
    info[14:] = bytes(len(info) - 14)
    return bytes(info)


def _frames(source: Source, position: int, fixed: int) -> Iterator[tuple[int, int]]:
    while position < source.size:
        block = source.at(position, _BLOCK + _HEADER)
        if not block:
            return
        for found in _SYNC.finditer(block, 0, _BLOCK + 1):
            sample = _sample_of(block[found.start() : found.start() + _HEADER], fixed)
            if sample is not None:
                yield position + found.start(), sample
        position += _BLOCK


def _sample_of(header: bytes, fixed: int) -> int | None:
    """The first sample of the frame with this header; None where it is none."""
    if len(header) < _HEADER:
        return None
    size, rate = header[2] >> 4, header[2] & 0x0F
    if size == 0 or rate == 15 or header[3] >> 4 > 10 or header[3] & 1:
        return None
    number, length = _coded(header[4:11])
    if length == 0:
        return None
    end = 4 + length + {6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    crc = 0
    for byte in header[:end]:
        crc = _CRC8[crc ^ byte]
    if crc != header[end]:
        return None
    return number if header[1] & 1 else number * fixed


def _coded(data: bytes) -> tuple[int, int]:
    """A number coded as UTF-8 codes characters, up to 36 bits, and its bytes; (0, 0) where it is none."""
    first = data[0]
    if first < 0x80:
        return first, 1
    length = next((count for count in range(2, 8) if not first & (0x80 >> count)), 0)
    if length == 0 or first < 0xC0:
        return 0, 0
    value = first & (0x7F >> length)
    for byte in data[1:length]:
        if byte & 0xC0 != 0x80:
            return 0, 0
        value = value << 6 | byte & 0x3F
    return value, length
