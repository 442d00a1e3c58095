"""Framing: a six-byte header, then one envelope. Pure: bytes in, frames out.

Header, network byte order: body length (u32), kind (u8), attached descriptors (u8). Descriptors
travel beside the frame's first byte (SCM_RIGHTS), in order. The limit of each kind is checked on
the header alone, so a peer that announces 4 GiB is refused before a byte of it is buffered.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import Final

from garret.protocol.errors import FrameTooLarge, ProtocolError

HEADER: Final = Struct("!IBB")
MAX_DESCRIPTORS: Final = 4

KIB: Final = 1024


class Kind(IntEnum):
    """What a frame carries."""

    CHALLENGE = 1
    HELLO = 2
    WELCOME = 3
    COMMAND = 4
    RESULT = 5
    ERROR = 6
    EVENT = 7
    STREAM = 8
    CREDIT = 9
    CANCEL = 10
    HEARTBEAT = 11
    DRAIN = 12
    BOOT = 13


#: Largest body of each kind, in bytes. Anything larger travels as a sealed memfd.
LIMITS: Final[dict[int, int]] = {
    Kind.CHALLENGE: 4 * KIB,
    Kind.HELLO: 4 * KIB,
    Kind.WELCOME: 4 * KIB,
    Kind.COMMAND: 1024 * KIB,
    Kind.RESULT: 4096 * KIB,
    Kind.ERROR: 64 * KIB,
    Kind.EVENT: 256 * KIB,
    Kind.STREAM: 256 * KIB,
    Kind.CREDIT: KIB,
    Kind.CANCEL: KIB,
    Kind.HEARTBEAT: KIB,
    Kind.DRAIN: KIB,
    Kind.BOOT: 256 * KIB,
}
_LIMIT_OF: Final = tuple(LIMITS.get(kind, -1) for kind in range(256))
_KINDS: Final = tuple(Kind(kind) if kind in LIMITS else None for kind in range(256))

Frame = tuple[Kind, int, bytes]
"""Kind, number of descriptors attached, body."""


def encode_frame(kind: Kind, body: bytes, descriptors: int = 0) -> bytes:
    """Frame `body`. Raises FrameTooLarge before anything is sent."""
    if len(body) > _LIMIT_OF[kind]:
        raise FrameTooLarge(
            f"A {kind.name.lower()} of {len(body)} bytes is over its limit of {_LIMIT_OF[kind]}; "
            "pass bulk data as a sealed memfd.",
            details={"kind": kind.name, "bytes": len(body), "limit": _LIMIT_OF[kind]},
        )
    if not 0 <= descriptors <= MAX_DESCRIPTORS:
        raise ProtocolError(f"{descriptors} descriptors cannot travel with one frame.")
    return HEADER.pack(len(body), kind, descriptors) + body


class FrameDecoder:
    """Cuts a byte stream into frames.

    `feed` may be given any split of the stream. After it raised, the decoder must not be fed
    again: the stream has no sound point to go on from.
    """

    __slots__ = ("_buffer", "_limits")

    def __init__(self, accept: frozenset[Kind] | None = None) -> None:
        """`accept`: the kinds this side may receive; any other ends the connection."""
        self._buffer = b""
        self._limits = tuple(
            limit if accept is None or kind in accept else -1 for kind, limit in enumerate(_LIMIT_OF)
        )

    @property
    def buffered(self) -> int:
        """Bytes held of a frame that is not complete yet; never above the largest limit plus a read."""
        return len(self._buffer)

    def remainder(self) -> bytes:
        """The bytes held of an incomplete frame, for a decoder that takes over."""
        return self._buffer

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames completed by `data`. Raises ProtocolError or FrameTooLarge."""
        buffer = self._buffer + data if self._buffer else data
        frames: list[Frame] = []
        position, end = 0, len(buffer)
        limits, unpack = self._limits, HEADER.unpack_from
        while end - position >= 6:
            length, number, descriptors = unpack(buffer, position)
            limit = limits[number]
            if length > limit or descriptors > MAX_DESCRIPTORS:
                self._buffer = b""
                raise _refusal(length, number, descriptors, limit)
            stop = position + 6 + length
            if stop > end:
                break
            kind = _KINDS[number]
            assert kind is not None  # its limit is not -1
            frames.append((kind, descriptors, buffer[position + 6 : stop]))
            position = stop
        self._buffer = buffer[position:] if position else buffer
        return frames


def _refusal(length: int, number: int, descriptors: int, limit: int) -> ProtocolError:
    if _KINDS[number] is None:
        return ProtocolError(f"A frame of unknown kind {number}.", details={"kind": number})
    if limit < 0:
        return ProtocolError(f"A {_KINDS[number]!r} is not expected here.", details={"kind": number})
    if descriptors > MAX_DESCRIPTORS:
        return ProtocolError(f"A frame announces {descriptors} descriptors; {MAX_DESCRIPTORS} is the limit.")
    return FrameTooLarge(
        f"A frame announces {length} bytes; its kind may have {limit}.",
        details={"kind": number, "bytes": length, "limit": limit},
    )
