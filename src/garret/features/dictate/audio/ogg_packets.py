"""An Ogg page that is damaged: which of its packets are, and what is left of it.

The checksum of a page says that some byte of a second of sound is wrong, not which. Packets tell more: the
codes of Vorbis end with the packet (`vorbis_bits`), and one of Opus begins with a byte that hardly changes
within a stream (RFC 6716, section 3.1). Where no packet shows it, a few bytes of one are wrong, which are
hundredths of a second: the page is heard as it is. Where a codec's packets tell nothing, none of it is.

Neighbours: `ogg` finds the page and puts what is left of it into a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from garret.features.dictate.audio.vorbis_bits import NotVorbisError, Reader

HEADER: Final = 27
CONTINUED: Final = 0x01
_ENDS: Final = 0x04
_OPUS_LONGEST: Final = 1275  # bytes of one frame


class Packets(NamedTuple):
    """What a page carries: for each packet its lacing values and its bytes, and whether it is all there."""

    lacings: list[bytes]
    bodies: list[bytes]
    complete: list[bool]


def packets_of(page: bytes) -> Packets:
    """The packets of a page, or the parts of them that are in it."""
    lacing = page[HEADER : HEADER + page[26]]
    body = page[HEADER + page[26] :]
    ends = [place + 1 for place, value in enumerate(lacing) if value < 255]
    if not ends or ends[-1] < len(lacing):
        ends.append(len(lacing))
    bounds = [0, *accumulate(lacing)]
    found = Packets([], [], [])
    for start, stop in zip([0, *ends], ends, strict=False):
        found.lacings.append(lacing[start:stop])
        found.bodies.append(body[bounds[start] : bounds[stop]])
        found.complete.append(stop > start and lacing[stop - 1] < 255)
    if page[5] & CONTINUED:
        found.complete[0] = False
    return found


class Left(NamedTuple):
    """The pages that hold the packets before and behind the damaged ones; empty where there are none.

    `all_of_it`: none could be told to be damaged, and the page before holds them all.
    """

    before: bytes = b""
    behind: bytes = b""
    all_of_it: bool = False


def left_of(page: bytes, codec: str, headers: Sequence[bytes], checksum: Callable[[bytes], int]) -> Left:
    """What is left of a damaged page whose header and lacing are right; `headers` are the stream's packets.

    Both have the position of the damaged one. For the page before that is too late, which decoders pass over;
    without one they would leave it out.
    """
    packets = packets_of(page)
    whole = _judge(packets, codec, headers)
    hit = [place for place, right in enumerate(whole) if not right]
    if 2 * len(hit) > len(whole):
        return Left()
    if not hit:
        return Left(_page(page, packets, range(len(whole)), page[5], checksum), all_of_it=True)
    first, last = hit[0], hit[-1]
    if codec == "opus":
        first -= 1  # only a packet whose first byte was hit is found: the damage may begin in the one before
    begin, rest = range(max(first, 0)), range(last + 1, len(whole))
    before = _page(page, packets, begin, page[5] & ~_ENDS, checksum)
    return Left(before, _page(page, packets, rest, page[5] & ~CONTINUED, checksum))


def _judge(packets: Packets, codec: str, headers: Sequence[bytes]) -> list[bool]:
    """Whether each packet seems whole, as one does that is not all here; none where a codec tells nothing."""
    judge = _judge_of(codec, headers, packets.bodies)
    if judge is None:
        return [False] * len(packets.bodies)
    pairs = zip(packets.complete, packets.bodies, strict=True)
    return [not complete or judge(body) for complete, body in pairs]


def _judge_of(
    codec: str, headers: Sequence[bytes], bodies: Sequence[bytes]
) -> Callable[[bytes], bool] | None:
    if codec == "opus":
        firsts = [body[0] for body in bodies if body]
        usual = max(set(firsts), key=firsts.count) if firsts else 0
        return lambda body: bool(body) and body[0] == usual and _is_opus(body)
    try:
        identification, _, setup = headers[:3]
        return Reader(identification, setup).is_whole
    except (ValueError, NotVorbisError):
        return None


def _is_opus(packet: bytes) -> bool:
    """Whether the frames of a packet can be what its first byte says (RFC 6716, section 3.2)."""
    code, size = packet[0] & 3, len(packet) - 1
    if code == 0:
        return size <= _OPUS_LONGEST
    if code == 1:
        return size % 2 == 0 and size // 2 <= _OPUS_LONGEST
    return size >= 1


def _page(
    page: bytes, packets: Packets, places: range, flags: int, checksum: Callable[[bytes], int]
) -> bytes:
    """A page with some of the packets of another, under its number and with its position."""
    if not places:
        return b""
    lacing = b"".join(packets.lacings[place] for place in places)
    body = b"".join(packets.bodies[place] for place in places)
    head = page[:5] + bytes((flags,)) + page[6:22]
    tail = bytes((len(lacing),)) + lacing + body
    return head + checksum(head + bytes(4) + tail).to_bytes(4, "little") + tail
