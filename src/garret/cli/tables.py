"""Tables for a terminal: columns as wide as what is in them, and a last column of text that has room.

Breaking words of every column over many lines is what nobody can read. So only the last column is wrapped;
where the others leave too little room beside them, its text goes below its row, indented, and so does what
stands before it where that alone is wider than the terminal. Ids are shown by
their end, which every verb takes for the whole. Neighbours: `output` decides that a terminal is drawn on.
"""

from __future__ import annotations

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
    from rich.console import Console

    console = Console(file=out)
    if not rows:
        console.print("Nothing to show.", style="dim")
        return
    _Drawing(console, columns, rows, styles).draw()


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
        self._columns = columns
        self._rows = [[cell(value) for value in row] for row in rows]
        self._styles = styles
        everything = [columns, *self._rows]
        self._widths = [max(cell_len(line[number]) for line in everything) for number in range(len(columns))]
        self._right = [
            all(isinstance(row[number], int | float) for row in rows) for number in range(len(columns))
        ]
        self._front = len(columns) - 1  # so many columns share the row's first line
        while self._front > 1 and self._reach() - _GAP > console.width:
            self._front -= 1
        room = console.width - self._reach()
        self._beside = self._front == len(columns) - 1 and room >= min(self._widths[-1], _LEAST)
        self._room = room if self._beside else max(console.width - _INDENT, _LEAST)

    def _reach(self) -> int:
        """Where a column behind those in front begins, in cells."""
        return sum(self._widths[: self._front]) + _GAP * self._front

    def draw(self) -> None:
        from rich.text import Text

        heading = self._columns if self._beside else self._columns[: self._front]
        self._line([Text(name, style="bold") for name in heading])
        used = self._reach() + (min(self._widths[-1], self._room) if self._beside else -_GAP)
        self._print(Text("─" * min(used, self._console.width), style="dim"))
        for row in self._rows:
            self._row([Text(text, style=self._styles.get(text, "")) for text in row])

    def _row(self, texts: list[Any]) -> None:
        from rich.text import Text

        front, behind = texts[: self._front], texts[self._front :]
        parts = [part for text in behind if text.plain for part in text.wrap(self._console, self._room)]
        if self._beside:
            front, parts = [*front, parts[0] if parts else Text()], parts[1:]
        self._line(front)
        for part in parts:
            part.rstrip()
            part.pad_left(self._reach() if self._beside else _INDENT)
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
