"""Excel and OpenDocument workbooks: each sheet a table, converted once into the engine's memory.

Numbers without a fraction become whole, dates stay dates, and a column of several kinds becomes text. A
workbook is packed: what it would unpack to is looked at first, so that a small file cannot fill the memory.

Neighbours: `files` asks, and `parquet_cache` keeps what was converted.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Final

import duckdb
import msgspec

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.reading import MOST_COLUMNS, SAMPLED_ROWS

_LARGEST: Final = 256 << 20  # bytes of a file
_UNPACKED: Final = 1 << 30  # bytes of what a packed one holds
_MOST_CELLS: Final = 25_000_000  # of one sheet, 32 bytes each in the library
_PIECE: Final = 1 << 20  # bytes of a sheet's text that are looked at in one go
_LONGEST_MARK: Final = 32
_SHEET: Final = re.compile(r"/?xl/worksheets/[^/]*\.xml\Z", re.IGNORECASE)
_CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')


class Sheet(msgspec.Struct):
    """One sheet: names, types of DuckDB, and the values of each column."""

    name: str
    columns: list[tuple[str, str]]
    values: list[list[Any]]

    @property
    def rows(self) -> int:
        return len(self.values[0]) if self.values else 0

    def texts(self) -> tuple[tuple[str | None, ...], ...]:
        """The first values of each column as texts, for samples."""
        return tuple(
            tuple(None if value is None else str(value) for value in column[:SAMPLED_ROWS])
            for column in self.values
        )


def sheet_names(path: str) -> list[str]:
    """The names of sheets that can hold a table. Raises SourceError."""
    with _opened(path) as book:
        return list(book.sheet_names)


def read_sheets(path: str, wanted: Sequence[str], options: dict[str, str]) -> list[Sheet]:
    """The sheets of these names, whole. Raises SourceError."""
    skip = int(options.get("skip", "0")) if options.get("skip", "0").isdigit() else 0
    header = options.get("header", "")
    with _opened(path) as book:
        try:
            _check_extent(path)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise _unreadable(path, error) from error
        sheets: list[Sheet] = []
        for name in wanted:
            try:
                rows: list[list[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=True)[skip:]
            except Exception as error:  # the library's errors have no one base besides
                raise _unreadable(path, error) from error
            sheets.append(_sheet(path, name, rows, header))
    return sheets


def load(engine: duckdb.DuckDBPyConnection, sheet: Sheet, table: str) -> None:
    """Make a table of a sheet in the engine's memory; `table` is a quoted name."""
    from arro3.core import Array, DataType, Table

    types: dict[str, Any] = {
        "BIGINT": DataType.int64(),
        "DOUBLE": DataType.float64(),
        "BOOLEAN": DataType.bool(),
        "DATE": DataType.date32(),
        "TIMESTAMP": DataType.timestamp("us"),
        "TIME": DataType.time64("us"),
        "VARCHAR": DataType.string(),
    }
    arrays: list[Any] = []
    for (_, kind), values in zip(sheet.columns, sheet.values, strict=True):
        arrays.append(Array(_counted(kind, values), type=_storage(types, kind)).cast(types[kind]))
    engine.register("sheet_rows", Table.from_arrays(arrays, names=[name for name, _ in sheet.columns]))
    engine.execute(f"CREATE TABLE {table} AS FROM sheet_rows")
    engine.unregister("sheet_rows")


_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001  a workbook's times have no zone
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def _storage(types: dict[str, Any], kind: str) -> Any:
    from arro3.core import DataType

    if kind == "DATE":
        return DataType.int32()
    return DataType.int64() if kind in ("TIMESTAMP", "TIME") else types[kind]


def _counted(kind: str, values: Iterable[Any]) -> list[Any]:
    """Dates and times as the numbers that Arrow counts them by."""
    if kind == "DATE":
        return [None if value is None else (value - _EPOCH.date()).days for value in values]
    if kind == "TIMESTAMP":
        return [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
    if kind == "TIME":
        return [None if value is None else _since_midnight(value) for value in values]
    return list(values)


def _since_midnight(value: dt.time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _opened(path: str) -> Any:
    from python_calamine import CalamineWorkbook

    try:
        _check_size(path)
        return CalamineWorkbook.from_path(path)
    except SourceError:
        raise
    except Exception as error:  # the library's errors have no one base besides
        raise _unreadable(path, error) from error


def _check_size(path: str) -> None:
    unpacked = Path(path).stat().st_size
    if unpacked <= _LARGEST and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    elif unpacked > _LARGEST:
        unpacked = _UNPACKED + 1
    if unpacked > _UNPACKED:
        raise SourceError(
            f"The workbook {path} is too large to be read (more than {_UNPACKED >> 20:,} MB"
            " unpacked). Save the"
            " sheet as CSV and add that.",
            code=Code.INVALID,
        )


def _check_extent(path: str) -> None:
    """Raise SourceError where a sheet reaches so far that all its cells, the empty ones too, fit no memory.

    The library makes room for the whole rectangle, and the process ends where there is none: a lone cell
    in the last corner of a sheet stands for 17 billion.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        for part in packed.namelist():
            if _SHEET.match(part):
                with packed.open(part) as text:
                    rows, columns = _extent(text)
                if rows * columns > _MOST_CELLS:
                    raise SourceError(
                        f"A sheet of {path} reaches over {rows:,} rows and {columns:,} columns, more than"
                        " fit the memory. Nothing was changed; delete what lies far outside its table, or"
                        " save it as CSV.",
                        code=Code.INVALID,
                    )


def _extent(text: IO[bytes]) -> tuple[int, int]:
    """Rows and columns between the outermost cells of a sheet."""
    lowest, highest = 1 << 30, 0
    letters: set[bytes] = set()
    kept = b""
    while block := text.read(_PIECE):
        block = kept + block
        kept = block[
            -_LONGEST_MARK:
        ]  # where a piece ends within a cell's name; to see one twice does no harm
        found = _CELL.findall(block)
        letters.update(name for name, _ in found)
        if found:  # rows come in order in all but damaged files, so looking at each is not wasted on many
            numbers = {int(row) for row in {row for _, row in found}}
            lowest, highest = min(lowest, *numbers), max(highest, *numbers)
    columns = sorted(_column(name) for name in letters)
    return (highest - lowest + 1, columns[-1] - columns[0] + 1) if columns else (0, 0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _unreadable(path: str, error: Exception) -> SourceError:
    return SourceError(
        f"The workbook {path} cannot be read ({str(error)[:200]}). Nothing was changed; open it"
        " and save it anew,"
        " without a password.",
        code=Code.INVALID,
    )


def _sheet(path: str, name: str, rows: list[list[Any]], header: str) -> Sheet:
    width = max((len(row) for row in rows), default=0)
    if width > MOST_COLUMNS:
        raise SourceError(
            f"The sheet {name} of {path} has {width:,} columns; up to {MOST_COLUMNS:,} are read.",
            code=Code.INVALID,
        )
    headed = header == "true" or (header != "false" and _is_header(rows))
    names = _names(rows[0] if headed and rows else [], width)
    body = rows[1:] if headed else rows
    columns = [[row[place] if place < len(row) else None for row in body] for place in range(width)]
    typed = [_typed([None if value == "" else value for value in column]) for column in columns]
    return Sheet(
        name,
        [(column, kind) for column, (kind, _) in zip(names, typed, strict=True)],
        [values for _, values in typed],
    )


def _is_header(rows: Sequence[Sequence[Any]]) -> bool:
    """The first row names columns where all it holds are texts."""
    return bool(rows) and all(isinstance(cell, str) for cell in rows[0])


def _names(row: Sequence[Any], width: int) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    for place in range(width):
        base = str(row[place]).strip() if place < len(row) and row[place] != "" else f"column{place}"
        name, again = base, 1
        while name.casefold() in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _typed(values: list[Any]) -> tuple[str, list[Any]]:
    """The one kind of a column's values, and the values in it; text where there are several."""
    kinds: set[type] = {type(value) for value in values if value is not None}
    if kinds == {dt.date, dt.datetime}:
        return "TIMESTAMP", [_at_midnight(value) for value in values]
    if kinds and kinds <= {int, float}:
        whole = all(value is None or (float(value).is_integer() and abs(value) < 2**53) for value in values)
        change = int if whole else float
        return "BIGINT" if whole else "DOUBLE", [None if value is None else change(value) for value in values]
    simple = {
        frozenset({bool}): "BOOLEAN",
        frozenset({dt.date}): "DATE",
        frozenset({dt.datetime}): "TIMESTAMP",
        frozenset({dt.time}): "TIME",
    }
    found = simple.get(frozenset(kinds))
    if found is not None:
        return found, values
    return "VARCHAR", [None if value is None else _text(value) for value in values]


def _at_midnight(value: Any) -> Any:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
