"""An SQLite file is read as it is, values of any type in any column, and never written to."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources import sqlite_file
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.sqlite_file import SQLiteConnector
from tests.features.data.sources.asking import checked, rows_of


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "d.sqlite"
    made = sqlite3.connect(path)
    made.executescript(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, score REAL, any_value, photo BLOB);"
        "INSERT INTO people VALUES (1, 'a@x.org', 1.5, 1, x'00ff'), (2, NULL, 2, 'two', NULL);"
        "INSERT INTO people VALUES (3, 'c@x.org', NULL, 3.5, x'01');"
        "CREATE TABLE visits"
        " (person INTEGER REFERENCES people, day TEXT, PRIMARY KEY (person, day)) WITHOUT ROWID;"
        "CREATE TABLE many (n INTEGER);"
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 500)"
        " INSERT INTO many SELECT n FROM r;"
        "CREATE VIEW older AS SELECT id FROM people; CREATE VIEW broken AS SELECT * FROM gone;"
    )
    made.commit()
    made.close()
    return path


def connector(path: Path) -> SQLiteConnector:
    return SQLiteConnector(SourceConfig(kind="sqlite", paths=(str(path),)))


def test_a_catalogue_has_keys_sizes_and_samples(database: Path) -> None:
    catalogue = connector(database).catalogue("d")
    tables = {table.name: table for table in catalogue.tables}
    assert set(tables) == {"people", "visits", "many", "older"}
    assert (tables["people"].primary_key, tables["visits"].primary_key) == (("id",), ("person", "day"))
    assert [(key.columns, key.table, key.references) for key in tables["visits"].foreign_keys] == [
        (("person",), "people", ("id",))
    ]
    assert (tables["people"].rows, tables["many"].rows, tables["older"].kind) == (3, 500, "view")
    assert [column.kind for column in tables["people"].columns] == [
        "integer",
        "text",
        "real",
        "text",
        "binary",
    ]
    assert tables["people"].columns[1].private
    assert catalogue.notes[0].startswith("broken cannot be read")


def test_values_of_several_types_in_a_column_are_text(database: Path) -> None:
    rows, kept = rows_of(connector(database), "SELECT * FROM people ORDER BY id", "people")
    assert rows == [
        (1, "a@x.org", 1.5, "1", "00ff"),
        (2, None, 2.0, "two", None),
        (3, "c@x.org", None, "3.5", "01"),
    ]
    assert [column.kind for column in kept.columns] == ["integer", "text", "real", "text", "binary"]


def test_a_value_that_comes_late_and_does_not_fit_is_missing_and_counted(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_DECIDING", 1)
    rows, kept = rows_of(connector(database), "SELECT any_value FROM people ORDER BY id", "people")
    assert rows == [(1,), (None,), (None,)]
    assert kept.notes == ("2 values of any_value are no INTEGER and are shown as missing.",)


def test_no_rows_have_columns_all_the_same(database: Path) -> None:
    rows, kept = rows_of(
        connector(database), "SELECT id AS number, email FROM people WHERE id > 99", "people"
    )
    assert (rows, [column.name for column in kept.columns]) == ([], ["number", "email"])


def test_rows_are_limited_and_come_in_batches(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_BATCH", 100)
    rows, kept = rows_of(
        connector(database), "SELECT n FROM many ORDER BY n", "many", limits=Limits(rows=250)
    )
    assert (rows[-1], kept.truncated) == ((250,), True)


def test_nothing_is_written(database: Path) -> None:
    before = database.read_bytes()
    for query in (
        "DELETE FROM people",
        "PRAGMA user_version = 5",
        "ATTACH '/tmp/x' AS x",
        "SELECT load_extension('x')",
    ):
        with pytest.raises(SourceError):
            rows_of(connector(database), query, "people")
    assert database.read_bytes() == before
    assert sorted(path.name for path in database.parent.iterdir()) == ["d.sqlite"]


ENDLESS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"


def test_time_and_cancel(database: Path) -> None:
    with pytest.raises(SourceError) as caught:
        rows_of(connector(database), ENDLESS, limits=Limits(seconds=0.1))
    assert caught.value.code == Code.DEADLINE
    source = connector(database)
    started = threading.Event()

    def cancel() -> None:
        started.wait()
        while not done.is_set():
            source.cancel()

    done = threading.Event()
    thread = threading.Thread(target=cancel)
    thread.start()
    started.set()
    with pytest.raises(SourceError) as caught:
        rows_of(source, ENDLESS)
    done.set()
    thread.join()
    assert caught.value.code == Code.CANCELLED


def test_explain_and_test(database: Path) -> None:
    source = connector(database)
    assert source.test().version.startswith("SQLite 3.")
    assert "people" in source.explain(checked("SELECT * FROM people", "people"), Limits()).plan
    with pytest.raises(SourceError, match="does not fit the data"):
        source.explain(checked("SELECT gone FROM people", "people"), Limits())


@pytest.mark.parametrize("content", [None, b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "d.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        connector(path).test()
    assert str(path) in caught.value.message
    with pytest.raises(SourceError, match="names no"):
        SQLiteConnector(SourceConfig(kind="sqlite")).test()
