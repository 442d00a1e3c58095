"""Headers whose sizes are wrong: read to the end of the file all the same.

A recorder that loses its power leaves sizes of 0, a program that writes to a pipe the largest number, a copy
that broke off more than there is. `mended` gives back the pieces of a file whose header tells the
truth: what is there is what counts. It only looks at headers; samples are never searched.

WAV and RF64 (EBU Tech 3306), Wave64 (Sony), AIFF and AIFF-C, AU. CAF and the streamed form of AU say
themselves that their samples go on to the end. Neighbours: `source` is what is looked at, `sections` asks.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from garret.features.dictate.audio.source import Source

_MOST_CHUNKS: Final = 1_000
_STREAMED: Final = (0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000, 0x7FFF_F024)
"""What programs write that cannot seek back: the last two are those of SoX."""
_KNOWN_AFTER: Final = frozenset(
    name.encode()
    for name in (
        "LIST|id3 |ID3 |bext|cue |fact|PEAK|JUNK|smpl|iXML|inst|_PMX|afsp|plst|"
        "acid|note|labl|ltxt|levl|axml|chna|FLLR|PAD |wavl|umid|minf|elm1|regn|"
        "SAUR|AFAn|DISP|LGWV|strc|MARK|COMT|NAME|AUTH|(c) |ANNO|APPL|AESD|MIDI|INST|CHAN|fmt "
    ).split("|")
)
"""Chunks that programs write behind the samples."""


class Mended(NamedTuple):
    """The pieces to read instead of the file. `missing` bytes of sound that the header claims are not there.

    `wrong`: the header said less than there is, or nothing at all where it should have.
    """

    pieces: list[bytes | range]
    wrong: bool = False
    missing: int = 0


class _Chunk(NamedTuple):
    name: bytes
    start: int
    """Of its content."""
    size: int


class _Sound(NamedTuple):
    """Where samples begin, how many bytes the header claims, and the bytes of one frame; None: to the end."""

    start: int
    claimed: int | None
    frame: int


def mended(source: Source) -> Mended | None:
    """The file with a true header; None where its header is true, or is none of those known here."""
    head = source.head
    for fits, mend in _KINDS:
        if fits(head):
            return mend(source)
    return None


def _actual(
    source: Source, sound: _Sound, known_after: Callable[[int], bool]
) -> tuple[int, bool, int] | None:
    """Bytes of samples that are there, whether the header was wrong, bytes missing; None: it is true."""
    there = max(0, source.size - sound.start)
    claimed = sound.claimed
    if claimed is None:
        return _whole(there, sound), False, 0
    if claimed == 0:
        return (
            (_whole(there, sound), True, 0) if there >= sound.frame and not known_after(sound.start) else None
        )
    if there < sound.frame:
        return None
    if claimed > there:
        return _whole(there, sound), False, claimed - there
    after = sound.start + claimed + claimed % 2
    if source.size - after >= max(64, sound.frame) and not known_after(after):
        return _whole(there, sound), True, 0
    return None


def _whole(there: int, sound: _Sound) -> int:
    return there - there % sound.frame


# ---------------------------------------------------------------- WAV, RF64


def _mend_wave(source: Source) -> Mended | None:
    form: bytes | None = None
    wide: int | None = None
    for chunk in _chunks(source, 12, "<"):
        if chunk.name == b"ds64" and chunk.size >= 24:
            wide = int.from_bytes(source.at(chunk.start + 8, 8), "little")
        elif chunk.name == b"fmt " and 16 <= chunk.size <= 4096:
            form = source.at(chunk.start, chunk.size)
        elif chunk.name == b"data":
            return _wave(source, form, chunk, wide) if form is not None else None
    return None


def _wave(source: Source, form: bytes, data: _Chunk, wide: int | None) -> Mended | None:
    frame = int.from_bytes(form[12:14], "little")
    if frame == 0:
        return None
    streamed = data.size in _STREAMED or (data.size == 0 and wide is None and _is_streamed(source))
    claimed = wide if data.size == 0xFFFF_FFFF and wide is not None else None if streamed else data.size
    found = _actual(source, _Sound(data.start, claimed, frame), lambda at: _begins_chunk(source, at, "<"))
    if found is None:
        return None
    length, wrong, missing = found
    header = _wave_header(form, length)
    return Mended([header, range(data.start, data.start + length)], wrong, missing)


def _is_streamed(source: Source) -> bool:
    """Whether the file's own size is that of a stream as well: then nobody meant to fill in a size."""
    return int.from_bytes(source.head[4:8], "little") in _STREAMED


def _wave_header(form: bytes, length: int) -> bytes:
    chunk = struct.pack("<4sI", b"fmt ", len(form)) + form + bytes(len(form) % 2)
    whole = 4 + len(chunk) + 8 + length
    if whole + 36 <= 0xFFFF_FFFF:
        return struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + chunk + struct.pack("<4sI", b"data", length)
    wide = struct.pack("<4sIQQQI", b"ds64", 28, whole + 36, length, 0, 0)
    return (
        struct.pack("<4sI4s", b"RF64", 0xFFFF_FFFF, b"WAVE")
        + wide
        + chunk
        + struct.pack("<4sI", b"data", 0xFFFF_FFFF)
    )


# ---------------------------------------------------------------- AIFF


_PLAIN_AIFC: Final = (
    b"NONE",
    b"sowt",
    b"twos",
    b"raw ",
    b"in24",
    b"in32",
    b"fl32",
    b"FL32",
    b"fl64",
    b"FL64",
)


def _mend_aiff(source: Source) -> Mended | None:
    common: _Chunk | None = None
    for chunk in _chunks(source, 12, ">"):
        if chunk.name == b"COMM" and chunk.size >= 18:
            common = chunk
        elif chunk.name == b"SSND":
            return _aiff(source, common, chunk) if common is not None else None
    return None


def _aiff(source: Source, common: _Chunk, data: _Chunk) -> Mended | None:
    if source.head[8:12] == b"AIFC" and source.at(common.start + 18, 4) not in _PLAIN_AIFC:
        return None  # what a frame takes is not told by the width of a sample
    channels, _, bits = struct.unpack(">HIH", source.at(common.start, 8))
    frame = channels * ((bits + 7) // 8)
    if frame == 0:
        return None
    claimed = None if data.size in _STREAMED else max(0, data.size - 8)
    sound = _Sound(data.start + 8, claimed, frame)
    found = _actual(source, sound, lambda at: _begins_chunk(source, at, ">"))
    if found is None:
        return None
    length, wrong, missing = found
    start = sound.start - 16  # the name and size of the chunk, its offset and block size
    head = bytearray(source.at(0, start))
    if len(head) < start:
        return None  # longer than is read at once: it is left as it is
    struct.pack_into(">I", head, 4, min(start + 8 + length, 0xFFFF_FFFF))
    struct.pack_into(">I", head, common.start + 2, min(length // frame, 0xFFFF_FFFF))
    chunk = struct.pack(">4sIQ", b"SSND", min(length + 8, 0xFFFF_FFFF), 0)
    return Mended([bytes(head), chunk, range(sound.start, sound.start + length)], wrong, missing)


# ---------------------------------------------------------------- Wave64, AU

_W64_RIFF: Final = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_DATA: Final = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
_W64_FORM: Final = bytes.fromhex("666d7420f3acd3118cd100c04f8edb8a")


def _mend_wave64(source: Source) -> Mended | None:
    position, form = 40, b""
    for _ in range(_MOST_CHUNKS):
        head = source.at(position, 24)
        if len(head) < 24:
            return None
        size = int.from_bytes(head[16:24], "little")  # the 24 bytes before the content count as well
        if head[:16] == _W64_FORM and 40 <= size <= 4096:
            form = source.at(position + 24, size - 24)
        if head[:16] == _W64_DATA:
            return _wave64(source, form, position, size) if len(form) >= 16 else None
        if size < 24:
            return None
        position += -(-size // 8) * 8
    return None


def _wave64(source: Source, form: bytes, position: int, size: int) -> Mended | None:
    frame = int.from_bytes(form[12:14], "little")
    claimed = None if size >= 1 << 62 else max(0, size - 24)
    if frame == 0:
        return None
    found = _actual(source, _Sound(position + 24, claimed, frame), lambda at: at > position + 24)
    if found is None:
        return None
    length, wrong, missing = found
    data = range(position + 24, position + 24 + length)
    return Mended([_wave_header(form, length), data], wrong, missing)


_AU_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}


def _mend_au(source: Source) -> Mended | None:
    start, claimed, encoding, _, channels = struct.unpack(">IIIII", source.head[4:24])
    frame = channels * _AU_BYTES.get(encoding, 0)
    if frame == 0:
        return None
    sound = _Sound(start, None if claimed in _STREAMED else claimed, frame)
    found = _actual(source, sound, lambda at: False)
    if found is None:
        return None
    length, wrong, missing = found
    head = source.head[:8] + struct.pack(">I", min(length, 0xFFFF_FFFE)) + source.at(12, start - 12)
    return Mended([head, range(start, start + length)], wrong, missing)


# ---------------------------------------------------------------- chunks


def _chunks(source: Source, position: int, order: str) -> Iterator[_Chunk]:
    for _ in range(_MOST_CHUNKS):
        head = source.at(position, 8)
        if len(head) < 8:
            return
        name, size = struct.unpack(f"{order}4sI", head)
        yield _Chunk(name, position + 8, size)
        position += 8 + size + size % 2


def _begins_chunk(source: Source, position: int, order: str) -> bool:
    """Whether other chunks, and nothing but chunks, can be what begins there."""
    head = source.at(position, 8)
    if len(head) < 8:
        return True
    name, size = struct.unpack(f"{order}4sI", head)
    return name in _KNOWN_AFTER or (_is_name(name) and position + 8 + size <= source.size + 1)


def _is_name(name: bytes) -> bool:
    return all(32 <= byte < 127 for byte in name)


_KINDS: Final[tuple[tuple[Callable[[bytes], bool], Callable[[Source], Mended | None]], ...]] = (
    (lambda head: head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE", _mend_wave),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _mend_aiff),
    (lambda head: head[:16] == _W64_RIFF, _mend_wave64),
    (lambda head: head[:4] == b".snd" and len(head) >= 24, _mend_au),
)
