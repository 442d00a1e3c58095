"""Sources: what a person added, how it is reached, and how it is."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from garret.features.data.contracts.catalogue import Dialect
from garret.protocol.contract import Contract

SourceKind: TypeAlias = Literal[
    "files", "duckdb", "sqlite", "postgres", "mysql", "mongo", "trino", "neo4j", "qdrant"
]

DIALECTS: Final[dict[SourceKind, Dialect]] = {
    "files": "duckdb",
    "duckdb": "duckdb",
    "sqlite": "sqlite",
    "postgres": "postgres",
    "mysql": "mysql",
    "mongo": "mongo",
    "trino": "trino",
    "neo4j": "cypher",
    "qdrant": "qdrant",
}

DEFAULT_PORTS: Final[dict[SourceKind, int]] = {
    "postgres": 5432,
    "mysql": 3306,
    "mongo": 27017,
    "trino": 8080,
    "neo4j": 7687,
    "qdrant": 6333,
}


READING_OPTIONS: Final = frozenset(
    {"delim", "quote", "escape", "header", "encoding", "skip", "comment", "nullstr", "dateformat"}
    | {"timestampformat", "decimal_separator", "thousands", "types", "null_padding", "strict_mode"}
    | {"all_varchar"}
)
"""What may be decided about a file, by DuckDB's names. `types` is a JSON object of columns and its types."""


TUNNEL_SOCKETS: Final[dict[SourceKind, str]] = {
    "postgres": ".s.PGSQL.{port}",
    "mysql": "mysqld.sock",
    "mongo": "mongo.sock",
}
"""The kinds that are reached by way of another machine, and what their drivers call a Unix socket."""


class SourceConfig(Contract, frozen=True):
    """How a source is reached; the password is not in it.

    `paths` are absolute: files, folders or globs of kind `files`, the one file of `duckdb` and `sqlite`, or a
    Unix socket's folder of a server that has no host. `tls`: `verify` checks certificate and name (with
    `authority`, a PEM file, in place of the system's), `require` encrypts, `off` does not; empty is `verify`
    beyond this machine and `off` on it. `ssh` is `user@host` or `user@host:port`, a machine by way of which
    the server is reached with the system's ssh; `host` is the server's as that machine sees it, and `paths`
    the folder with the tunnel's socket while there is one. `reading` holds
    what was decided about a file where the sniffer's guess was not wanted, by path (options of DuckDB's
    `read_csv`).
    """

    kind: SourceKind
    paths: tuple[str, ...] = ()
    host: str = ""
    port: int = 0
    database: str = ""
    schemas: tuple[str, ...] = ()
    user: str = ""
    tls: Literal["", "verify", "require", "off"] = ""
    authority: str = ""
    ssh: str = ""
    reading: dict[str, dict[str, str]] = msgspec.field(default_factory=dict[str, dict[str, str]])


class SourceStatus(Contract, frozen=True):
    """What a test of a source found. `warnings` are sentences, such as that the login may write, and `script`
    what an administrator of the server can run to make a login that may only read."""

    version: str
    login: str = ""
    read_only: bool = True
    warnings: tuple[str, ...] = ()
    script: str = ""
    milliseconds: float = 0.0


def tunnel_socket(config: SourceConfig) -> str:
    """The name of the socket by which a driver reaches a server by way of another machine."""
    return TUNNEL_SOCKETS[config.kind].format(port=config.port or DEFAULT_PORTS[config.kind])
