"""Rows of MySQL and MariaDB: texts as the server writes them, made into Arrow columns in bulk.

PyMySQL opens the session and reads the head of the answer; `mysql_packets` takes the rows from there.
connectorx was tried and left: it holds the interpreter while it waits for rows, so that nothing can be
cancelled, and ends in a panic at values such as the date 0000-00-00.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pymysql
from pymysql.constants import FIELD_TYPE, FLAG
from pymysql.cursors import SSCursor

from garret.features.data.contracts import Checked, ColumnKind, Limits, ResultColumn
from garret.features.data.sources import failures
from garret.features.data.sources.fitting import Fit, TextFit
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.mysql_packets import read_batches
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream, unique_names

if TYPE_CHECKING:
    from garret.features.data.sources.mysql import MysqlConnector

RETELL: Final = 0.02
"""Seconds after which the server is told again to end a query that has not ended."""
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


class MysqlRun:
    """One query under way. `cancel` may be called from any thread."""

    def __init__(self, connector: MysqlConnector, checked: Checked, limits: Limits) -> None:
        self._connector = connector
        self._checked = checked
        self._limits = limits
        self._thread = 0
        self._ending = threading.Event()
        self._over = threading.Event()
        self._pump: Pump[pa.RecordBatch] | None = None
        self._columns: list[Described] = []

    def stream(self) -> Stream:
        pump = Pump(
            self._produce,
            seconds=self._limits.seconds,
            pause=PAUSE,
            interrupt=self._interrupt,
            describe=lambda error: self._connector.describe(error, self._limits.seconds),
        )
        self._pump = pump
        try:
            pump.take()  # an empty batch, after which the columns are known
        except BaseException:
            pump.close()
            raise
        columns = [ResultColumn(name=each.name, type=each.word, kind=each.kind) for each in self._columns]
        return Stream(columns, [_fit_of(each) for each in self._columns], pump, self._limits)

    def _produce(self) -> Iterator[pa.RecordBatch]:
        connection: Any = self._connector.connect(self._limits.seconds, cursorclass=SSCursor)
        cursor = connection.cursor()
        result: Any = None
        try:
            self._thread = connection.thread_id()
            cursor.execute("START TRANSACTION READ ONLY")
            if self._ending.is_set():
                return
            cursor.execute(self._checked.query)
            # Of PyMySQL's own: the flags and character sets of columns, and the stream behind them.
            result = cursor._result
            if not result.unbuffered_active:
                raise failures.no_rows_query()
            self._columns = describe_fields(result.fields)
            kinds = [column.binary for column in self._columns]
            yield pa.RecordBatch.from_arrays(
                [pa.nulls(0) for _ in kinds], names=[c.name for c in self._columns]
            )
            connection._sock.settimeout(self._limits.seconds + SILENCE)
            yield from read_batches(connection._rfile, kinds)
        finally:
            if result is not None:  # or it would read what is left of the rows before it lets go
                result.unbuffered_active, result.connection = False, None
            cursor.connection = None
            with suppress(pymysql.Error, OSError):
                connection.close()
            self._over.set()

    def _interrupt(self) -> None:
        """End it at the server; again until it is over, since the first may come before it has begun."""
        self._ending.set()
        while self._thread and not self._over.wait(RETELL):
            self._connector.kill(self._thread)

    def cancel(self) -> None:
        if self._pump is not None:
            self._pump.cancel()

    def close(self) -> None:
        if self._pump is not None:
            self._pump.close()
