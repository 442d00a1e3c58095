"""Zeros behind the end of the write-ahead log: they speed up commits and are nothing to SQLite."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw

from garret.storage.connection import connect
from garret.storage.log_reserve import LogReserve
from tests.storage.databases import KEY

FRAME = 4096 + 24


def write(connection: apsw.Connection, pages: int) -> None:
    with connection:
        for _ in range(pages):
            connection.execute("INSERT INTO t (b) VALUES (randomblob(3500))")


def test_a_burst_gets_a_reserve_and_a_short_log_does_not(tmp_path: Path) -> None:
    connection = connect(tmp_path / "a.db", KEY)
    log = tmp_path / "a.db-wal"
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
    reserve = LogReserve(connection.filename_wal)
    before = log.stat().st_size
    reserve.extend(10)
    assert log.stat().st_size == before
    write(connection, 300)
    pages = log.stat().st_size // FRAME
    reserve.extend(pages)
    size = log.stat().st_size
    assert size >= (pages + 500) * FRAME
    reserve.extend(pages + 100)
    assert log.stat().st_size == size
    reserve.extend(pages + 400)
    assert log.stat().st_size > size
    connection.close()


def test_a_log_with_a_reserve_is_recovered_after_a_crash(tmp_path: Path) -> None:
    """The files as they lie there without a close: what a process that was killed leaves behind."""
    connection = connect(tmp_path / "a.db", KEY)
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
    reserve = LogReserve(connection.filename_wal)
    for number in range(4):
        write(connection, 300)
        reserve.extend((tmp_path / "a.db-wal").stat().st_size // FRAME)
        write(connection, 5)
        crashed = tmp_path / f"crashed-{number}"
        crashed.mkdir()
        for name in ("a.db", "a.db-wal"):
            shutil.copy(tmp_path / name, crashed / name)
        found = connect(crashed / "a.db", KEY)
        assert found.execute("SELECT count(*) FROM t").fetchall() == [(305 * (number + 1),)]
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found.close()
        if number == 1:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()


def test_without_space_everything_goes_on(tmp_path: Path) -> None:
    reserve = LogReserve(str(tmp_path / "none-wal"))
    reserve.extend(10_000)
    reserve.extend(10_000)
    assert list(tmp_path.iterdir()) == []
