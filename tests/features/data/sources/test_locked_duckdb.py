"""The locked DuckDB session, by itself: real files, and what is tried to get at others or to write."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from garret.features.data.sources import locked_duckdb
from garret.features.data.sources.contract import SourceError

MEMORY = 1 << 30
ROWS = "a,b\n1,one\n2,two\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "other.csv").write_text("secret\nwatermelon\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def session(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    (own,) = locked_duckdb.exact([str(folder / "own.csv")])

    def prepare(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"CREATE VIEW own AS SELECT * FROM read_csv('{own}')")

    connection = locked_duckdb.open_files([own], prepare, memory=MEMORY)
    yield connection
    connection.close()


def refused(session: duckdb.DuckDBPyConnection, query: str) -> None:
    with pytest.raises((SourceError, duckdb.Error)):
        locked_duckdb.begin(session, query).fetchall()
    locked_duckdb.finish(session)


def test_own_file_is_read(session: duckdb.DuckDBPyConnection) -> None:
    assert locked_duckdb.begin(session, "SELECT a, b FROM own ORDER BY a").fetchall() == [
        (1, "one"),
        (2, "two"),
    ]
    locked_duckdb.finish(session)
    assert locked_duckdb.begin(session, "SELECT count(*) FROM own").fetchone() == (2,)


def test_explain_plans_and_runs_nothing(session: duckdb.DuckDBPyConnection) -> None:
    plan = locked_duckdb.begin(session, "SELECT a FROM own", explain=True).fetchall()
    assert "READ_CSV" in str(plan).upper()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{folder}/other.csv'",
        "SELECT * FROM read_csv('{folder}/other.csv')",
        "SELECT * FROM read_text('{folder}/../{name}/other.csv')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "COPY (SELECT 42) TO '{folder}/own.csv'",
        "COPY (SELECT 42) TO '{folder}/own.csv' (USE_TMP_FILE false)",
        "COPY (SELECT 42) TO '{folder}/new.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/new.db' AS more",
        "CREATE TABLE more (a INTEGER)",
        "WITH gone AS (DELETE FROM own RETURNING *) SELECT * FROM gone",
        "SELECT 1; COPY (SELECT 42) TO '{folder}/own.csv' (USE_TMP_FILE false)",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "PRAGMA database_list",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE later AS SELECT 1",
        "SELECT * FROM rows_of_python",
    ],
)
def test_all_else_is_refused(session: duckdb.DuckDBPyConnection, folder: Path, query: str) -> None:
    rows_of_python = [1]
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    refused(session, query.format(folder=folder, name=folder.name))
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before
    assert rows_of_python == [1]


def test_a_refused_query_leaves_the_session_usable(session: duckdb.DuckDBPyConnection) -> None:
    refused(session, "SELECT nothing FROM own")
    refused(session, "SELECT CAST(b AS INTEGER) FROM own")
    assert locked_duckdb.begin(session, "SELECT max(a) FROM own").fetchone() == (2,)


def test_writes_inside_a_select_are_refused_in_a_database_of_memory(folder: Path) -> None:
    def prepare(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
        connection.execute("CREATE SEQUENCE numbers")

    connection = locked_duckdb.open_files([], prepare, memory=MEMORY)
    refused(connection, "WITH more AS (INSERT INTO kept VALUES (2) RETURNING *) SELECT * FROM more")
    refused(connection, "SELECT nextval('numbers')")
    assert locked_duckdb.begin(connection, "SELECT a FROM kept").fetchall() == [(1,)]
    connection.close()


def test_a_database_is_opened_for_reading_alone(folder: Path) -> None:
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("CREATE TABLE sale AS SELECT 7 AS amount")
    connection = locked_duckdb.open_database(str(path), memory=MEMORY)
    assert locked_duckdb.begin(connection, "SELECT amount FROM sale").fetchall() == [(7,)]
    locked_duckdb.finish(connection)
    refused(connection, f"SELECT * FROM '{folder}/other.csv'")
    refused(connection, "WITH gone AS (DELETE FROM sale RETURNING *) SELECT * FROM gone")
    connection.close()


def test_what_is_no_file_or_no_database_is_said_in_words(folder: Path) -> None:
    with pytest.raises(SourceError, match="still there"):
        locked_duckdb.exact([str(folder / "gone.csv")])
    with pytest.raises(SourceError, match="not a file"):
        locked_duckdb.exact([str(folder)])
    with pytest.raises(SourceError, match="cannot be opened"):
        locked_duckdb.open_database(str(folder / "own.csv"), memory=MEMORY)


def test_links_are_followed_before_the_fence_is_built(folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "own.csv")
    assert locked_duckdb.exact([str(folder / "link.csv")]) == [str((folder / "own.csv").resolve())]


def test_an_interrupt_ends_a_query(session: duckdb.DuckDBPyConnection) -> None:
    threading.Timer(0.2, session.interrupt).start()
    refused(session, "SELECT count(*) FROM range(100000000000) AS a, range(1000000) AS b")


def test_memory_is_fenced_by_the_process_limit() -> None:
    """In a process of its own, since the limit is for good: the query fails or the process ends; no more."""
    program = (
        "from pathlib import Path\n"
        "from garret.features.data.sources import locked_duckdb\n"
        "from garret.worker import limits\n"
        "limits.limit_memory(700 << 20)\n"
        "con = locked_duckdb.open_files([], lambda _: None, memory=700 << 20)\n"
        "try:\n"
        '    query = "SELECT list(repeat(chr(65), 1000) || range) FROM range(3000000)"\n'
        "    locked_duckdb.begin(con, query).fetchone()\n"
        "except (Exception, MemoryError) as error:\n"
        "    print('refused')\n"
        # Not getrusage's: until a program is loaded, that is the peak of the process that started it.
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said = done.stdout.split()
    assert done.returncode != 0 or said[0] == "refused"
    if said:
        assert int(said[-1]) < 900 << 10  # kilobytes
