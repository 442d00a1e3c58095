"""Opening encrypted files, telling a wrong key from damage, and readers that keep no snapshot for long."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.storage.connection import Access, check_integrity, connect, key_check_path
from garret.storage.errors import (
    Closed,
    Corrupt,
    Invalid,
    ReadOnly,
    SnapshotExpired,
    StorageError,
    TooManyReaders,
    WrongKey,
)
from tests.storage.databases import KEY, OTHER_KEY, flip, readers_of

PAGE = 4096


def make(path: Path, rows: int = 10) -> None:
    connection = connect(path, KEY)
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    with connection:
        connection.executemany(
            "INSERT INTO t VALUES (?, ?)", [(i, f"secret words {i} " * 20) for i in range(rows)]
        )
    connection.close()


def test_the_file_is_private_and_shows_nothing_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    data = path.read_bytes()
    assert b"secret words" not in data
    assert b"SQLite format 3" not in data
    assert KEY not in data
    assert KEY.hex().encode() not in key_check_path(path).read_bytes()


def test_durable_files_are_synced_at_every_commit(tmp_path: Path) -> None:
    connection = connect(tmp_path / "a.db", KEY)
    assert connection.pragma("synchronous") == 2  # FULL
    assert connection.pragma("journal_mode") == "wal"
    connection.close()


def test_a_wrong_key_is_told_from_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path)
    with pytest.raises(WrongKey, match="another key"):
        connect(path, OTHER_KEY)
    flip(path, 200)
    with pytest.raises(Corrupt, match="key is right"):
        connect(path, KEY)
    key_check_path(path).unlink()
    with pytest.raises(WrongKey, match="first page is damaged"):
        connect(path, KEY)


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="32 bytes"):
        connect(tmp_path / "a.db", b"short")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        connect(tmp_path / "none" / "a.db", KEY)
    with pytest.raises(ReadOnly):
        connect(tmp_path / "none.db", KEY, access=Access.READ)


def test_a_damaged_page_is_found_and_never_read_as_data(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path, 500)
    flip(path, PAGE * 20 + 77)
    connection = connect(path, KEY)
    found = check_integrity(connection, seconds=None)
    assert not found.sound
    assert found.complete
    with pytest.raises(apsw.CorruptError):
        connection.execute("SELECT sum(length(b)) FROM t").fetchall()
    connection.close()


def test_a_check_stops_at_its_time_limit_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path, 3_000)
    connection = connect(path, KEY)
    assert check_integrity(connection, seconds=0.0, clock=ManualClock()).complete is False
    whole = check_integrity(connection, seconds=None)
    assert whole.sound
    assert whole.complete
    connection.close()


def test_a_reader_sees_one_moment_and_writes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "a.db"
    make(path)
    writer = connect(path, KEY)
    readers = readers_of(path, clock)
    with readers.read() as connection:
        before = connection.execute("SELECT count(*) FROM t").fetchall()
        writer.execute("INSERT INTO t VALUES (1000, 'x')")
        assert connection.execute("SELECT count(*) FROM t").fetchall() == before
        with pytest.raises(apsw.ReadOnlyError):
            connection.execute("INSERT INTO t VALUES (1001, 'x')")
    with readers.read() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() != before
    readers.close()
    writer.close()


def test_a_statement_that_runs_too_long_is_stopped(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "a.db"
    make(path)
    readers = readers_of(path, clock)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    def too_long() -> None:
        with readers.read() as connection:
            clock.advance(1.5)
            connection.execute(endless).fetchall()

    with pytest.raises(SnapshotExpired):
        too_long()
    with readers.read() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(10,)]
    readers.close()


def test_an_idle_reader_loses_its_snapshot_to_the_checkpoint(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "a.db"
    make(path)
    writer = connect(path, KEY)
    writer.set_busy_timeout(0)
    readers = readers_of(path, clock)

    def dawdle() -> None:
        with readers.read() as connection:
            connection.execute("SELECT count(*) FROM t").fetchall()
            writer.execute("INSERT INTO t VALUES (1000, 'x')")
            with pytest.raises(apsw.BusyError):
                writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            assert readers.expire() == 0
            clock.advance(1.1)
            assert readers.expire() == 1
            writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            assert path.with_name("a.db-wal").stat().st_size == 0
            connection.execute("SELECT count(*) FROM t").fetchall()

    with pytest.raises(SnapshotExpired):
        dawdle()
    readers.close()
    writer.close()


def test_readers_are_bounded_and_can_be_used_from_many_threads(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "a.db"
    make(path)
    readers = readers_of(path, clock, limit=2)
    with readers.read(), readers.read(), pytest.raises(TooManyReaders) as refused, readers.read():
        raise AssertionError("a third reader was lent")
    assert refused.value.retryable
    counts: list[int] = []

    def count() -> None:
        with readers.read() as connection:
            counts.append(len(connection.execute("SELECT a FROM t").fetchall()))

    for _ in range(3):
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
    assert counts == [10, 10, 10]
    readers.close()
    with pytest.raises(Closed), readers.read():
        raise AssertionError("a closed pool lent a reader")
