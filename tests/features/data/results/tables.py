"""Results for tests: a query of DuckDB, normalised and opened, as a run would leave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from garret.features.data.contracts import Limits, ResultColumn
from garret.features.data.results.normalise import Normalised, normalise
from garret.features.data.results.table import ResultTable
from garret.features.data.sources.kinds import kind_of
from garret.transport import bulk

ALL = Limits(rows=10_000_000, bytes=1 << 30)


class QueryRows:
    """`Rows` of a query over nothing."""

    def __init__(self, query: str, notes: tuple[str, ...] = ()) -> None:
        self._relation = duckdb.connect().sql(query)
        self.notes = notes
        self.columns = [
            ResultColumn(name=name, type=str(kind), kind=kind_of("duckdb", str(kind)))
            for name, kind in zip(self._relation.columns, self._relation.types, strict=True)
        ]

    def __iter__(self) -> Iterator[Any]:
        yield self._relation


def result(query: str, limits: Limits = ALL) -> Normalised:
    return normalise(QueryRows(query), limits)


def table(query: str) -> ResultTable:
    kept = result(query)
    try:
        return ResultTable(kept.descriptor, kept.columns)
    finally:
        bulk.give_back(kept.descriptor)
