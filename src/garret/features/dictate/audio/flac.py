"""Keeping a finished recording as FLAC: lossless, about half the size of the spool.

Streaming both ways in bounded memory. `verify` compares what was encoded with the spool sample by
sample, so that the spool is given up only after its copy was read back.

Neighbours: `spool` is the source; blobs keep the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import soundfile

from garret.base.errors import CancelledError
from garret.features.dictate.audio import spool
from garret.features.dictate.audio.errors import EmptyAudioError, NotAudioError, SinkFailedError
from garret.features.dictate.audio.pipeline import Sink
from garret.features.dictate.audio.source import Source
from garret.features.dictate.audio.spool import SAMPLE_RATE

_BLOCK = 65_536  # samples


class _Target:
    """A write-and-seek file object over `fd` that remembers a failed write for `check`."""

    mode = "w+b"

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._position = 0
        self.size = 0
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.failure is None and done < len(view):
                done += os.pwrite(self._fd, view[done:], self._position + done)
        except OSError as error:
            self.failure = error
        self._position += done
        self.size = max(self.size, self._position)
        return len(view)  # a short count makes the encoder abort inside C; the failure is raised by `check`

    def read(self, count: int = -1) -> bytes:
        data = os.pread(self._fd, self.size - self._position if count < 0 else count, self._position)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        return None

    def check(self) -> None:
        if self.failure is not None:
            failed = spool.sink_failed(self.failure, 0.0)
            raise SinkFailedError(
                f"The recording could not be packed as FLAC: {self.failure.strerror}. "
                "The recording itself is kept unpacked. Free some space and try again.",
                code=failed.code,
                retryable=True,
                details={"errno": self.failure.errno},
            ) from self.failure


def encode(
    spool_fd: int,
    target_fd: int,
    *,
    start: int = 0,
    stop: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Encode samples `start` to `stop` (or the end) of the spool into the empty, seekable `target_fd`.

    Returns the number of samples encoded. The caller syncs and closes. Raises EmptyAudioError,
    SinkFailedError, SourceFailedError or CancelledError; the spool is never touched.
    """
    target = _Target(target_fd)
    written = 0
    opened: Any = soundfile.SoundFile(
        cast(Any, target), "w", samplerate=SAMPLE_RATE, channels=1, format="FLAC", subtype="PCM_16"
    )
    with opened as file:
        for block in spool.blocks(spool_fd, start, stop, _BLOCK):
            if cancelled():
                raise CancelledError("Packing the recording was cancelled; it is kept unpacked.")
            file.write(block)
            written += len(block)
            target.check()
    target.check()
    if written == 0:
        raise EmptyAudioError("The recording is empty: there is nothing to keep.")
    return written


def decode(flac_fd: int, sink: Sink, *, name: str = "the kept recording") -> int:
    """Read FLAC made by `encode` back into PCM in the internal form, bit-exact; return its samples.

    Raises EmptyAudioError, NotAudioError or SourceFailedError. For any other FLAC use `audio.decode`.
    """
    source = Source(flac_fd, name)
    total = 0
    try:
        opened: Any = soundfile.SoundFile(cast(Any, source))
        with opened as file:
            if (file.format, file.samplerate, file.channels, file.subtype) != (
                "FLAC",
                SAMPLE_RATE,
                1,
                "PCM_16",
            ):
                raise NotAudioError(f"{name} is not in the form recordings are kept in.")
            while len(block := file.read(_BLOCK, dtype="int16")):
                sink(np.asarray(block, "<i2").tobytes())
                total += len(block)
            complete = total == file.frames
    except (soundfile.LibsndfileError, RuntimeError) as error:
        source.check(total / SAMPLE_RATE)
        raise NotAudioError(f"{name} is damaged after {total / SAMPLE_RATE:.1f} s.") from error
    source.check(total / SAMPLE_RATE)
    if not complete:
        raise NotAudioError(f"{name} is damaged after {total / SAMPLE_RATE:.1f} s.")
    return total


def verify(flac_fd: int, spool_fd: int, *, start: int = 0, stop: int | None = None) -> bool:
    """Whether the FLAC holds exactly samples `start` to `stop` of the spool."""
    position = start
    end = spool.samples_in(spool_fd) if stop is None else stop
    same = True

    def compare(pcm: bytes) -> None:
        nonlocal position, same
        count = len(pcm) // spool.SAMPLE_BYTES
        same = same and spool.read(spool_fd, position, count).tobytes() == pcm
        position += count

    try:
        decode(flac_fd, compare)
    except NotAudioError:
        return False
    return same and position == end
