"""Audio that a person hands over: files, opened with that person's rights, and standard input.

A pipe among the files is copied first, since the store needs to know where it ends. Standard input
is sniffed: raw PCM and WAV of 16 kHz mono 16-bit go live; any other audio is read whole, then handled
as a file.
"""

from __future__ import annotations

import os
import select
import stat
import struct
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from garret.features.dictate.client.errors import SourceMissing, SourceUnusable
from garret.features.dictate.contracts import AudioChunk

CHUNK: Final = 32_768  # bytes; about a second at 16 kHz, half of what a chunk may hold
_HEADER_LIMIT: Final = 65_536  # bytes in which the samples of a WAV must begin
_NAMES_SEARCHED: Final = 5_000
_UNKNOWN_SIZES: Final = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF})
"""What writers that cannot seek back put where the length of the samples belongs."""

_CONTAINERS: Final = (
    b"fLaC",
    b"OggS",
    b"ID3",
    b"FORM",
    b"caff",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf2",
    b"RF64",
)


def as_text(path: str) -> str:
    """A path as text: bytes in it that are no UTF-8, which no message can hold, are replaced by U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def opened(path: str) -> Generator[int, None, None]:
    """A descriptor of an audio file, at its beginning. Raises SourceMissing or SourceUnusable."""
    try:
        mode = Path(path).stat().st_mode
        _check_kind(path, mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise SourceMissing(f"There is no file {as_text(path)}{_near(path)} Nothing was dictated.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceUnusable(f"{as_text(path)} cannot be read: {reason}. Nothing was dictated.") from error
    try:
        if stat.S_ISFIFO(mode):
            with copied(descriptor) as copy:
                yield copy
        else:
            yield descriptor
    finally:
        os.close(descriptor)


def _check_kind(path: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise SourceUnusable(f"{as_text(path)} is a folder; audio files are expected. Nothing was dictated.")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise SourceUnusable(
            f"{as_text(path)} is a device or socket; audio files are expected. Nothing was dictated."
        )


def _near(path: str) -> str:
    import difflib
    import itertools

    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry in itertools.islice(entries, _NAMES_SEARCHED)]
    except OSError:
        return "."
    close = difflib.get_close_matches(name, names, n=2, cutoff=0.7)
    return (
        f"; did you mean {' or '.join(as_text(str(Path(folder) / other)) for other in close)}?"
        if close
        else "."
    )


@contextmanager
def copied(descriptor: int, first: bytes = b"") -> Generator[int, None, None]:
    """A nameless file with `first` and all that can still be read from a pipe. Raises SourceUnusable."""
    with tempfile.TemporaryFile(prefix="garret-") as file:
        try:
            file.write(first)
            while data := os.read(descriptor, 1 << 20):
                file.write(data)
            file.flush()
        except OSError as error:
            raise SourceUnusable(
                f"What came through the pipe could not be kept: {error.strerror}. Nothing was dictated."
            ) from error
        file.seek(0)
        yield file.fileno()


class StopSignal:
    """Ends a wait for input from a signal handler or another thread, whatever is being waited for."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self.given = False

    def give(self) -> None:
        """Idempotent and safe within a signal handler."""
        if not self.given:
            self.given = True
            os.write(self._writer, b"!")

    def wait(self, descriptor: int | None = None) -> bool:
        """Wait for the signal, or until `descriptor` can be read; True where it was the signal."""
        watched = [self._reader] if descriptor is None else [self._reader, descriptor]
        return self._reader in select.select(watched, [], [])[0]

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class PushedAudio:
    """The PCM of a pipe, chunk by chunk, until it ends or the signal is given; whole samples only."""

    def __init__(self, descriptor: int, first: bytes, left: int | None, stop: StopSignal) -> None:
        """`first` was read already; `left` is how many bytes of samples there are, None for all."""
        self._descriptor = descriptor
        self._waiting = first
        self._left = left
        self._stop = stop
        self.bytes = 0

    def __call__(self) -> AudioChunk | None:
        while len(self._waiting) < 2:
            if self._left is not None and self._left <= len(self._waiting):
                return None
            if self._stop.wait(self._descriptor):
                return None
            data = os.read(self._descriptor, CHUNK)
            if not data:
                return None  # half a sample at the end is none
            self._waiting += data
        return self._take()

    def _take(self) -> AudioChunk | None:
        usable = min(len(self._waiting), CHUNK, len(self._waiting) if self._left is None else self._left)
        usable -= usable % 2
        if usable <= 0:
            return None
        data, self._waiting = self._waiting[:usable], self._waiting[usable:]
        self.bytes += usable
        if self._left is not None:
            self._left -= usable
            if self._left <= 1:
                self._waiting, self._left = b"", 0
        return AudioChunk(data=data)


def sniff(descriptor: int) -> tuple[bytes, int | None] | bytes:
    """Look at the beginning of standard input.

    Where it is PCM of 16 kHz, mono, 16 bit: the samples read so far, and how many bytes of them there
    are in all (None where nobody knows). Otherwise what was read, to be handled as a file.
    """
    head = _read_at_least(descriptor, b"", 12)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _sniff_wave(descriptor, head)
    if not head or head.startswith(_CONTAINERS) or head[4:8] == b"ftyp":
        return head  # nothing at all is told as an empty file is
    return head, None


def _sniff_wave(descriptor: int, head: bytes) -> tuple[bytes, int | None] | bytes:
    position, live = 12, False
    while position < _HEADER_LIMIT:
        head = _read_at_least(descriptor, head, position + 8)
        if len(head) < position + 8:
            return head
        name, size = struct.unpack_from("<4sI", head, position)
        position += 8
        if name == b"data":
            return (head[position:], None if size in _UNKNOWN_SIZES else size) if live else head
        if name == b"fmt ":
            head = _read_at_least(descriptor, head, position + min(size, 40))
            live = is_live_format(head[position : position + size])
        position += size + size % 2
        head = _read_at_least(descriptor, head, min(position, _HEADER_LIMIT))
    return head


def is_live_format(chunk: bytes) -> bool:
    """Whether a WAV's fmt chunk says PCM, one channel, 16 kHz, 16 bit."""
    if len(chunk) < 16:
        return False
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == 0xFFFE and len(chunk) >= 26:  # WAVE_FORMAT_EXTENSIBLE: the tag begins the sub-format's GUID
        (tag,) = struct.unpack_from("<H", chunk, 24)
    return (tag, channels, rate, bits) == (1, 1, 16_000, 16)


def _read_at_least(descriptor: int, have: bytes, wanted: int) -> bytes:
    """Read on until `wanted` bytes are there or the input ends."""
    parts, count = [have], len(have)
    while count < wanted:
        data = os.read(descriptor, max(4096, wanted - count))
        if not data:
            break
        parts.append(data)
        count += len(data)
    return b"".join(parts)
