"""What a person changes of an utterance: its text, and whether it is there. All of it can be taken back.

Neighbours: `utterances`, whose `Delete` is for good.
"""

from __future__ import annotations

from typing import Final, Literal

from garret.features.dictate.contracts.utterances import Utterance
from garret.protocol.clearing import Cleared, Clearing
from garret.protocol.contract import Command, Contract, Event, command, event

EDIT_CHARACTERS: Final = 200_000
"""Of a corrected text: at four bytes each it fits an object, whose limit is 1 MiB."""

DISCARDED_AT_ONCE: Final = 1_000


@event("dictate.changed", own="dictate.read_own", others="dictate.read")
class Changed(Event, frozen=True):
    """The text of an utterance was corrected, or it was brought back."""

    utterance: str


@command("dictate.edit", result=Utterance, capability="dictate.use")
class Edit(Command[Utterance], frozen=True):
    """Correct the text of an utterance; what was heard and each text before stay among its versions.

    `text` None takes corrections back: the cleaned text counts again. A later transcription counts more than
    a correction before it.
    """

    utterance: str
    text: str | None


class Version(Contract, frozen=True):
    """A text that an utterance has or had, its beginning where it is long; `made` in seconds since 1970.

    A `transcript` is of an engine, a `correction` of a person. `counts`: it is the text now.
    """

    id: str
    made: float
    kind: Literal["transcript", "correction"]
    text: str
    raw: str = ""
    engine: str = ""
    quality: str = ""
    counts: bool = False


class Versions(Contract, frozen=True):
    versions: tuple[Version, ...]


@command("dictate.versions", result=Versions, capability="dictate.use")
class ListVersions(Command[Versions], frozen=True):
    """The texts that an utterance has and had, the newest first, 100 at most."""

    utterance: str


@command("dictate.revert", result=Utterance, capability="dictate.use")
class Revert(Command[Utterance], frozen=True):
    """Have a version's text count again, as a new correction; nothing between is lost."""

    utterance: str
    version: str


class Discarded(Contract, frozen=True):
    """Those that were deleted, or brought back, and until when that can be taken back (0: for good)."""

    utterances: tuple[str, ...]
    until: float = 0.0


@command("dictate.discard", result=Discarded, capability="dictate.delete")
class Discard(Command[Discarded], frozen=True):
    """Delete utterances so that it can be taken back until the grace time is over; 1,000 at most.

    All or none. They leave the history and the search at once; text and sound go when the time is over.
    """

    utterances: tuple[str, ...]


@command("dictate.undelete", result=Discarded, capability="dictate.delete")
class Undelete(Command[Discarded], frozen=True):
    """Bring back utterances that were deleted and whose grace time is not over. All or none."""

    utterances: tuple[str, ...]


@event("dictate.cleared", own="dictate.read_own", others="dictate.read")
class ManyChanged(Event, frozen=True):
    """So many utterances were deleted in one act, or came back in one."""

    count: int
    restored: bool = False


@command("dictate.clear", result=Cleared, capability="dictate.delete", timeout=120.0)
class Clear(Clearing, frozen=True):
    """Look at, clear or restore all that a profile dictated, as `dictate.discard` and `undelete` do."""


class Phrase(Contract, frozen=True):
    """A spoken command: what is said, what it does, what it `writes`, and where in speech it counts.

    `own`: from the person's settings. `off`: it is never carried out.
    """

    phrase: str
    does: str
    writes: str = ""
    places: tuple[str, ...] = ()
    own: bool = False
    off: bool = False


class Phrases(Contract, frozen=True):
    """`all_off`: no spoken command is carried out at all. `problem`: why the person's own are not used."""

    phrases: tuple[Phrase, ...]
    actions: tuple[str, ...]
    all_off: bool = False
    problem: str = ""


@command("dictate.phrases", result=Phrases, capability="dictate.use")
class ListPhrases(Command[Phrases], frozen=True):
    """The table of spoken commands as it is for the profile in force."""
