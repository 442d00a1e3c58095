"""The locked SQLite session, by itself: a real file, and what is tried to get at others or to write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from garret.features.data.sources import locked_sqlite
from garret.features.data.sources.contract import SourceError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    made = apsw.Connection(str(path))
    made.execute(
        "CREATE TABLE sale (id INTEGER PRIMARY KEY AUTOINCREMENT, amount REAL, note TEXT);"
        "INSERT INTO sale (amount, note) VALUES (3.5, '{\"a\": [1, 2]}'), (4.0, NULL);"
        "CREATE VIEW large AS SELECT * FROM sale WHERE amount > 3.7;"
        "CREATE VIEW trap AS SELECT load_extension('x') FROM sale;"
    )
    made.close()
    return path


@pytest.fixture
def session(file: Path) -> Iterator[apsw.Connection]:
    connection = locked_sqlite.open_locked(str(file), stop=lambda: False)
    yield connection
    connection.close()


def refused(session: apsw.Connection, query: str) -> None:
    with pytest.raises((SourceError, apsw.Error)):
        locked_sqlite.begin(session, query).fetchall()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT sum(amount) FROM sale", [(7.5,)]),
        ("SELECT id FROM large", [(2,)]),
        ("SELECT value FROM sale, json_each(sale.note, '$.a')", [(1,), (2,)]),
        ("SELECT note ->> '$.a[0]' FROM sale WHERE id = 1", [(1,)]),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
            [(1,), (2,), (3,)],
        ),
        ("SELECT rank() OVER (ORDER BY amount) FROM sale", [(1,), (2,)]),
        ("SELECT s.c FROM (SELECT count(*) AS c FROM sale) AS s", [(2,)]),
    ],
)
def test_reads(session: apsw.Connection, query: str, rows: list[tuple[object, ...]]) -> None:
    assert locked_sqlite.begin(session, query).fetchall() == rows


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO sale (amount) VALUES (1)",
        "DELETE FROM sale",
        "UPDATE sale SET amount = 0",
        "DROP TABLE sale",
        "CREATE TEMP TABLE x (a)",
        "SELECT 1; DELETE FROM sale",
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
        "PRAGMA writable_schema = 1",
        "PRAGMA table_info('sale')",
        "SELECT * FROM pragma_table_info('sale')",
        "SELECT * FROM pragma_database_list",
        "SELECT sql FROM sqlite_master",
        "SELECT sql FROM sqlite_schema",
        "SELECT * FROM sqlite_temp_master",
        "SELECT * FROM sqlite_sequence",
        "SELECT * FROM dbstat",
        "SELECT * FROM sqlite_dbpage",
        "ATTACH DATABASE '/tmp/x.db' AS x",
        "VACUUM INTO '/tmp/x.db'",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT * FROM trap",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('/tmp/x', 'y')",
        "SELECT fts3_tokenizer('simple', x'00')",
        "SELECT randomblob(1000000000)",
        "SELECT zeroblob(1000000000)",
        "SELECT printf('%.*c', 1000000000, 'x')",
        "SELECT sqlite3mc_config('cipher')",
        "BEGIN EXCLUSIVE",
        "EXPLAIN SELECT 1; SELECT 2",
        "SELECT " + "1 + (" * 400 + "1" + ")" * 400,
    ],
)
def test_all_else_is_refused(session: apsw.Connection, file: Path, query: str) -> None:
    before = file.read_bytes()
    refused(session, query)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_stop_ends_an_endless_query(file: Path) -> None:
    asked = iter([False, True])
    session = locked_sqlite.open_locked(str(file), stop=lambda: next(asked))
    with pytest.raises(apsw.InterruptError):
        locked_sqlite.begin(
            session, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"
        ).fetchall()
    session.close()


def test_a_write_ahead_log_with_rows_is_read_and_an_empty_one_needs_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "logged.db"
    writer = apsw.Connection(str(path))
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    session = locked_sqlite.open_locked(str(path), stop=lambda: False)
    assert locked_sqlite.begin(session, "SELECT a FROM t").fetchall() == [(1,)]
    session.close()
    writer.close()
    assert [found.name for found in tmp_path.iterdir()] == ["logged.db"]
    session = locked_sqlite.open_locked(str(path), stop=lambda: False)
    assert locked_sqlite.begin(session, "SELECT a FROM t").fetchall() == [(1,)]
    assert [found.name for found in tmp_path.iterdir()] == ["logged.db"]
    session.close()


def test_prepare_may_read_the_schema(file: Path) -> None:
    seen: list[str] = []
    session = locked_sqlite.open_locked(
        str(file),
        stop=lambda: False,
        prepare=lambda open_: seen.extend(
            str(row[0]) for row in open_.execute("SELECT name FROM sqlite_schema")
        ),
    )
    assert "sale" in seen
    session.close()


def test_what_is_no_database_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "not.db"
    path.write_bytes(b"x" * 4096)
    with pytest.raises(SourceError, match="cannot be read as an SQLite database"):
        locked_sqlite.open_locked(str(path), stop=lambda: False)
    with pytest.raises(SourceError, match="still there"):
        locked_sqlite.open_locked(str(tmp_path / "gone.db"), stop=lambda: False)
