"""A DuckDB file is read as it is, and never written to."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.duckdb_file import DuckDBConnector
from tests.features.data.sources.asking import checked, rows_of


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "d.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute(
            "CREATE TYPE mood AS ENUM ('glad', 'sad');"
            "CREATE TABLE people"
            " (id INTEGER PRIMARY KEY, email VARCHAR, mood mood, moods mood[], hour TIMETZ, bits BIT);"
            "INSERT INTO people VALUES (1, 'a@x.org', 'sad', ['glad'], '10:00:00+01', '101');"
            "INSERT INTO people VALUES (2, NULL, NULL, NULL, NULL, NULL);"
            "CREATE TABLE visits (person INTEGER REFERENCES people (id), day DATE);"
            "COMMENT ON TABLE visits IS 'who came';"
            "CREATE VIEW broken AS FROM read_csv('/etc/passwd', header = false);"
            "CREATE SCHEMA more; CREATE TABLE more.people (x INTEGER);"
        )
    return path


def connector(path: Path) -> DuckDBConnector:
    return DuckDBConnector(SourceConfig(kind="duckdb", paths=(str(path),)))


def test_a_catalogue_has_keys_comments_and_schemas(database: Path) -> None:
    catalogue = connector(database).catalogue("d")
    tables = {table.address: table for table in catalogue.tables}
    assert set(tables) == {"main.people", "main.visits", "more.people"}
    assert tables["main.people"].primary_key == ("id",)
    assert tables["main.people"].columns[1].private
    assert tables["main.people"].columns[2].samples == ("sad",)
    assert tables["main.people"].rows == 2
    assert tables["main.visits"].comment == "who came"
    assert [(key.columns, key.table, key.guessed) for key in tables["main.visits"].foreign_keys] == [
        (("person",), "main.people", False)
    ]
    assert catalogue.notes[0].startswith("broken cannot be read")
    assert catalogue.fingerprint == connector(database).catalogue("other").fingerprint


def test_types_that_streams_do_not_carry_are_text(database: Path) -> None:
    rows, kept = rows_of(connector(database), "SELECT * FROM main.people ORDER BY id", "people")
    assert rows == [
        (1, "a@x.org", "sad", '["glad"]', "10:00:00+01", "101"),
        (2, None, None, None, None, None),
    ]
    assert [column.kind for column in kept.columns] == ["integer", "text", "text", "array", "time", "text"]


def test_nothing_is_written(database: Path) -> None:
    for query in (
        "DELETE FROM people",
        "CREATE TABLE t (x INT)",
        "WITH d AS (DELETE FROM people RETURNING *) FROM d",
    ):
        with pytest.raises(SourceError):
            rows_of(connector(database), query, "people")
    with pytest.raises(SourceError):
        rows_of(connector(database), "FROM broken", "broken")
    assert rows_of(connector(database), "SELECT count(*) FROM main.people", "people")[0] == [(2,)]


ENDLESS = "SELECT count(*) FROM range(100000000000) t(x) WHERE x % 7 = 3"


def test_time_and_cancel(database: Path) -> None:
    with pytest.raises(SourceError) as caught:
        rows_of(connector(database), ENDLESS, limits=Limits(seconds=0.1))
    assert caught.value.code == Code.DEADLINE
    source = connector(database)
    rows = source.run(checked(ENDLESS), Limits())
    thread = threading.Thread(target=source.cancel)
    thread.start()
    with pytest.raises(SourceError) as caught:
        list(rows)
    thread.join()
    assert caught.value.code == Code.CANCELLED


def test_explain_and_test(database: Path) -> None:
    source = connector(database)
    assert source.test().version.startswith("DuckDB v")
    assert source.explain(checked("SELECT * FROM main.people LIMIT 1", "people"), Limits()).rows == 2


@pytest.mark.parametrize("content", [None, b"", b"no database", b"\0" * 100_000])
def test_what_is_no_database_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "d.duckdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        connector(path).test()
    assert str(path) in caught.value.message
    with pytest.raises(SourceError, match="names no"):
        DuckDBConnector(SourceConfig(kind="duckdb")).test()
