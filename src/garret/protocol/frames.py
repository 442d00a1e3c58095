"""Framing: a six-byte header, then one envelope. Pure: bytes in, frames out.

Header, network byte order: body length (u32), kind (u8), attached descriptors (u8). Descriptors
travel beside the frame's first byte (SCM_RIGHTS), in order. The limit of each kind is checked on
the header alone, so a peer that announces 4 GiB is refused before a byte of it is buffered.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from struct import Struct
from typing import Final

from garret.protocol.errors import FrameTooLarge, ProtocolError

HEADER: Final = Struct("!IBB")
HEADER_BYTES: Final = HEADER.size
MAX_DESCRIPTORS: Final = 4
_pack_header: Final = HEADER.pack
_unpack_header: Callable[[bytes, int], tuple[int, int, int]] = HEADER.unpack_from

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
_LIMIT_OF: Final[tuple[int, ...]] = tuple(LIMITS.get(kind, -1) for kind in range(256))
_KINDS: Final = tuple(Kind(kind) if kind in LIMITS else None for kind in range(256))

Frame = tuple[int, int, bytes]
"""Kind, number of descriptors attached, body."""


def encode_frame(kind: int, body: bytes, descriptors: int = 0) -> bytes:
    """Frame `body`. Raises FrameTooLarge before anything is sent.

    A plain int costs a third of what a `Kind` does here, which callers with much to send make use of.
    """
    size = len(body)
    if size > _LIMIT_OF[kind]:
        raise FrameTooLarge(
            f"A {Kind(kind).name.lower()} of {size} bytes is over its limit of {_LIMIT_OF[kind]}; "
            "pass bulk data as a sealed memfd.",
            details={"kind": Kind(kind).name, "bytes": size, "limit": _LIMIT_OF[kind]},
        )
    if descriptors and not 0 < descriptors <= MAX_DESCRIPTORS:
        raise ProtocolError(f"{descriptors} descriptors cannot travel with one frame.")
    return _pack_header(size, kind, descriptors) + body


class FrameDecoder:
    """Cuts a byte stream into frames.

    `feed` may be given any split of the stream; a frame that comes in many pieces is copied twice at
    most, however many they are. After it raised, the decoder must not be fed again: the stream has no
    sound point to go on from.
    """

    __slots__ = ("_limits", "_missing", "_partial")

    def __init__(self, accept: frozenset[Kind] | None = None) -> None:
        """`accept`: the kinds this side may receive; any other ends the connection."""
        self._partial = bytearray()
        self._missing = 0  # bytes that have to come before it is worth looking again
        self._limits: tuple[int, ...] = tuple(
            limit if accept is None or kind in accept else -1 for kind, limit in enumerate(_LIMIT_OF)
        )

    @property
    def buffered(self) -> int:
        """Bytes held of a frame that is not complete yet; never above the largest limit plus a header."""
        return len(self._partial)

    def remainder(self) -> bytes:
        """The bytes held of an incomplete frame, for a decoder that takes over."""
        return bytes(self._partial)

    def descriptors_due(self) -> int:
        """How many descriptors may have come by now for the frame that is not complete."""
        if len(self._partial) < HEADER_BYTES:
            return MAX_DESCRIPTORS if self._partial else 0
        return self._partial[HEADER_BYTES - 1]

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames completed by `data`. Raises ProtocolError or FrameTooLarge."""
        if self._partial:
            self._partial += data
            if len(data) < self._missing:
                self._missing -= len(data)
                return []
            data = bytes(self._partial)
            self._partial = bytearray()
        frames: list[Frame] = []
        position, end = 0, len(data)
        limits = self._limits
        stop = HEADER_BYTES
        while stop <= end:
            length, kind, descriptors = _unpack_header(data, position)
            if length > limits[kind] or descriptors > MAX_DESCRIPTORS:
                raise _refusal(length, kind, descriptors, limits[kind])
            stop += length
            if stop > end:
                break
            frames.append((kind, descriptors, data[position + HEADER_BYTES : stop]))
            position = stop
            stop += HEADER_BYTES
        if position < end:
            self._partial += data[position:]
            self._missing = stop - end
        return frames


def _refusal(length: int, number: int, descriptors: int, limit: int) -> ProtocolError:
    kind = _KINDS[number]
    if kind is None:
        return ProtocolError(f"A frame of unknown kind {number}.", details={"kind": number})
    if limit < 0:
        return ProtocolError(f"A {kind.name.lower()} is not expected here.", details={"kind": number})
    if descriptors > MAX_DESCRIPTORS:
        return ProtocolError(f"A frame announces {descriptors} descriptors; {MAX_DESCRIPTORS} is the limit.")
    return FrameTooLarge(
        f"A frame announces {length} bytes; its kind may have {limit}.",
        details={"kind": number, "bytes": length, "limit": limit},
    )
