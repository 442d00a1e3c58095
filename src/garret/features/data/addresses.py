"""What a person types as a source: files, or the address of a server. Pure but for a look at the files."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from garret.base.errors import UsageError
from garret.features.data.contracts import SourceConfig, SourceKind

_SCHEMES: Final[dict[str, SourceKind]] = {
    "postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql",
    "mongodb": "mongo", "mongo": "mongo", "trino": "trino", "neo4j": "neo4j", "bolt": "neo4j",
    "qdrant": "qdrant",
}  # fmt: skip
_FILES: Final[dict[str, SourceKind]] = {
    ".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
}  # fmt: skip
_DUCKDB_MAGIC: Final = b"DUCK"  # from the ninth byte on
_SQLITE_MAGIC: Final = b"SQLite format 3\0"


def config_of(targets: list[str]) -> tuple[SourceConfig, str]:
    """The configuration that is meant, and the password if the address holds one. Raises UsageError."""
    if any("://" in target for target in targets):
        if len(targets) != 1:
            raise UsageError("A source is one server or files, not several of both. Nothing was added.")
        return _server(targets[0])
    paths = tuple(str(Path(target).expanduser().absolute()) for target in targets)
    kinds: set[SourceKind] = {_kind_of(path) for path in paths}
    if len(kinds) > 1 or (kinds != {"files"} and len(paths) > 1):
        raise UsageError(
            "A database file is a source by itself; add each under its own name. Nothing was added."
        )
    return SourceConfig(kind=next(iter(kinds)), paths=paths), ""


def _kind_of(path: str) -> SourceKind:
    try:
        with Path(path).open("rb") as file:
            head = file.read(16)
    except OSError:
        return "files"  # a folder, a glob, or what the source itself will say is not there
    if head == _SQLITE_MAGIC:
        return "sqlite"
    if head[8:12] == _DUCKDB_MAGIC:
        return "duckdb"
    named = _FILES.get(Path(path).suffix.lower())
    return named if named is not None and not head else "files"


def _server(address: str) -> tuple[SourceConfig, str]:
    try:
        parts = urlsplit(address)
        port = parts.port or 0
    except ValueError as error:
        raise UsageError(f"This is no address: {error}. Nothing was added.") from error
    kind = _SCHEMES.get(parts.scheme.lower())
    if kind is None:
        known = ", ".join(f"{each}://" for each in _SCHEMES)
        raise UsageError(
            f"{parts.scheme[:40]!r} is no kind of source. Nothing was added; there are: {known}, and files."
        )
    if parts.query or parts.fragment:
        raise UsageError(
            "Nothing is read behind ? or # of an address; TLS is set by --tls. Nothing was added."
        )
    if not parts.hostname:
        raise UsageError("The address names no host. Nothing was added.")
    path = parts.path.strip("/")
    database, *schemas = path.split("/") if kind == "trino" else [path]  # a catalog, and a schema of it
    config = SourceConfig(
        kind=kind,
        host=parts.hostname,
        port=port,
        database=unquote(database),
        schemas=tuple(map(unquote, schemas)),
        user=unquote(parts.username or ""),
    )
    return config, unquote(parts.password or "")
