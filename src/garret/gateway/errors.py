"""Errors of the gateway."""

from __future__ import annotations

from garret.base.errors import GarretError


class GatewayError(GarretError):
    """The gateway could not start, or cannot go on."""
