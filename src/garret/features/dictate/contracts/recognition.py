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
    """Samples up to `upto` are on disk; `final` says that the segment ends there.

    `maybe_final`: it ends there if the silence that began lasts, and decoding may begin ahead. A stream that
    goes on beyond takes that back. `cut`, with `final`: the end is no silence.
    """

    upto: int
    final: bool = False
    maybe_final: bool = False
    cut: bool = False


class Partial(Contract, frozen=True):
    text: str


class Break(Contract, frozen=True):
    """A silence within a segment; `word` is the place of the word after it, as white space parts them."""

    word: int
    seconds: float


class Hypothesis(Contract, frozen=True):
    """What an engine heard. `grammar` is what the command grammar alone would have heard, and `doubt` by how
    much (a logarithm) the engine holds its own text to be likelier than that, None where it does not tell.

    `breaks` are the silences between its words, as their times tell.
    """

    text: str
    words: tuple[RecognisedWord, ...]
    engine: str
    quality: str
    decode_seconds: float
    grammar: str = ""
    breaks: tuple[Break, ...] = ()
    doubt: float | None = None


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
    `before` is the text up to `start`, where speech was cut there. `cut`: speech goes on at `end`; what may
    be cut apart is left to the next segment, which begins with the end of the last word of this one. `speech`
    is where in it somebody speaks, in samples; without it, throughout.
    """

    start: int
    end: int = 0
    engine: str = ""
    model: str = ""
    mode: Literal["free", "spelling"] = "free"
    partials: bool = False
    commands: bool = True
    cut: bool = False
    before: str = ""
    speech: tuple[tuple[int, int], ...] = ()


class Taken(Contract, frozen=True):
    """A spoken command in a segment: `phrase` and what it `did`, the name of its action.

    `first` and `count` say which of the words of the segment's text it was; with `restored` they were put
    back into the text, since somebody asked for that, and nothing was done.
    """

    first: int
    count: int
    phrase: str
    did: str
    restored: bool = False


class CleanedSegment(Contract, frozen=True):
    """What a segment has in the document.

    `text` is its share, `commands` are the spoken commands in it. `gone` are the stretches of its words
    (place of the first, how many) that are not in the text, as commands, or because one took them back.
    `capitals`: that mode was on when it ended.
    """

    text: str
    commands: tuple[Taken, ...] = ()
    gone: tuple[tuple[int, int], ...] = ()
    capitals: bool = False


class CleanedText(Contract, frozen=True):
    """What comes in a bulk beside the result of `Clean`.

    `text` is the document, of which `segments` are what each segment has in it. `refused` says why
    clean-up left the text as it was heard; empty where it did not. `cancelled`: a spoken command took the
    text back.
    """

    text: str
    segments: tuple[CleanedSegment, ...]
    refused: str = ""
    cancelled: bool = False


class RawSegment(Contract, frozen=True):
    """What was heard; `pause` is the seconds of silence before it, at least: 0 where there is none.

    `doubt` is that of the hypothesis. `words` are the places at which commands begin that are to stay words.
    """

    text: str
    grammar: str = ""
    pause: float = 0.0
    breaks: tuple[Break, ...] = ()
    words: tuple[int, ...] = ()
    doubt: float | None = None


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
    """Clean a `HeardText` and carry out the `commands` in it; the `CleanedText` comes beside the result.

    Both are bulks, since eight hours of speech do not fit into a frame.
    """

    mode: Literal["free", "spelling"] = "free"
    engine: str = ""
    commands: bool = True
