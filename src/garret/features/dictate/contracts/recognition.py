"""What the room says to the workers `stt`, which holds an engine, and `text`, which cleans what it heard."""

from __future__ import annotations

from typing import Final, Literal

from garret.features.dictate.contracts.utterances import RecognisedWord
from garret.protocol.contract import Command, Contract, Nothing, command

CLEAN_SECONDS: Final = 600.0
"""For the text of the longest recording; that of a day takes about 20 s."""


class EngineStatus(Contract, frozen=True):
    """An engine, whether it can be used now, and what is missing where it cannot.

    `meant` says that the next dictation uses it where none is named. `model` is the name of its model in the
    home, or the folder it lies in; `licence` and `origin` are the model's, where they are known.
    """

    name: str
    quality: str
    available: bool
    reason: str = ""
    meant: bool = False
    model: str = ""
    licence: str = ""
    origin: str = ""


class Engines(Contract, frozen=True):
    engines: tuple[EngineStatus, ...]


@command("stt.engines", result=Engines, capability="dictate.use", target="stt")
class ListEngines(Command[Engines], frozen=True):
    """The engines Garret knows, and which of them can be used now."""


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
    spool has grown and where the segment ends. Word times are from the start of the spool. `model` is the
    name of the model in the home that was chosen for the whole utterance; empty leaves it to the settings.
    """

    start: int
    end: int = 0
    engine: str = ""
    model: str = ""
    mode: Literal["free", "spelling"] = "free"
    partials: bool = False
    commands: bool = True


class CleanedText(Contract, frozen=True):
    """What comes in a bulk beside the result of `Clean`.

    `text` is the document, `segments` the cleaned text of each segment.
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
    """What was heard; `pause` is the seconds of silence before it, at least: 0 where there is none."""

    text: str
    grammar: str = ""
    pause: float = 0.0


class HeardText(Contract, frozen=True):
    """What goes in a bulk beside `Clean`: the recognised segments of one utterance, in order."""

    segments: tuple[RawSegment, ...]


@command(
    "text.clean",
    result=Nothing,
    capability="worker.text",
    target="text",
    descriptors=1,
    timeout=CLEAN_SECONDS,
)
class Clean(Command[Nothing], frozen=True):
    """Clean a `HeardText` and carry out the commands in it; the `CleanedText` comes beside the result.

    Both are bulks, since eight hours of speech do not fit into a frame.
    """

    mode: Literal["free", "spelling"] = "free"
    engine: str = ""
