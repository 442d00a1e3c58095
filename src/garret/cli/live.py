"""What a running command shows: partial text, the microphone's level, progress.

On a terminal one region at the bottom is drawn anew (rich), at most ten times a second; in a pipe
each change is a plain line on standard error, so that a log of it can be read.
"""

from __future__ import annotations

import time
from typing import Any, Final

from garret.cli import figures
from garret.cli.output import Output

_REDRAW_SECONDS: Final = 0.1
_NOTE_SECONDS: Final = 5.0  # in a pipe, a line of progress at most so often
_QUIETEST: Final = -60.0  # dBFS; the left end of the level meter
_METER: Final = 12  # characters
_BAR: Final = 30


class PlainLive:
    """In a pipe: partial and final text as lines, progress now and then."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._partial = ""
        self._noted = time.monotonic()

    def __enter__(self) -> PlainLive:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def partial(self, text: str) -> None:
        if text and text != self._partial:
            self._partial = text
            self._output.note(f"... {text}")

    def final(self, text: str) -> None:
        self._partial = ""
        if text:
            self._output.note(f"> {text}")

    def level(self, decibels: float) -> None:
        del decibels

    def progress(self, fraction: float, note: str = "") -> None:
        now = time.monotonic()
        if now - self._noted >= _NOTE_SECONDS:
            self._noted = now
            done = f"{fraction:4.0%}" if fraction >= 0 else "working"
            self._output.note(f"{done} {note}".rstrip())

    def hint(self, text: str) -> None:
        del text


class DrawnLive:
    """On a terminal: final text scrolls up, below it the partial text and a bar or a level."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._partial = ""
        self._level: float | None = None
        self._fraction: float | None = None
        self._note = self._hint = ""
        self._drawn = 0.0
        self._live: Any = None

    def __enter__(self) -> DrawnLive:
        return self

    def __exit__(self, *_: object) -> None:
        self._output.above = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    def partial(self, text: str) -> None:
        self._partial = text
        self._draw()

    def final(self, text: str) -> None:
        self._partial = ""
        if text:
            self._start().console.print(_text(figures.one_line(text)), style="dim")
        self._draw(now=True)

    def level(self, decibels: float) -> None:
        self._level = decibels
        self._draw()

    def progress(self, fraction: float, note: str = "") -> None:
        self._fraction, self._note = fraction, note
        self._draw()

    def hint(self, text: str) -> None:
        self._hint = text  # beside the level, which comes many times a second

    def _draw(self, *, now: bool = False) -> None:
        moment = time.monotonic()
        if now or moment - self._drawn >= _REDRAW_SECONDS:
            self._drawn = moment
            live = self._start()
            live.update(_text(self._lines(live.console.width)), refresh=True)

    def _lines(self, width: int) -> str:
        lines: list[str] = []
        if self._partial:
            # The end is what was said last, and a region higher than the screen cannot be redrawn.
            lines.append(figures.one_line(self._partial)[-max(width * 3 - 4, 20) :])
        if self._level is not None:
            filled = round((1 - min(max(self._level / _QUIETEST, 0.0), 1.0)) * _METER)
            told = ", ".join(filter(None, ("listening", "Ctrl-C ends it", figures.one_line(self._hint))))
            lines.append(f"[{'#' * filled}{'.' * (_METER - filled)}] {told}"[:width])
        elif self._fraction is not None:
            lines.append(f"{bar(self._fraction)} {figures.one_line(self._note)}"[:width])
        return "\n".join(lines)

    def _start(self) -> Any:
        if self._live is None:
            from rich.live import Live

            from garret.cli import tables

            console = tables.console(self._output.err)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
            self._output.above = lambda text: console.print(_text(figures.one_line(text)), style="dim")
        return self._live


def bar(fraction: float) -> str:
    """A bar and its percentage; a fraction below zero is unknown."""
    if fraction < 0:
        return f"[{'.' * _BAR}]"
    filled = round(min(fraction, 1.0) * _BAR)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {min(fraction, 1.0):4.0%}"


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(text)
