"""Whether a file ends before it says it does: by the sizes in its header, or by its last piece.

Decoders pass over what a broken copy lacks and tell nobody. Here only headers and the last pieces of a file
are looked at, samples never. What ends between two pieces of a wrapping that does not say how long it is
(an AC-3 or a transport stream cut between two packets, IRCAM, PAF and PVF between two samples) shows nowhere.

Neighbours: `last_units` for streams without a header; `headers` for those that are mended, `matroska` for its
numbers; `decode` and `media` ask.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from typing import Final, Literal

from garret.features.dictate.audio import last_units, matroska
from garret.features.dictate.audio.source import Source

_SLACK: Final = 8  # bytes: some programs count the eight of the outermost chunk as well
_STREAMED: Final = 0x7F00_0000
"""From here on a size was written by a program that could not seek back, and means nothing."""
_MOST_STEPS: Final = 1_000_000
_HEAD: Final = 1 << 16
_PIECE: Final = 20  # bytes of a piece that are looked at
_MORE: Final = 1 << 40  # bytes: a piece whose own size is not there any more goes on behind the end
_ASF_FILE: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_NUT_INDEX: Final = b"NX\xdd\x67\x2f\x23\xe6\x4e"
_INDEX: Final = 1 << 22  # bytes: that of a day is shorter
_NIST_FIELD: Final = re.compile(rb"^(sample_count|sample_n_bytes|channel_count) -i (\d+)", re.MULTILINE)

_End = Callable[[Source], int]
"""Where the file ends by its own word: a byte, 0 where it does not say."""


def ends_early(source: Source) -> bool:
    """Whether the file's own sizes, or its last piece, go on behind its end."""
    for fits, end in _DECLARED:
        if fits(source.head):
            return end(source) > source.size
    return last_units.is_torn(source)


def _number(data: bytes, order: Literal["little", "big"] = "little") -> int:
    return int.from_bytes(data, order)


def _chunked(order: Literal["little", "big"]) -> _End:
    """RIFF, IFF and their like: a name and a size, then all the rest."""

    def end(source: Source) -> int:
        size = _number(source.head[4:8], order)
        return size + 8 - _SLACK if size < _STREAMED else 0

    return end


def _chain(start: int, step: Callable[[bytes], int], *, closed: bool = False) -> _End:
    """Pieces behind each other: `step` tells the size of one by its first bytes, 0 where it is the last.

    `closed`: there is always a last one, so that without it something is missing.
    """

    def end(source: Source) -> int:
        position = start
        for _ in range(_MOST_STEPS):
            head = source.at(position, _PIECE)
            if not head:
                return position + closed
            size = step(head)
            if size == 0:
                break
            position += size
        return position

    return end


# ---------------------------------------------------------------- by their headers


def _asf(source: Source) -> int:
    """The size in the file properties object, unless it is a broadcast (ASF specification, 3.2)."""
    head = source.at(0, _HEAD)
    place = head.find(_ASF_FILE)
    if place < 0 or len(head) < place + 92 or head[place + 88] & 1:
        return 0
    return _number(head[place + 40 : place + 48])


def _adx(source: Source) -> int:
    """Samples in blocks, channel by channel; 0 of what was streamed."""
    block, bits, channels = source.head[5], source.head[6], source.head[7]
    samples = _number(source.head[12:16], "big")
    if block <= 2 or not bits or not channels or samples >= _STREAMED:
        return 0
    per_block = (block - 2) * 8 // bits
    return 4 + _number(source.head[2:4], "big") + -(-samples // per_block) * block * channels


def _sox(source: Source) -> int:
    """Its own format: 32-bit samples, in the byte order of the machine that wrote them."""
    order: Literal["little", "big"] = "little" if source.head[:4] == b".SoX" else "big"
    samples = _number(source.head[8:16], order)
    return 4 + _number(source.head[4:8], order) + 4 * samples if samples < 1 << 60 else 0


def _nist(source: Source) -> int:
    """SPHERE: a header in words."""
    head = source.at(0, 1024)
    if b"shorten" in head or b"embedded" in head:  # compressed: samples tell no bytes
        return 0
    fields = {name: int(value) for name, value in _NIST_FIELD.findall(head)}
    size = head[8:16].strip()
    frames = fields.get(b"sample_count", 0)
    if not size.isdigit() or not frames:
        return 0
    return int(size) + frames * fields.get(b"sample_n_bytes", 0) * fields.get(b"channel_count", 1)


def _avr(source: Source) -> int:
    """Audio Visual Research; what is counted of two channels is not agreed upon, so the least is meant."""
    return 128 + _number(source.head[26:30], "big") * _number(source.head[14:16], "big") // 8


def _flv(source: Source) -> int:
    """What its writer noted as the size of the file, else by the last tag."""
    head = source.at(0, _HEAD)
    place = head.find(b"\x00\x08filesize\x00")
    if place >= 0 and len(head) >= place + 19:
        (size,) = struct.unpack(">d", head[place + 11 : place + 19])
        if 0 < size < 1 << 60:
            return int(size)
    return source.size if last_units.flv_is_whole(source) else source.size + 1


def _swf(source: Source) -> int:
    """Flash: tags behind a rectangle of as many bits as it says; a compressed one says what it unpacks to."""
    if source.head[:1] == b"F":
        rectangle = (5 + 4 * (source.head[8] >> 3) + 7) // 8
        return _chain(8 + rectangle + 4, _swf_tag, closed=True)(source)
    declared, there, position, plain = _number(source.head[4:8]), 8, 8, zlib.decompressobj()
    while data := source.at(position, 1 << 20):
        try:
            there += len(plain.decompress(data))
        except zlib.error:
            return 0
        position += len(data)
    return source.size + (there < declared)


def _matroska(source: Source) -> int:
    """Where the segment ends by its size (RFC 8794); 0 where that is unknown, as of a live stream."""
    length, used = matroska.number(source.at(4, 8))
    position = 4 + used + length
    segment = source.at(position, 12)
    if segment[:4] != b"\x18\x53\x80\x67":
        return 0
    length, used = matroska.number(segment[4:])
    return 0 if used == 0 or length == (1 << 7 * used) - 1 else position + 4 + used + length


def _nut(source: Source) -> int:
    """The index stands behind the last frame, and is left out by none but what writes to pipes."""
    start = max(0, source.size - _INDEX)
    return source.size + (_NUT_INDEX not in source.at(start, _INDEX))


def _hcom(source: Source) -> int:
    """A file of the Macintosh in a MacBinary wrapping: its data comes behind 128 bytes."""
    return 128 + _number(source.head[83:87], "big")


# ---------------------------------------------------------------- by the sizes of their pieces


def _box(head: bytes) -> int:
    """MP4 (ISO/IEC 14496-12); one that goes on to the end is the last."""
    if len(head) < 8:
        return 0
    size = _number(head[:4], "big")
    size = _number(head[8:16], "big") if size == 1 else size
    return size if size >= 8 else 0


def _voc_block(head: bytes) -> int:
    """A block of a VOC; it ends with one of type 0, or where the file does."""
    if not head[0]:
        return 0
    return 4 + _number(head[1:4]) if len(head) >= 4 else _MORE


def _gxf_packet(head: bytes) -> int:
    """A packet of GXF (SMPTE 360M); 0xFB ends the stream, and without it something is missing."""
    if len(head) < 10:
        return _MORE
    if head[:5] != b"\0\0\0\0\1":
        return 0
    return _number(head[6:10], "big") if head[5] != 0xFB else 0


def _roq_chunk(head: bytes) -> int:
    if len(head) < 6:
        return _MORE
    return 8 + _number(head[2:6]) if head[1] == 0x10 else 0


def _mat4_matrix(head: bytes) -> int:
    """A matrix of MATLAB 4 in the order of PCs: what its numbers are, rows, columns, two parts, its name."""
    if len(head) < 20:
        return _MORE
    kind, rows, columns, parts, name = struct.unpack("<5I", head)
    width = (8, 4, 4, 2, 2, 1)[kind // 10 % 10] if kind // 10 % 10 < 6 and kind < 100 else 0
    return 20 + name + rows * columns * width * (1 + (parts == 1)) if width else 0


def _swf_tag(head: bytes) -> int:
    """Ten bits of a kind, of which 0 is the end, and six of a size, which 63 puts behind it."""
    if len(head) < 2:
        return _MORE
    code = _number(head[:2])
    if code & 63 < 63:
        return 2 + (code & 63) if code >> 6 else 0
    return 6 + _number(head[2:6]) if len(head) >= 6 else _MORE


def _is(*magics: bytes, at: int = 0) -> Callable[[bytes], bool]:
    return lambda head: any(head[at : at + len(magic)] == magic for magic in magics)


_DECLARED: Final[tuple[tuple[Callable[[bytes], bool], _End], ...]] = (
    (_is(b"RIFF"), _chunked("little")),
    (_is(b"FORM", b"MMMD"), _chunked("big")),
    (_is(b"\x1a\x45\xdf\xa3"), _matroska),
    (_is(b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free", at=4), _chain(0, _box)),
    (_is(b"\x30\x26\xb2\x75"), _asf),
    (_is(b"FLV\x01"), _flv),
    (_is(b"FWS", b"CWS"), _swf),
    (_is(b".SoX", b"XoS."), _sox),
    (_is(b"Creative Voice File\x1a"), lambda source: _chain(_number(source.head[20:22]), _voc_block)(source)),
    (_is(b"NIST_1A\n"), _nist),
    (_is(b"2BIT"), _avr),
    (_is(b"ALawSoundFile**"), lambda source: 32 + _number(source.head[18:22], "big")),
    (_is(b"FSSD", at=65), _hcom),
    (_is(b"KVAG"), lambda source: 14 + _number(source.head[4:8])),
    (_is(b"\0\0\0\0\1\xbc"), _chain(0, _gxf_packet, closed=True)),
    (_is(b"\x84\x10\xff\xff\xff\xff"), _chain(8, _roq_chunk)),
    (_is(b"samplerate\0", at=20), _chain(0, _mat4_matrix)),
    (_is(b"nut/multimedia container\0"), _nut),
    (lambda head: head[:2] == b"\x80\x00" and head[4:5] in (b"\x02", b"\x03", b"\x04"), _adx),
)
