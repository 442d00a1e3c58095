"""The connector of one DuckDB database file, read-only.

Neighbours: `locked_duckdb` opens it, `duck_rows` runs queries, as with files.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any, Final

import duckdb

from garret.base.errors import Code
from garret.features.data.contracts import (
    Catalogue,
    Checked,
    Column,
    Estimate,
    ForeignKey,
    Limits,
    SourceConfig,
    SourceStatus,
    Table,
)
from garret.features.data.sources import locked_duckdb
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.duck_rows import DuckRows, explain, interrupter, quoted, told
from garret.features.data.sources.files import memory_fence
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.privacy import choose_samples
from garret.features.data.sources.watch import Watch

_SAMPLED: Final = 60  # rows of each table
_SHOWN: Final = 200  # characters of a value that is looked at
_LONGEST_LOOK: Final = 60.0  # seconds for a catalogue


class DuckDBConnector:
    """See `sources.contract.Connector`."""

    able = Able()

    def __init__(self, config: SourceConfig, password: str = "") -> None:
        self._path = config.paths[0] if config.paths else ""
        self._watch: Watch | None = None

    def test(self) -> SourceStatus:
        started = time.perf_counter()
        with self._watching(_LONGEST_LOOK) as watch, self._opened(watch) as engine:
            version = engine.execute("SELECT version()").fetchone()
        return SourceStatus(
            version=f"DuckDB {version[0] if version else ''}",
            milliseconds=(time.perf_counter() - started) * 1000,
        )

    def catalogue(self, source: str) -> Catalogue:
        with self._watching(_LONGEST_LOOK) as watch:
            try:
                with self._opened(watch) as engine:
                    tables, notes = _tables(engine, watch)
            except duckdb.Error as error:
                watch.check()
                raise told(error) from error
        return Catalogue(
            source=source,
            dialect="duckdb",
            tables=tables,
            fingerprint=take_fingerprint(tables),
            taken=time.time(),
            notes=tuple(notes),
        )

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        with self._watching(limits.seconds) as watch, self._opened(watch) as engine:
            return explain(engine, checked, watch)

    def run(self, checked: Checked, limits: Limits) -> DuckRows:
        watch = self._watching(limits.seconds).begin()
        try:
            return DuckRows(self._opened(watch), checked.query, limits, watch)
        except BaseException:
            watch.end()
            raise

    def cancel(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def close(self) -> None:
        self.cancel()

    def _opened(self, watch: Watch) -> duckdb.DuckDBPyConnection:
        if not self._path:
            raise SourceError("This source names no database file. Add it anew.", code=Code.USAGE)
        engine = locked_duckdb.open_database(self._path, memory=memory_fence())
        watch.attach(interrupter(engine))
        return engine

    def _watching(self, seconds: float) -> Watch:
        self._watch = Watch(seconds)
        return self._watch


def _tables(engine: duckdb.DuckDBPyConnection, watch: Watch) -> tuple[tuple[Table, ...], list[str]]:
    listed = engine.execute(
        "SELECT schema_name, table_name, 'table', comment, estimated_size FROM duckdb_tables()"
        " WHERE NOT internal"
        " UNION ALL SELECT schema_name, view_name, 'view', comment, NULL FROM duckdb_views() WHERE"
        " NOT internal"
        " ORDER BY 1, 2"
    ).fetchall()
    columns: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in engine.execute(
        "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
        " WHERE NOT internal ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        columns[row[0], row[1]].append(row[2:])
    primary, foreign = _keys(engine)
    several = len({row[0] for row in listed}) > 1
    tables: list[Table] = []
    notes: list[str] = []
    for schema, name, kind, comment, rows in listed:
        watch.check()
        own = columns[schema, name]
        try:
            head = _head(engine, schema, name, [row[0] for row in own])
        except duckdb.Error as error:  # a view over something that is not there any more
            watch.check()
            notes.append(f"{name} cannot be read: {told(error).message}")
            continue
        tables.append(
            Table(
                name=name,
                schema=schema if several else "",
                kind=kind,
                comment=comment or "",
                columns=tuple(
                    _column(row, [values[place] for values in head]) for place, row in enumerate(own)
                ),
                primary_key=primary.get((schema, name), ()),
                foreign_keys=tuple(
                    ForeignKey(
                        columns=names, table=f"{schema}.{other}" if several else other, references=references
                    )
                    for names, other, references in foreign.get((schema, name), ())
                ),
                rows=rows,
            )
        )
    return tuple(tables), notes


_Foreign = dict[tuple[str, str], list[tuple[tuple[str, ...], str, tuple[str, ...]]]]


def _keys(engine: duckdb.DuckDBPyConnection) -> tuple[dict[tuple[str, str], tuple[str, ...]], _Foreign]:
    primary: dict[tuple[str, str], tuple[str, ...]] = {}
    foreign: _Foreign = defaultdict(list)
    for schema, table, kind, names, other, references in engine.execute(
        "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,"
        " referenced_column_names FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY"
        " KEY', 'FOREIGN KEY')"
    ).fetchall():
        if kind == "PRIMARY KEY":
            primary[schema, table] = tuple(names)
        else:
            foreign[schema, table].append((tuple(names), other, tuple(references)))
    return primary, foreign


def _head(
    engine: duckdb.DuckDBPyConnection, schema: str, name: str, columns: list[str]
) -> list[tuple[Any, ...]]:
    shown = ", ".join(f"left(CAST({quoted(column)} AS VARCHAR), {_SHOWN})" for column in columns)
    return engine.execute(f"SELECT {shown} FROM {quoted(schema)}.{quoted(name)} LIMIT {_SAMPLED}").fetchall()


def _column(row: tuple[Any, ...], values: list[str | None]) -> Column:
    name, kind, nullable, comment = row
    samples, private = choose_samples(name, values)
    return Column(
        name=name,
        type=kind,
        kind=kind_of("duckdb", kind),
        nullable=bool(nullable),
        comment=comment or "",
        private=private,
        guessed=private,
        samples=samples,
    )
