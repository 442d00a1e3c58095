"""Ogg without decoding: which pages are whole, and which stretches of them can be decoded.

An Ogg file may hold one stream after another (chained), and a page may be damaged, which its checksum
tells. A decoder that is given such a file stops at the first end, or closes up what is missing; it is given
one `Stretch` after another instead, each with the headers of its stream before it. Of a page with damage in
it the packets stay that are not damaged. RFC 3533 describes pages; the granule position of one says at which
sample it ends.

Neighbours: `ogg_packets` tells which packets of a page are damaged; `source` gives the bytes and stands in
for the file; `sections` places stretches in time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from garret.features.dictate.audio import ogg_packets
from garret.features.dictate.audio.source import Source

_MAGIC: Final = b"OggS"
_HEADER: Final = 27
_LARGEST: Final = 65_307  # bytes of a page: its header, 255 lacing values and as many segments of 255
_BLOCK: Final = 1 << 20
_BEGINS, _ENDS = 0x02, 0x04
_PRE_SKIP: Final = 10  # its place in the first packet of Opus
_FLAC_INFO, _FLAC_INFO_BYTES = 17, 34  # place and length of STREAMINFO in the first packet of FLAC
_CODECS: Final = {b"\x01vorbis": "vorbis", b"OpusHead": "opus", b"\x7fFLAC": "flac"}
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it lies, and what its header says.

    Of one that is not `whole` the checksum is wrong: it may be a page that was hit, or no page at all. One
    with `data` takes the place of such a page, with what is left of its packets.
    """

    start: int
    stop: int
    flags: int
    granule: int
    serial: int
    number: int
    whole: bool = True
    data: bytes = b""

    @property
    def piece(self) -> bytes | range:
        """What to read for it."""
        return self.data or range(self.start, self.stop)


@dataclass(slots=True)
class Stretch:
    """Pages of one stream without a hole; `after_hole` where some before them are missing.

    `doubtful` are positions between which damage is that no packet shows.
    """

    pages: list[Page] = field(default_factory=list[Page])
    after_hole: bool = False
    doubtful: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])


@dataclass(slots=True)
class Link:
    """One stream of a chain: its header pages, and the stretches of sound. `whole`: its end is marked."""

    codec: str
    headers: list[Page]
    pre_skip: int = 0
    rate: int = 0
    """Samples a second, of Vorbis."""
    stretches: list[Stretch] = field(default_factory=list[Stretch])
    whole: bool = False
    torn: bool = False
    """Whether what came last was a damaged page, so that a stretch begins with what is next."""


def checksum(page: bytes) -> int:
    """The CRC of a page (its own field zeroed): polynomial 04C11DB7, most significant bit first.

    That of zlib, which is fast, is the same with all bits the other way round.
    """
    value = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{value:032b}"[::-1], 2)


def pages(source: Source, cancelled: Callable[[], bool]) -> Iterator[Page]:
    """The pages of a file, in order, also those damaged in their midst. Reads a mebibyte at a time."""
    offset, buffer = 0, b""
    while not cancelled():
        data = source.at(offset + len(buffer), _BLOCK)
        buffer += data
        position = 0
        while (found := buffer.find(_MAGIC, position)) >= 0:
            if data and found + _LARGEST + len(_MAGIC) > len(buffer):
                break  # the rest of it may be in the next block
            page = _page_at(buffer, found, offset)
            sure = page is not None and (page.whole or buffer.startswith(_MAGIC, page.stop - offset))
            position = page.stop - offset if sure and page is not None else found + 4
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
    if stop > len(buffer):
        return None
    whole = checksum(page[:22] + bytes(4) + page[26:]) == _little(page[22:26])
    if not whole and (page[4] or stop == body):
        return None
    return Page(
        offset + start,
        offset + stop,
        page[5],
        int.from_bytes(page[6:14], "little", signed=True),
        _little(page[14:18]),
        _little(page[18:22]),
        whole,
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
        if not page.whole:
            if chain and before is not None and _follows(page, before):
                _add_torn(source, chain[-1], page, before)
                before = page
        elif page.flags & _BEGINS:
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
        if page.whole:
            before = page
    return chain or None


def _begin(source: Source, page: Page) -> Link | None:
    packet = source.at(page.start + _HEADER + 1, 16)
    codec = next((name for magic, name in _CODECS.items() if packet.startswith(magic)), None)
    if codec is None:
        return None
    pre_skip, rate = (_little(packet[10:12]), 0) if codec == "opus" else (0, _little(packet[12:16]))
    return Link(codec, [page], pre_skip, rate)


def _add(link: Link, page: Page, before: Page | None) -> None:
    hole = before is None or page.number != before.number + 1 or link.torn
    link.torn = False
    if page.granule == 0 and not link.stretches:
        link.headers.append(page)
    elif hole or not link.stretches:
        link.stretches.append(Stretch([page], after_hole=hole))
    else:
        link.stretches[-1].pages.append(page)
    link.whole = bool(page.flags & _ENDS)


def _follows(page: Page, before: Page) -> bool:
    """Whether the header of a damaged page can be believed: it fits the page before it."""
    return (
        page.serial == before.serial
        and page.number == before.number + 1
        and not page.flags & ~(_ENDS | ogg_packets.CONTINUED)
        and page.granule >= before.granule
    )


def _add_torn(source: Source, link: Link, page: Page, before: Page) -> None:
    """Put what is left of a damaged page in its place."""
    if link.codec == "flac":
        _add(link, page, replace(page, number=page.number - 1))
        return
    data = source.at(page.start, page.stop - page.start)
    left = ogg_packets.left_of(data, link.codec, _header_packets(source, link), checksum)
    if left.all_of_it:
        _add(link, replace(page, whole=True, data=left.before), before)
        link.stretches[-1].doubtful.append((before.granule, page.granule))
        return
    if left.before and link.stretches and not link.torn:
        link.stretches[-1].pages.append(replace(page, whole=True, data=left.before))
    link.torn = not left.behind
    if left.behind:
        link.stretches.append(Stretch([replace(page, whole=True, data=left.behind)], after_hole=True))
        link.whole = bool(page.flags & _ENDS)


def resumed_header(source: Source, link: Link) -> bytes:
    """The first page of a stream, for a part of it that does not begin with its beginning.

    Of Opus some samples are to be left out at the beginning of the whole, and only there.
    """
    first = link.headers[0]
    page = bytearray(source.at(first.start, first.stop - first.start))
    if link.codec == "opus":
        place = _HEADER + page[26] + _PRE_SKIP
        page[place : place + 2] = bytes(2)
        page[22:26] = bytes(4)
        page[22:26] = checksum(bytes(page)).to_bytes(4, "little")
    return bytes(page)


def flac_head(source: Source, link: Link) -> tuple[bytes, int]:
    """What a FLAC file begins with that has no Ogg around it, and its rate in Hz (RFC 9639, section 10.1)."""
    first = link.headers[0]
    page = source.at(first.start, first.stop - first.start)
    info = page[_HEADER + page[26] + _FLAC_INFO :][:_FLAC_INFO_BYTES]
    return b"fLaC\x00\x00\x00\x22" + info + b"\x81\x00\x00\x00", int.from_bytes(info[10:13], "big") >> 4


def body_of(source: Source, page: Page) -> range:
    """Where the packets of a page lie."""
    return range(page.start + _HEADER + source.at(page.start + 26, 1)[0], page.stop)


def _header_packets(source: Source, link: Link) -> list[bytes]:
    """Those of the stream's head, joined where they go over several pages."""
    packets: list[bytes] = []
    unfinished = b""
    for page in link.headers:
        found = ogg_packets.packets_of(source.at(page.start, page.stop - page.start))
        for lacing, body in zip(found.lacings, found.bodies, strict=True):
            unfinished += body
            if lacing and lacing[-1] < 255:
                packets.append(unfinished)
                unfinished = b""
    return packets
