"""The connector of one SQLite database file, read-only, without DuckDB.

SQLite has types of values and not of columns. What a column of a result is, is decided by the rows that
come first (all of them, up to `_DECIDING`); a value that comes later and is of another type is shown as
missing and counted in the notes, and text columns take everything as text.

Neighbours: `locked_sqlite` opens the file and bounds what a query may do; `watch` ends what takes too long.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

import apsw

from garret.base.errors import Code
from garret.features.data.contracts import (
    Catalogue,
    Checked,
    Column,
    ColumnKind,
    Estimate,
    ForeignKey,
    Limits,
    ResultColumn,
    SourceConfig,
    SourceStatus,
    Table,
)
from garret.features.data.sources import locked_sqlite
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.privacy import choose_samples
from garret.features.data.sources.watch import Watch

_DECIDING: Final = 50_000  # rows that decide what the columns are
_BATCH: Final = 10_000
_SAMPLED: Final = 60  # rows of each table
_LONGEST_LOOK: Final = 60.0  # seconds for a catalogue

_KINDS: Final[dict[type, tuple[ColumnKind, str]]] = {
    int: ("integer", "INTEGER"),
    float: ("real", "REAL"),
    str: ("text", "TEXT"),
    bytes: ("binary", "BLOB"),
}


class SQLiteConnector:
    """See `sources.contract.Connector`."""

    able = Able(estimates_rows=False)

    def __init__(self, config: SourceConfig, password: str = "") -> None:
        self._path = config.paths[0] if config.paths else ""
        self._watch: Watch | None = None

    def test(self) -> SourceStatus:
        started = time.perf_counter()
        with self._watching(_LONGEST_LOOK):
            self._opened(_first_page).close()
        return SourceStatus(
            version=f"SQLite {apsw.sqlite_lib_version()}",
            milliseconds=(time.perf_counter() - started) * 1000,
        )

    def catalogue(self, source: str) -> Catalogue:
        tables: list[Table] = []
        notes: list[str] = []
        with self._watching(_LONGEST_LOOK) as watch:
            self._opened(lambda connection: _take(connection, tables, notes, watch)).close()
        return Catalogue(
            source=source,
            dialect="sqlite",
            tables=tuple(tables),
            fingerprint=take_fingerprint(tables),
            taken=time.time(),
            notes=tuple(notes),
        )

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        with self._watching(limits.seconds) as watch:
            connection = self._opened()
            try:
                # The words of a plan, which SQLite gives without running anything.
                cursor = locked_sqlite.begin(connection, f"EXPLAIN QUERY PLAN {checked.query}")
                return Estimate(plan="\n".join(str(row[3]) for row in cursor))
            except apsw.Error as error:
                raise _told(error, watch) from error
            finally:
                connection.close()

    def run(self, checked: Checked, limits: Limits) -> SQLiteRows:
        watch = self._watching(limits.seconds).begin()  # the rows end it
        try:
            return SQLiteRows(self._opened(), checked.query, limits, watch)
        except BaseException:
            watch.end()
            raise

    def cancel(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def close(self) -> None:
        self.cancel()

    def _opened(self, prepare: Callable[[apsw.Connection], None] = lambda _: None) -> apsw.Connection:
        if not self._path:
            raise SourceError("This source names no database file. Add it anew.", code=Code.USAGE)
        watch = self._watch
        return locked_sqlite.open_locked(
            self._path, stop=lambda: watch is not None and watch.ended, prepare=prepare
        )

    def _watching(self, seconds: float) -> Watch:
        self._watch = Watch(seconds)  # SQLite itself asks the watch, by its progress handler
        return self._watch


class SQLiteRows:
    """See `sources.contract.Rows`. The connection and the watch are its own from now on."""

    def __init__(self, connection: apsw.Connection, query: str, limits: Limits, watch: Watch) -> None:
        """Begins the query and reads the rows that decide the columns. Raises SourceError."""
        self.notes: list[str] = []
        self._connection, self._watch, self._limits = connection, watch, limits
        try:
            self._cursor = locked_sqlite.begin(connection, query)
            names = _names(connection, self._cursor, query)
            self._first = list(itertools.islice(self._cursor, min(limits.rows + 1, _DECIDING)))
            self._types = [_type_of(self._first, place) for place in range(len(names))]
            self.columns = tuple(
                ResultColumn(name=name, type=_KINDS[kind][1], kind=_KINDS[kind][0])
                for name, kind in zip(names, self._types, strict=True)
            )
        except apsw.Error as error:
            self.close()
            raise _told(error, watch) from error
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Any]:
        misfits = [0] * len(self._types)
        left = self._limits.rows + 1
        try:
            rows = itertools.chain(self._first, self._cursor)
            while batch := list(itertools.islice(rows, min(_BATCH, left))):
                self._watch.check()
                yield _batch(batch, self._types, [column.name for column in self.columns], misfits)
                left -= len(batch)
        except apsw.Error as error:
            raise _told(error, self._watch) from error
        finally:
            self.close()
            self.notes += [
                f"{count:,} values of {column.name} are no {column.type} and are shown as missing."
                for count, column in zip(misfits, self.columns, strict=True)
                if count
            ]

    def close(self) -> None:
        self._watch.end()
        self._connection.close()


def _names(connection: apsw.Connection, cursor: apsw.Cursor, query: str) -> list[str]:
    try:
        return [str(column[0]) for column in cursor.get_description()]
    except apsw.ExecutionCompleteError:
        pass  # no row came, and with the statement its description is gone
    names: list[str] = []

    def look(current: apsw.Cursor, _statement: str, _values: object) -> bool:
        names.extend(str(column[0]) for column in current.get_description())
        return False  # it is prepared, and not run again

    again = connection.cursor()
    again.exec_trace = look
    with contextlib.suppress(apsw.ExecTraceAbort):
        again.execute(query)
    return names


def _type_of(rows: Sequence[Sequence[Any]], place: int) -> type:
    """The type that holds all values of a column: numbers together are floats, anything else together is
    text.
    """
    kinds: set[type] = {type(row[place]) for row in rows if row[place] is not None}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else str


def _batch(
    rows: Sequence[Sequence[Any]], types: Sequence[type], names: Sequence[str], misfits: list[int]
) -> Any:
    from arro3.core import Array, DataType, RecordBatch

    stored = {
        int: DataType.int64(),
        float: DataType.float64(),
        str: DataType.string(),
        bytes: DataType.binary(),
    }
    arrays: list[Any] = []
    for place, kind in enumerate(types):
        values = [_fitted(row[place], kind) for row in rows]
        misfits[place] += sum(
            value is None and row[place] is not None for value, row in zip(values, rows, strict=True)
        )
        arrays.append(Array(values, type=stored[kind]))
    return RecordBatch.from_arrays(arrays, names=list(names))


def _fitted(value: Any, kind: type) -> Any:
    if value is None or type(value) is kind:
        return value
    if kind is str:
        return value.hex() if isinstance(value, bytes) else str(value)
    return float(value) if kind is float and isinstance(value, int) else None


def _ask(connection: apsw.Connection, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    return cast("list[tuple[Any, ...]]", connection.execute(query, values).fetchall())


def _take(connection: apsw.Connection, tables: list[Table], notes: list[str], watch: Watch) -> None:
    """The catalogue, by the schema table, before the authorizer closes it."""
    listed = _ask(
        connection,
        "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE"
        " 'sqlite\\_%' ESCAPE '\\'"
        " ORDER BY name",
    )
    sizes = _sizes(connection)
    for name, kind in listed:
        watch.check()
        try:
            tables.append(_table(connection, str(name), str(kind), sizes.get(str(name))))
        except apsw.Error as error:  # a view over something that is not there, or a module that is not known
            notes.append(f"{name} cannot be read ({error}).")


def _table(connection: apsw.Connection, name: str, kind: str, rows: int | None) -> Table:
    described = _ask(connection, 'SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,))
    head = _ask(connection, f'SELECT * FROM "{name.replace(chr(34), chr(34) * 2)}" LIMIT {_SAMPLED}')
    columns = [_column(row, [values[place] for values in head]) for place, row in enumerate(described)]
    keys = sorted((row[3], str(row[0])) for row in described if row[3])
    return Table(
        name=name,
        kind="view" if kind == "view" else "table",
        columns=tuple(columns),
        primary_key=tuple(column for _, column in keys),
        foreign_keys=_foreign_keys(connection, name),
        rows=len(head) if len(head) < _SAMPLED else rows,
    )


def _foreign_keys(connection: apsw.Connection, name: str) -> tuple[ForeignKey, ...]:
    grouped: dict[int, tuple[str, list[str], list[str]]] = {}
    rows = _ask(
        connection,
        'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq',
        (name,),
    )
    for number, table, column, other in rows:
        _, columns, references = grouped.setdefault(int(str(number)), (str(table), [], []))
        columns.append(str(column))
        if other is not None:  # left out, it is the other table's primary key
            references.append(str(other))
    keys: list[ForeignKey] = []
    for table, columns, named in grouped.values():
        references = named
        if not references:
            found = _ask(connection, "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,))
            references = [str(row[0]) for row in found]
        keys.append(ForeignKey(columns=tuple(columns), table=table, references=tuple(references)))
    return tuple(keys)


def _sizes(connection: apsw.Connection) -> dict[str, int]:
    """Rows of tables as ANALYZE left them; else the largest row number, which costs nothing to look up."""
    sizes: dict[str, int] = {}
    try:
        for table, stat in _ask(connection, "SELECT tbl, stat FROM sqlite_stat1"):
            sizes[str(table)] = int(str(stat).split()[0])
    except (apsw.SQLError, ValueError, IndexError):
        sizes.clear()  # never analysed
    names = _ask(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    for (name,) in names:
        if str(name) in sizes:
            continue
        quoted = str(name).replace('"', '""')
        try:
            row = _ask(connection, f'SELECT max(rowid) FROM "{quoted}"')[0]
        except apsw.SQLError:
            continue  # a table without row numbers
        if isinstance(row[0], int):
            sizes[str(name)] = max(row[0], 0)
    return sizes


def _column(row: Sequence[Any], values: Sequence[Any]) -> Column:
    name, kind = str(row[0]), str(row[1])
    known = kind_of("sqlite", kind)
    if known == "other":  # declared without a type: what is in it says
        types: set[type] = {type(value) for value in values if value is not None}
        known = _KINDS[types.pop()][0] if len(types) == 1 else "text" if types else "other"
    samples, private = choose_samples(
        name, (None if value is None or isinstance(value, bytes) else str(value) for value in values)
    )
    return Column(
        name=name,
        type=kind,
        kind=known,
        nullable=not row[2],
        private=private,
        guessed=private,
        samples=samples,
    )


def _first_page(connection: apsw.Connection) -> None:
    """Read something, since SQLite opens any file and only then looks what it is."""
    connection.execute("SELECT count(*) FROM sqlite_schema")


def _told(error: apsw.Error, watch: Watch) -> SourceError:
    if watch.ended or isinstance(error, apsw.InterruptError):
        return watch.error()
    if isinstance(error, apsw.NoMemError | apsw.TooBigError):
        return SourceError(
            "The query needs more memory than it may have. Nothing was changed; narrow it.", code=Code.FULL
        )
    if isinstance(error, apsw.SQLError):
        return SourceError(
            f"The query does not fit the data as it is now: {error}. Ask again.", code=Code.CONFLICT
        )
    return SourceError(
        f"The database file could not be read ({error}). Nothing was changed; look whether it is whole."
    )
