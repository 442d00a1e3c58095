"""Asking a connector in tests, as a worker would: rows as cells, and what was remarked."""

from __future__ import annotations

from typing import Any

from garret.features.data.contracts import Checked, Limits, SourceConfig
from garret.features.data.results.normalise import Normalised, normalise
from garret.features.data.results.table import ResultTable
from garret.features.data.sources.files import FilesConnector
from garret.transport import bulk


def checked(query: str, *tables: str) -> Checked:
    return Checked(query=query, tables=tables, columns=(), limit=10_000)


def rows_of(connector: Any, query: str, *tables: str, limits: Limits | None = None) -> tuple[Any, Normalised]:
    """All cells of a query, and the result as it was kept."""
    limits = limits or Limits()
    kept = normalise(connector.run(checked(query, *tables), limits), limits)
    try:
        with ResultTable(kept.descriptor, kept.columns) as opened:
            return list(opened.read()), kept
    finally:
        bulk.give_back(kept.descriptor)


def files(*paths: object, **more: Any) -> FilesConnector:
    return FilesConnector(SourceConfig(kind="files", paths=tuple(map(str, paths)), **more))
