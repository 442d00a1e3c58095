"""Numbered SQL files: applied once, in order, and refused when database and program do not fit."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.storage import migrations
from garret.storage.connection import connect
from garret.storage.errors import MigrationRefused, StorageError
from garret.storage.migrations import Migration
from tests.storage.databases import KEY

WHICH = ("durable", "cache")


def own(which: str) -> list[Migration]:
    return migrations.load("storage", f"garret.storage.migrations.{which}")


def schema(connection: apsw.Connection) -> list[Any]:
    return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def insert_samples(connection: apsw.Connection) -> dict[str, int]:
    """A row in each table that has none, whatever the version; returns how many rows each table has."""
    samples = {
        "jobs": "INSERT INTO jobs (seq, id, command, state, priority, attempts, max_attempts, epoch, events, "
        "role, profile, created, updated) VALUES (1,'job_1','a.b','queued',1,0,3,0,1,'owner','admin',1,1)",
        "job_payloads": "INSERT INTO job_payloads VALUES (1, x'00')",
        "job_results": "INSERT INTO job_results VALUES (1, x'00')",
        "job_events": "INSERT INTO job_events VALUES (1,1,1,'enqueued','queued',0,0,'owner',NULL)",
        "objects": "INSERT INTO objects (seq, id, kind, author, created, bytes, signature) "
        "VALUES (1, zeroblob(32), 'note.kept', zeroblob(32), 1, x'00', x'00')",
        "object_heads": "INSERT INTO object_heads VALUES ('n', zeroblob(32))",
        "object_authors": "INSERT INTO object_authors VALUES (zeroblob(32))",
        "projections": "INSERT INTO projections VALUES ('room', 1)",
        "object_parents": "INSERT INTO object_parents VALUES (zeroblob(32), zeroblob(32))",
        "audit": "INSERT INTO audit VALUES (1, 1, 'owner', 'admin', 'a', 'done', '{}', zeroblob(32))",
        "settings": "INSERT INTO settings VALUES ('a', '1', 1)",
        "logs": "INSERT INTO logs VALUES (1, 1, 20, 'w', 'm', '{}')",
        "derived": "INSERT INTO derived VALUES ('room', 'words', 'main', 1)",
        "audit_head": "INSERT INTO audit_head VALUES (1, 0, zeroblob(32))",
    }
    tables = {
        str(row[0])
        for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    }
    assert tables <= set(samples) | {"schema_migrations"}, "a new table needs a sample row here"
    for table, sql in samples.items():
        if table in tables and connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]:
            connection.execute(sql)
    return {t: int(str(connection.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0])) for t in tables}


@pytest.mark.parametrize("which", WHICH)
def test_a_database_of_every_earlier_version_comes_up_to_date_with_its_data(
    which: str, tmp_path: Path
) -> None:
    files = own(which)
    fresh = connect(tmp_path / "fresh.db", KEY)
    migrations.apply(fresh, [files])
    assert len(files) >= 1
    for version in range(len(files)):
        old = connect(tmp_path / f"{version}.db", KEY)
        migrations.apply(old, [files[:version]])
        before = insert_samples(old)
        applied = migrations.apply(old, [files])
        assert [m.number for m in applied] == list(range(version + 1, len(files) + 1))
        assert schema(old) == schema(fresh)
        after = insert_samples(old)
        assert all(after[table] >= rows for table, rows in before.items())
        assert migrations.apply(old, [files]) == []
        old.close()
    fresh.close()


def test_what_was_applied_is_remembered_with_its_hash(connection: apsw.Connection) -> None:
    rows = connection.execute("SELECT number, name, digest FROM schema_migrations ORDER BY number").fetchall()
    assert rows == [(m.number, m.name, m.digest) for m in own("durable")]


def test_a_changed_migration_is_refused_before_anything_is_done(connection: apsw.Connection) -> None:
    files = own("durable")
    files[1] = Migration("storage", 2, files[1].name, files[1].text + "\n-- edited")
    more = [*files, Migration("storage", len(files) + 1, "more", "CREATE TABLE more (a)")]
    before = schema(connection)
    with pytest.raises(MigrationRefused, match="0002_objects is not the one"):
        migrations.apply(connection, [more])
    assert schema(connection) == before


def test_a_database_of_a_newer_program_is_refused(connection: apsw.Connection) -> None:
    with pytest.raises(MigrationRefused, match="newer version of Garret") as refused:
        migrations.apply(connection, [own("durable")[:2]])
    assert refused.value.details == {"source": "storage", "database": len(own("durable")), "program": 2}


def test_a_migration_that_fails_is_taken_back_whole(connection: apsw.Connection) -> None:
    good = Migration("room", 1, "good", "CREATE TABLE good (a)")
    bad = Migration("room", 2, "bad", "CREATE TABLE half (a); CREATE TABLE good (a)")
    with pytest.raises(StorageError, match="room 0002_bad"):
        migrations.apply(connection, [[good, bad]])
    assert connection.table_exists("main", "good")
    assert not connection.table_exists("main", "half")
    mended = Migration("room", 2, "bad", "CREATE TABLE half (a)")
    assert migrations.apply(connection, [[good, mended]], clock=ManualClock()) == [mended]


def test_a_migration_may_not_end_its_transaction(connection: apsw.Connection) -> None:
    sneaky = Migration("room", 1, "sneaky", "CREATE TABLE sneaky (a); COMMIT")
    with pytest.raises(StorageError, match="ends its own transaction"):
        migrations.apply(connection, [[sneaky]])


def test_rooms_have_numbers_of_their_own_and_may_go_away(connection: apsw.Connection) -> None:
    one = Migration("one", 1, "x", "CREATE TABLE one (a)")
    two = Migration("two", 1, "x", "CREATE TABLE two (a)")
    assert migrations.apply(connection, [own("durable"), [one], [two]]) == [one, two]
    assert migrations.apply(connection, [own("durable"), [two]]) == []
    assert connection.table_exists("main", "one")


@pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"], ["0001_A.sql"]])
def test_wrong_file_names_are_refused(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "wrongly_named"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in names:
        (package / name).write_text("SELECT 1;")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "wrongly_named", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(MigrationRefused):
        migrations.load("room", "wrongly_named")
    del sys.modules["wrongly_named"]
