"""A session over some tables of files: the engine, what each table is read from, and what is to be remarked.

Opening one is the dear part of a question over text, since each file is looked at for how it is read. So the
one that a plan was made in serves the run as well, where nothing changed in between: `is_over` tells.

Neighbours: `files` opens and closes it; `parquet_cache` has the copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from garret.features.data.sources.delimited import rejections
from garret.features.data.sources.file_tables import FileTable
from garret.features.data.sources.gather import stamp
from garret.features.data.sources.parquet_cache import Copy
from garret.features.data.sources.reading import Read

_SECONDS_A_BYTE: Final = 1 / 250e6  # of text that is read through (measured)
_QUICKER: Final = 0.1  # of that for Parquet, be it the file itself or a copy (measured)


class Session:
    """An open engine over tables, each read from its files or from a copy of them."""

    engine: duckdb.DuckDBPyConnection

    def __init__(self, tables: Sequence[tuple[FileTable, Copy | None]]) -> None:
        self._tables = tuple(tables)
        self.rows: int | None = None

    def is_over(self, tables: Sequence[tuple[FileTable, Copy | None]]) -> bool:
        """Whether it reads exactly these tables, as their files and copies are now."""
        return self._tables == tuple(tables)

    def count(self, table: FileTable, read: Read) -> None:
        """Remember the size of the largest table of text, which the engine does not know."""
        if table.form in ("delimited", "json") and read.rows is not None:
            self.rows = max(self.rows or 0, read.rows)

    @property
    def seconds(self) -> float:
        """How long reading all of it takes, about."""
        return sum(
            table.size * _SECONDS_A_BYTE * (_QUICKER if copy is not None or table.form == "parquet" else 1.0)
            for table, copy in self._tables
        )

    def notes(self, engine: duckdb.DuckDBPyConnection) -> list[str]:
        """What was set aside, and which files changed meanwhile; in the transaction of the query."""
        found = rejections(engine)
        for table, copy in self._tables:
            if copy is not None:
                found += copy.notes(engine)
            found += [
                f"{file.path} changed while it was read; rows of before and after may be mixed. Run it again."
                for file in table.files
                if stamp(file.path) != file.stamp
            ]
        return found
