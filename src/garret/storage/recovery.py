"""What can be done with a damaged database: look, read, salvage, set aside, advise.

Every page carries an authentication tag, so a damaged page is an error when it is read and never wrong data.
Salvage walks each table row by row, steps over what cannot be read and copies the rest into a new file. When
the first page (with the list of tables) is damaged there is nothing to salvage, and a backup is the way.

All functions are for a home that no control plane is using. Neighbours: `restore`, `connection`, the command
line's `doctor` and `restore`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import apsw

from garret.base.clock import SYSTEM, Clock
from garret.base.paths import Home
from garret.storage import files, traces
from garret.storage.backup import Summary, list_backups
from garret.storage.connection import (
    Access,
    check_integrity,
    connect,
    key_check_path,
)
from garret.storage.errors import (
    Conflict,
    Corrupt,
    Lost,
    NotFound,
    ReadOnly,
    StorageError,
    WrongKey,
    refuse_os,
    translate,
)

_PART = 1_000  # rows copied in one transaction of the target
_FIRST, _LAST = -(1 << 63), (1 << 63) - 1  # the range of a rowid


class Condition(StrEnum):
    """How a database file was found."""

    SOUND = "sound"
    MISSING = "missing"
    LOST = "lost"  # missing, empty or replaced, while the home has traces of what was in it
    WRONG_KEY = "wrong_key"
    DAMAGED = "damaged"  # opens, but some of it cannot be read
    UNREADABLE = "unreadable"  # does not open at all


@dataclass(frozen=True)
class Diagnosis:
    """What was found, and what can be done, in plain sentences."""

    condition: Condition
    problems: tuple[str, ...]
    advice: tuple[str, ...]
    backups: tuple[Summary, ...]


@dataclass
class Salvaged:
    """What `salvage` brought over: rows copied by table, tables of which something was lost, and search
    indexes that were made empty and must be filled anew from their room's tables."""

    rows: dict[str, int] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    to_rebuild: list[str] = field(default_factory=list)


def open_for_reading(path: Path, key: bytes) -> apsw.Connection:
    """Open without changing anything, on a read-only disk too. Raises NotFound, WrongKey, Corrupt..."""
    if not path.exists():
        raise NotFound(f"There is no database at {path}.")
    log_file = path.with_name(path.name + "-wal")
    if not log_file.exists() or log_file.stat().st_size == 0:
        return connect(path, key, access=Access.IMMUTABLE)  # which makes no shared memory beside it
    try:
        return connect(path, key, access=Access.READ)
    except (WrongKey, Corrupt):
        raise
    except StorageError as error:
        raise ReadOnly(
            f"{path.name} has changes in its write-ahead log that cannot be applied, because its folder "
            "cannot be written. Nothing was changed. Copy the home to another disk, or make it writable."
        ) from error


def diagnose(home: Home, key: bytes, *, seconds: float | None = None) -> Diagnosis:
    """Look at the durable file of `home` for at most `seconds`, and at the backups there are."""
    backups = tuple(list_backups(home.backups)) if home.backups.is_dir() else ()
    condition, problems = _examine(home, key, seconds)
    return Diagnosis(condition, problems, tuple(_advise(home, condition, backups)), backups)


def advise(home: Home, condition: Condition) -> tuple[str, ...]:
    """What can be done about a file of `home` in this condition, with the backups there are, in sentences."""
    backups = tuple(list_backups(home.backups)) if home.backups.is_dir() else ()
    return tuple(_advise(home, condition, backups))


def lead_out(home: Home, error: Lost) -> Lost:
    """The same error, with what can be done about it here."""
    message = " ".join((error.message, *advise(home, Condition.LOST)))
    return Lost(message, details=error.details)


def _examine(home: Home, key: bytes, seconds: float | None) -> tuple[Condition, tuple[str, ...]]:
    try:
        traces.check_files(home)
        connection = open_for_reading(home.durable_db, key)
    except Lost as error:
        return Condition.LOST, (error.message,)
    except NotFound as error:
        return Condition.MISSING, (error.message,)
    except WrongKey as error:
        return Condition.WRONG_KEY, (error.message,)
    except StorageError as error:
        return Condition.UNREADABLE, (error.message,)
    try:
        found = check_integrity(connection, seconds=seconds)
        traces.check_rows(home, connection)
    except Lost as error:
        return Condition.LOST, (error.message,)
    finally:
        connection.close(True)
    return (Condition.SOUND if found.sound else Condition.DAMAGED), found.problems


def _advise(home: Home, condition: Condition, backups: Sequence[Summary]) -> Iterator[str]:
    if condition is Condition.SOUND:
        yield "The database is sound. Nothing needs to be done."
        return
    if condition is Condition.WRONG_KEY:
        yield "The data is there, but this key does not open it. Unlock the keychain it was made with."
        yield "If the key is lost, a backup with its sealed key and passphrase is the only way."
    if condition is Condition.DAMAGED:
        yield (
            "Most of the data can still be read. With Garret stopped (garret down), garret restore --salvage "
            "copies what can be read into a new database."
        )
    if condition is Condition.UNREADABLE:
        yield "The database does not open, so nothing can be salvaged from the file itself."
    if condition in (Condition.UNREADABLE, Condition.LOST) and (kept := traces.count_blobs(home)):
        yield f"Recordings are not part of the database: {kept} kept files are in {home.blobs}."
    if not backups:
        yield "There is no backup in the backups folder. If you keep one elsewhere: garret restore FILE."
        if condition in (Condition.UNREADABLE, Condition.LOST):
            yield f"To begin anew without what was in the database, move {home.root} away first."
        return
    for summary in backups[:5]:
        yield f"Backup of {_date(summary.created)}: {summary.path} ({summary.size >> 10} KiB)."
    yield f"Restore the newest with: garret restore {backups[0].path}"
    yield "What is there now is set aside in the home, not deleted."


def set_aside(home: Home, *, clock: Clock = SYSTEM) -> Path:
    """Move what `home` holds into a dated folder inside it, so that a restore finds it empty.

    The databases, the kept files, captured sound, the sealed keys and the record of the audit chain.

    Returns the folder. Raises Conflict when it exists already, and ReadOnly or InputOutput.
    """
    folder = home.root / time.strftime("set-aside-%Y%m%d-%H%M%S", time.localtime(clock.wall()))
    parts = (home.durable_db, home.cache_db, home.key_file, home.blobs, home.spool, home.audit_record)
    names = [path.name for path in parts]
    try:
        folder.mkdir(mode=0o700)
        for name in names:
            for suffix in ("", "-wal", "-shm", ".keyid"):
                path = home.root / (name + suffix)
                if path.exists():
                    path.rename(folder / path.name)
        files.sync_folder(folder)
        files.sync_folder(home.root)
    except FileExistsError as error:
        raise Conflict(f"{folder} exists already. Nothing was moved.") from error
    except OSError as error:
        refuse_os(error, "Setting the damaged home aside")
    return folder


def salvage(source: Path, key: bytes, target: Path) -> Salvaged:
    """Copy every readable row of `source` into the new file `target`, encrypted with the same key.

    Raises Conflict (`target` exists), WrongKey, Corrupt (the list of tables cannot be read), DiskFull...
    """
    if target.exists():
        raise Conflict(f"{target} exists already. Nothing was salvaged.")
    damaged = open_for_reading(source, key)
    report = Salvaged()
    try:
        fresh = connect(target, key)
        try:
            _copy_all(damaged, fresh, report)
            fresh.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            fresh.close(True)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        for path in (target, key_check_path(target)):
            files.discard(path)
        raise Corrupt(
            "The list of tables cannot be read, so nothing can be salvaged. Restore a backup."
        ) from error
    except apsw.Error as error:
        raise translate(error, "Salvaging") from error
    finally:
        damaged.close(True)
    return report


def _copy_all(damaged: apsw.Connection, fresh: apsw.Connection, report: Salvaged) -> None:
    schema: list[Any] = damaged.execute(
        "SELECT coalesce(l.type, s.type), s.name, s.sql FROM sqlite_schema s LEFT JOIN pragma_table_list l "
        "ON l.name = s.name AND l.schema = 'main' WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite_%'"
    ).fetchall()
    # A row whose neighbour was lost is still worth keeping: rules between tables are not enforced here.
    fresh.pragma("foreign_keys", 0)
    tables = [(name, sql) for kind, name, sql in schema if kind == "table"]
    for _, sql in tables:
        fresh.execute(sql)
    for name, _ in tables:
        count, whole = _copy_table(damaged, fresh, name)
        report.rows[name] = count
        if not whole:
            report.damaged.append(name)
    for kind, name, sql in schema:
        if kind not in ("table", "shadow"):
            fresh.execute(sql)
        if kind == "virtual":
            report.to_rebuild.append(name)


def _copy_table(damaged: apsw.Connection, fresh: apsw.Connection, table: str) -> tuple[int, bool]:
    quoted = '"' + table.replace('"', '""') + '"'
    columns: list[Any] = damaged.execute(f"SELECT name, pk FROM pragma_table_info({quoted})").fetchall()
    insert = f"INSERT OR IGNORE INTO {quoted} VALUES ({', '.join('?' * len(columns))})"
    walk = _Walk(damaged, quoted, [name for name, pk in sorted(columns, key=lambda c: c[1]) if pk])
    part: list[tuple[Any, ...]] = []
    before = fresh.total_changes()
    for row in walk.rows():
        part.append(row)
        if len(part) >= _PART:
            _insert(fresh, insert, part)
    _insert(fresh, insert, part)
    return fresh.total_changes() - before, walk.whole


def _insert(fresh: apsw.Connection, insert: str, part: list[tuple[Any, ...]]) -> None:
    with fresh:
        fresh.executemany(insert, part)
    part.clear()


class _Walk:
    """Reads a table around its damaged pages."""

    def __init__(self, connection: apsw.Connection, quoted: str, key: list[str]) -> None:
        self.whole = True
        self._connection = connection
        self._quoted = quoted
        self._key = key

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Every readable row. `whole` is false afterwards when something could not be read."""
        try:
            self._connection.execute(f"SELECT rowid FROM {self._quoted} LIMIT 0")
        except apsw.SQLError:
            yield from self._both_ends()
            return
        yield from self._by_rowid()

    def _by_rowid(self) -> Iterator[tuple[Any, ...]]:
        """Walk up by rowid; at a damaged page, go on behind it."""
        position = _FIRST
        sql = f"SELECT rowid, * FROM {self._quoted} WHERE rowid >= ? ORDER BY rowid"
        while True:
            try:
                for row in self._connection.execute(sql, (position,)):
                    position = row[0] + 1
                    yield tuple(row[1:])
                return
            except (apsw.CorruptError, apsw.IOError):
                self.whole = False
            behind = self._behind_damage(position)
            if behind is None:
                return
            position = behind

    def _behind_damage(self, bad: int) -> int | None:
        """The smallest rowid above `bad` from which the table can be read again, or None.

        Growing jumps until a page answers, then halving back to its first row: about 130 look-ups at most.
        """
        jump, good = 1, bad
        while not self._readable(good):
            if good == _LAST:
                return None
            bad, good, jump = good, min(good + jump, _LAST), jump * 2
        while good - bad > 1:
            middle = (good + bad) // 2
            if self._readable(middle):
                good = middle
            else:
                bad = middle
        return good

    def _readable(self, rowid: int) -> bool:
        try:
            self._connection.execute(
                f"SELECT rowid, * FROM {self._quoted} WHERE rowid >= ? ORDER BY rowid LIMIT 1", (rowid,)
            ).fetchall()
        except (apsw.CorruptError, apsw.IOError):
            return False
        return True

    def _both_ends(self) -> Iterator[tuple[Any, ...]]:
        """A table without row numbers: from its start to the damage, and from its end back to it."""
        order = ", ".join(f'"{name}"' for name in self._key)
        for direction in ("ASC", "DESC"):
            descending = ", ".join(f"{name} {direction}" for name in order.split(", "))
            try:
                yield from self._connection.execute(f"SELECT * FROM {self._quoted} ORDER BY {descending}")
                return
            except (apsw.CorruptError, apsw.IOError):
                self.whole = False


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
