"""JSON and Parquet: what a file holds, by the engine's own reading of it.

Neighbours: `reading` has the form of the answer; `files` asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.duck_rows import literal, quoted, sentence
from garret.features.data.sources.reading import SAMPLED_ROWS, Read

_DEPTH: Final = 6  # of JSON that becomes columns of their own kind; what is below stays JSON
_OBJECT: Final = 32 << 20  # bytes of the largest object
_LINES: Final = re.compile(r"\.(ndjson|jsonl)(\.gz|\.zst)?\Z", re.IGNORECASE)
_SHOWN: Final = 200  # characters of a value that is looked at


def read_json(engine: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> Read:
    """How to read JSON of any layout (an array, lines, or objects one after another). Raises SourceError.

    Of lines, those that are no JSON are left out, where there are some among the first.
    """
    listed = ", ".join(literal(path) for path in paths)
    # The engine takes an array behind a byte order mark for one value.
    layout = "array" if all(map(_is_marked_array, paths)) else "auto"
    options = f"maximum_depth = {_DEPTH}, maximum_object_size = {_OBJECT}, union_by_name = true"
    try:
        return _read(engine, paths[0], f"read_json([{listed}], format = '{layout}', {options})", rows=None)
    except SourceError as error:
        if not (_is_malformed(error) and all(_LINES.search(path) for path in paths)):
            raise
    lines = f"read_json([{listed}], format = 'newline_delimited', ignore_errors = true, {options})"
    return _read_whole_lines(engine, paths[0], lines)


def _is_malformed(error: SourceError) -> bool:
    return "Malformed JSON" in error.message


def _is_marked_array(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False  # the engine says why
    return head.startswith(b"\xef\xbb\xbf") and head[3:].lstrip().startswith(b"[")


def _read_whole_lines(engine: duckdb.DuckDBPyConnection, path: str, lines: str) -> Read:
    """Lines without those that the engine gives as rows of nothing, since they are no JSON."""
    names = [name for name, _ in _read(engine, path, lines, rows=None).columns]
    some = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in names)
    read = _read(engine, path, f"(SELECT * FROM {lines} WHERE {some})", rows=None)
    note = f"{path}: lines that are no whole JSON, and objects without a value, are left out."
    return msgspec.structs.replace(read, notes=(*read.notes, note))


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
    return SourceError(
        f"{path} cannot be read: {sentence(error)[:300]}. Nothing was changed; look at the file.",
        code=Code.INVALID,
    )
