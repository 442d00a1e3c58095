"""Texts on their way out: one file of many utterances, and what the text worker is given to make it.

Neighbours: `utterances`, whose `Filter` says which.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from garret.features.dictate.contracts.utterances import Filter, Transcript
from garret.protocol.contract import Command, Contract, Nothing, command

Form: TypeAlias = Literal["text", "markdown", "json", "srt", "vtt"]

NAMED_AT_ONCE: Final = 10_000
"""Utterances that an export may name; all that a filter finds may be more."""


class Exported(Contract, frozen=True):
    """A file lies beside this: what it may be called, and of how many utterances it is."""

    name: str
    utterances: int
    bytes: int


@command("dictate.export", result=Exported, capability="dictate.read_own", timeout=None)
class Export(Command[Exported], frozen=True):
    """One file of the texts of utterances, as a descriptor beside the result.

    They are those named, in that order, or all that the filter finds, the oldest first. Subtitles of several
    come as an archive (zip) with a file for each. `raw`: as it was heard, uncleaned.
    """

    form: Form
    utterances: tuple[str, ...] = ()
    only: Filter = Filter()
    raw: bool = False


class Document(Contract, frozen=True):
    """A whole transcript, and what is told of it besides: when it was made, in words, and of what."""

    transcript: Transcript
    made: str
    source: str


class Documents(Contract, frozen=True):
    """What goes in a bulk beside `Render`."""

    documents: tuple[Document, ...]


class Rendered(Contract, frozen=True):
    """What comes in a bulk beside its result: the text of each."""

    texts: tuple[str, ...]


@command("text.render", result=Nothing, capability="worker.text", target="text", descriptors=1, timeout=600.0)
class Render(Command[Nothing], frozen=True):
    """Put `Documents` into a form; the `Rendered` comes beside the result, as they come: in bulks."""

    form: Form
    raw: bool = False
