"""The text of one dictation as a state machine: segments and commands in, edits of the text out.

Every change happens at the end of the text, so an edit is "delete so many characters, then write
this"; whoever types into another program needs no more. The raw text of every segment is kept,
commands and scratched phrases included, and applying the same segments to a new editor gives the
same text: that is how a dictation is recovered.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .casing import sentence_start_after
from .cleanup import CleanupOptions, clean
from .commands import DEFAULT_TABLE, Action, Command, CommandTable
from .errors import DictationEndedError
from .punctuation import MARKS
from .tokens import Context

_NO_SPACE_AFTER = tuple(" \n-/\\_@\u201c([")
_NO_SPACE_BEFORE = tuple(" \n,.;:?!\u2026\u201d)]%-/\\_@")


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
    """A segment as it was heard, the command it was (if any), and why its clean-up was refused (if so).

    `ended`: a full stop that nobody said was written after it.
    """

    raw: str
    command: Command | None = None
    refused: str | None = None
    ended: bool = False


class _Piece(msgspec.Struct, frozen=True):
    """What one segment put at the end of the text, and the context it left behind.

    `place` is that of the segment in the history.
    """

    text: str
    context: Context
    place: int


class _Change(msgspec.Struct, frozen=True):
    """Something that "undo that" can take back: pieces that were added, or pieces that were removed."""

    added: bool
    pieces: tuple[_Piece, ...]


class Editor:
    """The document of one dictation."""

    def __init__(
        self,
        options: CleanupOptions = CleanupOptions(),  # noqa: B008 - frozen
        table: CommandTable = DEFAULT_TABLE,
    ) -> None:
        self._options = options
        self._ending_options = msgspec.structs.replace(options, full_stop=True)
        self._table = table
        self._pieces: list[_Piece] = []
        self._changes: list[_Change] = []
        self._history: list[AppliedSegment] = []
        self._ending: Ending | None = None

    @property
    def text(self) -> str:
        """The document."""
        return "".join(piece.text for piece in self._pieces)

    @property
    def history(self) -> tuple[AppliedSegment, ...]:
        """Every segment in the order it was heard."""
        return tuple(self._history)

    @property
    def remaining(self) -> tuple[int, ...]:
        """The places in the history of the segments that made the text what it is, in order."""
        return tuple(piece.place for piece in self._pieces)

    @property
    def raw(self) -> str:
        """The raw text of every segment, one a line."""
        return "\n".join(segment.raw for segment in self._history)

    @property
    def ending(self) -> Ending | None:
        """How the dictation ended; None while it goes on."""
        return self._ending

    def apply(self, raw: str, command: Command | None = None, *, ends: bool = False) -> TextEdit:
        """Take in one segment and return the edit that brings the text up to date.

        `command` is what `decide` made of the segment; without it, a segment whose raw text is the
        whole phrase of a command is that command. `ends` says that a sentence ends with it, where it
        can (see `full_stop.py`). Raises `DictationEndedError` after the end.
        """
        if self._ending is not None:
            raise DictationEndedError(
                f"The dictation was {self._ending.value} before this segment came. "
                "Its text is kept; start a new dictation."
            )
        command = command or self._table.match(raw)
        if command is None:
            cleaned = clean(raw, self._ending_options if ends else self._options, self._context)
            ended = "full_stop" in cleaned.applied
            self._history.append(AppliedSegment(raw, None, cleaned.refused, ended))
            return self._add(cleaned.text, cleaned.context)
        self._history.append(AppliedSegment(raw, command))
        return self._run(command)

    @property
    def _context(self) -> Context:
        return self._pieces[-1].context if self._pieces else Context()

    def _run(self, command: Command) -> TextEdit:
        match Action(command.action):
            case Action.SCRATCH:
                return self._scratch()
            case Action.UNDO:
                return self._undo()
            case Action.CANCEL:
                return self._cancel()
            case Action.STOP:
                self._ending = Ending.STOPPED
                return TextEdit()
            case Action.ALL_CAPS | Action.END_CAPS | Action.CAP_NEXT as action:
                return self._set_caps(action)
            case Action.NEW_LINE:
                return self._write("\n")
            case Action.NEW_PARAGRAPH:
                return self._write("\n\n")
            case Action.INSERT:
                # The marks of this package join as they do within a sentence; a user's text does not.
                mark = command.text if command.phrase in MARKS else None
                return self._write(mark or command.text, apart=mark is None)

    def _set_caps(self, action: Action) -> TextEdit:
        context = self._context
        if action is Action.CAP_NEXT:
            context = context._replace(cap_next=True)
        else:
            context = context._replace(all_caps=action is Action.ALL_CAPS, cap_next=False)
        return self._add("", context)

    def _write(self, text: str, *, apart: bool = False) -> TextEdit:
        context = self._context
        start = sentence_start_after(text, context.sentence_start)
        return self._add(text, context._replace(sentence_start=start), apart=apart)

    def _add(self, text: str, context: Context, *, apart: bool = False) -> TextEdit:
        if text and self._needs_space(text, apart=apart):
            text = " " + text
        if not text and context == self._context:
            return TextEdit()
        piece = _Piece(text, context, len(self._history) - 1)
        self._pieces.append(piece)
        self._changes.append(_Change(added=True, pieces=(piece,)))
        return TextEdit(0, text)

    def _needs_space(self, text: str, *, apart: bool) -> bool:
        before = next((piece.text for piece in reversed(self._pieces) if piece.text), "")
        if not before or before.endswith(_NO_SPACE_AFTER):
            return False
        return not text.startswith((" ", "\n") if apart else _NO_SPACE_BEFORE)

    def _scratch(self) -> TextEdit:
        """Take back the last piece that wrote something, and the caps commands after it."""
        place = len(self._pieces) - 1
        while place >= 0 and not self._pieces[place].text:
            place -= 1
        if place < 0:
            return TextEdit()
        removed = tuple(self._pieces[place:])
        del self._pieces[place:]
        self._changes.append(_Change(added=False, pieces=removed))
        return TextEdit(len(removed[0].text), "")

    def _undo(self) -> TextEdit:
        if not self._changes:
            return TextEdit()
        change = self._changes.pop()
        if not change.added:
            self._pieces.extend(change.pieces)
            return TextEdit(0, change.pieces[0].text)
        self._pieces.pop()
        return TextEdit(len(change.pieces[0].text), "")

    def _cancel(self) -> TextEdit:
        length = sum(len(piece.text) for piece in self._pieces)
        self._pieces.clear()
        self._changes.clear()
        self._ending = Ending.CANCELLED
        return TextEdit(length, "")
