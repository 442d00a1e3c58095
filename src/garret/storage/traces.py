"""What a home remembers beside its database: by that a lost database is told from one not made yet.

A database that is missing, empty or without a row is right in a new home. In one with kept files, captured
sound, a key check, a cache or a record of audit entries it means that what was in it is gone: to make a new
one then would look like a home in which nothing ever was, and hide the way back. So nothing is written, and
whoever starts it is led to the backups.

Each trace is made after the database is on the disk (`connection` writes the key check last), so that a start
that was cut off at any point leaves none. Neighbours: `store` checks, `recovery` says what can be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import apsw

from garret.base.paths import Home
from garret.storage.audit_record import count_in
from garret.storage.connection import Access, connect, key_check_path
from garret.storage.errors import Lost, StorageError

UNFINISHED_RESTORE: Final = ".restore-*/moving"
"""What a restore that was cut off leaves in a home."""

_TABLES: Final = ("audit", "objects", "jobs", "settings")
_HEX: Final = "[0-9a-f]" * 2


def check_files(home: Home) -> None:
    """Raise Lost where the database is missing or empty and was not before. Opens and changes nothing."""
    gone = absence(home.durable_db)
    if gone:
        _refuse(home, gone, [*_in_content(home), *_beside(home)])


def check_rows(home: Home, connection: apsw.Connection, cache_key: bytes | None = None) -> None:
    """Raise Lost where the database was replaced by one without a row. Changes nothing.

    Without `cache_key` the cache is not asked.
    """
    if _is_void(connection):
        in_cache = _in_cache(home, cache_key) if cache_key is not None else ()
        _refuse(home, "holds nothing", [*_in_content(home), *in_cache])


def count_blobs(home: Home) -> int:
    """How many files there are in the blob folder, whole or not."""
    return sum(1 for _ in home.blobs.glob(f"{_HEX}/{_HEX}/*"))


def absence(database: Path) -> str:
    """ "is missing", "is empty" or "" for a file with something in it."""
    try:
        return "" if database.stat().st_size > 0 else "is empty"
    except FileNotFoundError:
        return "is missing"
    except OSError:
        return ""  # opening it tells


def _refuse(home: Home, gone: str, traces: list[str]) -> None:
    if not traces:
        return
    named = ", ".join(traces[:-1]) + " and " * (len(traces) > 1) + traces[-1]
    raise Lost(
        f"{home.durable_db.name} {gone}, while {home.root} still holds {named}. So the database was deleted, "
        "emptied or replaced. Nothing was written, and no new one was made.",
        details={"database": gone, "traces": traces},
    )


def _in_content(home: Home) -> Iterator[str]:
    """What only work with a database leaves."""
    blobs = count_blobs(home)
    if blobs:
        yield _counted(blobs, "kept file")
    captured = sum(1 for _ in home.spool.glob("*.pcm"))
    if captured:
        yield _counted(captured, "captured recording")
    entries = count_in(home.audit_record)
    if entries:
        yield f"a record of {_counted(entries, 'audit entry', 'audit entries')}"


def _beside(home: Home) -> Iterator[str]:
    """What lies beside a database from its first moment on."""
    log = home.durable_db.with_name(home.durable_db.name + "-wal")
    present: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("changes that were to go into it", lambda: _has_bytes(log)),
        ("the check of its key", key_check_path(home.durable_db).exists),
        ("the logs of earlier runs", lambda: _has_bytes(home.cache_db)),
        ("a restore that was cut off", lambda: any(home.root.glob(UNFINISHED_RESTORE))),
    )
    return (name for name, found in present if found())


def _in_cache(home: Home, key: bytes) -> Iterator[str]:
    """What the cache counts of the audit chain; one that cannot be read remembers nothing."""
    if not _has_bytes(home.cache_db):
        return
    try:
        connection = connect(home.cache_db, key, access=Access.READ)
    except StorageError:
        return
    try:
        row: Any = connection.execute("SELECT count FROM audit_head").fetchone()
    except apsw.Error:
        row = None
    finally:
        connection.close(True)
    if row is not None and row[0]:
        yield f"a count of {_counted(int(row[0]), 'audit entry', 'audit entries')} in its cache"


def _is_void(connection: apsw.Connection) -> bool:
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return not any(
            connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
            for table in _TABLES
            if table in tables
        )
    except apsw.Error:
        return False  # it holds something that cannot be read: damaged, and told as that


def _has_bytes(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def _counted(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"
