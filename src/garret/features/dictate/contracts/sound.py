"""What the room says to the workers that handle sound, `audio` and `microphone`; devices.

Positions are samples of the spool, the file of 16 kHz mono PCM that sound is captured or decoded to.
"""

from __future__ import annotations

from typing import Literal

from garret.features.dictate.contracts.dictation import AudioChunk
from garret.protocol.contract import Command, Contract, command


class Device(Contract, frozen=True):
    """A sound device; a `monitor` is a microphone that hears what a speaker plays, not a room."""

    id: str
    name: str
    kind: Literal["microphone", "speaker"]
    default: bool = False
    monitor: bool = False


class Devices(Contract, frozen=True):
    devices: tuple[Device, ...]


@command("microphone.devices", result=Devices, capability="dictate.use", target="microphone")
class ListDevices(Command[Devices], frozen=True):
    """The microphones and speakers that are there now."""


class SpeechSegment(Contract, frozen=True):
    """Speech found between `start` and `end`, in samples. `cut`: it goes on there, in the next segment."""

    start: int
    end: int
    cut: bool = False


class AudioInfo(Contract, frozen=True):
    """What a decoded file was. `truncated`: it broke off, and what could be read is kept."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    seconds: float
    truncated: bool = False


@command(
    "audio.decode",
    result=AudioInfo,
    capability="worker.audio",
    target="audio",
    items=SpeechSegment,
    descriptors=2,
    timeout=None,
)
class DecodeAudio(Command[AudioInfo], frozen=True):
    """Decode an audio file (first descriptor) to the spool (second), telling each stretch of speech."""

    name: str
    limit_seconds: float


class CaptureItem(Contract, frozen=True):
    """What capturing tells: `durable` samples are in the spool; speech began or ended; the level; a state.

    After a `speech_pause` the segment ends at its `end`, unless a `speech_resume` follows. An end that is a
    `cut` was no silence; the next segment begins there. After the state `ended`, with the `problem` where it
    was nobody's wish, only the result follows.
    """

    kind: Literal["durable", "speech_start", "speech_pause", "speech_resume", "speech_end", "level", "state"]
    durable: int = 0
    start: int = 0
    end: int = 0
    cut: bool = False
    level: float = 0.0
    state: str = ""
    problem: str = ""


class Captured(Contract, frozen=True):
    """How a capture ended; `problem` tells why, where it was not the user's wish."""

    samples: int
    problem: str = ""


@command(
    "audio.capture",
    result=Captured,
    capability="worker.audio",
    target="audio",
    items=CaptureItem,
    inputs=AudioChunk,
    descriptors=1,
    timeout=None,
)
class Capture(Command[Captured], frozen=True):
    """Capture the audio of the input stream to the spool (its descriptor) until the stream ends.

    The last `again` samples of the spool are searched for speech anew, so that a capture that goes on
    where another was cut off misses none; positions are counted from the first of them.
    """

    again: int = 0


@command(
    "microphone.record",
    result=Captured,
    capability="worker.microphone",
    target="microphone",
    items=CaptureItem,
    inputs=AudioChunk,
    descriptors=1,
    timeout=None,
)
class Record(Command[Captured], frozen=True):
    """Capture a microphone as `Capture` does, until the input stream, which carries nothing, ends."""

    device: str = ""
    again: int = 0


class Rescued(Contract, frozen=True):
    samples: int
    segments: tuple[SpeechSegment, ...]


@command(
    "audio.rescue",
    result=Rescued,
    capability="worker.audio",
    target="audio",
    descriptors=1,
    timeout=None,
)
class Rescue(Command[Rescued], frozen=True):
    """Find the speech in a spool whose capture was cut off, before sample `upto`; 0 is the end of it."""

    upto: int = 0


class Encoded(Contract, frozen=True):
    bytes: int


@command(
    "audio.encode", result=Encoded, capability="worker.audio", target="audio", descriptors=2, timeout=None
)
class EncodeAudio(Command[Encoded], frozen=True):
    """Encode a spool (first descriptor) as FLAC into the second."""
