"""The text of one dictation as a state machine: segments as they were read in, edits of the text out.

Every change happens at the end of the text, so an edit is "delete so many characters, then write
this"; whoever types into another program needs no more. The raw text of every segment is kept,
commands and scratched phrases included, and applying the same segments to a new editor gives the
same text: that is how a dictation is recovered. The document and what each segment has in it come from
the same pieces (`outcomes`), so that no form of a transcript holds what another has not.

Neighbours: `reading` says what is text and what a command, `cleanup` cleans the texts.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from .casing import sentence_start_after
from .cleanup import CleanupOptions, clean
from .commands import Action, Command
from .content import Account
from .errors import DictationEndedError
from .punctuation import MARKS
from .reading import Reading
from .tokens import Context

_NO_SPACE_AFTER = tuple(" \n-/\\_@\u201c([")
_NO_SPACE_BEFORE = tuple(" \n,.;:?!\u2026\u201d)]%-/\\_@")
_REPLACING = frozenset(",.?!:;\u2026")
_GOING_ON = frozenset(",;\u2013\u2014")
"""After these, when they were said, the sentence goes on."""
_REPLACED = ",;:."  # marks of an engine that a mark which was said takes the place of


class TextEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Delete `delete` characters (code points) at the end of the text, then append `insert`."""

    delete: int = 0
    insert: str = ""

    def apply(self, text: str) -> str:
        """`text` after this edit."""
        return text[: len(text) - self.delete] + self.insert


class Ending(StrEnum):
    """How a dictation ended."""

    STOPPED = "stopped"
    CANCELLED = "cancelled"


class AppliedSegment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A segment as it was heard, the commands in it, and why its clean-up was refused (if so).

    `ended`: a full stop that nobody said was written after it.
    """

    raw: str
    commands: tuple[Command, ...] = ()
    refused: str | None = None
    ended: bool = False


class Outcome(NamedTuple):
    """What has become of one segment by now.

    `text` is its share of the document; `gone` are the places (in the reading's parts) of the texts that
    were taken back or came after the end; `capitals` says that capitals were on when it ended.
    """

    text: str
    gone: tuple[int, ...] = ()
    capitals: bool = False


class _Piece(msgspec.Struct, frozen=True):
    """What one part of a segment put at the end of the text, and the context it left behind.

    `cut` is what it took off the end of the text first. `place` is that of the segment in the history,
    `part` that of the part in it. The pieces of a `phrase` are taken back together.
    """

    text: str
    context: Context
    place: int
    part: int
    phrase: int
    cut: str = ""


class _Change(msgspec.Struct, frozen=True):
    """Something that "undo that" can take back: pieces that were added, or pieces that were removed."""

    added: bool
    pieces: tuple[_Piece, ...]


class Editor:
    """The document of one dictation."""

    def __init__(self, options: CleanupOptions = CleanupOptions()) -> None:  # noqa: B008 - frozen
        self._options = options
        self._ending_options = msgspec.structs.replace(options, full_stop=True)
        self._pieces: list[_Piece] = []
        self._changes: list[_Change] = []
        self._history: list[AppliedSegment] = []
        self._readings: list[Reading] = []
        self._written: dict[tuple[int, int], str] = {}
        self._capitals: list[bool] = []
        self._phrase = 0
        self._place = self._part = 0
        self._ending: Ending | None = None

    @property
    def text(self) -> str:
        """The document."""
        return "".join(self._texts())

    @property
    def history(self) -> tuple[AppliedSegment, ...]:
        """Every segment in the order it was heard."""
        return tuple(self._history)

    @property
    def remaining(self) -> tuple[int, ...]:
        """The places in the history of the segments that made the text what it is, in order."""
        return tuple(dict.fromkeys(piece.place for piece in self._pieces))

    @property
    def raw(self) -> str:
        """The raw text of every segment, one a line."""
        return "\n".join(segment.raw for segment in self._history)

    @property
    def ending(self) -> Ending | None:
        """How the dictation ended; None while it goes on."""
        return self._ending

    def outcomes(self) -> list[Outcome]:
        """What has become of each segment, in the order of the history."""
        texts: dict[int, list[str]] = {}
        for piece, text in zip(self._pieces, self._texts(), strict=True):
            texts.setdefault(piece.place, []).append(text)
        there = self._there()
        return [
            Outcome(
                "".join(texts.get(place, ())).strip(),
                tuple(
                    number
                    for number, part in enumerate(reading.parts)
                    if part.command is None and self._is_gone(place, number, there)
                ),
                self._capitals[place],
            )
            for place, reading in enumerate(self._readings)
        ]

    def accounts(self) -> list[Account]:
        """What each part of what was heard owns up to, to be weighed."""
        there = self._there()
        return [
            Account(
                part.text,
                self._written.get((place, number), ""),
                "" if part.command is None else part.command.phrase,
                self._is_gone(place, number, there),
                part.weighed,
            )
            for place, reading in enumerate(self._readings)
            for number, part in enumerate(reading.parts)
        ]

    def _there(self) -> set[tuple[int, int]]:
        return {(piece.place, piece.part) for piece in self._pieces}

    def _is_gone(self, place: int, part: int, there: set[tuple[int, int]]) -> bool:
        # What held nothing but fillers wrote nothing, and is not gone for that.
        return (place, part) in self._written and (place, part) not in there

    def apply(self, reading: Reading, *, ends: bool = False) -> TextEdit:
        """Take in one segment and return the edit that brings the text up to date.

        `ends` says that a sentence ends with it, where it can (see `full_stop.py`). Raises
        `DictationEndedError` after the end.
        """
        if self._ending is not None:
            raise DictationEndedError(
                f"The dictation was {self._ending.value} before this segment came. "
                "Its text is kept; start a new dictation."
            )
        self._place = len(self._history)
        self._phrase += 1
        commands = tuple(part.command for part in reading.parts if part.command is not None)
        self._history.append(AppliedSegment(reading.text, commands))
        self._readings.append(reading)
        edit = TextEdit()
        for self._part, part in enumerate(reading.parts):
            if self._ending is not None:
                self._written[self._place, self._part] = part.text
            elif part.command is not None:
                edit = _then(edit, self._run(part.command))
            else:
                last = self._part == len(reading.parts) - 1
                edit = _then(edit, self._take_text(part.text, ends=ends and last))
        self._capitals.append(self._context.all_caps)
        return edit

    def _take_text(self, text: str, *, ends: bool) -> TextEdit:
        cleaned = clean(text, self._ending_options if ends else self._options, self._context)
        noted = self._history[-1]
        self._history[-1] = msgspec.structs.replace(
            noted,
            refused=noted.refused or cleaned.refused,
            ended=noted.ended or "full_stop" in cleaned.applied,
        )
        return self._add(cleaned.text, cleaned.context)

    @property
    def _context(self) -> Context:
        return self._pieces[-1].context if self._pieces else Context()

    def _texts(self) -> list[str]:
        """What is left of the text of each piece, now that others have cut off its end."""
        texts: list[str] = []
        for piece in self._pieces:
            if piece.cut:
                place = next(i for i in reversed(range(len(texts))) if texts[i])
                texts[place] = texts[place].removesuffix(piece.cut)
            texts.append(piece.text)
        return texts

    def _run(self, command: Command) -> TextEdit:
        match Action(command.action):
            case Action.INSERT:
                # The marks of this package join as they do within a sentence; a user's text does not.
                if command.phrase in MARKS:
                    return self._write(command.text, cut=self._cut_before(command.text))
                return self._write(command.text, apart=True)
            case Action.NEW_LINE:
                return self._write("\n")
            case Action.NEW_PARAGRAPH:
                return self._write("\n\n")
            case action:
                edit = self._edit_for(action)
        self._phrase += 1
        return edit

    def _edit_for(self, action: Action) -> TextEdit:
        """Carry out a command that writes nothing of its own."""
        match action:
            case Action.SCRATCH:
                return self._changed(self._scratch)
            case Action.UNDO:
                return self._changed(self._undo)
            case Action.CANCEL:
                return self._changed(self._cancel)
            case Action.STOP:
                self._ending = Ending.STOPPED
                return TextEdit()
            case _:
                return self._set_caps(action)

    def _set_caps(self, action: Action) -> TextEdit:
        context = self._context
        if action is Action.CAP_NEXT:
            context = context._replace(cap_next=True)
        else:
            context = context._replace(all_caps=action is Action.ALL_CAPS, cap_next=False)
        return self._add("", context)

    def _cut_before(self, mark: str) -> str:
        """What goes from the end of the text where `mark` is written: a mark that the engine wrote there."""
        if mark not in _REPLACING:
            return ""
        before = next((piece.text for piece in reversed(self._pieces) if piece.text), "")
        start = len(before.rstrip(_REPLACED + mark))
        # The full stop of an abbreviation belongs to it; that of a sentence has ended one.
        if before.endswith(".") and not self._context.sentence_start:
            return ""
        return before[start:]

    def _write(self, text: str, *, apart: bool = False, cut: str = "") -> TextEdit:
        context = self._context
        start = sentence_start_after(text, context.sentence_start and not cut)
        goes_on = not apart and text in _GOING_ON
        after = context._replace(sentence_start=start, goes_on=goes_on)
        return self._add(text, after, apart=apart, cut=cut)

    def _add(self, text: str, context: Context, *, apart: bool = False, cut: str = "") -> TextEdit:
        if text and self._needs_space(text, apart=apart):
            text = " " + text
        if not text and context == self._context:
            return TextEdit()
        if text:
            self._written[self._place, self._part] = text
        piece = _Piece(text, context, self._place, self._part, self._phrase, cut)
        self._pieces.append(piece)
        last = self._changes[-1] if self._changes else None
        if last is not None and last.added and last.pieces[0].phrase == self._phrase:
            self._changes[-1] = _Change(added=True, pieces=(*last.pieces, piece))
        else:
            self._changes.append(_Change(added=True, pieces=(piece,)))
        return TextEdit(len(cut), text)

    def _needs_space(self, text: str, *, apart: bool) -> bool:
        before = next((piece.text for piece in reversed(self._pieces) if piece.text), "")
        if not before or before.endswith(_NO_SPACE_AFTER):
            return False
        return not text.startswith((" ", "\n") if apart else _NO_SPACE_BEFORE)

    def _changed(self, change: Callable[[], None]) -> TextEdit:
        """The edit that `change` comes to."""
        before = self.text
        change()
        after = self.text
        same = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
        same = min(len(before), len(after)) if same is None else same
        return TextEdit(len(before) - same, after[same:])

    def _scratch(self) -> None:
        """Take back the last phrase that wrote something, and the caps commands after it."""
        phrase = next((piece.phrase for piece in reversed(self._pieces) if piece.text), None)
        if phrase is None:
            return
        place = len(self._pieces)
        while place and self._pieces[place - 1].phrase >= phrase:
            place -= 1
        removed = tuple(self._pieces[place:])
        del self._pieces[place:]
        self._changes.append(_Change(added=False, pieces=removed))

    def _undo(self) -> None:
        if not self._changes:
            return
        change = self._changes.pop()
        if change.added:
            del self._pieces[-len(change.pieces) :]
        else:
            self._pieces.extend(change.pieces)

    def _cancel(self) -> None:
        self._pieces.clear()
        self._changes.clear()
        self._ending = Ending.CANCELLED


def _then(first: TextEdit, second: TextEdit) -> TextEdit:
    """The edit that does what two do one after the other."""
    within = len(first.insert) - second.delete
    if within >= 0:
        return TextEdit(first.delete, first.insert[:within] + second.insert)
    return TextEdit(first.delete - within, second.insert)
