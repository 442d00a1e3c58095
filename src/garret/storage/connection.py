"""Opening an encrypted SQLite file, and the pool of short readers on it.

Invariants: a file is encrypted with ChaCha20-Poly1305 (RFC 8439, the default cipher of SQLite3 Multiple
Ciphers) under a raw 32-byte key, so that opening derives nothing and takes about a millisecond, and a
changed page is noticed when it is read. The database is in WAL mode. A reader works on one snapshot and
loses it after `SNAPSHOT_SECONDS`, because a held snapshot keeps the write-ahead log from being reset.

A file that was opened with the wrong key and one whose first page is damaged look alike to SQLite. To tell
them apart a key check (`<file>.keyid`, a one-way BLAKE3 derivation of the random key) lies beside it.

Neighbours: `writer` owns the only writing connection, `recovery` opens what is damaged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import apsw
from blake3 import blake3

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.storage import files
from garret.storage.errors import (
    Closed,
    Corrupt,
    Invalid,
    SnapshotExpired,
    StorageError,
    TooManyReaders,
    WrongKey,
    translate,
)

KEY_BYTES = 32
SNAPSHOT_SECONDS = 1.0
BUSY_MILLISECONDS = 5_000  # another process (a backup tool, a salvage) may hold the file for a moment

_KEY_CHECK_CONTEXT = "garret 2026 database key check"
_PROGRESS_STEPS = 2_000  # virtual machine steps between looks at the clock; about 0.1 ms
_IDLE_READERS = 4  # connections kept open between reads

_log = log.get("storage")


class Access(Enum):
    """How a file is opened."""

    WRITE = "write"
    READ = "read"
    IMMUTABLE = "immutable"  # on a disk that cannot be written at all, not even for shared memory


class Durability(Enum):
    """When a commit counts: FULL after the disk has it; NORMAL may lose the last commits in a power cut."""

    FULL = "FULL"
    NORMAL = "NORMAL"


@dataclass(frozen=True)
class Integrity:
    """What a check of a file found. `complete` is false when the time allowed ran out first."""

    problems: tuple[str, ...]
    complete: bool

    @property
    def sound(self) -> bool:
        return not self.problems


def key_check(key: bytes) -> str:
    """The text of the key check file: tells keys apart, reveals nothing of a random 32-byte key."""
    return blake3(key, derive_key_context=_KEY_CHECK_CONTEXT).hexdigest(16)


def key_check_path(path: Path) -> Path:
    """Where the key check of the database at `path` lies."""
    return path.with_name(path.name + ".keyid")


def connect(
    path: Path,
    key: bytes,
    *,
    access: Access = Access.WRITE,
    durability: Durability = Durability.FULL,
) -> apsw.Connection:
    """Open the database at `path`, creating it when `access` is WRITE and it is not there.

    The key is tried before this returns. Raises Invalid (key not 32 bytes), WrongKey, Corrupt, ReadOnly,
    Locked, DiskFull or InputOutput.
    """
    if len(key) != KEY_BYTES:
        raise Invalid(f"A database key has {KEY_BYTES} bytes, not {len(key)}. Nothing was opened.")
    fresh = access is Access.WRITE and _create_private(path)
    try:
        connection = apsw.Connection(*_open_arguments(path, access))
    except apsw.Error as error:
        raise translate(error, path.name) from error
    try:
        _configure(connection, key, access, durability)
    except apsw.NotADBError as error:
        connection.close(True)
        raise _unreadable(path, key) from error
    except apsw.Error as error:
        connection.close(True)
        raise translate(error, path.name) from error
    if access is Access.WRITE and (fresh or not key_check_path(path).exists()):
        _write_key_check(connection, path, key)
    return connection


def _write_key_check(connection: apsw.Connection, path: Path, key: bytes) -> None:
    """After the file is there: where a key check lies beside no database, the database was lost."""
    try:
        files.write_whole(key_check_path(path), key_check(key).encode())
    except StorageError:
        connection.close(True)
        raise


def _open_arguments(path: Path, access: Access) -> tuple[str, int]:
    if access is Access.WRITE:
        return str(path), apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    if access is Access.READ:
        return str(path), apsw.SQLITE_OPEN_READONLY
    return path.absolute().as_uri() + "?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def _create_private(path: Path) -> bool:
    """Make an empty file that only its owner can read, before SQLite opens it; whether there was none."""
    if path.exists() and path.stat().st_size > 0:
        return False
    files.create_private(path)
    return True


def _configure(connection: apsw.Connection, key: bytes, access: Access, durability: Durability) -> None:
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", f"raw:{key.hex()}")
    # The first read is what tries the key.
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    connection.pragma("trusted_schema", 0)
    connection.pragma("foreign_keys", 1)
    if access is Access.WRITE:
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", durability.value)
        # KiB. The control plane keeps what it reads often in its own memory, and 16 MB a file made
        # nothing quicker that was measured, while hours of work filled them.
        connection.pragma("cache_size", -4_000)
        connection.wal_autocheckpoint(0)  # `checkpoint` decides when
    else:
        connection.pragma("query_only", 1)


def _unreadable(path: Path, key: bytes) -> WrongKey | Corrupt:
    try:
        expected = key_check_path(path).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return WrongKey(
            f"{path.name} does not open with this key (or its first page is damaged; there is no key check "
            "beside it to tell). Nothing was changed. Use the key it was made with, or restore a backup."
        )
    if expected != key_check(key):
        return WrongKey(
            f"{path.name} was made with another key. Nothing was changed. Use the key it was made with."
        )
    return Corrupt(
        f"{path.name} is damaged at its very start; the key is right. Nothing was changed. "
        "Restore the latest backup with 'garret restore'."
    )


def check_integrity(
    connection: apsw.Connection, *, seconds: float | None, clock: Clock = SYSTEM
) -> Integrity:
    """Run SQLite's quick check for at most `seconds` (None: as long as it takes).

    It holds a snapshot while it runs: at start, before there are writes, or in the hands of `doctor`.
    """
    deadline = None if seconds is None else clock.monotonic() + seconds

    def overdue() -> bool:
        return deadline is not None and clock.monotonic() >= deadline

    connection.set_progress_handler(overdue, _PROGRESS_STEPS)
    try:
        rows = [str(row[0]) for row in connection.execute("PRAGMA quick_check(20)")]
    except apsw.InterruptError:
        return Integrity((), complete=False)
    except (apsw.CorruptError, apsw.NotADBError, apsw.IOError) as error:
        return Integrity((str(error),), complete=True)
    finally:
        connection.set_progress_handler(None)
    return Integrity(tuple(row for row in rows if row != "ok"), complete=True)


class _Reader:
    """One connection of the pool and the snapshot it holds now."""

    def __init__(self, connection: apsw.Connection, clock: Clock, limit: float) -> None:
        self.connection = connection
        self.deadline = 0.0
        self.expired = False
        self._clock = clock
        self._limit = limit
        connection.set_progress_handler(self._overdue, _PROGRESS_STEPS)

    def _overdue(self) -> bool:
        if self._clock.monotonic() >= self.deadline:
            self.expired = True
        return self.expired

    def begin(self) -> None:
        self.expired = False
        self.deadline = self._clock.monotonic() + self._limit
        self.connection.execute("BEGIN")

    def end(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


class Readers:
    """A small pool of reading connections to one file. Safe to use from any thread."""

    def __init__(
        self,
        opener: Callable[[], apsw.Connection],
        *,
        limit: int = 16,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
        clock: Clock = SYSTEM,
    ) -> None:
        self._opener = opener
        self._limit = limit
        self._seconds = snapshot_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []
        self._busy: set[_Reader] = set()
        self._closed = False

    @contextmanager
    def read(self) -> Generator[apsw.Connection]:
        """Lend a connection inside one read transaction; everything read in it is of one moment.

        Raises TooManyReaders, Closed, SnapshotExpired when it is kept for more than the time allowed and
        still used, and whatever `translate` makes of SQLite's errors.
        """
        reader = self._borrow()
        try:
            reader.begin()
            yield reader.connection
        except apsw.Error as error:
            if reader.expired:
                raise self._expired() from error
            raise translate(error) from error
        finally:
            self._give_back(reader)

    def expire(self) -> int:
        """Take the snapshot away from every reader that is over its time; return how many lost it.

        A running statement stops by itself; this is for one that sits idle inside its `with`.
        """
        now = self._clock.monotonic()
        with self._lock:
            overdue = [reader for reader in self._busy if reader.deadline <= now]
            for reader in overdue:
                reader.expired = True  # under the lock: it can no longer go back into the pool
        for reader in overdue:
            _log.warning("a reader held its snapshot for too long and lost it")
            try:
                reader.connection.close(True)
            except apsw.ThreadingViolationError:
                # It is inside a statement at this moment; that statement is stopped instead.
                reader.connection.interrupt()
        return len(overdue)

    def close(self) -> None:
        """Close every idle connection; those in use are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.connection.close()

    def _borrow(self) -> _Reader:
        with self._lock:
            if self._closed:
                raise Closed("Storage is closed. Nothing was read.")
            if len(self._busy) >= self._limit:
                raise TooManyReaders(f"All {self._limit} readers are in use. Nothing was read. Try again.")
            reader = self._idle.pop() if self._idle else None
            if reader is not None:
                self._busy.add(reader)
                return reader
        fresh = _Reader(self._opener(), self._clock, self._seconds)
        with self._lock:
            self._busy.add(fresh)
        return fresh

    def _give_back(self, reader: _Reader) -> None:
        if self._clock.monotonic() > reader.deadline:
            _log.warning("a reader held its snapshot for more than %.1f s", self._seconds)
        ended = True
        try:
            reader.end()
        except apsw.Error:
            ended = False
        with self._lock:
            self._busy.discard(reader)
            if ended and not reader.expired and not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(reader)
                return
        reader.connection.close(True)

    def _expired(self) -> SnapshotExpired:
        return SnapshotExpired(
            f"A read took more than {self._seconds:g} s and was stopped. Nothing was changed. "
            "Read in smaller parts."
        )
