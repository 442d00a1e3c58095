"""A result as a table: pages of it in any order, narrowed, and summaries of its columns.

Lives in the results worker. The Arrow stream of a run is read once into an engine in memory, which nobody
else's query ever reaches: all its SQL is written here, and what a person types are parameters. An order is
worked out once, as the rows' numbers, and kept; a page is then a look-up (1,000,000 rows x 9: about 4 ms).
The first pages of an order ask for its first rows alone, which the engine finds without sorting the rest
(1,000,000 rows by a text and a number: 90 ms of processor time instead of 680).

Neighbours: `normalise` wrote the stream; `cells` and `filters` write the expressions; `drawing` and
`export` read.
"""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

from garret.base.errors import Code, UsageError
from garret.features.data.contracts import Filter, ResultColumn, ResultPage, Sort
from garret.features.data.results.cells import LONGEST_CELL, Place, place, plain
from garret.features.data.results.filters import condition
from garret.features.data.results.normalise import ResultsError

PAGE_LIMIT: Final = 1_000  # rows of one page
_ORDERS_KEPT: Final = 4  # 8 bytes a row each
_FIRST: Final = 2 * PAGE_LIMIT  # rows of an order that are found before all of it is sorted
_SHORT: Final = (
    "BOOLEAN",
    "TINY",
    "SMALL",
    "INT",
    "BIGINT",
    "UINT",
    "UBIG",
    "UTINY",
    "USMALL",
    "HUGEINT",
    "DECIMAL",
    "FLOAT",
    "DOUBLE",
    "DATE",
    "TIME",
)
_CHUNK: Final = 20_000  # rows that `read` holds at a time

Order = tuple[tuple[Sort, ...], tuple[Filter, ...]]


class _Found(NamedTuple):
    """An order: the table of the rows' numbers, how many of them are in it, and how many there are."""

    name: str
    held: int
    rows: int


class ResultTable:
    """One result, open. For one thread. Use as a context manager."""

    def __init__(self, descriptor: int, columns: Sequence[ResultColumn], memory: str = "1GiB") -> None:
        """Reads the stream in `descriptor`, which stays the caller's. Raises ResultsError."""
        import duckdb

        self._engine = duckdb.connect(config=_settings(memory))
        self._orders: OrderedDict[Order, _Found] = OrderedDict()
        self._made = 0
        try:
            self._load(descriptor, columns)
        except duckdb.OutOfMemoryException as error:
            self._engine.close()
            raise ResultsError(
                "This result is larger than the memory there is for one. Ask for fewer rows.", code=Code.FULL
            ) from error
        except duckdb.Error as error:
            self._engine.close()
            raise ResultsError(
                "This result cannot be read. Run the question again.", code=Code.CORRUPT
            ) from error
        except BaseException:
            self._engine.close()
            raise

    def __enter__(self) -> ResultTable:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.close()

    def _load(self, descriptor: int, columns: Sequence[ResultColumn]) -> None:
        self._engine.execute("SET TimeZone = 'UTC'")
        self._engine.register("incoming", _Stream(descriptor))
        self._engine.execute("CREATE TABLE raw AS FROM incoming")
        self._engine.unregister("incoming")
        described = self.ask("SELECT column_name, column_type FROM (DESCRIBE raw)")
        if len(described) != len(columns):
            raise ResultsError("This result is not the one it is said to be. Run the question again.")
        for number, (name, _) in enumerate(described):
            # First to names that no column has, so that none is in another's way.
            self._engine.execute(f"ALTER TABLE raw RENAME COLUMN {_quoted(name)} TO {_quoted(f' {number}')}")
        for number in range(len(described)):
            self._engine.execute(f"ALTER TABLE raw RENAME COLUMN {_quoted(f' {number}')} TO c{number}")
        self._engine.execute("ALTER TABLE raw RENAME TO result")
        self.places = tuple(
            place(column, number, str(stored))
            for number, (column, (_, stored)) in enumerate(zip(columns, described, strict=True))
        )
        doubts = [f"bool_or({doubt})" for place in self.places if (doubt := place.inexact())]
        row = self.ask(f"SELECT {', '.join(['count(*)', *doubts])} FROM result")[0]
        self.rows = int(row[0])
        self._exact = not any(row[1:])  # then cells are as the engine gives them, which saves looking at each

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        return tuple(place.column for place in self.places)

    def place(self, name: str) -> Place:
        """Raises UsageError for a column that is not there."""
        for found in self.places:
            if found.column.name == name:
                return found
        raise UsageError(f"There is no column {name[:100]!r} in this result.")

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query of this room's own over `result`; never of one that came from outside."""
        import duckdb

        try:
            return self._engine.execute(query, list(values)).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise ResultsError(
                "This needs more memory than there is for one result. The result is kept; narrow it first.",
                code=Code.FULL,
            ) from error
        except duckdb.Error as error:
            raise ResultsError(
                f"This could not be worked out ({_sentence(error)}). The result is kept."
            ) from error

    def page(
        self, offset: int, count: int, sorts: Sequence[Sort] = (), filters: Sequence[Filter] = ()
    ) -> ResultPage:
        """Rows from `offset` of the narrowed and ordered table. Raises UsageError."""
        if offset < 0 or not 0 <= count <= PAGE_LIMIT:
            raise UsageError(f"A page begins at 0 or later and has at most {PAGE_LIMIT:,} rows.")
        name, rows = self._order(tuple(sorts), tuple(filters), offset + count)
        return ResultPage(
            offset=offset, rows=rows, cells=tuple(self._cells(name, offset, count, LONGEST_CELL))
        )

    def read(self, sorts: Sequence[Sort] = (), filters: Sequence[Filter] = ()) -> Iterator[tuple[Any, ...]]:
        """All rows as cells, whole texts included, a few held at a time."""
        name, rows = self._order(tuple(sorts), tuple(filters))
        for offset in range(0, rows, _CHUNK):
            yield from self._cells(name, offset, _CHUNK, None)

    def ordered(self, sorts: Sequence[Sort] = (), filters: Sequence[Filter] = ()) -> str:
        """A query that gives the columns c0, c1, ... of the narrowed table in its order."""
        name, _ = self._order(tuple(sorts), tuple(filters))
        names = ", ".join(f"r.{place.at}" for place in self.places)
        if not name:
            return f"SELECT {names} FROM result r ORDER BY r.rowid"
        return f"SELECT {names} FROM {name} o JOIN result r ON r.rowid = o.spot ORDER BY o.rowid"

    def copy(self, query: str, descriptor: int, options: str) -> None:
        """Have the engine write what `query` gives into a descriptor that is open for writing."""
        path = f"/proc/self/fd/{descriptor}"
        self.ask(f"COPY ({query}) TO '{path}' ({options}, USE_TMP_FILE false)")

    def _cells(self, order: str, offset: int, count: int, longest: int | None) -> Iterator[tuple[Any, ...]]:
        shown = ", ".join(_cut(place, longest) for place in self.places)
        inside = f"BETWEEN {offset} AND {offset + count - 1}"
        if order:
            query = (
                f"SELECT {shown} FROM (SELECT spot, rowid AS nth FROM {order} WHERE rowid {inside}) o"
                " JOIN result ON result.rowid = o.spot ORDER BY o.nth"
            )
        else:
            query = f"SELECT {shown} FROM result WHERE rowid {inside} ORDER BY rowid"
        rows = self.ask(query)
        yield from rows if self._exact else (tuple(plain(value) for value in row) for row in rows)

    def _readable(self, kind: str, text: str) -> bool:
        return bool(self.ask(f"SELECT TRY_CAST(? AS {kind}) IS NOT NULL", [text])[0][0])

    def _order(
        self, sorts: tuple[Sort, ...], filters: tuple[Filter, ...], reach: int | None = None
    ) -> tuple[str, int]:
        """The table that holds the rows' numbers in this order, the first `reach` at least, and how many rows
        there are; no name for all as they are.
        """
        if not sorts and not filters:
            return "", self.rows
        key = (sorts, filters)
        found = self._orders.get(key)
        if found is not None and found.held < (found.rows if reach is None else min(reach, found.rows)):
            self._drop(key)
            found = None
        if found is None:
            found = self._orders[key] = self._ordered(
                sorts, filters, first=reach is not None and reach <= _FIRST
            )
            if len(self._orders) > _ORDERS_KEPT:
                self._drop(next(iter(self._orders)))
        self._orders.move_to_end(key)
        return found.name, found.rows

    def _drop(self, key: Order) -> None:
        self.ask(f"DROP TABLE {self._orders.pop(key).name}")

    def _ordered(self, sorts: Sequence[Sort], filters: Sequence[Filter], *, first: bool) -> _Found:
        """Work an order out; of one that is sorted, `first` leaves it at the first rows."""
        conditions = [condition(self.place(wanted.column), wanted, self._readable) for wanted in filters]
        terms = [
            f"{self.place(sort.column).compared} {'DESC' if sort.descending else 'ASC'} NULLS LAST"
            for sort in sorts
        ]
        where = " AND ".join(text for text, _ in conditions) or "TRUE"
        values = [value for _, some in conditions for value in some]
        self._made += 1
        name = f"order_{self._made}"
        some = f" LIMIT {_FIRST}" if first and sorts else ""
        self.ask(
            f"CREATE TABLE {name} AS SELECT rowid AS spot FROM result WHERE {where} ORDER BY"
            f" {', '.join([*terms, 'rowid'])}{some}",
            values,
        )
        held = rows = int(self.ask(f"SELECT count(*) FROM {name}")[0][0])
        if some and held == _FIRST:
            rows = int(self.ask(f"SELECT count(*) FROM result WHERE {where}", values)[0][0])
        return _Found(name, held, rows)


class _Stream:
    """The Arrow stream in a descriptor, from its beginning each time it is asked for: the engine asks
    twice.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        from nanoarrow.ipc import InputStream

        file = io.BufferedReader(_Positioned(self._descriptor), 1 << 20)
        stream: Any = cast("Any", InputStream).from_readable(file)
        return stream.__arrow_c_stream__(requested_schema)


class _Positioned(io.RawIOBase):
    """Reads a descriptor by position, so that its own position, which others share, stays where it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = os.preadv(self._descriptor, [buffer], self._position)
        self._position += size
        return size

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _sentence(error: Exception) -> str:
    """The first line of what DuckDB says, without its name for the kind of error."""
    first = str(error).partition("\n")[0]
    return (first.partition(": ")[2] or first)[:200]


def _settings(memory: str) -> dict[str, str | bool | int | float | list[str]]:
    """Nothing is fetched, nothing is spilled to a disk, and what there is of memory is bounded."""
    return {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory,
        "temp_directory": "",
        "threads": str(min(4, os.cpu_count() or 1)),
    }


def _cut(place: Place, longest: int | None) -> str:
    """The expression of a cell, whose text is cut where it can be long."""
    if longest is None or place.stored.startswith(_SHORT):
        return place.shown
    cell = place.shown
    return f"CASE WHEN length({cell}) > {longest} THEN left({cell}, {longest}) || '…' ELSE {cell} END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
