"""MP3 without decoding: its frames, and which stretches of them were written as one piece.

Files that were put one after another carry a second information frame (Xing, Info or VBRI) in their
midst, where decoders that believe the first stop. Bytes that are no frames are damage; how long the sound
was that they held is told by the size of the frames around it.

ISO/IEC 11172-3 and 13818-3 describe frames; the information frame is that of the Xing SDK and LAME.
Neighbours: `source` gives the bytes; `sections` places stretches in time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from garret.features.dictate.audio.source import Source

_BIT_RATES: Final = {  # kbit/s by (MPEG 1?, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = (44_100, 48_000, 32_000)
_BLOCK: Final = 1 << 20
_LARGEST: Final = 4096  # bytes; no frame is larger, nor is what has to be looked at of one
_MARK: Final = re.compile(rb"\xff|ID3")
_TAGS: Final = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")
_ASK_EVERY: Final = 5_000  # frames: some milliseconds


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame's header: bytes, samples a channel, and all that does not change within one stream."""

    size: int
    samples: int
    rate: int
    layer: int
    version: int


@dataclass(slots=True)
class Stretch:
    """Frames in one run from byte `start` to `stop`, written as one piece.

    `missing` seconds are lost before it. `declared` is how many frames its information frame claims, 0
    where it has none; `frames` leaves that one out. `broken`: its last frame is not all there, or what
    follows is neither a frame nor a tag.
    """

    start: int
    stop: int
    rate: int
    samples: int
    layer: int = 3
    frames: int = 0
    declared: int = 0
    missing: float = 0.0
    broken: bool = False

    @property
    def seconds(self) -> float:
        return self.frames * self.samples / self.rate


def frame_at(data: bytes, position: int) -> Frame | None:
    """The frame whose header lies there; None where none does. Free format is not known here."""
    if position + 4 > len(data) or data[position] != 0xFF or data[position + 1] & 0xE0 != 0xE0:
        return None
    second, third = data[position + 1], data[position + 2]
    version, layer = (second >> 3) & 3, 4 - ((second >> 1) & 3)
    index, rate_index = third >> 4, (third >> 2) & 3
    if version == 1 or layer == 4 or index in (0, 15) or rate_index == 3:
        return None
    first = version == 3
    rate = _RATES[rate_index] >> (0 if first else 1 if version == 2 else 2)
    bits = _BIT_RATES[first, layer][index - 1] * 1000
    padding = (third >> 1) & 1
    if layer == 1:
        return Frame((12 * bits // rate + padding) * 4, 384, rate, layer, version)
    samples = 1152 if first or layer == 2 else 576
    return Frame(samples // 8 * bits // rate + padding, samples, rate, layer, version)


def information(source: Source, stretch: Stretch) -> bytes:
    """An information frame that tells how many frames a stretch has.

    Without one libsndfile guesses from the first frame's bit rate, and stops when it has read so many.
    """
    head = source.at(stretch.start, 4)
    frame = frame_at(head, 0)
    assert frame is not None, "a stretch begins with a frame"
    mono = head[3] >> 6 == 3
    side = (17 if mono else 32) if frame.version == 3 else (9 if mono else 17)  # bytes of side information
    tag = b"Xing" + (1).to_bytes(4, "big") + stretch.frames.to_bytes(4, "big")
    body = bytes(side) + tag
    return bytes((head[0], head[1] | 1, *head[2:])) + body.ljust(frame.size - 4, b"\0")  # | 1: no checksum


class _Scan:
    """Walks a file frame by frame."""

    def __init__(self, source: Source, cancelled: Callable[[], bool]) -> None:
        self._source = source
        self._cancelled = cancelled
        self._buffer = b""
        self._base = 0
        self.stretches: list[Stretch] = []

    def walk(self) -> list[Stretch]:
        position, kind = self._resync(0, None)
        missing, step = 0.0, 0
        stretch: Stretch | None = None
        while kind is not None:
            step += 1
            if step % _ASK_EVERY == 0 and self._cancelled():
                break
            tag, declared = self._information(position, kind)
            if stretch is None or tag or kind.rate != stretch.rate:
                stretch = Stretch(position, position, kind.rate, kind.samples, kind.layer, missing=missing)
                stretch.declared = declared
                self.stretches.append(stretch)
            missing = 0.0
            stretch.frames += not tag
            stretch.stop = position + kind.size
            stretch.broken = stretch.stop > self._source.size
            following = self._frame(stretch.stop)
            if following is not None and _alike(following, kind):
                position, kind = stretch.stop, following
                continue
            position, following = self._resync(stretch.stop, kind)
            lost = self._lost(stretch.stop, position)
            if lost and following is None:
                stretch.broken = True
            kind = following
            if lost:
                mean = max(1.0, (stretch.stop - stretch.start) / max(1, stretch.frames))
                missing = max(1, round(lost / mean)) * stretch.samples / stretch.rate
                stretch = None
        return self.stretches

    def _bytes(self, position: int, count: int) -> bytes:
        if not self._base <= position <= position + count <= self._base + len(self._buffer):
            self._base, self._buffer = position, self._source.at(position, max(count, _BLOCK))
        return self._buffer[position - self._base : position - self._base + count]

    def _frame(self, position: int) -> Frame | None:
        return frame_at(self._bytes(position, 4), 0)

    def _resync(self, position: int, kind: Frame | None) -> tuple[int, Frame | None]:
        """The next place where a frame is followed by another of its kind; tags are passed over."""
        while position < self._source.size and not self._cancelled():
            block = self._bytes(position, _LARGEST)
            if not block:
                break
            found = _MARK.search(block)
            if found is None:
                position += max(1, len(block) - 2)  # a mark may begin in its last two bytes
                continue
            position += found.start()
            tag = self._bytes(position, 10)
            if tag[:3] == b"ID3":
                position += 10 + _synchsafe(tag[6:10]) if len(tag) == 10 else 3
                continue
            frame = self._frame(position)
            if frame is not None and (kind is None or frame.layer == kind.layer):
                after = self._frame(position + frame.size)
                last = position + frame.size == self._source.size
                if last or (after is not None and _alike(after, frame)):
                    return position, frame
            position += 1
        return position, None

    def _information(self, position: int, frame: Frame) -> tuple[bool, int]:
        """Whether the frame carries information instead of sound, and the number of frames it claims."""
        data = self._bytes(position, min(frame.size, 192))
        for magic in (b"Xing", b"Info"):
            place = data.find(magic, 4, 48)
            if place > 0:
                claims = data[place + 7] & 1 if len(data) > place + 12 else 0
                return True, int.from_bytes(data[place + 8 : place + 12], "big") if claims else 0
        if data[36:40] == b"VBRI":
            return True, int.from_bytes(data[50:54], "big")
        return False, 0

    def _lost(self, start: int, stop: int) -> int:
        """Bytes between two frames that should have been sound."""
        stop = min(stop, self._source.size)
        head = self._bytes(start, 16)
        return (
            0 if head.startswith(_TAGS) or not self._bytes(start, stop - start).strip(b"\0") else stop - start
        )


def _alike(one: Frame, other: Frame) -> bool:
    return (one.rate, one.layer, one.version) == (other.rate, other.layer, other.version)


def _synchsafe(data: bytes) -> int:
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def stretches(source: Source, cancelled: Callable[[], bool]) -> list[Stretch]:
    """The stretches of an MP3; empty where there are no frames."""
    return _Scan(source, cancelled).walk()
