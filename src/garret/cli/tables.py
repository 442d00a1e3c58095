"""Tables for a terminal: columns as wide as what is in them, and a last column of text that has room.

Breaking words of every column over many lines is what nobody can read. So only one column is wrapped: the
last that has room beside those before it. The texts of the columns behind it go below their row, each with
its heading, and their headings below the others. Ids are shown by their end, which every verb takes for the
whole. Neighbours: `output` decides that a terminal is drawn on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from garret.cli import figures

if TYPE_CHECKING:
    from rich.console import Console

_GAP: Final = 2  # cells between two columns
_LEAST: Final = 28  # cells in which a wrapped text can still be read
_INDENT: Final = 4  # cells, of a text below its row
_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{24}([0-9a-f]{8})")


def cell(value: object) -> str:
    """A value as it is shown in a table: one line, and of an id its last eight characters."""
    text = figures.one_line(value)
    found = _ID.fullmatch(text)
    return found[1] if found else text


def draw(
    out: TextIO, columns: Sequence[str], rows: Sequence[Sequence[Any]], styles: Mapping[str, str]
) -> None:
    """Draw the rows under their headings; `styles` has the colours of cells that hold just these words."""
    _Drawing(console(out), columns, rows, styles).draw()


def console(out: TextIO) -> Console:
    """A console on a terminal; with NO_COLOR it writes no styles at all, bold and dim among them."""
    from rich.console import Console

    return Console(file=out, color_system=None if os.environ.get("NO_COLOR") else "auto")


class _Drawing:
    """One table on one console."""

    def __init__(
        self,
        console: Console,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        styles: Mapping[str, str],
    ) -> None:
        from rich.cells import cell_len

        self._length = cell_len
        self._console = console
        self._columns = columns = [figures.one_line(name) for name in columns]
        self._rows = [[cell(value) for value in row] for row in rows]
        self._styles = styles
        everything = [columns, *self._rows]
        self._widths = [max(cell_len(line[number]) for line in everything) for number in range(len(columns))]
        self._right = [
            all(isinstance(row[number], int | float) for row in rows) for number in range(len(columns))
        ]
        self._wrapped = len(columns) - 1
        while self._wrapped and self._reach() + min(self._widths[self._wrapped], _LEAST) > console.width:
            self._wrapped -= 1
        self._room = max(console.width - self._reach(), 1)
        self._below = self._reach() if self._room >= _LEAST else _INDENT

    def _reach(self) -> int:
        """Where the column that is wrapped begins, in cells."""
        return sum(self._widths[: self._wrapped]) + _GAP * self._wrapped

    def draw(self) -> None:
        from rich.text import Text

        self._line([Text(name, style="bold") for name in self._columns[: self._wrapped + 1]])
        for part in self._parts(Text(", ".join(self._behind()), style="bold"), self._console.width - _INDENT):
            self._indented(part, _INDENT)
        used = self._reach() + min(self._widths[self._wrapped], self._room)
        self._print(Text("─" * min(used, self._console.width), style="dim"))
        for row in self._rows:
            self._row([Text(text, style=self._styles.get(text, "")) for text in row])

    def _behind(self) -> list[str]:
        """The headings that have no room in the first line."""
        return [name for name in self._columns[self._wrapped + 1 :] if name]

    def _row(self, texts: list[Any]) -> None:
        from rich.text import Text

        front, behind = texts[: self._wrapped], texts[self._wrapped + 1 :]
        first, *more = self._parts(texts[self._wrapped], self._room) or [Text()]
        self._line([*front, first])
        for part in more:
            self._indented(part, self._reach())
        for name, text in zip(self._columns[self._wrapped + 1 :], behind, strict=True):
            told = Text().append(f"{name}: ", style="dim").append_text(text) if name and text.plain else text
            for part in self._parts(told, max(self._console.width - self._below, _LEAST)):
                self._indented(part, self._below)

    def _parts(self, text: Any, room: int) -> list[Any]:
        """The lines of a text in so much room; none of an empty one."""
        return list(text.wrap(self._console, room)) if text.plain else []

    def _indented(self, part: Any, cells: int) -> None:
        part.rstrip()
        part.pad_left(cells)
        self._print(part)

    def _line(self, texts: list[Any]) -> None:
        """One line of cells, each in the width of its column."""
        from rich.text import Text

        line = Text()
        for number, text in enumerate(texts):
            missing = " " * (self._widths[number] - self._length(text.plain))
            if self._right[number]:
                line.append(missing).append_text(text)
            else:
                line.append_text(text).append(missing)
            line.append(" " * _GAP)
        line.rstrip()
        self._print(line)

    def _print(self, line: Any) -> None:
        self._console.print(line, soft_wrap=True)
