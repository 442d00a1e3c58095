"""Where results and notes go: standard output holds the result alone, all else goes to standard error.

On a terminal tables are drawn by `tables`, with rich, which is imported at that moment only; in a pipe a
row is a line, its cells separated by tabs, without a heading, so that `cut` and `read` can take it. With
--json the result is one JSON document and all else is silent on standard output.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

import msgspec

from garret.base.errors import Code
from garret.base.visible import visible
from garret.cli import figures, naming
from garret.cli.errors import WriteFailed
from garret.protocol.manifest import Style

_CODES: Final[dict[Style, str]] = {
    "plain": "",
    "good": "\x1b[32m",
    "warn": "\x1b[33m",
    "bad": "\x1b[31m",
    "dim": "\x1b[2m",
}
_STYLES: Final[dict[str, str]] = {
    **dict.fromkeys(("ready", "done", "ok", "delivered", "busy", "allowed"), "green"),
    **dict.fromkeys(("starting", "draining", "backoff", "held", "warn", "warning", "queued"), "yellow"),
    **dict.fromkeys(("failed", "fail", "error", "denied", "refused"), "red"),
}


def is_terminal(stream: TextIO) -> bool:
    """Whether a terminal is on the other end, one that can draw or not."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def is_drawing(stream: TextIO) -> bool:
    """Whether a person looks at the stream through a terminal that can draw."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def make_safe(stream: TextIO) -> None:
    """What the stream's encoding cannot hold is replaced instead of ending the program."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None and not stream.closed:
        reconfigure(errors="replace")


class Output:
    """Standard output and standard error of one command."""

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool = False) -> None:
        self.out = out
        self.err = err
        self.as_json = as_json
        self.interactive = is_drawing(out)
        self.watched = is_drawing(err)
        self._seen = {stream for stream in (out, err) if is_terminal(stream)}
        self.command = naming.PLAIN
        """How the program is to be called by whoever reads a message that names a command."""
        self.above: Callable[[str], None] | None = None
        """Writes a note above what is being drawn, while something is."""

    # ---- results

    def say(self, text: str, style: Style = "plain") -> None:
        """A line of the result, for people only."""
        if not self.as_json:
            self._line(self.out, text, style, self.interactive)

    def emit(self, value: Any, text: str) -> None:
        """The whole result: a JSON document with --json, otherwise `text`."""
        if self.as_json:
            self.document(value)
        elif text:
            self.say(text)

    def document(self, value: Any) -> None:
        """One JSON document and a line break: indented for people, on one line for programs."""
        encoded = msgspec.json.encode(value)
        if not _is_unicode(self.out):
            document = json.dumps(json.loads(encoded), indent=2 if self.interactive else None)
        else:
            document = (msgspec.json.format(encoded, indent=2) if self.interactive else encoded).decode()
        self.write(document + "\n")

    def table(
        self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any = None, empty: str = ""
    ) -> None:
        """Rows for people or programs; `values` is what --json prints, else the rows by column name.

        Of no rows people are told `empty`, which says what would make some.
        """
        if self.as_json:
            names = [column.lower().replace(" ", "_") for column in columns]
            self.document([dict(zip(names, row, strict=True)) for row in rows] if values is None else values)
        elif not rows:
            self.note(empty or "Nothing to show.")
        elif self.interactive:
            from garret.cli import tables

            tables.draw(self.out, columns, rows, _STYLES)
        else:
            self.write("".join("\t".join(map(figures.one_line, row)) + "\n" for row in rows))

    def write(self, data: str | bytes) -> None:
        """Write and flush. Raises WriteFailed (or BrokenPipeError, which `main` understands)."""
        try:
            if isinstance(data, bytes):
                self.out.flush()
                self.out.buffer.write(data)
                self.out.buffer.flush()
            else:
                self.out.write(self._safe(self.out, data))
                self.out.flush()
        except BrokenPipeError:
            drop(self.out)
            raise
        except OSError as error:
            drop(self.out)
            code = Code.FULL if error.errno in (28, 122) else Code.FAILED  # ENOSPC, EDQUOT
            raise WriteFailed(f"Standard output cannot be written: {error.strerror}.", code=code) from error
        except ValueError as error:
            raise WriteFailed("Standard output is closed.") from error

    # ---- beside the result

    def note(self, text: str, style: Style = "dim") -> None:
        """A line on standard error; one that cannot be written is nobody's loss."""
        if self.above is not None:
            self.above(naming.named(text, self.command))
            return
        try:
            self._line(self.err, text, style, self.watched)
        except (OSError, ValueError):
            return

    def _line(self, stream: TextIO, text: str, style: Style, terminal: bool) -> None:
        text = self._safe(stream, naming.named(text, self.command))
        if terminal:
            code = "" if os.environ.get("NO_COLOR") else _CODES[style]
            text = f"{code}{text}\x1b[0m" if code else text
        if stream is self.out:
            self._raw_line(text)
        else:
            stream.write(text + "\n")
            stream.flush()

    def _safe(self, stream: TextIO, text: str) -> str:
        """The text as the stream may get it: a terminal nothing that it obeys, a pipe or file what it is."""
        return visible(text) if stream in self._seen else text

    def _raw_line(self, text: str) -> None:
        try:
            self.out.write(text + "\n")
            self.out.flush()
        except BrokenPipeError:
            drop(self.out)
            raise
        except OSError as error:
            drop(self.out)
            raise WriteFailed(f"Standard output cannot be written: {error.strerror}.") from error
        except ValueError as error:
            raise WriteFailed("Standard output is closed.") from error


def drop(stream: TextIO) -> None:
    """Point a stream whose reader is gone, or whose disk is full, to nowhere, so that closing it succeeds."""
    try:
        number = os.open(os.devnull, os.O_WRONLY)
        os.dup2(number, stream.fileno())
        os.close(number)
    except (OSError, ValueError):
        return


def _is_unicode(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _fill() -> None:
    """Open to nowhere the standard streams that the process was started without, which Python has as None.

    Otherwise the next file or socket gets the number, and what is meant for a stream goes into it. An output
    stays closed for whoever writes a result to it.
    """
    streams: list[tuple[str, int]] = [
        ("stdin", os.O_RDONLY),
        ("stdout", os.O_WRONLY),
        ("stderr", os.O_WRONLY),
    ]
    for number, (name, mode) in enumerate(streams):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, mode)  # the lowest number that is free, so this one
        stream = os.fdopen(opened, "w" if number else "r", closefd=False)
        if number:
            stream.close()
        setattr(sys, name, stream)


def standard(*, as_json: bool = False) -> Output:
    """The output of this process, whose standard streams are all there afterwards."""
    _fill()
    make_safe(sys.stdout)
    make_safe(sys.stderr)
    output = Output(sys.stdout, sys.stderr, as_json=as_json)
    output.command = naming.program_of(sys.argv[0])
    return output
