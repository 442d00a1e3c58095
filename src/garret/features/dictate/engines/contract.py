"""What every speech engine promises, so that the room does not care which one is at work.

Life: `registry.open_engine(config)` loads the model once. For each segment of speech the worker asks
for a `Recognizer`, feeds it samples, may look at partial text, and takes the final hypothesis. An
engine has one recognizer at a time: asking for the next one ends the last, whatever state it was in.

Audio is int16 mono at 16 kHz. Times are seconds after the first sample the recognizer accepted.
Cancellation is a function the recognizer asks at least for every 100 ms of audio it decodes (or every
20 ms while a native call that cannot be interrupted runs elsewhere); it answers with `CancelledError`.

Neighbours: `pocketsphinx`, `sherpa`, `whisper` implement this; the `stt` worker drives it. Light to import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, runtime_checkable

import msgspec

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.installing import install_command

if TYPE_CHECKING:
    from garret.features.dictate.audio.spool import Samples

SAMPLE_RATE = 16_000
"""Samples a second that every engine is given."""

CHECK_SAMPLES = SAMPLE_RATE // 10
"""Samples (100 ms) an engine may decode between two looks at `cancelled`."""

Quality = Literal["draft", "standard", "high"]
"""How far the text can be trusted; shown wherever the text is. PocketSphinx is a draft."""

Cancelled = Callable[[], bool]


class EngineInfo(msgspec.Struct, frozen=True):
    """What is known of an engine before it is opened.

    `streaming`: its final text is made while audio arrives, so a long segment costs no wait at the end.
    `languages`: BCP 47 tags it can do; empty when that depends on the model.
    `grammar`, `vocabulary`: whether those parts of the configuration mean something to it.
    `model`: it needs a model folder; without, it brings its own.
    `punctuates`: it writes marks and capitals, so that a mark's name in its text is a word.
    `window`: seconds of sound that it hears together at about the price of a few; 0 where it has none.
    """

    name: str
    quality: Quality
    streaming: bool
    languages: tuple[str, ...] = ()
    grammar: bool = False
    vocabulary: bool = False
    model: bool = False
    punctuates: bool = False
    window: float = 0.0


class EngineConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which engine, and how.

    model_dir: the folder of the model; empty means the bundled one, which only PocketSphinx has.
    language: a BCP 47 tag or empty for the model's own. threads: of computing, for engines that use several.
    mode: `free` speech, or only what `grammar` (JSGF) allows. vocabulary: words to prefer.
    alone: the grammar of one item where `grammar` is of one or more. An engine that has it makes each further
    item dear, and hears a segment in which it finds one item again by this one.
    """

    engine: str = "pocketsphinx"
    model_dir: str = ""
    language: str = ""
    threads: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    mode: Literal["free", "grammar"] = "free"
    grammar: str = ""
    vocabulary: tuple[str, ...] = ()
    alone: str = ""


class RecognisedWord(msgspec.Struct, frozen=True):
    """A word with its times in seconds and its probability, None where the engine gives none."""

    text: str
    start: float
    end: float
    confidence: float | None


class Hypothesis(msgspec.Struct, frozen=True):
    """What an engine heard in a segment; empty text where it heard no words."""

    text: str
    words: tuple[RecognisedWord, ...] = ()


class Recognizer(Protocol):
    """Hears one segment. All methods raise CancelledError once `cancelled` answers yes, and EngineError."""

    def accept(self, samples: Samples) -> None:
        """Take the next int16 samples @ 16 kHz, of any number."""
        ...

    def partial(self) -> str:
        """The text heard so far; its end may still change. Empty when partials were not asked for."""
        ...

    def ahead(self, samples: int) -> None:
        """The segment may end after this many samples: begin with its final text, where that can be done
        beside others. To accept more takes it back."""
        ...

    def finish(self, samples: int | None = None) -> Hypothesis:
        """The final text of that many samples from the first, of all without a number. Engines that have
        decoded what came beyond already may not leave it out.

        The recognizer is of no use afterwards.
        """
        ...


class Engine(Protocol):
    """An opened engine: its model is in memory."""

    @property
    def info(self) -> EngineInfo: ...

    def recognizer(
        self, *, partials: bool = True, cancelled: Cancelled = ..., before: str = ""
    ) -> Recognizer:
        """A recognizer for the next segment. Without `partials` it decodes only once, at the end.

        `before` is the text just before the segment, for engines that hear better with it; others ignore it.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back. Safe to call twice."""
        ...


@runtime_checkable
class Weighing(Protocol):
    """An engine that also tells how likely each of a few things is what was said."""

    def weigh(
        self, samples: Samples, choices: Sequence[Sequence[str]], *, cancelled: Cancelled = ...
    ) -> tuple[float, ...]:
        """For each choice the log probability that its text of `samples` begins with one of its spellings.

        The same for all where nothing can be heard. Raises as a recognizer does, and ends none.
        """
        ...


@runtime_checkable
class Comparing(Protocol):
    """An engine that also tells how likely a whole text is what was said."""

    def compare(
        self, samples: Samples, texts: Sequence[Sequence[str]], *, cancelled: Cancelled = ...
    ) -> tuple[float, ...]:
        """For each text the log probability that it is all of what was said, in one of its spellings, with
        whatever mark after it.

        The same for all where nothing can be heard. Raises as a recognizer does, and ends none.
        """
        ...


class EngineError(GarretError):
    """Base of what engines raise."""


class UnknownEngineError(EngineError):
    """No engine has that name."""

    code = Code.USAGE


class EngineOptionError(EngineError):
    """The configuration asks for what this engine cannot do, or a grammar that cannot be used."""

    code = Code.USAGE


class EngineMissingError(EngineError):
    """The engine's library is not installed; `details["library"]` names it."""

    code = Code.UNAVAILABLE
    retryable = False


class ModelError(EngineError):
    """The model folder is missing, lacks a file (`details["missing"]`), or cannot be loaded."""

    code = Code.NOT_FOUND


class EngineMemoryError(EngineError):
    """There is not enough memory for this model or this segment."""

    code = Code.UNAVAILABLE
    retryable = False


class RecognizerClosedError(EngineError):
    """The recognizer was finished, cancelled or replaced by a newer one."""

    code = Code.CONFLICT


def never() -> bool:
    """The `cancelled` of work that nobody can cancel."""
    return False


def check_cancelled(cancelled: Cancelled) -> None:
    """Raise CancelledError if `cancelled` says so."""
    if cancelled():
        raise CancelledError("Recognition was cancelled; the recording is kept and can be tried again.")


def missing_library(engine: str, distribution: str) -> EngineMissingError:
    """The error for an engine whose library, called `distribution` by installers, is not installed."""
    return EngineMissingError(
        f"The library of the engine {engine} is not installed. `{install_command(distribution)}` installs "
        "it; then `garret workers restart stt`.",
        details={"engine": engine, "library": distribution},
    )


def failure(engine: str, doing: str, error: Exception) -> EngineError:
    """The typed error for whatever a native library raised while `doing` something."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, MemoryError) or "bad_alloc" in text or "out of memory" in text.lower():
        return EngineMemoryError(
            f"There is not enough memory for {engine} while {doing}. The recording is kept. "
            "Choose a smaller model or close other programs.",
            details={"engine": engine},
        )
    return EngineError(
        f"{engine} failed while {doing}: {text}. The recording is kept and can be tried again.",
        retryable=True,
        details={"engine": engine},
    )
