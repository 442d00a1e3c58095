"""The one thread that writes to a database file, with group commit.

Promises: operations run one after another in the order they were handed over, each inside a savepoint of a
transaction that it shares with whatever else was waiting; one that raises takes back its own changes only.
A future resolves after the COMMIT is durable, or with the error that kept it from becoming so. The event
loop is woken once for a batch, not once for an operation. The queue is bounded and answers `busy`. With
nothing to do the thread waits without a time limit.

When the disk is full, fails or turns read-only, the whole batch fails, and the writer enters a read-only
mode: writes are refused at once, reading goes on. A write that comes later than `PROBE_SECONDS` after the
last attempt tries the disk again (`probe` does so at once), so nothing polls. A damaged file is not tried
again: it needs `recovery`.

Neighbours: `checkpoint` keeps the log small, `ledger`, `objects` and `audit` hand in operations.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

import apsw

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.storage.checkpoint import Checkpointer
from garret.storage.errors import (
    Closed,
    Corrupt,
    DiskFull,
    InputOutput,
    QueueFull,
    ReadOnly,
    StorageError,
    translate,
)
from garret.storage.handover import Handover, Item, Operation, resolve_all
from garret.storage.log_reserve import LogReserve
from garret.storage.writer_state import Mode, WriterStatistics

T = TypeVar("T")

PROBE_SECONDS = 1.0
BATCH = 512  # operations in one transaction at most; bounds the latency of the first of them
_PROBE_BYTES = 256 * 1024  # what must fit on the disk before writing is allowed again

_log = log.get("storage")

# Errors that say something about the disk or the file, not about the one operation.
_FATAL = (DiskFull, ReadOnly, InputOutput, Corrupt)


class Writer:
    """Owns the writing connection of one file. Safe to use from any thread and any event loop."""

    def __init__(
        self,
        connection: apsw.Connection,
        checkpointer: Checkpointer,
        *,
        limit: int = 4_096,
        clock: Clock = SYSTEM,
    ) -> None:
        self.statistics = WriterStatistics()
        self._connection = connection
        self._checkpointer = checkpointer
        self._limit = limit
        self._clock = clock
        self._condition = threading.Condition()
        self._queue: deque[Item] = deque()
        self._between: deque[Item] = deque()
        self._pending = 0  # accepted and not yet resolved; guarded by the condition
        self._closing = False
        self._stopped = False
        self._mode = Mode.NORMAL
        self._reason = ""
        self._next_probe = 0.0
        self._mode_changed: Callable[[], None] | None = None
        self._pages = 0
        self._handovers: dict[asyncio.AbstractEventLoop | None, Handover] = {}
        self._reserve = LogReserve(connection.filename_wal)
        connection.set_wal_hook(self._note_pages)
        self._thread = threading.Thread(target=self._run, name="garret-writer", daemon=True)
        self._thread.start()

    @property
    def mode(self) -> Mode:
        """NORMAL, or why nothing is written now."""
        return self._mode

    @property
    def reason(self) -> str:
        """Plain words for `mode`; empty when it is NORMAL."""
        return self._reason

    @property
    def waiting(self) -> int:
        """Writes accepted and not yet durable."""
        return self._pending

    @property
    def limit(self) -> int:
        """How many writes may wait; one more is refused."""
        return self._limit

    def watch(self, mode_changed: Callable[[], None]) -> None:
        """Call `mode_changed` after each change of `mode`, mostly in the writer's thread.

        It must neither block nor raise.
        """
        self._mode_changed = mode_changed

    def submit(self, operation: Operation[T]) -> Future[T]:
        """Queue `operation`; the future resolves with what it returned once that is durable.

        The operation gets the writing connection inside a transaction; it must not commit, roll back or keep
        the connection. Raises QueueFull or Closed at once; the future can hold DiskFull, ReadOnly, Corrupt,
        InputOutput, or what the operation raised.
        """
        future: Future[T] = Future()
        self._admit()
        self.enqueue([Item(operation, future, None)])
        return future

    async def write(self, operation: Operation[T]) -> T:
        """`submit` for coroutines. A caller that is cancelled while waiting leaves the operation queued."""
        loop = asyncio.get_running_loop()
        self._admit()
        future: asyncio.Future[T] = loop.create_future()
        handover = self._handovers.get(loop)
        if handover is None:
            handover = self._handover(loop)
        handover.add(Item(operation, future, loop))
        return await future

    def submit_between(self, operation: Operation[T]) -> Future[T]:
        """Run `operation` on the writing connection between two transactions: for the steps of a backup.

        Raises QueueFull or Closed.
        """
        future: Future[T] = Future()
        self._admit()
        with self._condition:
            self._between.append(Item(operation, future, None))
            self._condition.notify()
        return future

    def probe(self) -> Future[Mode]:
        """Try now whether the disk takes writes again; resolves with the mode found. Raises Closed."""
        self._next_probe = 0.0

        def attempt(_: apsw.Connection) -> Mode:
            if self._mode is Mode.READ_ONLY:
                self._try_disk()
            return self._mode

        return self.submit_between(attempt)

    def enqueue(self, items: Sequence[Item]) -> None:
        """Append admitted items and wake the thread. Only for this module."""
        with self._condition:
            if not self._stopped:
                self._queue.extend(items)
                self._condition.notify()
                return
        self._fail(items, Closed("Storage was closed first. Nothing was written."))
        self._resolve(items)

    def damage(self, reason: str) -> None:
        """Stop writing for good because the file was found damaged; reading goes on."""
        self._enter(Mode.DAMAGED, reason)

    def close(self) -> None:
        """Do what was queued, then stop and close the connection. Idempotent.

        Writes that another event loop has not handed over yet end with Closed.
        """
        own = self._handovers.get(_running_loop())
        if own is not None:
            own.flush()
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    # -- admission, in the callers' threads

    def _admit(self) -> None:
        with self._condition:
            if self._closing:
                raise Closed("Storage is closing. Nothing was written.")
            if self._pending >= self._limit:
                self.statistics.refused += 1
                raise QueueFull(
                    f"{self._pending} writes are waiting for the disk already. "
                    "This one was not started. Try again in a moment."
                )
            self._pending += 1

    def _handover(self, loop: asyncio.AbstractEventLoop) -> Handover:
        # Loops come and go only in tests; a closed one must not be kept alive by this table.
        self._handovers = {
            known: h for known, h in self._handovers.items() if known and not known.is_closed()
        }
        return self._handovers.setdefault(loop, Handover(self.enqueue, loop))

    # -- the thread

    def _run(self) -> None:
        while (work := self._take()) is not None:
            batch, between = work
            if batch:
                self._transact(batch)
                self._resolve(batch)
                self._checkpointer.finish(self._connection)
                self._reserve.extend(self._pages)
            if between is not None:
                self._run_between(between)
                self._resolve([between])
        self._checkpointer.close()
        self._connection.set_wal_hook(None)
        self._connection.close(True)

    def _take(self) -> tuple[list[Item], Item | None] | None:
        with self._condition:
            while not self._queue and not self._between:
                if self._closing:
                    self._stopped = True
                    return None
                self._condition.wait()
            queue = self._queue
            batch = [queue.popleft() for _ in range(min(len(queue), BATCH))]
            self.statistics.deepest = max(self.statistics.deepest, self._pending)
            return batch, self._between.popleft() if self._between else None

    def _transact(self, batch: list[Item]) -> None:
        if self._mode is not Mode.NORMAL and not self._writable_again():
            self._fail(batch, self._refusal())
            return
        started = self._clock.monotonic()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for item in batch:
                self._apply(item)
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            self._abandon(batch, translate(error, "The database"))
            return
        except StorageError as error:
            self._abandon(batch, error)
            return
        self.statistics.committed(len(batch), self._clock.monotonic() - started, self._pages)
        self._checkpointer.committed(self._pages)

    def _apply(self, item: Item) -> None:
        """Run one operation in its savepoint. Raises only what must end the whole batch."""
        connection = self._connection
        connection.execute("SAVEPOINT operation")
        try:
            item.result = item.operation(connection)
        except Exception as error:
            item.error = translate(error) if isinstance(error, apsw.Error) else error
            self.statistics.failed += 1
            # What an operation raises by itself concerns it alone; what SQLite reports may concern the disk.
            if isinstance(error, apsw.Error) and isinstance(item.error, _FATAL):
                raise item.error from error
            connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")

    def _abandon(self, batch: list[Item], error: StorageError) -> None:
        """Fail every operation of the batch: none of it is kept."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error as second:
            _log.error("rolling back after '%s' failed as well: %s", error.message, second)
        if isinstance(error, Corrupt):
            self._enter(Mode.DAMAGED, error.message)
        elif isinstance(error, (DiskFull, ReadOnly, InputOutput)):
            self._enter(Mode.READ_ONLY, error.message)
        self._fail(batch, error)

    def _fail(self, batch: Sequence[Item], error: StorageError) -> None:
        for item in batch:
            # One instance for each caller: a traceback belongs to one raise.
            item.error = type(error)(
                error.message, code=error.code, retryable=error.retryable, details=dict(error.details)
            )
            item.result = None

    def _run_between(self, item: Item) -> None:
        try:
            item.result = item.operation(self._connection)
        except apsw.Error as error:
            item.error = translate(error)
        except Exception as error:  # noqa: BLE001 (the caller's future carries it)
            item.error = error

    def _resolve(self, batch: Sequence[Item]) -> None:
        with self._condition:
            self._pending -= len(batch)
        by_loop: dict[asyncio.AbstractEventLoop, list[Item]] = {}
        for item in batch:
            if item.loop is not None:
                by_loop.setdefault(item.loop, []).append(item)
            elif item.future.set_running_or_notify_cancel():
                item.resolve()
        for loop, items in by_loop.items():
            try:
                loop.call_soon_threadsafe(resolve_all, items)
            except RuntimeError:
                _log.info("%d writes ended after their event loop was closed; they are kept", len(items))

    # -- the read-only mode

    def _enter(self, mode: Mode, reason: str) -> None:
        changed = self._mode is not mode
        self._mode = mode
        self._reason = reason
        self._next_probe = self._clock.monotonic() + PROBE_SECONDS
        if changed:
            _log.error("storage takes no more writes: %s", reason)
            self._tell_mode()

    def _tell_mode(self) -> None:
        if self._mode_changed is not None:
            self._mode_changed()

    def _refusal(self) -> StorageError:
        if self._mode is Mode.DAMAGED:
            return ReadOnly(
                "The database is damaged and takes no writes. What can be read is kept. "
                "Run 'garret doctor' for a guided restore.",
                details={"mode": self._mode.value, "reason": self._reason},
            )
        return ReadOnly(
            f"Storage is read-only for now. {self._reason} Writing resumes by itself once there is space.",
            retryable=True,
            details={"mode": self._mode.value, "reason": self._reason},
        )

    def _writable_again(self) -> bool:
        if self._mode is Mode.DAMAGED or self._clock.monotonic() < self._next_probe:
            return False
        return self._try_disk()

    def _try_disk(self) -> bool:
        """Write and remove a block of data; on success writing is allowed again."""
        connection = self._connection
        try:
            # A log that is copied in full is used again from its start, which may be all the space needed.
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error as error:
            _log.info("copying the write-ahead log failed while the disk is in trouble: %s", error)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE probe_of_free_space (block BLOB)")
            connection.execute("INSERT INTO probe_of_free_space VALUES (randomblob(?))", (_PROBE_BYTES,))
            connection.execute("DROP TABLE probe_of_free_space")
            connection.execute("COMMIT")
        except apsw.Error as error:
            self._abandon([], translate(error))
            return False
        self._mode = Mode.NORMAL
        self._reason = ""
        _log.warning("storage takes writes again")
        self._tell_mode()
        return True

    def _note_pages(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
