"""Speech on its way to text: the jobs that transcribe and listen, what they stream, their events.

Neighbours: `utterances` are what they work on and leave behind.
"""

from __future__ import annotations

from typing import Literal

from garret.features.dictate.contracts.utterances import State
from garret.protocol.contract import Command, Contract, Event, Nothing, command, event
from garret.protocol.finding import Findings

Stage = Literal["captured", "transcribed", "cleaned"]
"""Where a retry begins."""


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


class DictationItem(Contract, frozen=True):
    """What a running dictation tells: partial text of the current segment, the final text of one,
    the level of the microphone (dBFS), a change of state (`listening`, `paused`, `muted`), a command that was
    heard, one that was made words again (`text` is empty where there is none), a mode that is on from now
    (`text` is its name, empty where none is), or, where the client asked for that with `resumes`, how many
    samples are kept: pushed sound goes on from the first told of."""

    kind: Literal["partial", "final", "level", "state", "command", "words", "mode", "kept"]
    text: str = ""
    segment: int = 0
    start: float = 0.0
    end: float = 0.0
    level: float = 0.0
    quality: str = ""
    kept: int = 0


class AudioChunk(Contract, frozen=True):
    """PCM pushed by a client: signed 16-bit little-endian, mono, 16 kHz; at most 64 KiB.

    `as_words` holds no sound: of a live dictation the last command that was taken is to be words again, and
    asked once more, the one before it.
    """

    data: bytes = b""
    as_words: bool = False


@command(
    "dictate.transcribe",
    result=Dictated,
    capability="dictate.use",
    job=True,
    replay=64,
    items=DictationItem,
    timeout=None,
)
class Transcribe(Command[Dictated], frozen=True):
    """Turn an utterance that is in the store into text.

    `key` makes asking again join the run that is under way or done. `engine` empty: the one in the
    settings. `mode` spelling reads letters, the NATO alphabet and digits. `commands`: spoken commands are
    carried out in a recording that was imported, as they are in what was dictated live.
    `track` is which sound track of several is heard, counted from 1; 0 is the default one, or the first in
    which somebody speaks.
    """

    utterance: str
    key: str = ""
    engine: str = ""
    mode: Literal["free", "spelling"] = "free"
    start_from: Stage = "captured"
    partials: bool = False
    track: int = 0
    commands: bool = False


@command(
    "dictate.restore_words",
    result=Dictated,
    capability="dictate.use",
    job=True,
    items=DictationItem,
    timeout=None,
)
class RestoreWords(Command[Dictated], frozen=True):
    """Make what was taken for a spoken command words of the text again, and undo what it did.

    `number` is that of the command in the transcript; 0 is all of them. What was restored before stays so.
    """

    utterance: str
    number: int = 0
    key: str = ""


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

    `resumes` says that whoever asks comes back after a restart of Garret, with the same key, and goes on:
    with the input stream, which for pushed sound holds what was not told as kept. The listening then goes
    on too. Otherwise a restart ends it, with the text of what was captured.

    Without `commands` all that is said is text, also when it is heard again later.
    """

    source: Literal["microphone", "push"]
    key: str = ""
    device: str = ""
    engine: str = ""
    mode: Literal["free", "spelling"] = "free"
    partials: bool = True
    name: str = ""
    resumes: bool = False
    commands: bool = True


@command("dictate.examine", result=Findings, capability="dictate.use")
class Examine(Command[Findings], frozen=True):
    """What a person who wants to dictate has to know: engines, microphones, files. Opens no microphone."""


@command("dictate.stop", result=Nothing, capability="dictate.use")
class Stop(Command[Nothing], frozen=True):
    """End a live dictation: what was heard is transcribed. Without an utterance: the current one."""

    utterance: str = ""


class Pausing(Contract, frozen=True):
    """Whether dictations are paused now, and how many."""

    paused: bool
    dictations: int


@command("dictate.pause", result=Pausing, capability="dictate.use")
class Pause(Command[Pausing], frozen=True):
    """Pause a live dictation, or go on with it, in the same utterance; what sounds meanwhile is not kept.

    A microphone is closed while it is paused. `paused` None: the other of what is. Without an utterance: the
    current ones, save those whose sound a program pushes and holds, which has to pause by itself.
    """

    utterance: str = ""
    paused: bool | None = None


@event("dictate.started", own="dictate.read_own", others="dictate.read")
class Started(Event, frozen=True):
    utterance: str
    source: str


@event("dictate.paused", own="dictate.read_own", others="dictate.read")
class PauseChanged(Event, frozen=True):
    """A live dictation was paused: its microphone is closed now. Or it goes on."""

    utterance: str
    paused: bool


@event("dictate.finished", own="dictate.read_own", others="dictate.read")
class Finished(Event, frozen=True):
    """A transcript is kept. Of a very long one `text` is the beginning; `dictate.get` has all of it."""

    utterance: str
    text: str
    engine: str
    quality: str
