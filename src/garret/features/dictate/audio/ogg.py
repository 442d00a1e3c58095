"""Ogg without decoding: which pages are whole, and which stretches of them can be decoded.

An Ogg file may hold one stream after another (chained), and a page may be damaged, which its checksum
tells. A decoder that is given such a file stops at the first end, or closes up what is missing; it is given
one `Stretch` after another instead, each with the headers of its stream before it. RFC 3533 describes
pages; the granule position of one says at which sample it ends.

Neighbours: `source` gives the bytes and stands in for the file; `sections` places stretches in time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from garret.features.dictate.audio.source import Source

_MAGIC: Final = b"OggS"
_HEADER: Final = 27
_LARGEST: Final = 65_307  # bytes of a page: its header, 255 lacing values and as many segments of 255
_BLOCK: Final = 1 << 20
_BEGINS, _ENDS = 0x02, 0x04
_CODECS: Final = {b"\x01vorbis": "vorbis", b"OpusHead": "opus", b"\x7fFLAC": "flac"}
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """A page whose checksum is right: where it lies, and what its header says."""

    start: int
    stop: int
    flags: int
    granule: int
    serial: int
    number: int


@dataclass(slots=True)
class Stretch:
    """Pages of one stream without a hole; `after_hole` where some before them are missing."""

    pages: list[Page] = field(default_factory=list[Page])
    after_hole: bool = False


@dataclass(slots=True)
class Link:
    """One stream of a chain: its header pages, and the stretches of sound. `whole`: its end is marked."""

    codec: str
    headers: list[Page]
    pre_skip: int = 0
    stretches: list[Stretch] = field(default_factory=list[Stretch])
    whole: bool = False


def checksum(page: bytes) -> int:
    """The CRC of a page (its own field zeroed): polynomial 04C11DB7, most significant bit first.

    That of zlib, which is fast, is the same with all bits the other way round.
    """
    value = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{value:032b}"[::-1], 2)


def pages(source: Source, cancelled: Callable[[], bool]) -> Iterator[Page]:
    """The pages of a file whose checksum is right, in order. Reads a mebibyte at a time."""
    offset, buffer = 0, b""
    while not cancelled():
        data = source.at(offset + len(buffer), _BLOCK)
        buffer += data
        position = 0
        while (found := buffer.find(_MAGIC, position)) >= 0:
            if data and found + _LARGEST > len(buffer):
                break  # the rest of it may be in the next block
            page = _page_at(buffer, found, offset)
            position = found + 4 if page is None else page.stop - offset
            if page is not None:
                yield page
        else:
            found = max(position, len(buffer) - len(_MAGIC) + 1)
        if not data:
            return
        buffer, offset = buffer[found:], offset + found


def _page_at(buffer: bytes, start: int, offset: int) -> Page | None:
    lacing = start + _HEADER
    if lacing > len(buffer):
        return None
    body = lacing + buffer[start + 26]
    stop = body + sum(buffer[lacing:body])
    page = buffer[start:stop]
    if stop > len(buffer) or checksum(page[:22] + bytes(4) + page[26:]) != _little(page[22:26]):
        return None
    return Page(
        offset + start,
        offset + stop,
        page[5],
        int.from_bytes(page[6:14], "little", signed=True),
        _little(page[14:18]),
        _little(page[18:22]),
    )


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def links(source: Source, cancelled: Callable[[], bool]) -> list[Link] | None:
    """The streams of a file, one after another; None where it holds others than plain sound.

    That is another codec than Vorbis, Opus or FLAC, streams beside each other, or lost headers: all of
    these are the business of another decoder.
    """
    chain: list[Link] = []
    before: Page | None = None
    for page in pages(source, cancelled):
        if page.flags & _BEGINS:
            if before is not None and before.flags & _BEGINS:
                return None  # two begin together: they lie beside each other
            link = _begin(source, page)
            if link is None:
                return None
            chain.append(link)
        elif not chain or page.serial != chain[-1].headers[0].serial:
            return None
        else:
            _add(chain[-1], page, before)
        before = page
    return chain or None


def _begin(source: Source, page: Page) -> Link | None:
    packet = source.at(page.start + _HEADER + 1, 16)
    codec = next((name for magic, name in _CODECS.items() if packet.startswith(magic)), None)
    if codec is None:
        return None
    return Link(codec, [page], pre_skip=_little(packet[10:12]) if codec == "opus" else 0)


def _add(link: Link, page: Page, before: Page | None) -> None:
    hole = before is None or page.number != before.number + 1
    if page.granule == 0 and not link.stretches:
        link.headers.append(page)
    elif hole or not link.stretches:
        link.stretches.append(Stretch([page], after_hole=hole))
    else:
        link.stretches[-1].pages.append(page)
    link.whole = bool(page.flags & _ENDS)
