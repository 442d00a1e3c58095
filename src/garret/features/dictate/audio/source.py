"""A source of encoded audio: a descriptor read through `os.pread`, and what its bytes look like.

`Source` is a read-only file object for decoders written in C. Those call back into it and cannot carry
an exception through, so a failed read is remembered in `failure` and looks like the end of the file;
`check` raises it afterwards. That is how a disk error is told apart from a file that is just short.

`View` is the same for a file that is made of pieces of another: headers, damaged places left out.

Neighbours: `decode` opens it; soundfile and PyAV read from it.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from collections.abc import Sequence

from garret.features.dictate.audio.errors import EmptyAudioError, NotAudioError, SourceFailedError

_HEAD_BYTES = 4096


class Source:
    """A seekable, read-only view of `fd` with its own position; `fd` stays the caller's."""

    mode = "rb"
    seekable_source = True

    def __init__(self, fd: int, name: str) -> None:
        """Raises SourceFailedError, NotAudioError (a folder) or EmptyAudioError (no bytes)."""
        self._fd = fd
        self._position = 0
        self.name = name
        self.failure: OSError | None = None
        try:
            status = os.fstat(fd)
        except OSError as error:
            raise self._failed(error) from error
        if stat.S_ISDIR(status.st_mode):
            raise NotAudioError(f"{name} is a folder, not a recording.")
        self.size = status.st_size
        if self.size == 0:
            raise EmptyAudioError(f"{name} is empty: there is nothing to transcribe.")
        self.head = self.at(0, _HEAD_BYTES)
        self.check()

    def _failed(self, error: OSError, kept_seconds: float = 0.0) -> SourceFailedError:
        reason = error.strerror or str(error)
        return SourceFailedError(
            f"{self.name} could not be read: {reason}. The first {kept_seconds:.1f} s are kept. "
            "Check that the file is still there and try again.",
            details={"errno": error.errno, "seconds_kept": kept_seconds},
        )

    def check(self, kept_seconds: float = 0.0) -> None:
        """Raise SourceFailedError if any read has failed; `kept_seconds` is what was decoded before."""
        if self.failure is not None:
            raise self._failed(self.failure, kept_seconds) from self.failure

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes at `offset`; none where reading has failed."""
        if self.failure is not None or offset >= self.size:  # which a header may claim to be anywhere
            return b""
        try:
            return os.pread(self._fd, count, offset)
        except OSError as error:
            self.failure = error
            return b""

    def read(self, count: int = -1) -> bytes:
        parts: list[bytes] = []
        remaining = self.size - self._position if count < 0 else count
        while remaining > 0:
            part = self.at(self._position, remaining)
            if not part:
                break
            parts.append(part)
            self._position += len(part)
            remaining -= len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return True


class View(Source):
    """A file object made of literal bytes and ranges of a `Source`; failures are noted there."""

    def __init__(self, source: Source, pieces: Sequence[bytes | range]) -> None:
        self._source = source
        self._position = 0
        self.name = source.name
        self._pieces: list[bytes | range] = []
        self._starts: list[int] = []
        self.size = 0
        for piece in pieces:
            last = self._pieces[-1] if self._pieces else None
            if isinstance(piece, range) and isinstance(last, range) and last.stop == piece.start:
                self._pieces[-1] = range(last.start, piece.stop)  # a day of pages is a few ranges
            else:
                self._pieces.append(piece)
                self._starts.append(self.size)
            self.size += len(piece)
        self.head = self.at(0, _HEAD_BYTES)

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes at `offset`; fewer only at the end, and where reading has failed."""
        parts: list[bytes] = []
        while count > 0 and offset < self.size:
            part = self._of_one(offset, count)
            if not part:
                break
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        return b"".join(parts)

    def _of_one(self, offset: int, count: int) -> bytes:
        index = bisect_right(self._starts, offset) - 1
        piece, inside = self._pieces[index], offset - self._starts[index]
        if isinstance(piece, bytes):
            return piece[inside : inside + count]
        return self._source.at(piece.start + inside, min(count, len(piece) - inside))


def is_seekable(fd: int) -> bool:
    """Whether `fd` can be read at any position (a pipe or socket cannot)."""
    try:
        os.lseek(fd, 0, os.SEEK_CUR)
    except OSError:
        return False
    return True
