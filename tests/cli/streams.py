"""Streams that tests give to the command line's output."""

from __future__ import annotations

import io


class Screen(io.StringIO):
    """A terminal of 100 columns that remembers what it was sent."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def pipe(encoding: str = "utf-8") -> io.TextIOWrapper:
    """A stream that is no terminal, with a buffer below it."""
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="\n")


def sent(stream: io.TextIOWrapper) -> bytes:
    """What reached the buffer of a `pipe`."""
    stream.flush()
    below = stream.buffer
    assert isinstance(below, io.BytesIO)
    return below.getvalue()
