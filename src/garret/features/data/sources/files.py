"""The connector of files: CSV, JSON, Parquet and workbooks, in folders, by globs or one by one, through
DuckDB.

Every file is read where it lies and never written to. A session may read exactly the files of the tables a
query names; how to read each is worked out again from the file as it is now, or taken from a copy in
Parquet where one is fresh (`use_cache`). What was left out, guessed or changed while it was read is in the
notes.

Neighbours: `gather` and `file_tables` say which files are which tables; `delimited`, `structured` and
`workbook` how each form is read; `locked_duckdb` opens the session; `parquet_cache` keeps copies.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import blake3
import duckdb
import msgspec

from garret.base.errors import Code
from garret.features.data.contracts import (
    Catalogue,
    Checked,
    Estimate,
    Limits,
    SourceConfig,
    SourceStatus,
)
from garret.features.data.sources import locked_duckdb, parquet_cache, workbook
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.delimited import read_delimited, rejections
from garret.features.data.sources.duck_rows import DuckRows, explain, interrupter, quoted, told
from garret.features.data.sources.file_catalogue import describe
from garret.features.data.sources.file_tables import FileTable, tables_of
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.gather import Form, Gathered, gather, stamp
from garret.features.data.sources.parquet_cache import Cache, Copy
from garret.features.data.sources.reading import Read
from garret.features.data.sources.structured import read_json, read_parquet, shape
from garret.features.data.sources.watch import Watch

FENCE: Final = 2 << 30  # bytes of memory for one query, where the worker has no lower limit
_SECONDS_A_BYTE: Final = (
    1 / 250e6
)  # of text that is read through; a copy is read ten times as fast (measured)
_LONGEST_LOOK: Final = 120.0  # seconds for a catalogue

Heard = Callable[[str, float], None]
"""Told of a table and how far its copying is, from 0 to 1."""


class Prepared(msgspec.Struct, frozen=True):
    """What `prepare` did: tables that have a fresh copy now, bytes of the copies, and remarks."""

    tables: tuple[str, ...]
    bytes: int
    seconds: float
    notes: tuple[str, ...] = ()


class FilesConnector:
    """See `sources.contract.Connector`."""

    able = Able(declares_keys=False)

    def __init__(self, config: SourceConfig, password: str = "") -> None:
        self._config = config
        self._cache: Cache | None = None
        self._watch: Watch | None = None

    def use_cache(self, folder: Path, key: bytes = b"") -> None:
        """Take fresh copies from `folder` from now on; `key` is the one they were made with."""
        self._cache = Cache(folder, key)

    def test(self) -> SourceStatus:
        started = time.perf_counter()
        gathered = gather(self._config.paths)
        if not gathered.files:
            raise SourceError(
                "There is no file that can be read as a table. Add a CSV, JSON, Parquet or Excel file."
            )
        return SourceStatus(
            version=f"DuckDB {duckdb.__version__}",
            warnings=gathered.notes,
            milliseconds=(time.perf_counter() - started) * 1000,
        )

    def catalogue(self, source: str) -> Catalogue:
        gathered = gather(self._config.paths)
        notes = list(gathered.notes)
        with self._watching(_LONGEST_LOOK) as watch, _opened(gathered, watch) as engine:
            tables, more = _tables(gathered, engine)
            notes += more
            reads: list[tuple[FileTable, Read]] = []
            for table in tables:
                watch.check()
                try:
                    reads.append((table, self._read(engine, table)))
                except SourceError as error:
                    watch.check()
                    notes.append(error.message)
        described = describe(reads)
        notes += [note for _, read in reads for note in read.notes]
        stamps = repr([(file.path, file.stamp) for file in gathered.files])
        mark = blake3.blake3((take_fingerprint(described) + stamps).encode("utf-8", "surrogateescape"))
        return Catalogue(
            source=source,
            dialect="duckdb",
            tables=described,
            fingerprint=mark.hexdigest(),
            taken=time.time(),
            notes=tuple(notes),
        )

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        with self._watching(limits.seconds) as watch:
            session = self._open(checked.tables, watch)
            with session.engine:
                estimate = explain(session.engine, checked, watch, session.rows)
        return msgspec.structs.replace(estimate, seconds=session.seconds)

    def run(self, checked: Checked, limits: Limits) -> DuckRows:
        watch = self._watching(limits.seconds).begin()  # the rows end it
        try:
            session = self._open(checked.tables, watch)
            return DuckRows(session.engine, checked.query, limits, watch, session.notes)
        except BaseException:
            watch.end()
            raise

    def cancel(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def close(self) -> None:
        self.cancel()

    def describe_reading(self, path: str) -> dict[str, str]:
        """What is guessed or decided about how a file is read, as options of `SourceConfig.reading`."""
        gathered = gather([path])
        with self._watching(_LONGEST_LOOK) as watch, _opened(gathered, watch) as engine:
            for table in _tables(gathered, engine)[0]:
                return self._read(engine, table).guessed
        raise SourceError(f"{path} is no file that can be read as a table.", code=Code.INVALID)

    def prepare(self, into: Path, key: bytes = b"", heard: Heard | None = None) -> Prepared:
        """Make copies of large files in the folder `into`, and remove those that are of no use any more.

        Safe to be killed at any time: a copy gets its name when it is whole. Raises SourceError.
        """
        started = time.perf_counter()
        cache = Cache(into, key)
        gathered = gather(self._config.paths)
        with self._watching(_LONGEST_LOOK) as watch, _opened(gathered, watch) as engine:
            tables = [table for table in _tables(gathered, engine)[0] if _is_worth(table)]
        parquet_cache.prune(cache, [self._mark(table) for table in tables])
        names: list[str] = []
        notes: list[str] = []
        size = 0
        for table in tables:
            try:
                size += self._copy(cache, table, heard)
                names.append(table.name)
            except SourceError as error:
                if error.code == Code.CANCELLED:
                    raise
                notes.append(error.message)
        return Prepared(tuple(names), size, time.perf_counter() - started, tuple(notes))

    def _copy(self, cache: Cache, table: FileTable, heard: Heard | None) -> int:
        mark = self._mark(table)
        there = parquet_cache.find(cache, mark)
        if there is not None:
            return Path(there.path).stat().st_size
        parquet_cache.check_room(cache, table.size)
        copy = parquet_cache.new(cache, mark)

        watch = self._watching(None)

        def ready(engine: duckdb.DuckDBPyConnection) -> None:
            watch.attach(interrupter(engine))
            parquet_cache.allow_writing(engine, copy)
            self._place(engine, table, self._read(engine, table))

        paths = [*table.paths, *parquet_cache.parts(copy)]
        with watch, locked_duckdb.open_files(paths, ready, memory=memory_fence()) as engine:
            try:
                engine.execute("BEGIN TRANSACTION")
                parquet_cache.write(engine, copy, table.name)
                watch.check()
                _check_unchanged(table)
                size = parquet_cache.keep(engine, copy, rejections(engine))
            except SourceError:
                parquet_cache.discard(copy)
                watch.check()
                raise
        if heard is not None:
            heard(table.name, 1.0)
        return size

    def _open(self, names: Sequence[str], watch: Watch) -> _Session:
        """A session over the tables of these names, from their files or from fresh copies."""
        gathered = gather(self._config.paths)
        found = {table.name: table for table in self._known(gathered)}
        missing = [name for name in names if name not in found]
        if missing:
            raise SourceError(
                f"{missing[0]} is not there any more. Look whether its file was moved, and ask again.",
                code=Code.CONFLICT,
            )
        session = _Session([found[name] for name in dict.fromkeys(names)])
        copies = [(table, self._found_copy(table)) for table in session.tables]
        paths = [
            path for table, copy in copies for path in ([copy.path, copy.notes_path] if copy else table.paths)
        ]

        def ready(engine: duckdb.DuckDBPyConnection) -> None:
            watch.attach(interrupter(engine))
            for table, copy in copies:
                if copy is not None:
                    session.take(table, copy)
                    copy.unlock(engine)
                    engine.execute(f"CREATE VIEW {quoted(table.name)} AS FROM {copy.relation}")
                else:
                    read = self._read(engine, table)
                    session.count(table, read)
                    self._place(engine, table, read)

        try:
            session.engine = locked_duckdb.open_files(paths, ready, memory=memory_fence())
        except SourceError:
            watch.check()
            raise
        except duckdb.Error as error:
            watch.check()
            raise told(error) from error
        return session

    def _known(self, gathered: Gathered) -> tuple[FileTable, ...]:
        if not any(
            file.entry in gathered.globbed and file.form in ("json", "parquet") for file in gathered.files
        ):
            return tables_of(gathered, lambda _path, _form: "")[0]
        paths = [file.path for file in gathered.files]
        with locked_duckdb.open_files(paths, lambda _: None, memory=memory_fence()) as engine:
            return _tables(gathered, engine)[0]

    def _found_copy(self, table: FileTable) -> Copy | None:
        if self._cache is None or not _is_worth(table):
            return None
        return parquet_cache.find(self._cache, self._mark(table))

    def _mark(self, table: FileTable) -> str:
        return parquet_cache.mark_of(
            table.files, table.sheet, [(path, self._options(path)) for path in table.paths]
        )

    def _options(self, path: str) -> dict[str, str]:
        return self._config.reading.get(path, {})

    def _read(self, engine: duckdb.DuckDBPyConnection, table: FileTable) -> Read:
        if table.form == "delimited":
            return read_delimited(engine, table.paths, self._options(table.paths[0]))
        if table.form == "json":
            return read_json(engine, table.paths)
        if table.form == "parquet":
            return read_parquet(engine, table.paths)
        (sheet,) = workbook.read_sheets(table.paths[0], [table.sheet], self._options(table.paths[0]))
        return Read(
            columns=tuple(sheet.columns),
            relation="",
            rows=sheet.rows,
            values=sheet.texts(),
            whole=True,
            guessed={"sheet": table.sheet, "types": msgspec.json.encode(dict(sheet.columns)).decode()},
        )

    def _place(self, engine: duckdb.DuckDBPyConnection, table: FileTable, read: Read) -> None:
        """Make the table known to the engine under its name."""
        if not read.columns:
            raise SourceError(
                f"{table.paths[0]} has no columns. There is nothing to ask of it.", code=Code.INVALID
            )
        if table.form != "workbook":
            engine.execute(f"CREATE VIEW {quoted(table.name)} AS FROM {read.relation}")
            return
        (sheet,) = workbook.read_sheets(table.paths[0], [table.sheet], self._options(table.paths[0]))
        workbook.load(engine, sheet, quoted(table.name))

    def _watching(self, seconds: float | None) -> Watch:
        self._watch = Watch(seconds)
        return self._watch


def prepare(config: SourceConfig, into: Path, key: bytes = b"", heard: Heard | None = None) -> Prepared:
    """Make copies of the large files of a source; see `FilesConnector.prepare`."""
    return FilesConnector(config).prepare(into, key, heard)


class _Session:
    """An open engine over some tables, and what is to be remarked when a query over them is over."""

    engine: duckdb.DuckDBPyConnection

    def __init__(self, tables: Sequence[FileTable]) -> None:
        self.tables = tables
        self._copies: dict[str, Copy] = {}
        self.rows: int | None = None

    def count(self, table: FileTable, read: Read) -> None:
        """Remember the size of the largest table of text, which the engine does not know."""
        if table.form in ("delimited", "json") and read.rows is not None:
            self.rows = max(self.rows or 0, read.rows)

    def take(self, table: FileTable, copy: Copy) -> None:
        self._copies[table.name] = copy

    @property
    def seconds(self) -> float:
        """How long reading all of it takes, about."""
        return sum(
            table.size
            * _SECONDS_A_BYTE
            * (0.1 if table.name in self._copies or table.form == "parquet" else 1.0)
            for table in self.tables
        )

    def notes(self, engine: duckdb.DuckDBPyConnection) -> list[str]:
        found = rejections(engine)
        for copy in self._copies.values():
            found += copy.notes(engine)
        for table in self.tables:
            found += [
                f"{file.path} changed while it was read; rows of before and after may be mixed. Run it again."
                for file in table.files
                if stamp(file.path) != file.stamp
            ]
        return found


def _opened(gathered: Gathered, watch: Watch) -> duckdb.DuckDBPyConnection:
    """A session that may look at all files of the source."""
    engine = locked_duckdb.open_files(
        [file.path for file in gathered.files], lambda _: None, memory=memory_fence()
    )
    watch.attach(interrupter(engine))
    return engine


def _tables(
    gathered: Gathered, engine: duckdb.DuckDBPyConnection
) -> tuple[tuple[FileTable, ...], tuple[str, ...]]:
    def shaped(path: str, form: Form) -> str:
        return shape(engine, path, form)

    return tables_of(gathered, shaped)


def _is_worth(table: FileTable) -> bool:
    """Text that is long, and workbooks, which are slow to unpack whatever their size."""
    return table.form == "workbook" or (table.form != "parquet" and table.size >= parquet_cache.WORTH)


def _check_unchanged(table: FileTable) -> None:
    if any(stamp(file.path) != file.stamp for file in table.files):
        raise SourceError(
            f"{table.name} changed while it was copied. Questions are answered from the file itself.",
            code=Code.CONFLICT,
        )


def memory_fence() -> int:
    """The memory that this process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return FENCE if soft == resource.RLIM_INFINITY else min(FENCE, soft)
