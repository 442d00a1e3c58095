"""Whatever an engine gives becomes one thing: an Arrow stream in a memory file, with the columns that it
has.

Rows are counted and cut at the limits as they come, so that a server which sends without end fills no
memory. Column names become unique and units are read from them; dictionaries become the values they stand
for, since the stream's writer has none. The memory file is sealed, and the caller's.

Neighbours: `garret.features.data.sources`, which gives `Rows`; `table`, which reads the stream.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Final, Protocol, cast

import msgspec

from garret.base.errors import Code, GarretError
from garret.features.data.contracts import Limits, ResultColumn
from garret.features.data.results.units import unit_of
from garret.transport import bulk

Heard = Callable[[int, int], None]
"""Told of rows and bytes after each batch."""

_LARGEST: Final = bulk.LIMIT - (1 << 20)  # bytes; a bulk may be no larger, and the stream's end needs room
_NAME_LIMIT: Final = 200  # characters of a column's name


class Rows(Protocol):
    """What is needed of `sources.contract.Rows`; results know no sources."""

    @property
    def columns(self) -> Sequence[ResultColumn]: ...

    @property
    def notes(self) -> Sequence[str]: ...

    def __iter__(self) -> Iterator[Any]: ...


class ResultsError(GarretError):
    """A result could not be kept, read or drawn."""

    code = Code.FAILED


class Normalised(msgspec.Struct, frozen=True, kw_only=True):
    """A result at rest. `descriptor` is a sealed memory file; times are seconds since `normalise` was
    called.
    """

    descriptor: int
    columns: tuple[ResultColumn, ...]
    rows: int
    bytes: int
    truncated: bool
    notes: tuple[str, ...]
    first_rows: float
    seconds: float


def normalise(rows: Rows, limits: Limits, heard: Heard | None = None) -> Normalised:
    """Read `rows` up to the limits. What the source raises comes through, and nothing is kept then."""
    started = time.perf_counter()
    columns = unique_columns(rows.columns)
    descriptor = bulk.memory_file("garret-result")
    try:
        kept = _Kept(descriptor, columns, limits, started)
        kept.take(rows, heard)
        bulk.seal(descriptor)
    except OSError as error:
        bulk.give_back(descriptor)
        raise ResultsError(
            f"There is no memory for this result ({error.strerror}). Nothing was kept; ask for fewer rows.",
            code=Code.FULL,
        ) from error
    except BaseException:
        bulk.give_back(descriptor)
        raise
    return Normalised(
        descriptor=descriptor,
        columns=columns,
        rows=kept.rows,
        bytes=kept.bytes,
        truncated=kept.truncated,
        notes=(*rows.notes, *kept.notes),
        first_rows=kept.first_rows,
        seconds=time.perf_counter() - started,
    )


def unique_columns(columns: Sequence[ResultColumn]) -> tuple[ResultColumn, ...]:
    """The columns with names that are unique (without regard to case) and not empty, and with their units."""
    taken: set[str] = set()
    unique: list[ResultColumn] = []
    for number, column in enumerate(columns, start=1):
        # Arrow's writers end a name at a NUL, or the process with it.
        base = column.name.replace("\0", "").strip()[:_NAME_LIMIT] or f"column_{number}"
        name, again = base, 2
        while name.casefold() in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name.casefold())
        unit = column.unit or (unit_of(name) if column.kind in ("integer", "decimal", "real") else "")
        unique.append(msgspec.structs.replace(column, name=name, unit=unit))
    return tuple(unique)


class _Kept:
    """The stream as it is written, and what is counted of it."""

    def __init__(
        self, descriptor: int, columns: Sequence[ResultColumn], limits: Limits, started: float
    ) -> None:
        from nanoarrow.ipc import StreamWriter

        self._file = io.FileIO(os.dup(descriptor), "wb")
        self._writer: Any = cast("Any", StreamWriter).from_writable(self._file)
        self._columns = columns
        self._limits = limits
        self._started = started
        self._wrote_schema = False
        self.rows = 0
        self.bytes = 0
        self.truncated = False
        self.first_rows = 0.0
        self.notes: list[str] = []

    def take(self, rows: Rows, heard: Heard | None) -> None:
        try:
            # Closed here, so that the source has said all it has to say when its notes are read.
            with contextlib.closing(_batches(rows)) as batches:
                for batch in batches:
                    if not self._write(batch):
                        break
                    if heard is not None:
                        heard(self.rows, self.bytes)
            if not self._wrote_schema:
                self._writer.write_array(_nothing(self._columns))
            self._writer.close()
            self.bytes = self._file.tell()
        finally:
            self._file.close()

    def _write(self, batch: Any) -> bool:
        """Write what of `batch` is within the limits; False where that was the last."""
        room = self._limits.rows - self.rows
        over = batch.num_rows > room
        if over:
            batch = batch.slice(0, room)
        most = min(self._limits.bytes, _LARGEST)
        size = batch.nbytes
        if self.bytes + size > most and batch.num_rows:
            fitting = max(0, batch.num_rows * (most - self.bytes) // size)
            batch, over = batch.slice(0, fitting), True
            self.notes.append(
                f"The result was cut at {most // 1_000_000:,} MB, after {self.rows + fitting:,} rows."
            )
        if batch.num_rows or not self._wrote_schema:
            self._writer.write_array(_named(batch, self._columns))
            self._wrote_schema = True
        if batch.num_rows and not self.rows:
            self.first_rows = time.perf_counter() - self._started
        self.rows += batch.num_rows
        self.bytes = self._file.tell()
        self.truncated = self.truncated or over
        return not over


def _batches(rows: Rows) -> Generator[Any, None, None]:
    """The record batches of whatever the connector gives; closing it closes the connector's."""
    from arro3.core import RecordBatch, RecordBatchReader

    given = iter(rows)
    try:
        for piece in given:
            if hasattr(piece, "__arrow_c_stream__"):
                yield from RecordBatchReader.from_stream(piece)
            else:
                yield RecordBatch.from_arrow(piece)
    finally:
        if isinstance(given, Generator):
            given.close()


def _nothing(columns: Sequence[ResultColumn]) -> Any:
    """A batch without rows, for a source that sent none: what its columns are is known by their kinds."""
    from arro3.core import Array, DataType, RecordBatch

    empty = [Array([], type=DataType.string()) for _ in columns]
    return RecordBatch.from_arrays(empty, names=[column.name for column in columns])


def _named(batch: Any, columns: Sequence[ResultColumn]) -> Any:
    """`batch` under the names of `columns`, without dictionaries."""
    from arro3.core import DataType, RecordBatch

    if batch.num_columns != len(columns):
        raise ResultsError(
            f"The source announced {len(columns)} columns and sent {batch.num_columns}. Nothing"
            " was kept; test it.",
            code=Code.INVALID,
        )
    arrays: list[Any] = []
    for number in range(batch.num_columns):
        array = batch.column(number)
        if DataType.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        arrays.append(array)
    return RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
