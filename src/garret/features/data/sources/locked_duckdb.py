"""DuckDB, locked: a connection that reads the files it was given and nothing else, for one source's worker.

What holds, whatever text is run through `begin`:

    files        exactly `paths`, by DuckDB's `allowed_paths`; no external access else, so no listing of
                 folders, no ATTACH, no address; a database file is opened read-only
    statements   one, and DuckDB's own parser calls it a SELECT: `COPY ... (USE_TMP_FILE false)` writes over
                 a file of `allowed_paths` in spite of all settings (seen with 2.0.1), so the kind of the
                 statement has to hold it
    session      BEGIN TRANSACTION READ ONLY, since a SELECT may hold INSERT ... RETURNING in a common table
    extensions   none is loaded or installed; no variables of Python are read as tables
    settings     locked, once the caller's own views are made
    memory       DuckDB's limit is a wish (512 MB were seen to reach 14.7 GB), RLIMIT_DATA is the fence

Neighbours: the worker's cage has the same files by Landlock and the same limit from its manifest; the guard
has checked the query. Each of the three holds alone.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError

_SHARE = 0.6  # of the fence is DuckDB's own limit: what it takes beside is the rest (measured: up to a third)
_DEPTH = 250  # of expressions; DuckDB's 1000 takes megabytes of stack
_NARROW = (
    ("autoload_known_extensions", "false"),
    ("autoinstall_known_extensions", "false"),
    ("allow_community_extensions", "false"),
    ("allow_unsigned_extensions", "false"),
    ("allow_persistent_secrets", "false"),
    ("python_enable_replacements", "false"),
)


def exact(paths: Iterable[str]) -> list[str]:
    """Absolute paths of regular files behind `paths`, links followed. Raises SourceError for all else."""
    found: list[str] = []
    for path in paths:
        try:
            real = Path(path).resolve(strict=True)
            regular = stat.S_ISREG(real.stat().st_mode)
        except (OSError, RuntimeError, ValueError) as error:
            raise SourceError(f"The file {path} cannot be read. Look whether it is still there.") from error
        if not regular:
            raise SourceError(
                f"{path} is a folder or a device, not a file. Nothing was read; name the files themselves.",
                code=Code.INVALID,
            )
        found.append(str(real))
    return found


def open_files(
    paths: Iterable[str],
    prepare: Callable[[duckdb.DuckDBPyConnection], None],
    *,
    memory: int,
    threads: int = 2,
    spill: str = "",
) -> duckdb.DuckDBPyConnection:
    """A database in memory that may read exactly `paths`, in the form that `exact` gives.

    `prepare` makes the views over them; it runs with the files and extensions closed already, and the
    settings are locked behind it. `memory` is the fence in bytes. `spill` is a folder for what does not fit;
    without one, nothing spills. Raises SourceError.
    """
    connection = duckdb.connect(":memory:", config=_settings(memory, threads))
    return _lock(connection, paths, prepare, spill)


def open_database(path: str, *, memory: int, threads: int = 2, spill: str = "") -> duckdb.DuckDBPyConnection:
    """The database file at `path`, read-only, and no other file. Raises SourceError."""
    (file,) = exact([path])
    try:
        connection = duckdb.connect(file, read_only=True, config=_settings(memory, threads))
    except duckdb.Error as error:
        raise SourceError(
            f"{path} cannot be opened as a DuckDB database ({_sentence(error)}). Nothing was changed; look "
            "whether another program has it open for writing.",
        ) from error
    return _lock(connection, (), lambda _: None, spill)


def begin(
    connection: duckdb.DuckDBPyConnection, query: str, *, explain: bool = False
) -> duckdb.DuckDBPyConnection:
    """Start `query` in a transaction that can only read; the rows are taken from what this returns.

    The transaction ends with `finish`. Raises SourceError if it is not one SELECT, duckdb.Error as it runs.
    """
    statement = sole_select(connection, query)
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        return connection.execute(f"EXPLAIN (FORMAT json) {query}" if explain else statement)
    except BaseException:
        finish(connection)
        raise


def finish(connection: duckdb.DuckDBPyConnection) -> None:
    """End the transaction of `begin`, whatever became of it."""
    try:
        connection.execute("ROLLBACK")
    except duckdb.TransactionException:
        return  # it had ended by itself, as after an interrupt


def sole_select(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    """The one statement that `query` is. Raises SourceError unless DuckDB's parser calls it a SELECT."""
    try:
        statements = connection.extract_statements(query)
    except (duckdb.Error, TypeError, ValueError) as error:  # the latter two: no text in UTF-8
        raise SourceError(
            f"DuckDB cannot read the query: {_sentence(error)}. Nothing was run.", code=Code.INVALID
        ) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise SourceError(
            "Only one SELECT at a time is run on files. Nothing was run.",
            code=Code.DENIED,
        )
    return statements[0]


def _settings(memory: int, threads: int) -> dict[str, str | bool | int | float | list[str]]:
    return {
        **dict(_NARROW),
        "threads": str(threads),
        "memory_limit": f"{max(1, int(memory * _SHARE) >> 20)}MiB",
        "temp_directory": "",
    }


def _lock(
    connection: duckdb.DuckDBPyConnection,
    paths: Iterable[str],
    prepare: Callable[[duckdb.DuckDBPyConnection], None],
    spill: str,
) -> duckdb.DuckDBPyConnection:
    """Close what is open in an order DuckDB takes: files first, then access, then the settings."""
    try:
        connection.execute("SET allowed_paths = $1", [list(paths)])
        if spill:
            connection.execute("SET temp_directory = $1", [spill])
        connection.execute(f"SET max_expression_depth = {_DEPTH}")
        connection.execute("SET enable_progress_bar = false")  # it would draw on the standard output
        connection.execute("SET enable_external_access = false")
        prepare(connection)
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def _sentence(error: Exception) -> str:
    """The first line of what DuckDB says, without its name for the kind of error."""
    first = str(error).partition("\n")[0].strip()
    return first.partition(": ")[2] or first
