"""What a Trino login may do beyond reading, as far as a server tells.

Trino has no list of what a login may: its access control is a plug-in. So it is asked of one table of each
catalog whether an INSERT into it would be allowed. That is analysed and never run, in a transaction that can
only read: the server says that the transaction forbids it once it has found that the login does not (seen
with 476).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trino.exceptions import TrinoQueryError

from garret.features.data.contracts import SourceConfig, SourceStatus
from garret.features.data.sources.trino_catalogue import catalogs_of, quoted
from garret.features.data.sources.trino_statement import Statements

ASKED: Final = 8
"""Catalogs that are asked about."""
_SECOND_LOCK: Final = (
    "Garret only reads, whatever it may; a login that can only read is a second lock. Ask whoever keeps the "
    "server's access control for one."
)


def look_at_login(statements: Statements, config: SourceConfig, took: float) -> SourceStatus:
    """Version, login and what it may; `took` are the milliseconds to connect."""
    ((version, login),) = statements.rows("SELECT version(), current_user")
    writable = list(_writable(statements, config))
    warnings: tuple[str, ...] = ()
    if writable:
        warnings = (
            f"{login} may change tables of {', '.join(writable)}, where these can be written.",
            _SECOND_LOCK,
        )
    return SourceStatus(
        version=f"Trino {version}",
        login=str(login),
        read_only=not writable,
        warnings=warnings,
        milliseconds=took,
    )


def _writable(statements: Statements, config: SourceConfig) -> Iterator[str]:
    for catalog in catalogs_of(statements, config)[:ASKED]:
        found = statements.rows(
            f"SELECT table_schema, table_name FROM {quoted(catalog)}.information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema <> 'information_schema' LIMIT 1"
        )
        if not found:
            continue
        table = f"{quoted(catalog)}.{quoted(found[0][0])}.{quoted(found[0][1])}"
        if _allowed(statements, f"EXPLAIN (TYPE VALIDATE) INSERT INTO {table} SELECT * FROM {table}"):
            yield catalog


def _allowed(statements: Statements, text: str) -> bool:
    """Whether only the transaction keeps a statement from being run."""
    try:
        statements.rows(text)
    except TrinoQueryError as error:
        if error.error_name not in ("PERMISSION_DENIED", "NOT_SUPPORTED", "READ_ONLY_VIOLATION"):
            raise
        return error.error_name == "READ_ONLY_VIOLATION"
    finally:  # one that failed takes its transaction with it
        statements.end()
        statements.begin()
    return True
