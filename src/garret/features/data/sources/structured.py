"""JSON and Parquet: what a file holds, by the engine's own reading of it.

Neighbours: `reading` has the form of the answer; `files` asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.duck_rows import literal, quoted, told
from garret.features.data.sources.reading import SAMPLED_ROWS, Read

_DEPTH: Final = 6  # of JSON that becomes columns of their own kind; what is below stays JSON
_OBJECT: Final = 32 << 20  # bytes of the largest object
_SHOWN: Final = 200  # characters of a value that is looked at


def read_json(engine: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> Read:
    """How to read JSON of any layout (an array, lines, or objects one after another). Raises SourceError."""
    listed = ", ".join(literal(path) for path in paths)
    relation = (
        f"read_json([{listed}], format = 'auto', maximum_depth = {_DEPTH},"
        f" maximum_object_size = {_OBJECT}, union_by_name = true)"
    )
    return _read(engine, paths[0], relation, rows=None)


def read_parquet(engine: duckdb.DuckDBPyConnection, paths: Sequence[str], more: str = "") -> Read:
    """How to read Parquet; rows are counted by its own footers. Raises SourceError."""
    listed = ", ".join(literal(path) for path in paths)
    relation = f"read_parquet([{listed}]{', union_by_name = true' if len(paths) > 1 else ''}{more})"
    try:
        row = engine.execute(
            f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata([{listed}])"
        ).fetchone()
    except duckdb.Error as error:
        raise _damaged(paths[0], error) from error
    return _read(engine, paths[0], relation, rows=None if row is None else int(row[0] or 0))


def shape(engine: duckdb.DuckDBPyConnection, path: str, form: str) -> str:
    """What files of one shape have in common, names and types of columns; empty where unreadable."""
    function = "read_parquet" if form == "parquet" else "read_json"
    try:
        rows = engine.execute(f"DESCRIBE FROM {function}({literal(path)})").fetchall()
    except duckdb.Error:
        return ""
    return repr([row[:2] for row in rows])


def _read(engine: duckdb.DuckDBPyConnection, path: str, relation: str, rows: int | None) -> Read:
    try:
        columns = [
            (str(row[0]), str(row[1])) for row in engine.execute(f"DESCRIBE FROM {relation}").fetchall()
        ]
        shown = ", ".join(f"left(CAST({quoted(name)} AS VARCHAR), {_SHOWN})" for name, _ in columns)
        head = engine.execute(f"SELECT {shown} FROM {relation} LIMIT {SAMPLED_ROWS}").fetchall()
    except duckdb.Error as error:
        raise _damaged(path, error) from error
    whole = len(head) < SAMPLED_ROWS
    return Read(
        columns=tuple(columns),
        relation=relation,
        rows=len(head) if whole and rows is None else rows,
        values=tuple(zip(*head, strict=True)) if head else (),
        whole=whole,
    )


def _damaged(path: str, error: duckdb.Error) -> SourceError:
    return SourceError(f"{path} cannot be read. {told(error).message}", code=Code.INVALID)
