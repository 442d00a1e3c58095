"""Which connector serves which kind of source; drivers are loaded when one is made.

A server's driver may be missing: they are an extra, and the error names how to get it.
"""

from __future__ import annotations

import importlib
from typing import Final, cast

from garret.base.errors import Code
from garret.features.data.contracts import SourceConfig, SourceKind
from garret.features.data.sources.contract import Connector, SourceError

_HERE: Final = "garret.features.data.sources"
CONNECTORS: Final[dict[SourceKind, str]] = {
    "files": f"{_HERE}.files:FilesConnector",
    "duckdb": f"{_HERE}.duckdb_file:DuckDBConnector",
    "sqlite": f"{_HERE}.sqlite_file:SQLiteConnector",
    "postgres": f"{_HERE}.postgres:PostgresConnector",
    "mysql": f"{_HERE}.mysql:MysqlConnector",
    "mongo": f"{_HERE}.mongo:MongoConnector",
    "trino": f"{_HERE}.trino:TrinoConnector",
    "neo4j": f"{_HERE}.neo4j:Neo4jConnector",
    "qdrant": f"{_HERE}.qdrant:QdrantConnector",
}


def connector(config: SourceConfig, password: str = "") -> Connector:
    """A connector for a source, not open yet. Raises SourceError where its driver is missing."""
    module, _, name = CONNECTORS[config.kind].partition(":")
    try:
        kind = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise SourceError(
            f"The driver for {config.kind} is not installed ({error.name}). Nothing was asked; "
            "`make setup-data` installs the drivers of servers.",
            code=Code.UNAVAILABLE,
            retryable=False,
        ) from error
    return cast("Connector", kind(config, password))
