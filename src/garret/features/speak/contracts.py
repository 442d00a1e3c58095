"""Commands, results and events of the speaking room: text to speech and playback."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Event, Nothing, command, event
from garret.protocol.finding import Findings


class Voice(Contract, frozen=True):
    """A voice that can speak. `quality` says in a word how it sounds."""

    id: str
    name: str
    language: str
    engine: str
    quality: str


class MissingEngine(Contract, frozen=True):
    """An engine that cannot speak here, and why."""

    name: str
    reason: str


class Voices(Contract, frozen=True):
    """Every voice, the default first, and the engines that have none here."""

    voices: tuple[Voice, ...]
    missing: tuple[MissingEngine, ...] = ()


@command("speak.voices", result=Voices, capability="speak.use", target="tts")
class ListVoices(Command[Voices], frozen=True):
    """The voices that can speak now."""


class Speech(Contract, frozen=True):
    """A stretch of PCM: signed 16-bit little-endian, mono, at `sample_rate`."""

    sample_rate: int
    data: bytes


class Spoken(Contract, frozen=True):
    """What was said, in which voice, and how long it takes (seconds)."""

    seconds: float
    voice: str
    engine: str
    quality: str
    sample_rate: int


@command(
    "speak.synthesize",
    result=Spoken,
    capability="worker.tts",
    target="tts",
    items=Speech,
    timeout=None,
)
class Synthesize(Command[Spoken], frozen=True):
    """Speak a text as a stream of PCM, sentence by sentence. Rate in words a minute, 0: the voice's own."""

    text: str
    voice: str = ""
    rate: int = 0
    pitch: int = 50
    volume: int = 100


@command("speak.render", result=Spoken, capability="speak.use", timeout=None)
class Render(Command[Spoken], frozen=True):
    """Speak a text into a WAV file, handed over whole as sealed memory beside the result."""

    text: str
    voice: str = ""
    rate: int = 0
    pitch: int = 50
    volume: int = 100


@command("speak.compute", result=Spoken, capability="worker.tts", target="tts", timeout=None)
class Compute(Command[Spoken], frozen=True):
    """What `Render` asks of the synthesis worker."""

    text: str
    voice: str = ""
    rate: int = 0
    pitch: int = 50
    volume: int = 100


@command("speak.say", result=Spoken, capability="speak.use", job=True, timeout=None)
class Say(Command[Spoken], frozen=True):
    """Speak a text on this machine's speaker, after what is already queued."""

    text: str
    key: str = ""
    voice: str = ""
    rate: int = 0
    device: str = ""


@command("speak.stop", result=Nothing, capability="speak.use")
class StopSpeaking(Command[Nothing], frozen=True):
    """Stop what is being said and drop what is queued."""


class Played(Contract, frozen=True):
    seconds: float


@command(
    "playback.play",
    result=Played,
    capability="worker.playback",
    target="playback",
    inputs=Speech,
    timeout=None,
)
class Play(Command[Played], frozen=True):
    """Play the PCM that streams in, on one device, after what is queued there."""

    device: str = ""


class Speaker(Contract, frozen=True):
    id: str
    name: str
    default: bool = False


class Speakers(Contract, frozen=True):
    speakers: tuple[Speaker, ...]


@command("playback.devices", result=Speakers, capability="speak.use", target="playback")
class ListSpeakers(Command[Speakers], frozen=True):
    """The loudspeakers that are there now."""


@command("speak.examine", result=Findings, capability="speak.use")
class Examine(Command[Findings], frozen=True):
    """What a person who wants to hear speech has to know: engines, voice, loudspeakers. Plays nothing."""


@event("speak.finished")
class Finished(Event, frozen=True):
    """A text was said. Of a very long one `text` is the beginning."""

    text: str
    seconds: float
