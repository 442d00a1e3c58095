"""Real locked sessions to aim attacks at, with the guard left out: what does the session alone hold?

Harm is what can be seen from outside: a file that changed or came to be, a hidden value in the rows, or a
query that did not end when it was told to.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import duckdb

from garret.features.data.sources import locked_duckdb, locked_sqlite
from garret.features.data.sources.contract import SourceError

CANARY = "watermelon"
_ROWS = 2_000  # looked at
_SECONDS = 1.0  # after which a query is told to end
_MEMORY = 1 << 30


class Outcome(NamedTuple):
    """What became of an attack: `refused` by the session, or `harm` done."""

    refused: bool
    harm: bool


class Trial:
    """A session, the folder of its files, and how a query is run in it. `run` gives rows or raises."""

    def __init__(self, folder: Path, run: Callable[[str], list[Any]]) -> None:
        self.folder = folder
        self._run = run
        self._before = _state(folder)

    def run(self, query: str) -> Outcome:
        """Run a query as it is, and look what it did."""
        rows: list[Any] = []
        refused = False
        try:
            rows = self._run(query)
        except (SourceError, duckdb.Error, apsw.Error, UnicodeError, MemoryError):
            refused = True
        harm = CANARY in json.dumps(rows, default=str) or _state(self.folder) != self._before
        return Outcome(refused, harm)


def _state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _secrets(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "secret.csv").write_text(f"secret\n{CANARY}\n", encoding="utf-8")
    (folder / "secret.json").write_text(json.dumps({"secret": CANARY}) + "\n", encoding="utf-8")
    (folder / "own.csv").write_text("id,amount\n1,2\n2,4\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(folder / "secret.csv")
    made = duckdb.connect(str(folder / "other.duckdb"))
    made.execute(f"CREATE TABLE hidden AS SELECT '{CANARY}' AS secret")
    made.execute(f"COPY hidden TO '{folder}/secret.parquet' (FORMAT parquet)")
    made.close()


@contextmanager
def duckdb_trial(folder: Path) -> Iterator[Trial]:
    """DuckDB over one file, with others beside it that are not the source's."""
    _secrets(folder)
    (own,) = locked_duckdb.exact([str(folder / "own.csv")])

    def prepare(connection: duckdb.DuckDBPyConnection) -> None:
        columns = (
            "1 AS region, DATE '2020-01-01' AS day, 'n' AS note, 1 AS customer_id, ['a'] AS tags, 1 AS info"
        )
        connection.execute(f"CREATE VIEW sales AS SELECT id, amount, {columns} FROM read_csv('{own}')")
        connection.execute("CREATE VIEW customers AS SELECT 1 AS id, 'n' AS name, 'c' AS city, 1990 AS born")

    session = locked_duckdb.open_files([own], prepare, memory=_MEMORY)

    def run(query: str) -> list[Any]:
        clock = threading.Timer(_SECONDS, session.interrupt)
        clock.start()
        try:
            return locked_duckdb.begin(session, query).fetchmany(_ROWS)
        finally:
            clock.cancel()
            locked_duckdb.finish(session)

    yield Trial(folder, run)
    session.close()


@contextmanager
def sqlite_trial(folder: Path) -> Iterator[Trial]:
    """SQLite over one file, with another beside it."""
    _secrets(folder)
    made = apsw.Connection(str(folder / "own.db"))
    made.execute(
        "CREATE TABLE sales (id INTEGER PRIMARY KEY, region, amount, day, note, customer_id, tags, info);"
        "INSERT INTO sales VALUES (1, 'north', 2, '2020-01-01', 'n', 1, '[]', '{}');"
        "CREATE TABLE customers (id, name, city, born)"
    )
    made.close()
    late = threading.Event()
    session = locked_sqlite.open_locked(str(folder / "own.db"), stop=late.is_set)

    def run(query: str) -> list[Any]:
        late.clear()
        clock = threading.Timer(_SECONDS, late.set)
        clock.start()
        try:
            cursor = locked_sqlite.begin(session, query)
            return [row for row, _ in zip(cursor, range(_ROWS), strict=False)]
        finally:
            clock.cancel()

    yield Trial(folder, run)
    session.close()
