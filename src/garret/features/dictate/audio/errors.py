"""What can go wrong with audio, as typed errors a person can act on.

Neighbours: `decode`, `wav`, `flac` and `spool` raise these; the room's service shows their messages.
Imports nothing heavy, so that the control plane may name the types.
"""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class AudioError(GarretError):
    """Base of everything that goes wrong with audio."""

    code = Code.INVALID


class EmptyAudioError(AudioError):
    """There is not one sample in the source."""


class NotAudioError(AudioError):
    """The bytes are no audio that can be read, or the header contradicts itself."""


class UnsupportedAudioError(AudioError):
    """It is audio, but of a kind outside what is accepted (absurd rate, unknown encoding)."""


class TrackMissingError(AudioError):
    """The file has fewer sound tracks than the one that was asked for."""


class TooLongError(AudioError):
    """The recording is longer than the limit in force. Nothing is cut silently."""


class SourceFailedError(AudioError):
    """Reading the source failed: it vanished, or the device returned an error."""

    code = Code.FAILED
    retryable = True


class SinkFailedError(AudioError):
    """Writing decoded or encoded audio failed; `Code.FULL` when the disk or a quota is full."""

    code = Code.FAILED


class CodecMissingError(AudioError):
    """The file needs a decoder that is an optional extra and is not installed."""

    code = Code.UNAVAILABLE
    retryable = False
