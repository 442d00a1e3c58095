"""Rows of MySQL and MariaDB: texts as the server writes them, made into Arrow columns in bulk.

PyMySQL opens the session and reads the head of the answer; `mysql_packets` takes the rows from there.
connectorx was tried and left: it holds the interpreter while it waits for rows, so that nothing can be
cancelled, and ends in a panic at values such as the date 0000-00-00.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import pyarrow as pa
import pymysql
from pymysql.constants import FIELD_TYPE, FLAG

from garret.features.data.contracts import Checked, ColumnKind, Limits, ResultColumn
from garret.features.data.sources import failures
from garret.features.data.sources.attempt import Attempt
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.fitting import Fit, TextFit
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.mysql_packets import read_batches
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream, unique_names

PAUSE: Final = 2.0
"""Seconds that the engine's own time limit is given before the pump's."""
SILENCE: Final = 30
"""Seconds beyond the limit after which a server that says nothing is given up, also by the thread."""
_BINARY: Final = 63
"""The number of the character set `binary`."""

_WORDS: Final[dict[int, str]] = {
    FIELD_TYPE.TINY: "tinyint", FIELD_TYPE.SHORT: "smallint", FIELD_TYPE.INT24: "mediumint", FIELD_TYPE.LONG:
    "int", FIELD_TYPE.LONGLONG: "bigint", FIELD_TYPE.DECIMAL: "decimal", FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.FLOAT: "float", FIELD_TYPE.DOUBLE: "double", FIELD_TYPE.DATE: "date", FIELD_TYPE.NEWDATE:
    "date", FIELD_TYPE.TIME: "time", FIELD_TYPE.DATETIME: "datetime", FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.YEAR: "year", FIELD_TYPE.BIT: "bit", FIELD_TYPE.JSON: "json", FIELD_TYPE.GEOMETRY: "geometry",
    FIELD_TYPE.NULL: "null",
}  # fmt: skip
_INTEGERS: Final = {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}
_TARGETS: Final[dict[str, tuple[pa.DataType, str]]] = {
    "date": (pa.date32(), "a date"),
    "time": (pa.time64("us"), "a time of the day"),
    "datetime": (pa.timestamp("us"), "a moment"),
    "timestamp": (pa.timestamp("us"), "a moment"),
    "float": (pa.float64(), "a number"),
    "double": (pa.float64(), "a number"),
}


class Described(msgspec.Struct, frozen=True):
    """A column as the server describes it. `binary` values come as bytes."""

    name: str
    own: str
    word: str
    kind: ColumnKind
    unsigned: bool
    binary: bool
    precision: int
    scale: int


def describe_fields(fields: Sequence[Any]) -> list[Described]:
    names = unique_names([field.name for field in fields])
    return [_described(name, field) for name, field in zip(names, fields, strict=True)]


def _described(name: str, field: Any) -> Described:
    unsigned = bool(field.flags & FLAG.UNSIGNED)
    binary = field.charsetnr == _BINARY
    word = _WORDS.get(field.type_code) or ("varbinary" if binary else "varchar")
    if field.flags & (FLAG.ENUM | FLAG.SET):
        word = "enum" if field.flags & FLAG.ENUM else "set"
    precision = field.length - (field.scale > 0) - (not unsigned)
    shown = f"{word} unsigned" if unsigned and word in _INTEGERS else word
    if word == "decimal":
        shown = f"decimal({precision},{field.scale})"
    if word == "null":
        kind: ColumnKind = "text"
    else:
        kind = "integer" if word in _INTEGERS else kind_of("mysql", word)
    is_bytes = word in ("bit", "geometry") or (binary and word == "varbinary")
    return Described(name, field.name, shown, kind, unsigned, is_bytes, precision, field.scale)


def _fit_of(column: Described) -> Fit:
    """For values that come as text, or as bytes."""
    word = column.word.split("(")[0].split(" ")[0]
    if column.binary:
        return Fit(column.name, pa.binary())
    if word in _INTEGERS:
        return TextFit(column.name, pa.uint64() if column.unsigned else pa.int64(), "a whole number")
    if word == "decimal":
        fits = column.precision <= 38 and column.scale <= column.precision
        wanted = pa.decimal128(column.precision, column.scale) if fits else None
        return TextFit(column.name, wanted, "a decimal number of 38 digits")
    if word in _TARGETS:
        return TextFit(column.name, *_TARGETS[word])
    return Fit(column.name, pa.string())


class RowConnection:
    """PyMySQL's connection with a stream for rows, which is left in the middle of them where it is closed."""

    def __init__(self, connection: Any, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._cursor = connection.cursor()
        self._result: Any = None

    def thread(self) -> int:
        """The number of the server's thread."""
        return int(self._connection.thread_id())

    def begin(self) -> None:
        """The transaction of the query; the session's settings keep it from writing too."""
        self._cursor.execute("START TRANSACTION READ ONLY")

    def columns(self, query: str) -> list[Described]:
        """Send the query, and read the head of its answer."""
        self._cursor.execute(query)
        # Of PyMySQL's own: the flags and character sets of columns, and the stream behind them.
        self._result = self._cursor._result
        if not self._result.unbuffered_active:
            raise failures.no_rows_query()
        return describe_fields(self._result.fields)

    def batches(self, kinds: Sequence[bool]) -> Iterator[pa.RecordBatch]:
        """The rows behind the head."""
        self._connection._sock.settimeout(self._seconds + SILENCE)
        return read_batches(self._connection._rfile, kinds)

    def close(self) -> None:
        if self._result is not None:  # or it would read what is left of the rows before it lets go
            self._result.unbuffered_active, self._result.connection = False, None
        self._cursor.connection = None
        with suppress(pymysql.Error, OSError):
            self._connection.close()


class MysqlRun:
    """One query under way. `kill` ends what a thread of the server does, by another connection."""

    def __init__(
        self, connect: Callable[[], RowConnection], kill: Callable[[int], None], checked: Checked
    ) -> None:
        self._connect = connect
        self._kill = kill
        self._checked = checked
        self._thread = 0
        self._ending = threading.Event()
        self._columns: list[Described] = []

    def stream(
        self, limits: Limits, attempt: Attempt, describe: Callable[[BaseException], SourceError]
    ) -> Stream:
        """The rows as they come. Raises SourceError."""
        pump = Pump(
            self._produce, seconds=limits.seconds, pause=PAUSE, interrupt=self._interrupt, describe=describe
        )
        attempt.follow(pump)
        pump.begin()  # after which the columns are known
        columns = [ResultColumn(name=each.name, type=each.word, kind=each.kind) for each in self._columns]
        return Stream(columns, [_fit_of(each) for each in self._columns], pump, limits)

    def _produce(self) -> Iterator[pa.RecordBatch]:
        rows = self._connect()
        try:
            self._thread = rows.thread()
            rows.begin()
            if self._ending.is_set():
                return
            self._columns = rows.columns(self._checked.query)
            kinds = [column.binary for column in self._columns]
            yield pa.RecordBatch.from_arrays(
                [pa.nulls(0) for _ in kinds], names=[column.name for column in self._columns]
            )
            yield from rows.batches(kinds)
        finally:
            rows.close()

    def _interrupt(self) -> bool:
        """End it at the server, which has no query before the thread is known."""
        self._ending.set()
        if not self._thread:
            return False
        self._kill(self._thread)
        return True
