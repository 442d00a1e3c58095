"""Errors of the protocol. Each ends the connection unless its docstring says otherwise."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class ProtocolError(GarretError):
    """The peer sent bytes that are not this protocol; nothing of them was acted on."""

    code = Code.INVALID


class FrameTooLarge(ProtocolError):
    """A frame announces more bytes than its kind may have; its body is never read."""


class HandshakeRefused(ProtocolError):
    """A proof, version, build or nonce did not hold; the connection is closed and counted."""

    code = Code.DENIED


class PayloadInvalid(ProtocolError):
    """A well-framed envelope whose payload fails its type. The connection goes on only for results
    of a worker that is then restarted; a client's connection ends."""
