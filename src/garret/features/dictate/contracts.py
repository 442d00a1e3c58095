"""Commands, results and events of the dictation room.

The first part is what clients say to the room; the second what the room says to its workers
(`audio`, `stt`, `text`). Audio times are seconds from the start of the utterance; sample positions
are at 16 kHz mono.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from garret.protocol.contract import Command, Contract, Event, Nothing, command, event

State = Literal["capturing", "captured", "transcribed", "cleaned", "delivered", "held"]
"""How far an utterance has come; `held` is cleaned text that could not be delivered."""

Stage = Literal["captured", "transcribed", "cleaned"]
"""Where a retry begins."""

# ---------------------------------------------------------------- shared structs


class RecognisedWord(Contract, frozen=True):
    """A word with its times in seconds, and a confidence from 0 to 1 where the engine has one."""

    start: float
    end: float
    word: str
    confidence: float | None


class TranscriptSegment(Contract, frozen=True):
    """A stretch of speech between two silences; `text` is cleaned, `raw` as recognised."""

    start: float
    end: float
    text: str
    raw: str = ""
    words: tuple[RecognisedWord, ...] = ()


class Transcript(Contract, frozen=True):
    """An utterance as text. `quality` is the engine's own label; `segments` is one page of `total`.

    `raw` and `text` are complete on the first page and empty on the others. `stages` holds the
    seconds spent in each stage: import, decode, recognise, clean.
    """

    utterance: str
    engine: str
    quality: str
    raw: str
    text: str
    audio_seconds: float
    decode_seconds: float
    segments: tuple[TranscriptSegment, ...]
    total: int = 0
    state: State = "cleaned"
    note: str = ""
    stages: dict[str, float] = msgspec.field(default_factory=dict[str, float])


class Dictated(Contract, frozen=True):
    """How a dictation ended; the text is fetched with `dictate.get`, page by page."""

    utterance: str
    state: State
    engine: str
    quality: str
    audio_seconds: float
    decode_seconds: float
    segments: int
    note: str = ""


class Utterance(Contract, frozen=True):
    """An utterance as the history lists it."""

    id: str
    state: State
    source: str
    created: float
    audio_seconds: float = 0.0
    engine: str = ""
    quality: str = ""
    raw: str = ""
    text: str = ""
    error: str = ""
    job: str = ""
    has_audio: bool = False


# ---------------------------------------------------------------- what streams while dictating


class DictationItem(Contract, frozen=True):
    """What a running dictation tells: partial text of the current segment, the final text of one,
    the level of the microphone (dBFS), a change of state, or progress through a file (0..1)."""

    kind: Literal["partial", "final", "level", "state", "command"]
    text: str = ""
    segment: int = 0
    start: float = 0.0
    end: float = 0.0
    level: float = 0.0
    quality: str = ""


class AudioChunk(Contract, frozen=True):
    """PCM pushed by a client: signed 16-bit little-endian, mono, 16 kHz; at most 64 KiB."""

    data: bytes


# ---------------------------------------------------------------- commands of clients


class Imported(Contract, frozen=True):
    utterance: str
    bytes: int


@command("dictate.import", result=Imported, capability="dictate.use", descriptors=1, timeout=None)
class Import(Command[Imported], frozen=True):
    """Take an audio file (its descriptor comes with the command) into the store."""

    name: str


@command(
    "dictate.transcribe",
    result=Dictated,
    capability="dictate.use",
    job=True,
    items=DictationItem,
    timeout=None,
)
class Transcribe(Command[Dictated], frozen=True):
    """Turn an utterance that is in the store into text.

    `key` makes asking again join the run that is under way or done. `engine` empty: the one in the
    settings. `mode` spelling reads letters, the NATO alphabet and digits.
    """

    utterance: str
    key: str = ""
    engine: str = ""
    mode: Literal["free", "spelling"] = "free"
    start_from: Stage = "captured"
    partials: bool = False


@command(
    "dictate.listen",
    result=Dictated,
    capability="dictate.use",
    job=True,
    items=DictationItem,
    inputs=AudioChunk,
    timeout=None,
)
class Listen(Command[Dictated], frozen=True):
    """Dictate live, from a microphone or from audio the client pushes, until stopped.

    Ending the input stream, or `dictate.stop`, ends the listening; the text of all that was heard
    is the result.
    """

    source: Literal["microphone", "push"]
    key: str = ""
    device: str = ""
    engine: str = ""
    mode: Literal["free", "spelling"] = "free"
    partials: bool = True
    name: str = ""


@command("dictate.stop", result=Nothing, capability="dictate.use")
class Stop(Command[Nothing], frozen=True):
    """End a live dictation: what was heard is transcribed. Without an utterance: the current one."""

    utterance: str = ""


class Utterances(Contract, frozen=True):
    utterances: tuple[Utterance, ...]


@command("dictate.history", result=Utterances, capability="dictate.read_own")
class History(Command[Utterances], frozen=True):
    """List utterances, newest first; `query` keeps those whose text contains all its words.

    `before` is the id of the last one of the page before; ids sort by time. A page may hold fewer than
    `limit` where texts are long; an empty one is the last.
    """

    limit: int = 50
    query: str = ""
    before: str = ""


@command("dictate.get", result=Transcript, capability="dictate.use")
class Get(Command[Transcript], frozen=True):
    """The transcript of one utterance as it is kept: `limit` segments from number `first` on."""

    utterance: str
    first: int = 0
    limit: int = 200


@command("dictate.audio", result=Nothing, capability="dictate.read_own")
class Audio(Command[Nothing], frozen=True):
    """The kept audio of one utterance, as a descriptor of a FLAC file beside the result."""

    utterance: str


@command("dictate.delete", result=Nothing, capability="dictate.delete", approval=True)
class Delete(Command[Nothing], frozen=True):
    """Delete an utterance: its text and its audio. Cannot be undone, so it needs an approval."""

    utterance: str
    approval: str = ""


@command("dictate.delivered", result=Nothing, capability="dictate.use")
class Delivered(Command[Nothing], frozen=True):
    """Tell that the text of an utterance reached where it was meant to go, or that it did not."""

    utterance: str
    where: str
    problem: str = ""


class Device(Contract, frozen=True):
    id: str
    name: str
    kind: Literal["microphone", "speaker"]
    default: bool = False


class Devices(Contract, frozen=True):
    devices: tuple[Device, ...]


class EngineStatus(Contract, frozen=True):
    """An engine, whether it can be used now, and what is missing where it cannot."""

    name: str
    quality: str
    available: bool
    reason: str = ""


class Engines(Contract, frozen=True):
    engines: tuple[EngineStatus, ...]


# ---------------------------------------------------------------- events


@event("dictate.started")
class Started(Event, frozen=True):
    utterance: str
    source: str


@event("dictate.finished")
class Finished(Event, frozen=True):
    utterance: str
    text: str
    engine: str
    quality: str


@event("dictate.deleted")
class Deleted(Event, frozen=True):
    utterance: str


# ---------------------------------------------------------------- commands of workers


class SpeechSegment(Contract, frozen=True):
    """Speech found between `start` and `end`, in samples."""

    start: int
    end: int


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

    After the state `ended`, with the `problem` where it was nobody's wish, only the result follows.
    """

    kind: Literal["durable", "speech_start", "speech_end", "level", "state"]
    durable: int = 0
    start: int = 0
    end: int = 0
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
    """Find the speech in a spool whose capture was cut off."""


class Encoded(Contract, frozen=True):
    bytes: int


@command(
    "audio.encode", result=Encoded, capability="worker.audio", target="audio", descriptors=2, timeout=None
)
class EncodeAudio(Command[Encoded], frozen=True):
    """Encode a spool (first descriptor) as FLAC into the second."""


@command("microphone.devices", result=Devices, capability="dictate.use", target="microphone")
class ListDevices(Command[Devices], frozen=True):
    """The microphones and speakers that are there now."""


class Available(Contract, frozen=True):
    """Samples up to `upto` are on disk; `final` says that the segment ends there."""

    upto: int
    final: bool = False


class Partial(Contract, frozen=True):
    text: str


class Hypothesis(Contract, frozen=True):
    """What an engine heard. `grammar` is what the command grammar alone would have heard."""

    text: str
    words: tuple[RecognisedWord, ...]
    engine: str
    quality: str
    decode_seconds: float
    grammar: str = ""


@command(
    "stt.recognize",
    result=Hypothesis,
    capability="worker.stt",
    target="stt",
    items=Partial,
    inputs=Available,
    descriptors=1,
    timeout=None,
)
class Recognize(Command[Hypothesis], frozen=True):
    """Recognise a segment of the spool (its descriptor) from sample `start`.

    `end` is its last sample where it is known already; otherwise the input stream tells how far the
    spool has grown and where the segment ends. Word times are from the start of the spool.
    """

    start: int
    end: int = 0
    engine: str = ""
    mode: Literal["free", "spelling"] = "free"
    partials: bool = False
    commands: bool = True


@command("stt.engines", result=Engines, capability="dictate.use", target="stt")
class ListEngines(Command[Engines], frozen=True):
    """The engines Garret knows, and which of them can be used now."""


class CleanedText(Contract, frozen=True):
    """`text` is the document, `segments` the cleaned text of each segment.

    `commands` are the spoken commands that were carried out; `refused` says why clean-up left the
    raw text as it was, where it did.
    """

    text: str
    segments: tuple[str, ...]
    commands: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    refused: str = ""
    cancelled: bool = False


class RawSegment(Contract, frozen=True):
    text: str
    grammar: str = ""


@command("text.clean", result=CleanedText, capability="worker.text", target="text", timeout=60.0)
class Clean(Command[CleanedText], frozen=True):
    """Clean the recognised segments of one utterance and carry out the commands among them."""

    segments: tuple[RawSegment, ...]
    mode: Literal["free", "spelling"] = "free"
    engine: str = ""
