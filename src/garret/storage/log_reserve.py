"""Space for the write-ahead log that is written before it is needed.

A commit that makes the log longer costs the file system a commit of its own journal; one that overwrites
blocks which are there already does not. On a disk where others sync as well, batches of 64 transitions took
8 ms each while the log grew and 4 ms once it did not (ext4, Linux 6.18). So when a burst of writes begins,
zeros are written behind the log's end.

SQLite reads a log up to the first frame whose salt does not match its header's, so zeros behind the end are
what left-over frames of an earlier round are to it: nothing (https://sqlite.org/fileformat2.html, "The
Write-Ahead Log"). Invariant: only the writer's thread calls this, between two transactions, so nobody else
adds to the log meanwhile. A truncating checkpoint gives the space back. Neighbours: `writer`, `checkpoint`.
"""

from __future__ import annotations

import os

from garret.base import log

_FRAME = 4096 + 24  # bytes: a page and its frame header
_BURST = 256  # pages; a log that stays below this is left alone
_STEP = 512 * _FRAME  # bytes added at a time
_MARGIN = 192 * _FRAME  # bytes that must be left before more are added
_CHUNK = bytes(1 << 20)

_log = log.get("storage")


class LogReserve:
    """Keeps the log file longer than what is in use."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._useless = False

    def extend(self, pages: int) -> None:
        """Called after a commit with the pages in the log. Never fails: without a reserve all is slower."""
        if pages < _BURST or self._useless:
            return
        try:
            size = os.stat(self._path).st_size  # noqa: PTH116 (once a commit; a Path takes three times as long)
            if size - pages * _FRAME < _MARGIN:
                self._write_zeros(size, size + _STEP)
        except OSError as error:
            # A full disk most likely; what the log itself needs is the business of the next commit.
            _log.info("no space was reserved for the write-ahead log: %s", error)
            self._useless = True

    def _write_zeros(self, start: int, end: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            while start < end:
                start += os.pwrite(descriptor, _CHUNK[: end - start], start)
        finally:
            os.close(descriptor)
