"""Utterances as they are kept: taking one in, the history, its text and its sound, where it went.

Neighbours: `dictation` makes text of them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from garret.features.dictate.contracts.notes import Note
from garret.protocol.contract import Command, Contract, Event, Nothing, command, event

State = Literal["capturing", "paused", "captured", "transcribed", "cleaned", "delivered", "held"]
"""How far an utterance has come; `held` is cleaned text that could not be delivered."""


class RecognisedWord(Contract, frozen=True):
    """A word with its times in seconds, and a confidence from 0 to 1 where the engine has one."""

    start: float
    end: float
    word: str
    confidence: float | None


class SpokenCommand(Contract, frozen=True):
    """A spoken command that was heard: its `words` and their times, and what it `did`, its action.

    `number` counts the commands of the utterance from 1. With `restored` it did nothing: somebody had its
    words put back into the text.
    """

    number: int
    start: float
    end: float
    words: str
    did: str
    first: int
    restored: bool = False


class TranscriptSegment(Contract, frozen=True):
    """A stretch of speech between two silences; `text` is cleaned, `raw` and `words` as recognised.

    `gone` are the stretches of `words` (place of the first, how many) that commands took out of the text, or
    that were `commands`. `capitals`: the mode in which everything is in capitals was on when it ended.
    """

    start: float
    end: float
    text: str
    raw: str = ""
    words: tuple[RecognisedWord, ...] = ()
    commands: tuple[SpokenCommand, ...] = ()
    gone: tuple[tuple[int, int], ...] = ()
    capitals: bool = False


class Transcript(Contract, frozen=True):
    """An utterance as text. `quality` is the engine's own label; `segments` is one page of `total`.

    `raw` and `text` are this page's share of the whole, which all pages joined are, and most have but one.
    `notes` are the remarks on its sound, `note` is all there is to tell in words.
    `stages` holds the seconds spent in each stage: import, decode, recognise, clean.
    `edited`: `text` is what a person made of it, and `cleaned` this page's share of what it was before.
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
    notes: tuple[Note, ...] = ()
    stages: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    edited: bool = False
    cleaned: str = ""


class Utterance(Contract, frozen=True):
    """An utterance as the history lists it; of very long texts the beginning, `dictate.get` has the whole.

    `edited`: the text is a person's correction. `deleted` is when it was deleted, in seconds since 1970,
    where it was and can still be brought back; otherwise 0. `note` is what there is to tell of its sound.
    """

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
    edited: bool = False
    deleted: float = 0.0
    note: str = ""


class Imported(Contract, frozen=True):
    utterance: str
    bytes: int


@command("dictate.import", result=Imported, capability="dictate.use", descriptors=1, timeout=None)
class Import(Command[Imported], frozen=True):
    """Take an audio file (its descriptor comes with the command) into the store."""

    name: str


class Utterances(Contract, frozen=True):
    """A page of the history; `total` is how many there are on all pages where that was asked, else -1."""

    utterances: tuple[Utterance, ...]
    total: int = -1


class Filter(Contract, frozen=True):
    """What is looked for: all that is given has to be true of an utterance.

    `query` is words that its text holds: each stands for all that begin with it; neither case nor accents
    count, nor the order. `since` and `until` are seconds since 1970, the second exclusive; 0 is no bound.
    `remarked`: there is something to tell of its sound. `deleted`: those that were deleted and can still be
    brought back, instead of those that were not.
    """

    query: str = ""
    since: float = 0.0
    until: float = 0.0
    engine: str = ""
    source: Literal["", "microphone", "push", "file"] = ""
    remarked: bool = False
    deleted: bool = False


@command("dictate.history", result=Utterances, capability="dictate.read_own")
class History(Command[Utterances], frozen=True):
    """List utterances, newest first; `query` keeps those whose text contains all its words.

    A word stands for all that begin with it; neither case nor accents count, nor the order of the words.
    `before` is the id of the last one of the page before; ids sort by time. A page may hold fewer than
    `limit` where texts are long; an empty one is the last. `only` narrows it further.

    For a list that shows any part of it at once: `skip` leaves out so many, `count` asks for the total, and
    of each text no more than `characters` come (0: up to 100,000). Up to 400 of them, no page is short.
    """

    limit: int = 50
    query: str = ""
    before: str = ""
    only: Filter = Filter()
    skip: int = 0
    count: bool = False
    characters: int = 0


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


@command("dictate.delete", result=Nothing, capability="dictate.delete", approval=True, timeout=900.0)
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


@event("dictate.deleted", own="dictate.read_own", others="dictate.read")
class Deleted(Event, frozen=True):
    utterance: str
