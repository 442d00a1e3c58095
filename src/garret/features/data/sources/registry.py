"""The connector for each kind of source, loaded when one is asked for.

Drivers of servers are an extra: where one is missing, the error says how to install it. Neighbours:
`contract`, which says what each of these does; `docs/data-sources.md`, which a test holds to `able`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from garret.features.data.contracts import SourceConfig, SourceKind
from garret.features.data.sources import failures
from garret.features.data.sources.contract import Connector

_HERE: Final = "garret.features.data.sources"

CONNECTORS: Final[dict[SourceKind, tuple[str, str, str]]] = {
    "files": ("files", "FilesConnector", "files"),
    "duckdb": ("duckdb_file", "DuckDBConnector", "DuckDB"),
    "sqlite": ("sqlite_file", "SQLiteConnector", "SQLite"),
    "postgres": ("postgres", "PostgresConnector", "PostgreSQL"),
    "mysql": ("mysql", "MysqlConnector", "MySQL and MariaDB"),
    "mongo": ("mongo", "MongoConnector", "MongoDB"),
    "trino": ("trino_server", "TrinoConnector", "Trino"),
    "neo4j": ("neo4j_server", "Neo4jConnector", "Neo4j"),
    "qdrant": ("qdrant_server", "QdrantConnector", "Qdrant"),
}
"""Module, class and name for people."""


def connector_class(kind: SourceKind) -> type[Connector]:
    """Raises SourceError where the driver is not installed."""
    module, name, people = CONNECTORS[kind]
    try:
        found = getattr(import_module(f"{_HERE}.{module}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("garret"):
            raise
        raise failures.missing_driver(people) from None
    return found  # type: ignore[no-any-return]


def connector(config: SourceConfig, password: str) -> Connector:
    """The connector of a source, not connected yet. Raises SourceError where its driver is not installed."""
    return connector_class(config.kind)(config, password)
