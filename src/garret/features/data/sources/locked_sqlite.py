"""SQLite, locked: a connection that reads one database file and nothing else, for a worker of one source.

What holds, whatever text is run through `begin`:

    file         opened read-only; `immutable` where a write-ahead log would have to be made to read it
    statements   one that SQLite itself says cannot write; `query_only` beside
    calls        an authorizer allows SELECT, columns of the database's own tables, and the functions of
                 `FUNCTIONS`; ATTACH, PRAGMA, load_extension, the schema table and all that is unknown are
                 refused
    schema       not trusted: its views and defaults call no function that could harm; triggers do not run
    size         text, columns, depth, terms, steps and the longest value are limited; memory by RLIMIT_DATA
    time         `stop` is asked every few thousand steps

Neighbours: the worker's cage has the same file by Landlock; the guard has checked the query.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

import apsw

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.locked_duckdb import exact

_STEPS = 5_000  # of SQLite's machine between two looks at `stop`: under a millisecond
_HEADER = 20
_WAL = 2  # byte 18 of the header where the database keeps a write-ahead log (sqlite.org/fileformat2.html)

FUNCTIONS: Final = frozenset(
    """
    -> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce concat concat_ws
    cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees
    dense_rank exp first_value floor format glob group_concat hex if ifnull iif instr json json_array
    json_array_length json_error_position json_extract json_group_array json_group_object json_object
    json_patch json_pretty json_quote json_remove json_set json_type json_valid julianday lag last_value
    lead length like likelihood likely ln log log10 log2 lower ltrim max median min mod nth_value ntile
    nullif octet_length percent_rank percentile percentile_cont percentile_disc pi pow power printf
    quote radians rank replace round row_number rtrim sign sin sinh sqrt strftime string_agg substr
    substring sum tan tanh time timediff total trim trunc typeof unhex unicode unixepoch unlikely upper
    """.split()
)

_LIMITS: Final = (
    (apsw.SQLITE_LIMIT_LENGTH, 64 << 20),
    (apsw.SQLITE_LIMIT_SQL_LENGTH, 256 << 10),
    (apsw.SQLITE_LIMIT_COLUMN, 4_000),
    (apsw.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (apsw.SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (apsw.SQLITE_LIMIT_VDBE_OP, 250_000),
    (apsw.SQLITE_LIMIT_FUNCTION_ARG, 100),
    (apsw.SQLITE_LIMIT_ATTACHED, 0),
    (apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (apsw.SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (apsw.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (apsw.SQLITE_LIMIT_WORKER_THREADS, 0),
)

_SWITCHES: Final = (
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
    (apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_DQS_DML, 0),
    (apsw.SQLITE_DBCONFIG_DQS_DDL, 0),
)


def open_locked(
    path: str,
    *,
    stop: Callable[[], bool],
    prepare: Callable[[apsw.Connection], None] = lambda _: None,
) -> apsw.Connection:
    """The database file at `path`, for reading alone. A query ends with an interrupt when `stop` says so.

    `prepare` runs before the authorizer is set, so that a catalogue can be taken of the schema table. Raises
    SourceError.
    """
    (file,) = exact([path])
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_NOFOLLOW
    try:
        connection = apsw.Connection(_address(file), flags=flags)
    except apsw.Error as error:
        raise _unreadable(path, error) from error
    try:
        return _lock(connection, stop, prepare)
    except apsw.Error as error:
        connection.close()
        raise _unreadable(path, error) from error
    except BaseException:
        connection.close()
        raise


def begin(connection: apsw.Connection, query: str) -> apsw.Cursor:
    """Start `query`; the rows are taken from what this returns. Raises SourceError if it is no one SELECT."""
    cursor = connection.cursor()
    seen: list[str] = []

    def once(current: apsw.Cursor, statement: str, _values: object) -> bool:
        seen.append(statement)
        return len(seen) == 1 and current.is_readonly and current.has_vdbe

    cursor.exec_trace = once
    try:
        cursor.execute(query)
    except (apsw.ExecTraceAbort, apsw.AuthError) as error:
        raise _refused() from error
    if len(seen) != 1:
        raise _refused()
    return cursor


def _lock(
    connection: apsw.Connection, stop: Callable[[], bool], prepare: Callable[[apsw.Connection], None]
) -> apsw.Connection:
    for limit, value in _LIMITS:
        connection.limit(limit, value)
    for switch, value in _SWITCHES:
        connection.config(switch, value)
    connection.execute("PRAGMA query_only = 1")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA cell_size_check = 1")
    prepare(connection)
    tables = _own_tables(connection)
    connection.set_progress_handler(stop, _STEPS)
    connection.authorizer = partial(_authorize, tables)
    return connection


def _authorize(
    tables: frozenset[str],
    action: int,
    first: str | None,
    second: str | None,
    database: str | None,
    _trigger: str | None,
) -> int:
    """What one step of a statement may do; sqlite.org/c3ref/c_alter_table.html lists the actions."""
    if action in (apsw.SQLITE_SELECT, apsw.SQLITE_RECURSIVE):
        return apsw.SQLITE_OK
    if action == apsw.SQLITE_READ:
        # What a subquery or common table is read under is no table of the file, and has no database.
        own = database is None or (first or "").lower() in tables
        return apsw.SQLITE_OK if own else apsw.SQLITE_DENY
    if action == apsw.SQLITE_FUNCTION:
        return apsw.SQLITE_OK if (second or "").lower() in FUNCTIONS else apsw.SQLITE_DENY
    return apsw.SQLITE_DENY


def _own_tables(connection: apsw.Connection) -> frozenset[str]:
    """Names of the file's tables and views, lower case, and of the two that take a JSON value apart."""
    rows = connection.execute("SELECT lower(name) FROM sqlite_schema WHERE type IN ('table', 'view')")
    names = (str(row[0]) for row in rows)
    # sqlite_sequence and sqlite_stat1 are the engine's own.
    return frozenset(name for name in names if not name.startswith("sqlite_")) | {"json_each", "json_tree"}


def _address(file: str) -> str:
    """The file as an address for SQLite: `immutable` where it keeps a write-ahead log that is empty.

    A cage lets no `-shm` be made beside the file, without which a log cannot be read; with nothing in the log
    it need not be. Where the log holds rows, SQLite has to find both files in place.
    """
    with Path(file).open("rb") as opened:
        header = opened.read(_HEADER)
    logged = len(header) == _HEADER and header[18] == _WAL
    log = Path(f"{file}-wal")
    still = logged and not (log.exists() and log.stat().st_size)
    return f"file:{quote(file)}?mode=ro{'&immutable=1' if still else ''}"


def _unreadable(path: str, error: apsw.Error) -> SourceError:
    return SourceError(
        f"{path} cannot be read as an SQLite database ({error}). Nothing was changed; look whether the file "
        "is whole, and whether another program is writing to it."
    )


def _refused() -> SourceError:
    return SourceError(
        "Only one SELECT at a time, over the tables of this file and functions that only compute, is run. "
        "Nothing was run.",
        code=Code.DENIED,
    )
