"""Sound reaches the disk as it comes: an append-only file of PCM, synced off the audio's path.

`SpoolWriter.append` writes at once, so that the death of any process loses nothing that was appended;
a thread of its own runs fdatasync, so that the death of the machine loses at most the last tenth of a
second. Invariant: the file holds a whole number of samples whenever `append` has returned or raised.
The file is handed over as a descriptor; this module opens nothing. Neighbour: `recorder.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable

from garret.base.clock import SYSTEM, Clock
from garret.features.dictate.capture.errors import SpoolError, SpoolFullError
from garret.features.dictate.capture.ring import SAMPLE_BYTES
from garret.features.dictate.capture.source import SAMPLE_RATE

SYNC_SECONDS = 0.05
"""Least time between two syncs. Half of the tenth of a second in which sound must be on the disk, which
leaves the other half to the sync itself (4 ms on the disks it was measured on)."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


def recover(descriptor: int) -> int:
    """Make an existing spool fit to go on: cut half a sample off its end; returns its length in bytes.

    Raises SpoolError when the file cannot be changed.
    """
    try:
        length = os.fstat(descriptor).st_size
        if length % SAMPLE_BYTES:
            length -= length % SAMPLE_BYTES
            os.ftruncate(descriptor, length)
        os.lseek(descriptor, 0, os.SEEK_END)
    except OSError as error:
        raise SpoolError(
            f"The recording's file cannot be continued: {error.strerror}. What it holds was kept."
        ) from error
    return length


class SpoolWriter:
    """Appends PCM to `descriptor`, which stays the caller's to close. One thread appends.

    `on_durable` is called, on the syncing thread, with the number of bytes that are safe on the disk.
    """

    def __init__(
        self,
        descriptor: int,
        on_durable: Callable[[int], None] | None = None,
        *,
        clock: Clock = SYSTEM,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        """Continue the spool behind `descriptor`. Raises SpoolError when it cannot be used."""
        self._descriptor = descriptor
        self._on_durable = on_durable
        self._clock = clock
        self._sync_seconds = sync_seconds
        self._length = recover(descriptor)
        self._durable = 0
        self._failure: OSError | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="spool-sync", daemon=True)
        self._thread.start()

    @property
    def length(self) -> int:
        """Bytes in the file."""
        return self._length

    @property
    def durable(self) -> int:
        """Bytes that a power cut would not take."""
        return self._durable

    def append(self, pcm: bytes) -> None:
        """Write whole samples at the end. Raises SpoolFullError or SpoolError; what was written stays."""
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError("sound is kept in whole samples")
        self._raise_failure()
        left = memoryview(pcm)
        added = 0
        try:
            while left:
                count = os.write(self._descriptor, left)
                left = left[count:]
                added += count
        except OSError as error:
            added -= self._mend(added)
            raise self._error(error, self._length + added) from error
        finally:
            if added:
                with self._changed:
                    self._length += added
                    self._changed.notify()

    def _mend(self, added: int) -> int:
        """Cut half a sample off the end after a write that stopped short; returns the bytes cut."""
        half = (self._length + added) % SAMPLE_BYTES
        if half:
            with contextlib.suppress(OSError):  # `recover` cuts it when the spool is opened again
                os.ftruncate(self._descriptor, self._length + added - half)
                os.lseek(self._descriptor, 0, os.SEEK_END)
        return half

    def _error(self, error: OSError, kept: int) -> SpoolError:
        seconds = kept / (SAMPLE_BYTES * SAMPLE_RATE)
        details = {"kept_bytes": kept, "errno": error.errno}
        if error.errno in _NO_ROOM:
            return SpoolFullError(
                f"The disk is full. The recording was stopped; {seconds:.1f} s of it are kept. Make room and "
                "speak the rest again.",
                details=details,
            )
        return SpoolError(
            f"The recording could not be written: {error.strerror}. {seconds:.1f} s of it are kept.",
            details=details,
        )

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._error(self._failure, self._durable) from self._failure

    def _run(self) -> None:
        """The syncing thread: sync as soon as something is new and the last sync is old enough."""
        earliest = self._clock.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._length > self._durable)
                while not self._closing and (pause := earliest - self._clock.monotonic()) > 0:
                    self._changed.wait(pause)
                target, last = self._length, self._closing
            earliest = self._clock.monotonic() + self._sync_seconds
            if target > self._durable and not self._sync_to(target):
                return
            if last:
                return

    def _sync_to(self, target: int) -> bool:
        try:
            _sync(self._descriptor)
        except OSError as error:
            # After a failed sync the kernel may have dropped the pages: nothing later can be trusted.
            self._failure = error
            return False
        self._durable = target
        if self._on_durable is not None:
            self._on_durable(target)
        return True

    def close(self) -> int:
        """Sync the rest and end the thread; returns the durable length. Raises SpoolError when it failed."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._raise_failure()
        return self._durable
