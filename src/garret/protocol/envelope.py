"""The envelope: what every frame's body is, whatever it carries.

Encoded as a msgpack array (msgspec `array_like`), which keeps it small and quick; a missing, extra
or wrongly typed field is refused. The payload stays encoded until the side that knows its type
decodes it, so a broker forwards it without touching it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError, UsageError
from garret.protocol.errors import HandshakeRefused, ProtocolError
from garret.protocol.frames import Frame, Kind, encode_frame

VERSION: Final = 3
"""The protocol's one version number; a peer with another is refused in the handshake."""

EMPTY: Final = msgspec.Raw(b"\xc0")
"""An encoded nil, the payload of frames that need none."""


class Envelope(
    msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True, gc=False, omit_defaults=False
):
    """One message.

    `id` names the request on this connection, chosen by whoever sent the command; everything that
    belongs to the request carries it. `deadline` is absolute, in seconds of the machine's monotonic
    clock. `trace` is a W3C trace context `traceparent`. `workspace` names what a command is about; empty for
    the one that is there from the first day (`protocol.scope`). `sender` and `target` are names given in the
    handshake or by the broker, never trusted from a client.
    """

    version: int
    id: int
    kind: int
    sender: str
    target: str
    name: str
    deadline: float | None
    trace: str | None
    workspace: str
    payload: msgspec.Raw


_CLASSES: Final[dict[Code, type[GarretError]]] = {
    Code.CANCELLED: CancelledError,
    Code.DEADLINE: DeadlineError,
    Code.USAGE: UsageError,
}


class WireError(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A `GarretError` on the wire."""

    code: Code
    message: str
    retryable: bool = False
    details: dict[str, Any] = {}

    def to_exception(self) -> GarretError:
        """The error to raise, of the class that callers look for where its code has one."""
        kind = _CLASSES.get(self.code, GarretError)
        return kind(self.message, code=self.code, retryable=self.retryable, details=dict(self.details))

    @classmethod
    def of(cls, error: GarretError) -> WireError:
        return cls(error.code, error.message, error.retryable, error.details)


_envelope_decoder: Final = msgspec.msgpack.Decoder(Envelope)
_error_decoder: Final = msgspec.msgpack.Decoder(WireError)
_encoder: Final = msgspec.msgpack.Encoder()
_encode: Final = _encoder.encode
_decode: Final = _envelope_decoder.decode
_ERROR: Final = int(Kind.ERROR)

_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_UNENCODABLE: Final = (
    ProtocolError,
    msgspec.MsgspecError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
)
_SHORT_MESSAGE: Final = 4000  # characters; at four bytes each still far below the limit of an error


def decode_error(payload: msgspec.Raw) -> WireError:
    """The error in the payload of an ERROR frame. Raises ProtocolError where it is none."""
    try:
        return _error_decoder.decode(payload)
    except _UNDECODABLE as error:
        raise ProtocolError(f"An error does not have its form: {error}") from error


def encode_payload(value: Any) -> msgspec.Raw:
    """Encode a contract struct (or plain data) as a payload."""
    return msgspec.Raw(_encode(value))


def decode_envelope(frame: Frame) -> Envelope:
    """Decode and check one frame. Nothing half-read is ever returned.

    Raises ProtocolError, and HandshakeRefused for another version: that is met before the handshake can tell.
    """
    try:
        envelope = _decode(frame[2])
    except _UNDECODABLE as error:
        raise ProtocolError(f"An envelope does not have its form: {error}") from error
    if envelope.version != VERSION:
        raise HandshakeRefused(
            f"The other side speaks version {envelope.version} of the protocol, and this program version "
            f"{VERSION}. Nothing was done. Restart Garret with `garret down`, then try again.",
            details={"reason": "build"},
        )
    if envelope.kind != frame[0]:
        raise ProtocolError(f"An envelope of kind {envelope.kind} came in a frame of kind {frame[0]}.")
    return envelope


def pack(
    kind: int,
    request: int,
    payload: msgspec.Raw = EMPTY,
    *,
    name: str = "",
    sender: str = "",
    target: str = "",
    deadline: float | None = None,
    trace: str | None = None,
    workspace: str = "",
    descriptors: int = 0,
) -> bytes:
    """Build and frame an envelope in one step. Raises FrameTooLarge."""
    envelope = Envelope(VERSION, request, kind, sender, target, name, deadline, trace, workspace, payload)
    body = _encode(envelope)
    return encode_frame(kind, body, descriptors)


def pack_error(request: int, error: GarretError) -> bytes:
    """Frame an error. Never fails: details that do not fit or cannot be encoded are left out."""
    wire = WireError.of(error)
    try:
        return pack(_ERROR, request, encode_payload(wire))
    except _UNENCODABLE:
        # A message made from a file's name may hold bytes that are no text (PEP 383).
        message = wire.message[:_SHORT_MESSAGE].encode(errors="replace").decode()
        return pack(_ERROR, request, encode_payload(WireError(wire.code, message, wire.retryable)))
