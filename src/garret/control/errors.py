"""The error base of the control plane. Every part of it derives its own errors from `ControlError`."""

from __future__ import annotations

from garret.base.errors import GarretError


class ControlError(GarretError):
    """Something the control plane refused or could not do; the message tells what was kept."""
