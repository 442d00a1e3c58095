"""Matroska and WebM behind a damaged place: the next block that is whole, instead of the next cluster.

A decoder that meets a broken element gives up the rest of its cluster, which may be five seconds. Here the
elements of a file are walked (RFC 8794, RFC 9559); what is no element is covered by one that means nothing,
so that all sizes stay right and the blocks behind it are read with their own times.

Neighbours: `source` gives the bytes and stands in for the file; `media` decodes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from garret.features.dictate.audio.source import Source, View

_MAGIC: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_SIMPLE_BLOCK, _BLOCK_GROUP = 0xA3, 0xA0
_IN_CLUSTER: Final = frozenset({0xE7, _SIMPLE_BLOCK, _BLOCK_GROUP, 0xAB, 0xA7, 0x5854, 0xAF, 0xEC, 0xBF})
_IN_SEGMENT: Final = frozenset(
    {_CLUSTER, 0x1C53BB6B, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1254C367, 0x1043A770, 0x1941A469, 0xEC, 0xBF}
)
_KNOWN: Final = _IN_CLUSTER | _IN_SEGMENT
_LARGEST_BLOCK: Final = 1 << 26  # bytes; no picture takes more
_CHAIN: Final = 3  # elements in a row that are sure to be some
_WINDOW: Final = 1 << 16
_ASK_EVERY: Final = 5_000  # elements: some milliseconds


def mended(source: Source, cancelled: Callable[[], bool]) -> View | None:
    """The file with what is damaged in its clusters covered; None where nothing is, or it is no Matroska."""
    if source.head[:4] != _MAGIC:
        return None
    holes = _Walk(source, cancelled).holes()
    if not holes:
        return None
    pieces: list[bytes | range] = []
    position = 0
    for hole in holes:
        cover = _void(len(hole))
        pieces += [range(position, hole.start), cover, range(hole.start + len(cover), hole.stop)]
        position = hole.stop
    return View(source, [*pieces, range(position, source.size)])


def number(data: bytes) -> tuple[int, int]:
    """A number of variable length, and how many bytes it takes; (0, 0) of none."""
    if not data or data[0] == 0:
        return 0, 0
    used = 9 - data[0].bit_length()
    if used > len(data):
        return 0, 0
    return int.from_bytes(data[:used], "big") & ((1 << 7 * used) - 1), used


def _void(length: int) -> bytes:
    """The beginning of an element without a meaning that takes so many bytes (at least 2)."""
    if length < 9:
        return bytes((0xEC, 0x80 | (length - 2)))
    return b"\xec" + (1 << 56 | (length - 9)).to_bytes(8, "big")


class _Walk:
    """Goes through the elements of the segment, entering clusters."""

    def __init__(self, source: Source, cancelled: Callable[[], bool]) -> None:
        self._source = source
        self._cancelled = cancelled
        self._base = 0
        self._window = b""

    def holes(self) -> list[range]:
        """Where bytes lie that are no elements, with elements behind them."""
        found: list[range] = []
        length, used = number(self._bytes(4, 8))
        position = 4 + used + length
        if int.from_bytes(self._bytes(position, 4), "big") != _SEGMENT:
            return found
        position += 4 + number(self._bytes(position + 4, 8))[1]
        before = position
        steps = 0
        while position < self._source.size:
            steps += 1
            if steps % _ASK_EVERY == 0 and self._cancelled():
                break
            following = self._behind(position)
            if following is not None:
                before, position = position, following
                continue
            resumed = self._resync(before + 1)
            if resumed is None:
                break  # it ends within an element: nothing is behind that
            hole = range(position if resumed >= position + 2 else before, resumed)
            found.append(hole)
            before = position = resumed
        return found

    def _behind(self, position: int) -> int | None:
        """Where the next element begins: within a cluster, behind anything else. None where there is none."""
        identity, length, start = self._element(position)
        if identity not in _KNOWN:
            return None
        if identity == _CLUSTER:
            return start
        if identity in (_SIMPLE_BLOCK, _BLOCK_GROUP) and not 4 <= length <= _LARGEST_BLOCK:
            return None
        end = start + length
        return end if end <= self._source.size else None

    def _element(self, position: int) -> tuple[int, int, int]:
        """Its identity, the length of its content and where that begins; zeros where there is none."""
        head = self._bytes(position, 12)
        if len(head) < 2 or head[0] < 0x10:
            return 0, 0, 0
        width = 9 - head[0].bit_length()
        length, used = number(head[width:])
        return (int.from_bytes(head[:width], "big"), length, position + width + used) if used else (0, 0, 0)

    def _resync(self, position: int) -> int | None:
        """The next place with several elements in a row, the first of which is a block or a cluster."""
        while position < self._source.size and not self._cancelled():
            block = self._bytes(position, _WINDOW)
            if not block:
                return None
            for offset, byte in enumerate(block):
                if byte in (_SIMPLE_BLOCK, _BLOCK_GROUP, 0x1F) and self._chain(position + offset):
                    return position + offset
            position += len(block)
        return None

    def _chain(self, position: int) -> bool:
        if self._element(position)[0] not in (_SIMPLE_BLOCK, _BLOCK_GROUP, _CLUSTER):
            return False
        for _ in range(_CHAIN):
            following = self._behind(position)
            if following is None:
                return False
            if following == self._source.size:
                return True
            position = following
        return True

    def _bytes(self, position: int, count: int) -> bytes:
        inside = position - self._base
        if not 0 <= inside <= inside + count <= len(self._window):
            self._base, self._window, inside = position, self._source.at(position, max(count, _WINDOW)), 0
        return self._window[inside : inside + count]
