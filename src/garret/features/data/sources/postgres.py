"""PostgreSQL: rows by ADBC, everything else by psycopg.

Every query runs as the inner query of a SELECT, in a READ ONLY transaction, by the extended protocol, which
takes one statement only. A superuser's session gives up its rights first, as far as the server has a role
that can only read: READ ONLY alone does not keep a superuser from files and programs.

Two connections serve a query: one carries the rows, and is opened while the other plans and describes; the
other is then free, and ends the query when it is told to.

Neighbours: `postgres_catalogue`, `postgres_rows`, `postgres_login`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
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
from garret.features.data.sources.ahead import Ahead
from garret.features.data.sources.attempt import Attempt, close_in_turn
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.postgres_catalogue import take_catalogue
from garret.features.data.sources.postgres_login import look_at_login
from garret.features.data.sources.postgres_rows import (
    Beginning,
    Described,
    PostgresRun,
    RowConnection,
    describe_columns,
    describe_query,
)
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import authorities_of, tls_of

CONNECT_SECONDS: Final = 10
CATALOGUE_SECONDS: Final = 30
LOCK_SECONDS: Final = 5
_LOOKS_FOR_CLIENT: Final = (
    "CASE WHEN pg_catalog.version() ~ 'mingw|Visual C' THEN '' "
    "ELSE pg_catalog.set_config('client_connection_check_interval', '250', true) END"
)
"""In milliseconds. A query of which nobody is left to hear ends, where the server's system can tell."""
WORK_MEMORY: Final = "64MB"
"""Of one sort or hash; what is larger goes to the server's disk."""
_OF_CONNECTION: Final = (psycopg.OperationalError, adbc_driver_manager.OperationalError)
_LOST: Final = (
    "closed the connection unexpectedly",
    "connection is lost",
    "connection not open",
    "terminating",
)
"""Of libpq; what carries rows knows them by their words alone."""
READER: Final = "pg_read_all_data"
"""A role of every server from 14 on, which reads all tables and can do nothing else."""


class PostgresConnector:
    """One PostgreSQL database."""

    able = Able()

    def __init__(self, config: SourceConfig, password: str) -> None:
        self._config = config
        self._password = password
        self._connection: psycopg.Connection[Any] | None = None
        self._turn = threading.Lock()
        self._ahead: Ahead[RowConnection] | None = None
        self._attempt = Attempt()

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
                self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                self._connection.read_only = True
            except psycopg.Error as error:
                raise self.describe(error) from None
        return self._connection

    @contextmanager
    def _transaction(self, seconds: float) -> Generator[psycopg.Connection[Any]]:
        """READ ONLY, and nothing is kept of it. Raises psycopg's errors."""
        connection = self._open()
        with self._turn, connection.transaction(force_rollback=True):
            connection.execute(self._guards(seconds))
            yield connection

    @contextmanager
    def _reading(self, attempt: Attempt, seconds: float) -> Generator[psycopg.Connection[Any]]:
        """Such a transaction; a cancel of `attempt` ends what it does."""
        self._open()
        try:
            with attempt.ended_by(self._end_control), self._transaction(seconds) as connection:
                yield connection
        except psycopg.Error as error:
            raise self.describe(error, seconds, attempt) from None

    def _end_control(self) -> None:
        """End what the connection for everything but rows does; by libpq's own way, with a key."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.cancel_safe(timeout=CONNECT_SECONDS)

    def _guards(self, seconds: float) -> sql.Composed:
        info = self._open().info
        is_superuser = info.parameter_status("is_superuser") == "on"
        return guards(self._config, seconds, info.server_version, is_superuser)

    # --- the contract -------------------------------------------------------------------------------

    def test(self) -> SourceStatus:
        self._attempt = Attempt()
        began = SYSTEM.monotonic()
        connection = self._open()
        took = (SYSTEM.monotonic() - began) * 1000
        with self._reading(self._attempt, CATALOGUE_SECONDS):
            pass
        try:
            return look_at_login(connection, self._config, took)
        except psycopg.Error as error:
            raise self.describe(error) from None

    def catalogue(self, source: str) -> Catalogue:
        self._attempt = Attempt()
        with self._reading(self._attempt, CATALOGUE_SECONDS) as connection:
            return take_catalogue(connection, self._config, source)

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        self._attempt = Attempt()
        with self._reading(self._attempt, limits.seconds) as connection:
            describe_query(connection, checked.query)  # refuses what is no query
            cursor = connection.execute(_plain("EXPLAIN (FORMAT JSON) " + checked.query), prepare=True)
            said = cursor.fetchone()
        self._open_ahead()
        plan: dict[str, Any] = said[0][0]["Plan"] if said else {}
        return Estimate(
            rows=int(plan.get("Plan Rows", 0)),
            cost=plan.get("Total Cost"),
            plan="\n".join(_plan_lines(plan, 0)),
        )

    def run(self, checked: Checked, limits: Limits) -> Stream:
        attempt = self._attempt = Attempt()
        beginning = Beginning(
            lambda: self._described(checked.query, limits.seconds),
            self._open_ahead().take,
            self._guards(limits.seconds).as_string(self._open()),
        )
        until = SYSTEM.monotonic() + limits.seconds

        def describe(error: BaseException) -> SourceError:
            if SYSTEM.monotonic() >= until:
                return failures.too_slow(limits.seconds)  # a stream's error has lost its code
            return self.describe(error, limits.seconds, attempt)

        return PostgresRun(beginning, (self._end_control, self._end_rows), checked.query).stream(
            limits, attempt, describe
        )

    def _end_rows(self, backend: int) -> None:
        """End what the connection for rows does, by the other, which is ready."""
        with suppress(psycopg.Error, SourceError), self._turn:
            self._open().execute("SELECT pg_cancel_backend(%s)", (backend,))

    def _described(self, query: str, seconds: float) -> list[Described]:
        with self._transaction(seconds) as connection:
            return describe_columns(connection, describe_query(connection, query))

    def _open_ahead(self) -> Ahead[RowConnection]:
        """The connection for rows, which is being opened in a thread from now on."""
        if self._ahead is None or self._ahead.is_over:
            words = self.conninfo()
            self._ahead = Ahead(lambda: RowConnection(words), RowConnection.close)
        return self._ahead

    def cancel(self) -> None:
        self._attempt.cancel()

    def close(self) -> None:
        self._attempt.close()
        if self._ahead is not None:
            self._ahead.let_go()
            self._ahead = None
        if self._connection is not None:
            close_in_turn(self._turn, self._connection.close)
            self._connection = None

    # --- what goes wrong ----------------------------------------------------------------------------

    def describe(
        self, error: BaseException, seconds: float = 0, attempt: Attempt | None = None
    ) -> SourceError:
        """An error for people, of psycopg's or ADBC's."""
        if isinstance(error, SourceError):
            return error
        state = getattr(error, "sqlstate", None) or _state_in(str(error))
        said = failures.scrub(_first_line(str(error)), self._password)
        if state == "57014":  # by us, or by the time limit: the server says it in its own language
            is_cancelled = attempt is not None and attempt.is_cancelled
            return failures.cancelled() if is_cancelled else failures.too_slow(seconds)
        if state[:3] == "57P" or (not state and any(word in str(error) for word in _LOST)):
            return failures.lost(self._config)
        if state[:2] in ("08", "57") or (not state and isinstance(error, _OF_CONNECTION)):
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


def guards(config: SourceConfig, seconds: float, version: int, is_superuser: bool) -> sql.Composed:
    """What a REPEATABLE READ and READ ONLY transaction begins with; gives the number of the server's process.

    Limits, and what the guard's text takes for granted whatever the settings of the server or the login are.
    One statement, since each costs a turn with the server; it fails where the transaction is another.
    Queries are not compiled (`jit`): a server that compiles one, for some tenths of a second, does not hear
    that it is cancelled.
    """
    # In `public` extensions have their operators.
    path = [sql.Identifier(name) for name in dict.fromkeys(("pg_catalog", *config.schemas, "public"))]
    settings = {
        "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
        "statement_timeout": str(max(1, int(seconds * 1000))),
        "lock_timeout": str(LOCK_SECONDS * 1000),
        "idle_in_transaction_session_timeout": str(int((seconds + CATALOGUE_SECONDS) * 1000)),
        "work_mem": WORK_MEMORY,
        "standard_conforming_strings": "on",
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
        "bytea_output": "hex",
        "search_path": ", ".join(name.as_string() for name in path),
    }
    if version >= 110_000:
        settings["jit"] = "off"
    if is_superuser and version >= 140_000:
        settings["role"] = READER  # the last, since it may set less
    parts: list[sql.Composable] = [
        sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
        for name, value in settings.items()
    ]
    if version >= 140_000:
        parts.append(sql.SQL(_LOOKS_FOR_CLIENT))
    return sql.SQL("SELECT pg_catalog.pg_backend_pid(), {}").format(sql.SQL(", ").join(parts))


def _plain(text: str) -> sql.SQL:
    return sql.SQL(cast(Any, text))  # checked by the guard, and described before it runs


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
