"""PostgreSQL: rows by ADBC, everything else by psycopg.

Every query runs as the inner query of a SELECT, in a READ ONLY transaction, by the extended protocol, which
takes one statement only. A superuser's session gives up its rights first, as far as the server has a role
that can only read: READ ONLY alone does not keep a superuser from files and programs.

Neighbours: `postgres_catalogue`, `postgres_rows`, `postgres_login`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

import adbc_driver_manager
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from garret.base.clock import SYSTEM
from garret.features.data.contracts import (
    DEFAULT_PORTS,
    Catalogue,
    Checked,
    Estimate,
    Limits,
    SourceConfig,
    SourceStatus,
)
from garret.features.data.sources import failures
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.postgres_catalogue import take_catalogue
from garret.features.data.sources.postgres_login import look_at_login
from garret.features.data.sources.postgres_rows import PostgresRun
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import authorities_of, tls_of

CONNECT_SECONDS: Final = 10
CATALOGUE_SECONDS: Final = 30
LOCK_SECONDS: Final = 5
WORK_MEMORY: Final = "64MB"
"""Of one sort or hash; what is larger goes to the server's disk."""
_OF_CONNECTION: Final = (psycopg.OperationalError, adbc_driver_manager.OperationalError)
_GONE: Final = "closed the connection unexpectedly"
READER: Final = "pg_read_all_data"
"""A role of every server from 14 on, which reads all tables and can do nothing else."""


class PostgresConnector:
    """One PostgreSQL database."""

    able = Able(
        explains=True,
        estimates_rows=True,
        cancels=True,
        limits_time=True,
        read_only_session=True,
        declares_keys=True,
        streams=True,
    )

    def __init__(self, config: SourceConfig, password: str) -> None:
        self._config = config
        self._password = password
        self._connection: psycopg.Connection[Any] | None = None
        self._run: PostgresRun | None = None
        self._asking = threading.Event()
        self._cancelled = False

    # --- the connection -----------------------------------------------------------------------------

    def conninfo(self) -> str:
        """What libpq connects by. It takes nothing from files of the person's home or the environment."""
        config = self._config
        tls = tls_of(config)
        words: dict[str, Any] = {
            "host": config.paths[0] if config.paths and (config.ssh or not config.host) else config.host,
            "port": config.port or DEFAULT_PORTS["postgres"],
            "user": config.user,
            "password": self._password,
            "dbname": config.database or config.user,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "garret",
            "client_encoding": "UTF8",
            "passfile": "/nonexistent",
            "gssencmode": "disable",
            "sslmode": {"verify": "verify-full", "require": "require", "off": "disable"}[tls],
        }
        if tls == "verify":
            words["sslrootcert"] = authorities_of(config)
        if tls == "off":
            words["require_auth"] = "!password"  # never in the clear to whoever answers there
        return make_conninfo("", **words)

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            try:
                self._connection = psycopg.connect(self.conninfo(), autocommit=True)
                self._connection.execute(_settings(self._config))
            except psycopg.Error as error:
                raise self.describe(error) from None
        return self._connection

    @contextmanager
    def _reading(self, seconds: float) -> Generator[psycopg.Connection[Any]]:
        """A READ ONLY transaction that nothing is kept of."""
        connection = self._open()
        self._cancelled = False
        self._asking.set()
        try:
            with connection.transaction(force_rollback=True):
                for statement in guards(seconds, self.gives_up_rights()):
                    connection.execute(statement)
                yield connection
        except psycopg.Error as error:
            raise self.describe(error, seconds) from None
        finally:
            self._asking.clear()

    def gives_up_rights(self) -> bool:
        """Whether the login is a superuser's, on a server that has the role to go on with."""
        connection = self._open()
        return (
            connection.info.parameter_status("is_superuser") == "on"
            and connection.info.server_version >= 140000
        )

    # --- the contract -------------------------------------------------------------------------------

    def test(self) -> SourceStatus:
        began = SYSTEM.monotonic()
        connection = self._open()
        took = (SYSTEM.monotonic() - began) * 1000
        with self._reading(CATALOGUE_SECONDS):
            pass
        try:
            return look_at_login(connection, self._config, took)
        except psycopg.Error as error:
            raise self.describe(error) from None

    def catalogue(self, source: str) -> Catalogue:
        with self._reading(CATALOGUE_SECONDS) as connection:
            return take_catalogue(connection, self._config, source)

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        with self._reading(limits.seconds) as connection:
            connection.execute(*_inner(checked.query, 0), prepare=True)  # refuses what is no query
            cursor = connection.execute(_plain("EXPLAIN (FORMAT JSON) " + checked.query), prepare=True)
            said = cursor.fetchone()
        plan: dict[str, Any] = said[0][0]["Plan"] if said else {}
        return Estimate(
            rows=int(plan.get("Plan Rows", 0)),
            cost=plan.get("Total Cost"),
            plan="\n".join(_plan_lines(plan, 0)),
        )

    def run(self, checked: Checked, limits: Limits) -> Stream:
        with self._reading(limits.seconds) as connection:
            cursor = connection.execute(*_inner(checked.query, 0), prepare=True)
            described = PostgresRun.describe_columns(connection, cursor)
        if self._cancelled:
            raise failures.cancelled()
        self._run = PostgresRun(self, self._open(), checked.query, described, limits)
        return self._run.stream()

    def cancel(self) -> None:
        self._cancelled = True
        if self._run is not None:
            self._run.cancel()
        if self._asking.is_set() and self._connection is not None:
            self._connection.cancel_safe(timeout=CONNECT_SECONDS)

    def close(self) -> None:
        if self._run is not None:
            self._run.close()
            self._run = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def statements(self, seconds: float) -> list[str]:
        """What another driver's transaction begins with: the same guards, then the same settings."""
        connection = self._open()
        parts = [*guards(seconds, self.gives_up_rights()), _settings(self._config)]
        return [part.as_string(connection) for part in parts]

    # --- what goes wrong ----------------------------------------------------------------------------

    def describe(self, error: BaseException, seconds: float = 0) -> SourceError:
        """An error for people, of psycopg's or ADBC's."""
        state = getattr(error, "sqlstate", None) or _state_in(str(error))
        said = failures.scrub(_first_line(str(error)), self._password)
        if state == "57014":  # by us, or by the time limit: the server says it in its own language
            return failures.cancelled() if self._cancelled else failures.too_slow(seconds)
        gone = isinstance(error, _OF_CONNECTION) or _GONE in str(error)  # ADBC takes it for an internal error
        if state[:2] in ("08", "57") or (not state and gone):
            return self._of_connection(error)
        return of_state(state, said, self._config)

    def _of_connection(self, error: BaseException) -> SourceError:
        said = str(error)
        if (
            "no password supplied" in said
            or "password authentication failed" in said
            or "pg_hba.conf" in said
        ):
            return failures.wrong_login(self._config)
        if "does not exist" in said and "database" in said:
            return failures.no_database(self._config)
        if "SSL" in said or "certificate" in said:
            return failures.no_tls(self._config, failures.scrub(_last_line(said), self._password))
        if _GONE in said or "connection is lost" in said or "terminating" in said:
            return failures.lost(self._config)
        return failures.unreachable(self._config, failures.scrub(_last_line(said), self._password))


def of_state(state: str, said: str, config: SourceConfig) -> SourceError:
    """By SQLSTATE (PostgreSQL's documentation, appendix A)."""
    if state in ("28P01", "28000"):
        return failures.wrong_login(config)
    if state == "3D000":
        return failures.no_database(config)
    if state in ("25006", "0A000") and ("read-only" in said or "WITH" in said):
        return failures.writes()
    if state == "42501":
        return failures.forbidden(said)
    if state in ("42P01", "42703", "42883", "3F000", "42704"):
        return failures.changed(said)
    if state[:2] in ("42", "0A"):
        return failures.refused_query(said)
    if state == "55P03":
        return failures.locked()
    if state[:2] in ("53", "54"):
        return failures.out_of_memory(said)
    return failures.failed_query(said)


def guards(seconds: float, gives_up_rights: bool) -> Iterator[sql.SQL | sql.Composed]:
    """What a transaction begins with, so that it can only read, and not for long."""
    yield sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    yield sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(max(1, int(seconds * 1000))))
    yield sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_SECONDS * 1000))
    yield sql.SQL("SET LOCAL idle_in_transaction_session_timeout = {}").format(
        sql.Literal(int((seconds + CATALOGUE_SECONDS) * 1000))
    )
    yield sql.SQL("SET LOCAL work_mem = {}").format(sql.Literal(WORK_MEMORY))
    if gives_up_rights:
        yield sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(READER))


def _settings(config: SourceConfig) -> sql.Composed:
    """What the guard's own text takes for granted, whatever the server's or the login's settings are."""
    # In `public` extensions have their operators.
    names = dict.fromkeys(("pg_catalog", *config.schemas, "public"))
    path = [sql.Identifier(name) for name in names]
    return sql.SQL(
        "SELECT set_config('standard_conforming_strings', 'on', false), set_config('DateStyle', 'ISO', "
        "false), "
        "set_config('IntervalStyle', 'postgres', false), set_config('bytea_output', 'hex', false), "
        "set_config('default_transaction_read_only', 'on', false), set_config('search_path', {}, false)"
    ).format(sql.Literal(", ".join(name.as_string() for name in path)))


def _plain(text: str) -> sql.SQL:
    return sql.SQL(cast(Any, text))  # checked by the guard, and described before it runs


def _inner(query: str, limit: int) -> tuple[sql.SQL]:
    """The query inside a SELECT: COPY, COMMIT and WITH ... DELETE cannot stand there."""
    return (_plain(f"SELECT * FROM (\n{query}\n) AS q LIMIT {limit}"),)


def _plan_lines(plan: dict[str, Any], depth: int) -> Iterator[str]:
    on = f" on {plan['Relation Name']}" if "Relation Name" in plan else ""
    yield f"{'  ' * depth}{plan.get('Node Type', '')}{on}: about {int(plan.get('Plan Rows', 0)):,} rows"
    for child in plan.get("Plans", ()):
        yield from _plan_lines(child, depth + 1)


def _state_in(said: str) -> str:
    """An SQLSTATE that stands in the text only, as in errors of a stream."""
    found = re.search(r"SQLSTATE: (\w{5})", said)
    return found.group(1) if found else ""


def _first_line(said: str) -> str:
    """Of a driver's text what the server says: ADBC adds the whole query, libpq a drawing of the place."""
    _, found, server = said.partition("ERROR:")
    return (server if found else said).split("\n")[0].strip()


def _last_line(said: str) -> str:
    return said.strip().split("\n")[-1].strip()
