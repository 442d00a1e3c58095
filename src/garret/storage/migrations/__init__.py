"""Numbered plain SQL files that bring a database file to the shape the program expects.

A source (storage itself, or a room) gives a name and a package; its files are called `NNNN_name.sql` and
are numbered from 0001 without a gap. Each is applied once, in one transaction, and remembered with the
BLAKE3 of its text. Refused, before anything is changed: a file that was changed after it was applied, and
a database that a newer program has migrated further. Tables of a source that this program does not know
(a room that was removed) are left alone.

Neighbours: `store` applies them at start; `durable/` and `cache/` below this package are storage's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources

import apsw
from blake3 import blake3

from garret.base.clock import SYSTEM, Clock
from garret.storage.errors import MigrationRefused, translate

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    source     TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    applied_at REAL    NOT NULL,
    PRIMARY KEY (source, number)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Migration:
    """One numbered SQL file."""

    source: str
    number: int
    name: str
    text: str

    @property
    def digest(self) -> bytes:
        return blake3(self.text.encode()).digest()

    def __str__(self) -> str:
        return f"{self.source} {self.number:04d}_{self.name}"


def load(source: str, package: str) -> list[Migration]:
    """The migrations in the folder of `package`, in order; empty when it has none.

    Raises MigrationRefused when a name is malformed or a number is missing or double.
    """
    found: list[Migration] = []
    for entry in resources.files(package).iterdir():
        if not entry.name.endswith(".sql"):
            continue
        match = _NAME.fullmatch(entry.name)
        if match is None:
            raise MigrationRefused(f"A migration of {source} is called {entry.name}, not NNNN_name.sql.")
        found.append(Migration(source, int(match[1]), match[2], entry.read_text("utf-8")))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationRefused(f"The migrations of {source} are not numbered 0001, 0002 and so on.")
    return found


def apply(
    connection: apsw.Connection, sources: Iterable[Sequence[Migration]], *, clock: Clock = SYSTEM
) -> list[Migration]:
    """Bring the database up to date and return what was applied now, in order.

    All refusals are raised (MigrationRefused) before the first change; an SQL error takes back the
    migration it happened in and leaves those before it.
    """
    connection.execute(_TABLE)
    pending: list[Migration] = []
    for migrations in sources:
        pending.extend(_pending(connection, migrations))
    for migration in pending:
        _apply_one(connection, migration, clock.wall())
    return pending


def _pending(connection: apsw.Connection, migrations: Sequence[Migration]) -> list[Migration]:
    if not migrations:
        return []
    source = migrations[0].source
    rows = connection.execute(
        "SELECT number, name, digest FROM schema_migrations WHERE source = ?", (source,)
    )
    applied = {int(number): (str(name), bytes(digest)) for number, name, digest in rows}
    if applied and max(applied) > len(migrations):
        raise MigrationRefused(
            f"This home was used by a newer version of Garret: '{source}' is at {max(applied):04d}, this "
            f"program knows {len(migrations):04d}. Nothing was changed. Install the newer version, or use "
            "another home.",
            details={"source": source, "database": max(applied), "program": len(migrations)},
        )
    for migration in migrations:
        known = applied.get(migration.number)
        if known is not None and known[1] != migration.digest:
            raise MigrationRefused(
                f"The migration {migration} is not the one this home was made with ({known[0]}). "
                "Nothing was changed. Reinstall Garret.",
                details={"source": source, "number": migration.number},
            )
    return [migration for migration in migrations if migration.number not in applied]


def _apply_one(connection: apsw.Connection, migration: Migration, at: float) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(migration.text).fetchall()
        if not connection.in_transaction:
            raise MigrationRefused(f"The migration {migration} ends its own transaction, which none may do.")
        connection.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?, ?, ?)",
            (migration.source, migration.number, migration.name, migration.digest, at),
        )
        connection.execute("COMMIT")
    except apsw.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        typed = translate(error, f"The migration {migration}")
        typed.details["source"] = migration.source
        raise typed from error
