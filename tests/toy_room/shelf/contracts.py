"""The shelf's commands: keep notes, find them by an index, count their words in a cache."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Nothing, command


class Texts(Contract, frozen=True):
    """Texts, sorted."""

    texts: tuple[str, ...]


class Number(Contract, frozen=True):
    """A number."""

    value: int


@command("shelf.keep", result=Nothing, capability="shelf.use")
class Keep(Command[Nothing], frozen=True):
    """Keep a note."""

    text: str


@command("shelf.find", result=Texts, capability="shelf.use")
class Find(Command[Texts], frozen=True):
    """The notes that hold a word."""

    word: str


@command("shelf.count", result=Number, capability="shelf.use")
class Count(Command[Number], frozen=True):
    """How often a word was noted."""

    word: str


@command("shelf.clear", result=Nothing, capability="shelf.use")
class Clear(Command[Nothing], frozen=True):
    """Throw the counts away."""


@command("shelf.fill_words", result=Nothing, capability="shelf.fill")
class FillWords(Command[Nothing], frozen=True):
    """Make the index of words anew."""


@command("shelf.fill_counts", result=Nothing, capability="shelf.fill")
class FillCounts(Command[Nothing], frozen=True):
    """Make the counts anew."""


@command("shelf.write", result=Nothing, capability="shelf.fill", target="shelf", descriptors=1)
class Write(Command[Nothing], frozen=True):
    """Write the index of these texts to the descriptor."""

    key: bytes
    texts: tuple[str, ...]


@command("shelf.look", result=Texts, capability="shelf.use", target="shelf", descriptors=1)
class Look(Command[Texts], frozen=True):
    """Look a word up in the index of the descriptor."""

    key: bytes
    word: str
