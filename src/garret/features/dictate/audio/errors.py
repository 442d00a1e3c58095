"""What can go wrong with audio, as typed errors a person can act on.

Neighbours: `decode`, `wav`, `flac` and `spool` raise these; the room's service shows their messages.
Imports nothing heavy, so that the control plane may name the types.
"""

from __future__ import annotations

from typing import Any

from garret.base.errors import Code, GarretError


class AudioError(GarretError):
    """Base of everything that goes wrong with audio."""

    code = Code.INVALID


UNDECODABLE = "undecodable"
"""The detail of an error that says: of this source nothing can be made, now or at another try."""


class UndecodableError(AudioError):
    """Base of what is wrong with the source itself; nothing of it needs to be kept."""

    def __init__(self, message: str, *, details: dict[str, Any] | None = None) -> None:
        super().__init__(message, details={**(details or {}), UNDECODABLE: True})


class EmptyAudioError(UndecodableError):
    """There is not one sample in the source."""


class NotAudioError(UndecodableError):
    """The bytes are no audio that can be read, or the header contradicts itself."""


class UnsupportedAudioError(UndecodableError):
    """It is audio, but of a kind outside what is accepted (absurd rate, unknown encoding)."""


class TrackMissingError(UndecodableError):
    """The file has fewer sound tracks than the one that was asked for."""


class TooLongError(UndecodableError):
    """The recording is longer than the limit in force. Nothing is cut silently."""


class SourceFailedError(AudioError):
    """Reading the source failed: it vanished, or the device returned an error."""

    code = Code.FAILED
    retryable = True


class SinkFailedError(AudioError):
    """Writing decoded or encoded audio failed; `Code.FULL` when the disk or a quota is full."""

    code = Code.FAILED


class CodecMissingError(UndecodableError):
    """The file needs a decoder that is an optional extra and is not installed."""

    code = Code.UNAVAILABLE
    retryable = False
