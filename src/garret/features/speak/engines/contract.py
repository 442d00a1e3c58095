"""What every synthesizer promises: voices, streamed sound, cancellation, and errors with a type.

Sound is PCM, signed 16 bit, little endian, one channel. `Delivery` is the only way from an engine to
its caller: it announces the format before the first byte, hands over pieces of at most 40 ms and asks
before each whether to go on, so that a cancelled engine stops within 100 ms of audio. Neighbours:
`espeak.py` and `flite.py` fulfil the contract, `registry.py` chooses between them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from garret.base.errors import Code, GarretError
from garret.features.speak import sentences

TEXT_LIMIT = 100_000
"""Characters accepted in one request: about two hours of speech."""

RATE_NORMAL, RATE_LOWEST, RATE_HIGHEST = 175, 80, 450  # words a minute, the range of espeak-ng's speak_lib.h
PIECE_SECONDS = 0.04
SAMPLE_BYTES = 2

Sink = Callable[[bytes], bool]
"""Takes a piece of PCM; returns False when no more is wanted."""
Announce = Callable[["SpeechFormat"], None]
Cancelled = Callable[[], bool]


class SpeakError(GarretError):
    """Something went wrong while turning text into speech."""


class EmptyTextError(SpeakError):
    """There is nothing in the text that can be said."""

    code = Code.USAGE

    def __init__(self, engine: str = "") -> None:
        by = f" with {engine}" if engine else ""
        super().__init__(f"There is nothing in this text that can be spoken{by}; give at least one word.")


class TextTooLongError(SpeakError):
    """The text is longer than `TEXT_LIMIT`."""

    code = Code.USAGE

    def __init__(self, length: int) -> None:
        super().__init__(
            f"The text has {length:,} characters; at most {TEXT_LIMIT:,} are spoken at once. "
            "Nothing was spoken. Speak it in parts.",
            details={"length": length, "limit": TEXT_LIMIT},
        )


class OptionError(SpeakError):
    """An option is outside its range."""

    code = Code.USAGE


class UnknownVoiceError(SpeakError):
    """No engine here has that voice; `details["near"]` holds the ids that look like it."""

    code = Code.USAGE

    def __init__(self, voice: str, known: Iterable[str]) -> None:
        ids = sorted(known)
        near = near_names(voice, ids)
        hint = f"Did you mean {', '.join(near)}?" if near else f"Try one of {', '.join(ids[:5])}."
        super().__init__(
            f"There is no voice called {voice[:60]!r}. Nothing was spoken. {hint}", details={"near": near}
        )


class EngineMissingError(SpeakError):
    """The program or library of an engine is not on this machine."""

    code = Code.UNAVAILABLE


class SynthesisError(SpeakError):
    """The engine failed while speaking; what was delivered before stays good."""

    code = Code.FAILED


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice: `id` is `engine/name`, unique over all engines; `language` a BCP 47 tag in lower case."""

    id: str
    name: str
    language: str
    quality: str  # in plain words: "robotic" or "clear"

    @property
    def engine(self) -> str:
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How to speak. Empty `voice` means the default; rate in words a minute; pitch and volume in percent.

    Rate 0, pitch 50 and volume 100 are the voice's own. Raises OptionError when a figure is out of range.
    """

    voice: str = ""
    rate: int = 0
    pitch: int = 50
    volume: int = 100

    def __post_init__(self) -> None:
        if self.rate:
            _check_range("rate", self.rate, RATE_LOWEST, RATE_HIGHEST, "words a minute")
        _check_range("pitch", self.pitch, 0, 100, "percent")
        _check_range("volume", self.volume, 0, 100, "percent")


def _check_range(name: str, value: int, low: int, high: int, unit: str) -> None:
    if not low <= value <= high:
        raise OptionError(
            f"The {name} {value} is outside {low} to {high} {unit}. Nothing was spoken.",
            details={"option": name, "lowest": low, "highest": high},
        )


@dataclass(frozen=True, slots=True)
class SpeechFormat:
    """The shape of the sound: signed 16-bit little-endian PCM at `sample_rate` Hz."""

    sample_rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was delivered: `samples` a channel; `finished` is False when the caller stopped it."""

    format: SpeechFormat
    samples: int
    finished: bool

    @property
    def seconds(self) -> float:
        return self.samples / self.format.sample_rate


class Synthesizer(Protocol):
    """An engine that turns text into sound. One utterance at a time; safe to call from any thread."""

    @property
    def name(self) -> str: ...

    def voices(self) -> Sequence[Voice]:
        """All voices of this engine, in a fixed order, the preferred one first."""
        ...

    def speak(
        self, text: str, options: SpeechOptions, announce: Announce, sink: Sink, cancelled: Cancelled
    ) -> Spoken:
        """Speak `text` and return when the last piece was taken or the caller stopped it.

        `announce` is called once, before the first `sink`. Raises EmptyTextError, TextTooLongError,
        UnknownVoiceError or SynthesisError; an exception of `sink` stops the engine and comes out as it is.
        """
        ...


class Delivery:
    """Hands PCM to the caller in pieces of at most `PIECE_SECONDS`, as long as it wants more."""

    def __init__(self, announce: Announce, sink: Sink, cancelled: Cancelled) -> None:
        self._announce = announce
        self._sink = sink
        self._cancelled = cancelled
        self._stopped = False
        self._samples = 0
        self.format: SpeechFormat | None = None

    def begin(self, speech_format: SpeechFormat) -> None:
        """Announce the format, once; the same again does nothing. Raises SynthesisError on a change."""
        if self.format == speech_format:
            return
        if self.format is not None:
            raise SynthesisError(
                "The voice changed its sample rate in the middle of the text; speech stopped there."
            )
        self.format = speech_format
        self._announce(speech_format)

    def stopped(self) -> bool:
        """Whether the caller wants no more."""
        self._stopped = self._stopped or self._cancelled()
        return self._stopped

    def write(self, pcm: bytes) -> bool:
        """Hand over `pcm`; False as soon as the caller wants no more. `begin` must have been called."""
        if self.format is None:
            raise RuntimeError("the format is announced before the first sound")
        step = max(1, int(self.format.sample_rate * PIECE_SECONDS)) * SAMPLE_BYTES * self.format.channels
        for start in range(0, len(pcm), step):
            if self.stopped():
                return False
            piece = pcm[start : start + step]
            self._samples += len(piece) // (SAMPLE_BYTES * self.format.channels)
            if not self._sink(piece):
                self._stopped = True
                return False
        return True

    def result(self, fallback: SpeechFormat) -> Spoken:
        """The account of what was delivered; `fallback` is named when nothing was."""
        return Spoken(self.format or fallback, self._samples, not self._stopped)


def prepare(text: str, engine: str) -> str:
    """Return `text` made safe for an engine. Raises TextTooLongError or EmptyTextError."""
    if len(text) > TEXT_LIMIT:
        raise TextTooLongError(len(text))
    safe = sentences.clean(text)
    if not sentences.has_words(safe):
        raise EmptyTextError(engine)
    return safe


def voice_id(wanted: str, known: Collection[str]) -> str:
    """The id among `known` that is `wanted`, or has that name after its engine ("slt", "en-gb").

    Raises UnknownVoiceError, which names the near ones.
    """
    goal = wanted.strip().lower()
    if goal in known:
        return goal
    for identifier in known:
        if identifier.partition("/")[2] == goal:
            return identifier
    raise UnknownVoiceError(wanted, known)


def near_names(wanted: str, known: Sequence[str], count: int = 4) -> list[str]:
    """Up to `count` of `known` that resemble `wanted`, by their whole id or the part after the slash."""
    short = {identifier.rpartition("/")[2].lower(): identifier for identifier in reversed(known)}
    goal = wanted[:60].rpartition("/")[2].lower()
    if not goal:
        return []
    close = [short[match] for match in difflib.get_close_matches(goal, short, n=count, cutoff=0.5)]
    inside = [identifier for identifier in known if goal in identifier.lower() and identifier not in close]
    return (close + inside)[:count]
