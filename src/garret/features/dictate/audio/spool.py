"""The spool: one growing plain file of samples, on disk before anything else happens to them.

Form: mono, 16 kHz, signed 16-bit little-endian, no header. One process appends; any number of others
read with `os.pread`, which shares no file offset. A process killed while writing may leave one odd
byte at the end; readers ignore it.

Neighbours: `decode` and the microphone write here; voice activity, engines and `flac` read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from garret.base.errors import Code
from garret.features.dictate.audio.errors import SinkFailedError, SourceFailedError

SAMPLE_RATE = 16_000
"""Samples a second, everywhere inside."""

SAMPLE_BYTES = 2
"""Bytes a sample."""

BLOCK_SAMPLES = 16_000
"""Samples read at once by `blocks`: one second, 32 kB."""

Samples = npt.NDArray[np.int16]

_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def sink_failed(error: OSError, kept_seconds: float) -> SinkFailedError:
    """The typed error for a failed write after `kept_seconds` of audio were written."""
    full = error.errno in _FULL_ERRNOS
    reason = "the disk or a quota is full" if full else (error.strerror or str(error))
    return SinkFailedError(
        f"Audio could not be written: {reason}. The first {kept_seconds:.1f} s are kept. "
        + ("Free some space and try again." if full else "Check the disk and try again."),
        code=Code.FULL if full else Code.FAILED,
        retryable=True,
        details={"errno": error.errno, "seconds_kept": kept_seconds},
    )


class SpoolWriter:
    """Appends samples to a spool. Also usable as the `sink` of a decoder."""

    def __init__(self, fd: int) -> None:
        """Write to `fd`, which stays the caller's to close and must be at its end."""
        self._fd = fd
        self.samples = 0
        """Whole samples written through this writer."""

    def __call__(self, pcm: bytes | memoryview) -> None:
        self.write(pcm)

    def write(self, pcm: bytes | memoryview) -> None:
        """Append `pcm` (whole samples) completely. Raises SinkFailedError; what was written stays."""
        view = memoryview(pcm).cast("B")
        written = 0
        try:
            while written < len(view):
                written += os.write(self._fd, view[written:])
        except OSError as error:
            self.samples += written // SAMPLE_BYTES
            raise sink_failed(error, self.samples / SAMPLE_RATE) from error
        self.samples += written // SAMPLE_BYTES


def samples_in(fd: int) -> int:
    """Whole samples the spool holds now."""
    return os.fstat(fd).st_size // SAMPLE_BYTES


def read(fd: int, start: int, count: int) -> Samples:
    """Up to `count` samples from sample `start` on; fewer at the end. Raises SourceFailedError."""
    wanted = count * SAMPLE_BYTES
    offset = start * SAMPLE_BYTES
    parts: list[bytes] = []
    got = 0
    while got < wanted:
        try:
            part = os.pread(fd, wanted - got, offset + got)
        except OSError as error:
            raise SourceFailedError(
                f"The recording could not be read: {error.strerror}. It was left as it is; try again.",
                details={"errno": error.errno, "sample": start + got // SAMPLE_BYTES},
            ) from error
        if not part:
            break
        parts.append(part)
        got += len(part)
    data = b"".join(parts)
    return np.frombuffer(data[: got - got % SAMPLE_BYTES], dtype="<i2").astype(np.int16, copy=False)


def blocks(fd: int, start: int = 0, stop: int | None = None, size: int = BLOCK_SAMPLES) -> Iterator[Samples]:
    """Blocks of up to `size` samples from `start` to `stop` (or the end as it is when reached)."""
    position = start
    while stop is None or position < stop:
        count = size if stop is None else min(size, stop - position)
        block = read(fd, position, count)
        if not len(block):
            return
        yield block
        position += len(block)
