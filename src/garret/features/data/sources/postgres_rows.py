"""Rows of PostgreSQL by ADBC: binary COPY into Arrow, a megabyte at a time.

What Arrow or the driver does not hold as PostgreSQL means it is cast to text at the server: numbers of any
length, intervals, arrays of more than one dimension, types of extensions. Infinite dates run over in the
driver, and are found again by that.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple

import adbc_driver_manager
import msgspec
import psycopg
import pyarrow as pa
import pyarrow.compute
from adbc_driver_postgresql import StatementOptions, dbapi
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

from garret.features.data.contracts import ColumnKind, Limits, ResultColumn
from garret.features.data.sources import failures
from garret.features.data.sources.attempt import Attempt
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.fitting import Fit, InstantFit, TextFit
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream, unique_names

# Its functions are made as it is loaded, so that no type checker knows them.
pc: Final[Any] = pyarrow.compute

BATCH_BYTES: Final = 1 << 20
PAUSE: Final = 2.0
"""Seconds that the engine's own time limit is given before the pump's."""

_OPEN: Final = {"adbc.postgresql.type_resolver_mode": "builtin"}
"""The driver knows PostgreSQL's own types by itself, and no others are ever asked for. Else it reads all
types and all columns of the database as it connects: 0.2 s of processor time at 1,000 tables."""

_PLAIN: Final = {16, 20, 21, 23, 25, 700, 701, 1042, 1043, 17}
"""bool, int8, int2, int4, text, float4, float8, bpchar, varchar, bytea: the same in Arrow."""
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ, _NUMERIC, _MONEY, _OID = 1082, 1083, 1114, 1184, 1700, 790, 26

_EPOCH: Final = 946_684_800_000_000
"""Microseconds from 1970 to 2000: the driver adds them, and days, to what PostgreSQL counts from 2000."""
_EPOCH_DAYS: Final = 10_957
_OLDEST: Final = -220_000_000_000_000_000
"""Microseconds from 1970 to before 4713 BC, the first moment that PostgreSQL has."""
_OLDEST_DAY: Final = -2_500_000
_DAY: Final = 86_400_000_000


class Described(msgspec.Struct, frozen=True):
    """A column as the server describes it before anything is run."""

    name: str
    type: str
    oid: int
    kind: ColumnKind


class RowConnection:
    """ADBC's connection, open and without a transaction."""

    def __init__(self, conninfo: str) -> None:
        self.connection = dbapi.connect(conninfo, autocommit=True, db_kwargs=_OPEN)

    def begin(self, guards: str) -> int:
        """Begin the transaction that `guards` belong to; the number of the server's process."""
        self.connection.adbc_connection.set_autocommit(False)
        with self.connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(guards)
            found = cursor.fetchone()
        assert found is not None  # a SELECT without FROM has a row
        return int(found[0])

    def close(self) -> None:
        with suppress(adbc_driver_manager.Error):
            self.connection.close()


class Beginning(NamedTuple):
    """How a query begins: what it gives, the connection of its rows, which may have to be waited for, and
    what the transaction of the rows begins with."""

    describe: Callable[[], list[Described]]
    connect: Callable[[], RowConnection]
    guards: str


def describe_query(connection: psycopg.Connection[Any], query: str) -> PGresult:
    """The server's description of what a query gives; it is neither planned nor run.

    It stands inside a SELECT, where COPY, COMMIT and WITH ... DELETE cannot stand. Raises psycopg's errors.
    """
    server = connection.pgconn
    server.send_prepare(b"", f"SELECT * FROM (\n{query}\n) AS q".encode())
    said = _answer_of(server)
    if said.status == pq.ExecStatus.COMMAND_OK:
        server.send_describe_prepared(b"")
        said = _answer_of(server)
    if said.status != pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(said)
    return said


def _answer_of(server: PGconn) -> PGresult:
    """What the server says to what was sent; libpq's own ways to wait keep Python's global lock meanwhile."""
    waiting = select.poll()
    waiting.register(server.socket, select.POLLIN)
    sending = select.poll()
    sending.register(server.socket, select.POLLIN | select.POLLOUT)
    while server.flush():
        sending.poll()
        server.consume_input()
    while server.is_busy():
        waiting.poll()
        server.consume_input()
    said = server.get_result()
    assert said is not None  # there is one to each thing that was sent
    while server.get_result() is not None:
        pass
    return said


def describe_columns(connection: psycopg.Connection[Any], result: PGresult) -> list[Described]:
    """Names, types and kinds of what a query would give."""
    width = result.nfields
    if not width:
        raise failures.no_rows_query()
    oids, sizes = [result.ftype(at) for at in range(width)], [result.fmod(at) for at in range(width)]
    words = connection.execute(
        "SELECT format_type(o, m), coalesce(t.typtype = 'e', false) "
        "FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS u(o, m, place) LEFT JOIN pg_type t ON "
        "t.oid = o ORDER BY place",
        (oids, sizes),
    ).fetchall()
    names = [(result.fname(at) or b"").decode("utf-8", "replace") for at in range(width)]
    return [
        Described(name=name, type=word, oid=oid, kind="text" if is_enum else kind_of("postgres", word))
        for name, oid, (word, is_enum) in zip(unique_names(names), oids, words, strict=True)
    ]


class PostgresRun:
    """One query under way. `ends` are what ends its description, and what ends its rows."""

    def __init__(
        self, beginning: Beginning, ends: tuple[Callable[[], None], Callable[[int], None]], query: str
    ) -> None:
        self._beginning = beginning
        self._end_description, self._end_rows = ends
        self._query = query
        self._columns: list[Described] = []
        self._describing = threading.Event()
        self._ending = threading.Event()
        self._backend = 0

    def stream(
        self, limits: Limits, attempt: Attempt, describe: Callable[[BaseException], SourceError]
    ) -> Stream:
        """The rows as they come. Raises SourceError."""
        self._describing.set()
        pump = Pump(
            self._produce, seconds=limits.seconds, pause=PAUSE, interrupt=self._interrupt, describe=describe
        )
        attempt.follow(pump)
        pump.begin()  # after which the columns are known
        columns = [ResultColumn(name=each.name, type=each.type, kind=each.kind) for each in self._columns]
        return Stream(columns, [_fit_of(each) for each in self._columns], pump, limits)

    def _produce(self) -> Iterator[pa.RecordBatch]:
        self._columns = self._beginning.describe()
        self._describing.clear()
        yield pa.RecordBatch.from_arrays([], names=[])  # or it ends here, where it was cancelled meanwhile
        rows = self._beginning.connect()
        try:
            self._backend = rows.begin(self._beginning.guards)
            with rows.connection.cursor() as cursor:
                cursor.adbc_statement.set_options(
                    **{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)}
                )
                if self._ending.is_set():
                    return
                cursor.execute(self._text())
                for batch in cursor.fetch_record_batch():
                    yield pa.RecordBatch.from_arrays(
                        [_storage(column) for column in batch.columns], names=batch.schema.names
                    )
        finally:
            rows.close()

    def _interrupt(self) -> bool:
        """End it at the server; before its process is known it has not begun there."""
        self._ending.set()
        if self._describing.is_set():
            self._end_description()
        elif self._backend:
            self._end_rows(self._backend)
        else:
            return False
        return True

    def _text(self) -> str:
        names = [f"c{place}" for place in range(len(self._columns))]
        chosen = [_expression(f"q.{name}", each) for name, each in zip(names, self._columns, strict=True)]
        return f"SELECT {', '.join(chosen)} FROM (\n{self._query}\n) AS q({', '.join(names)})"


def _storage(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _expression(name: str, column: Described) -> str:
    if column.oid in _PLAIN or column.oid in (_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ):
        return name
    if column.oid == _OID:
        return f"{name}::int8"
    if column.oid == _MONEY:
        return f"{name}::numeric::text"
    if column.kind == "array":
        return f"to_json({name})::text"
    return f"{name}::text"


def _fit_of(column: Described) -> Fit:
    name = column.name
    if column.oid == _DATE:
        return InstantFit(name, pa.date32(), _days_hold, _name_of_day)
    if column.oid == _TIMESTAMP:
        return InstantFit(name, pa.timestamp("us"), _moments_hold, _name_of_moment)
    if column.oid == _TIMESTAMPTZ:
        return InstantFit(name, pa.timestamp("us", "UTC"), _moments_hold, _name_of_moment)
    if column.oid == _TIME:
        return InstantFit(name, pa.time64("us"), _times_hold, lambda _: "24:00:00")
    if column.oid in (_NUMERIC, _MONEY):
        return TextFit(name, _decimal_of(column.type), "a decimal number of 38 digits")
    return Fit(name, pa.int64() if column.oid == _OID else _PLAIN_TYPES.get(column.oid, pa.string()))


_PLAIN_TYPES: Final[dict[int, pa.DataType]] = {
    16: pa.bool_(), 17: pa.binary(), 20: pa.int64(), 21: pa.int16(), 23: pa.int32(), 700: pa.float32(),
    701: pa.float64(),
}  # fmt: skip


def _decimal_of(word: str) -> pa.DataType | None:
    """`numeric(12,2)` as Arrow's; None for numbers of any length."""
    if not word.startswith("numeric(") or not word.endswith(")"):
        return None
    precision, scale = (int(part) for part in word[8:-1].split(","))
    return pa.decimal128(precision, scale) if 0 <= scale <= precision <= 38 else None


def _days_hold(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.greater(column.cast(pa.int32()), _OLDEST_DAY), True)


def _moments_hold(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.greater(column.cast(pa.int64()), _OLDEST), True)


def _times_hold(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.less(column.cast(pa.int64()), _DAY), True)


def _name_of_day(days: int) -> str:
    return "infinity" if days - _EPOCH_DAYS + 2**32 == 2**31 - 1 else "-infinity"


def _name_of_moment(moment: int) -> str:
    """What a count that ran over stands for: an infinity, or a moment after the year 294247."""
    counted = moment - _EPOCH
    counted += 2**64 if counted < -(2**63) else 0
    if counted == 2**63 - 1:
        return "infinity"
    if counted == -(2**63):
        return "-infinity"
    return _far_moment(counted + _EPOCH)


def _far_moment(microseconds: int) -> str:
    """A moment after every year that Arrow has, in PostgreSQL's form; the calendar repeats in 400 years."""
    cycle = 146_097 * _DAY
    cycles, rest = divmod(microseconds, cycle)
    near = pa.array([rest], pa.timestamp("us")).cast(pa.string())[0].as_py()
    year, after = int(near[:4]) + 400 * cycles, near[4:]
    return f"{year}{after}"
