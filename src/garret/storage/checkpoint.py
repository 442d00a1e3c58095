"""When the write-ahead log is copied into the database file, and when it is cut to nothing.

Two rules. When the log passes `soft` bytes, a thread of its own copies it in the background (PASSIVE: it
waits for nobody, and the writer goes on); what was added meanwhile the writer copies itself, which is
little, so that the next commit starts the log anew. When nothing was written for `idle` seconds, the log is
truncated, once. Nothing polls: with nothing written the thread waits without a time limit.

Invariant: a checkpoint never fails a write. A full disk during one leaves everything in the log.
Neighbours: `writer` reports commits, `connection.Readers` loses snapshots that block truncation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import apsw

from garret.base import log
from garret.base.clock import Clock

_log = log.get("storage")

_TRUNCATE_ATTEMPTS = (
    3  # readers in the way have a second each to finish; after that the next write asks again
)


@dataclass(frozen=True)
class CheckpointPolicy:
    """Limits of the write-ahead log: `soft` in pages, `idle` in seconds."""

    soft: int = 1_000  # 4 MiB; with 16 MiB the longer checkpoints took p99 from 5 ms to 20 ms under load
    idle: float = 5.0


@dataclass
class CheckpointCounts:
    """What the checkpointer has done so far."""

    background: int = 0
    finished: int = 0
    truncated: int = 0
    failed: int = 0


class Checkpointer:
    """A thread that keeps the write-ahead log small."""

    def __init__(
        self,
        opener: Callable[[], apsw.Connection],
        policy: CheckpointPolicy,
        *,
        clock: Clock,
        expire_readers: Callable[[], int],
    ) -> None:
        self.counts = CheckpointCounts()
        self._connection = opener()
        # A truncating checkpoint holds the writer's lock while it waits for readers; it must not wait.
        self._connection.set_busy_timeout(0)
        self._policy = policy
        self._clock = clock
        self._expire_readers = expire_readers
        self._condition = threading.Condition()
        self._wanted = False  # the log is over its soft limit
        self._armed = False  # something was written since the last truncation
        self._closing = False
        self._last_write = 0.0
        self._remainder = threading.Event()
        self._thread = threading.Thread(target=self._run, name="garret-checkpoint", daemon=True)
        self._thread.start()

    def committed(self, pages: int) -> None:
        """Called by the writer after each commit with the number of pages in the log. Quick."""
        self._last_write = self._clock.monotonic()
        over = pages >= self._policy.soft and not self._wanted
        if self._armed and not over:
            return
        with self._condition:
            self._armed = True
            if over and not self._remainder.is_set():
                self._wanted = True
            self._condition.notify()

    def finish(self, connection: apsw.Connection) -> None:
        """Copy what is left after a background pass, on the writer's own thread, between two batches."""
        if not self._remainder.is_set():
            return
        self._remainder.clear()
        if self._checkpoint(connection, apsw.SQLITE_CHECKPOINT_PASSIVE):
            self.counts.finished += 1

    def close(self) -> None:
        """Stop the thread. The log is left as it is; SQLite empties it when the last connection closes."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        connection = self._connection
        attempts = 0
        try:
            while (work := self._next(attempts)) != "close":
                if work == "copy":
                    self._copy(connection)
                    attempts = 0
                    continue
                self._expire_readers()
                attempts = 0 if self._truncate(connection) else attempts + 1
                if attempts in (0, _TRUNCATE_ATTEMPTS):
                    attempts = 0
                    self._disarm()
        finally:
            connection.close(True)

    def _next(self, attempts: int) -> str:
        """Wait for something to do: 'copy', 'truncate' or 'close'."""
        with self._condition:
            while True:
                if self._closing:
                    return "close"
                if self._wanted:
                    return "copy"
                if not self._armed:
                    self._condition.wait()
                    continue
                left = self._last_write + self._policy.idle * (1 + attempts) - self._clock.monotonic()
                if left <= 0:
                    return "truncate"
                self._condition.wait(left)

    def _copy(self, connection: apsw.Connection) -> None:
        if self._checkpoint(connection, apsw.SQLITE_CHECKPOINT_PASSIVE):
            self.counts.background += 1
        with self._condition:
            self._wanted = False
            self._remainder.set()

    def _truncate(self, connection: apsw.Connection) -> bool:
        done = self._checkpoint(connection, apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self.counts.truncated += done
        return done

    def _disarm(self) -> None:
        with self._condition:
            # A commit that came during the truncation keeps it armed.
            if self._clock.monotonic() - self._last_write >= self._policy.idle:
                self._armed = False

    def _checkpoint(self, connection: apsw.Connection, mode: int) -> bool:
        try:
            connection.wal_checkpoint(mode=mode)
        except (apsw.BusyError, apsw.LockedError):
            return False  # a reader or the writer is in the way; the log simply stays for now
        except apsw.Error as error:
            self.counts.failed += 1
            _log.warning("a checkpoint failed, everything stays in the write-ahead log: %s", error)
            return False
        return True
