"""A source of encoded audio: a descriptor read through `os.pread`, and what its bytes look like.

`Source` is a read-only file object for decoders written in C. Those call back into it and cannot carry
an exception through, so a failed read is remembered in `failure` and looks like the end of the file;
`check` raises it afterwards. That is how a disk error is told apart from a file that is just short.

Neighbours: `decode` opens it; soundfile and PyAV read from it.
"""

from __future__ import annotations

import os
import stat

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
        self.head = self._at(0, _HEAD_BYTES)
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

    def _at(self, offset: int, count: int) -> bytes:
        if self.failure is not None:
            return b""
        try:
            return os.pread(self._fd, count, offset)
        except OSError as error:
            self.failure = error
            return b""

    def last(self, count: int) -> bytes:
        """The last `count` bytes."""
        return self._at(max(0, self.size - count), count)

    def read(self, count: int = -1) -> bytes:
        parts: list[bytes] = []
        remaining = self.size - self._position if count < 0 else count
        while remaining > 0:
            part = self._at(self._position, remaining)
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


def is_seekable(fd: int) -> bool:
    """Whether `fd` can be read at any position (a pipe or socket cannot)."""
    try:
        os.lseek(fd, 0, os.SEEK_CUR)
    except OSError:
        return False
    return True


def container_for_av(head: bytes) -> str | None:
    """The container in `head` if it is one that only PyAV decodes, else None."""
    if head[4:8] == b"ftyp":
        return "MP4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "WebM/Matroska"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # ADTS: sync word, layer 0
        return "AAC"
    if head[:4] == b"ADIF":
        return "AAC"
    if head[:5] == b"#!AMR":
        return "AMR"
    if head[:4] == b"\x30\x26\xb2\x75":
        return "ASF/WMA"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    return None
