"""What can go wrong while sound is captured; every message says what was kept."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class CaptureError(GarretError):
    """Something went wrong while capturing sound."""


class NoMicrophoneError(CaptureError):
    """There is no such microphone, or none can be opened."""

    code = Code.UNAVAILABLE


class SpoolError(CaptureError):
    """The spool file cannot be used."""

    code = Code.FAILED


class SpoolFullError(SpoolError):
    """The disk or a quota is full; `details["kept_bytes"]` is what the spool holds."""

    code = Code.FULL
