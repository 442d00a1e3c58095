"""Errors of the transport."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class TransportError(GarretError):
    """The connection cannot carry on."""

    code = Code.UNAVAILABLE
    retryable = True


class Disconnected(TransportError):
    """The other side closed the connection or died."""


class PeerTooSlow(TransportError):
    """The other side does not read; what was queued for it is past the limit."""
