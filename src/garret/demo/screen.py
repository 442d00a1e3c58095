"""What the demonstration shows: headings, text that grows while it is spoken, small tables."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import Final, TextIO

_STYLES: Final = {"plain": "", "head": "\033[1m", "good": "\033[32m", "bad": "\033[31m", "dim": "\033[2m"}
_PARTIAL_SECONDS: Final = 2.0  # between two partial lines where the output is no terminal


class Screen:
    """Writes to a terminal, where partial text replaces itself, or plainly to anything else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._styled = self._terminal and not os.environ.get("NO_COLOR")
        self._width = min(shutil.get_terminal_size((100, 24)).columns, 110) - 1
        self._partial = False
        self._last_partial = 0.0

    def say(self, text: str, style: str = "plain") -> None:
        """Print a line or several."""
        self._clear()
        code = _STYLES[style] if self._styled else ""
        print(f"{code}{text}\033[0m" if code else text, file=self._out, flush=True)

    def head(self, text: str) -> None:
        self.say(f"\n{text}", "head")

    def wrapped(self, label: str, text: str) -> None:
        """Print a paragraph behind a label, folded to the width of the screen."""
        indent = " " * (len(label) + 1)
        self.say(
            textwrap.fill(
                text or "(nothing)", self._width, initial_indent=f"{label} ", subsequent_indent=indent
            )
        )

    def partial(self, text: str) -> None:
        """Show text that may still change: in place on a terminal, now and then elsewhere."""
        shown = text[-(self._width - 6) :]
        if self._terminal:
            styled = f"{_STYLES['dim']}  … {shown}\033[0m" if self._styled else f"  … {shown}"
            print(f"\r\033[K{styled}", end="", file=self._out, flush=True)
            self._partial = True
        elif text and time.monotonic() - self._last_partial >= _PARTIAL_SECONDS:
            self._last_partial = time.monotonic()
            print(f"  … {shown}", file=self._out, flush=True)

    def final(self, start: float, text: str) -> None:
        """Show the final text of a segment that begins `start` seconds into the audio."""
        self.wrapped(f"{start:6.1f} s", text)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Print rows in aligned columns."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.say("  " + "  ".join(cells).rstrip())

    def next_steps(self) -> None:
        """The three commands to try next."""
        program = "garret" if shutil.which("garret") else f"{sys.executable} -m garret.cli"
        short = program.replace(f"{sys.prefix}/bin/python", ".venv/bin/python")
        self.head("Try next")
        self.table(
            [
                (f"{short} dictate YOUR.wav", "your own recording as text"),
                (f"{short} speak 'Hello there.' -o hello.wav", "text as speech"),
                (f"{short} doctor", "what this machine enforces, and what is missing"),
            ]
        )

    def _clear(self) -> None:
        if self._partial:
            print("\r\033[K", end="", file=self._out)
            self._partial = False
