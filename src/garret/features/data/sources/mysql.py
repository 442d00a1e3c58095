"""MySQL and MariaDB, by PyMySQL and a decoder of its rows.

Sessions are READ ONLY, with time limits in the server's own words, bounded memory, without LOAD DATA LOCAL
and without several statements in one. What the guard's text takes for granted of quoting is set, not hoped
for.

Two connections serve a query: one carries the rows, the other ends it when it is told to. What is not open
yet is opened while the query is explained, or while it begins.

Neighbours: `mysql_catalogue`, `mysql_rows`, `mysql_login`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import SSCursor

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
from garret.features.data.sources.mysql_catalogue import take_catalogue
from garret.features.data.sources.mysql_login import look_at_login
from garret.features.data.sources.mysql_rows import SILENCE, MysqlRun, RowConnection
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import context_of

CONNECT_SECONDS: Final = 10
CATALOGUE_SECONDS: Final = 30
LOCK_SECONDS: Final = 5


class MysqlConnector:
    """One MySQL or MariaDB server, or one database of it."""

    able = Able()

    def __init__(self, config: SourceConfig, password: str) -> None:
        self.config = config
        self.password = password
        self._connection: pymysql.Connection[Any] | None = None
        self._turn = threading.Lock()
        self._ahead: tuple[float, Ahead[RowConnection]] | None = None
        self._attempt = Attempt()

    # --- connections --------------------------------------------------------------------------------

    def connect(self, seconds: float, **more: Any) -> pymysql.Connection[Any]:
        """A connection that can only read; a server silent for longer than `seconds` and some is given up."""
        config = self.config
        context = context_of(config)
        place: dict[str, Any] = (
            {"host": config.host, "port": config.port or DEFAULT_PORTS["mysql"]}
            if config.host
            else {
                "unix_socket": f"{config.paths[0]}/mysqld.sock" if config.paths else "/run/mysqld/mysqld.sock"
            }
        )
        try:
            connection = pymysql.connect(
                user=config.user,
                password=self.password,
                database=config.database or None,
                charset="utf8mb4",
                autocommit=True,
                local_infile=False,
                client_flag=CLIENT.PROTOCOL_41 & ~CLIENT.MULTI_STATEMENTS,
                connect_timeout=CONNECT_SECONDS,
                read_timeout=int(seconds) + SILENCE,
                write_timeout=CONNECT_SECONDS,
                program_name="garret",
                ssl=context,
                ssl_disabled=context is None,
                **place,
                **more,
            )
            with connection.cursor() as cursor:
                for statement in guards(self.is_mariadb(connection), seconds):
                    cursor.execute(statement)
        except (pymysql.Error, OSError, RuntimeError) as error:
            raise self.describe(error) from None
        return connection

    @staticmethod
    def is_mariadb(connection: pymysql.Connection[Any]) -> bool:
        return "mariadb" in str(connection.get_server_info()).lower()

    @contextmanager
    def _control(self) -> Generator[pymysql.Connection[Any]]:
        """The connection for everything but rows, for one user of it at a time."""
        with self._turn:
            if self._connection is None or not self._connection.open:
                self._connection = self.connect(CATALOGUE_SECONDS)
            yield self._connection

    @contextmanager
    def _asking(self, attempt: Attempt, seconds: float) -> Generator[pymysql.Connection[Any]]:
        """That connection; a cancel of `attempt` ends what it does."""
        with self._control() as connection:
            thread = int(connection.thread_id())
            try:
                with attempt.ended_by(lambda: self._kill_anew(thread)):
                    yield connection
            except (pymysql.Error, OSError) as error:
                raise self.describe(error, seconds, attempt) from None

    # --- the contract -------------------------------------------------------------------------------

    def test(self) -> SourceStatus:
        attempt = self._attempt = Attempt()
        began = SYSTEM.monotonic()
        with self._asking(attempt, CATALOGUE_SECONDS) as connection:
            return look_at_login(connection, self.config, (SYSTEM.monotonic() - began) * 1000)

    def catalogue(self, source: str) -> Catalogue:
        attempt = self._attempt = Attempt()
        with self._asking(attempt, CATALOGUE_SECONDS) as connection:
            return take_catalogue(connection, self.config, source)

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        if not is_query(checked.query):
            raise failures.no_rows_query()
        attempt = self._attempt = Attempt()
        with self._asking(attempt, limits.seconds) as connection, connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + checked.query)
            steps = cursor.fetchall()
            names = [description[0] for description in cursor.description or ()]
            cursor.execute("EXPLAIN FORMAT=JSON " + checked.query)
            said = cursor.fetchone()
        self._open_ahead(limits.seconds)
        return _estimate([dict(zip(names, step, strict=True)) for step in steps], said[0] if said else "")

    def run(self, checked: Checked, limits: Limits) -> Stream:
        if not is_query(checked.query):
            raise failures.no_rows_query()
        attempt = self._attempt = Attempt()
        ahead = self._open_ahead(limits.seconds)
        if self._connection is None:  # by which the query is ended, should it have to be
            threading.Thread(target=self._open_control, name="source-control", daemon=True).start()
        run = MysqlRun(ahead.take, self.kill, checked)
        return run.stream(limits, attempt, lambda error: self.describe(error, limits.seconds, attempt))

    def _open_ahead(self, seconds: float) -> Ahead[RowConnection]:
        """The connection for rows of a query that may take `seconds`, opened in a thread from now on."""
        if self._ahead is not None and self._ahead[0] != seconds:
            self._ahead[1].let_go()
            self._ahead = None
        if self._ahead is None or self._ahead[1].is_over:

            def connect() -> RowConnection:
                return RowConnection(self.connect(seconds, cursorclass=SSCursor), seconds)

            self._ahead = seconds, Ahead(connect, RowConnection.close)
        return self._ahead[1]

    def _open_control(self) -> None:
        with suppress(SourceError), self._control():
            pass

    def cancel(self) -> None:
        self._attempt.cancel()

    def kill(self, thread: int) -> None:
        """End what the connection for rows does, by the other."""
        with suppress(SourceError, pymysql.Error, OSError), self._control() as connection:
            _kill(connection, thread)

    def _kill_anew(self, thread: int) -> None:
        """End what the connection for everything else does, by a third."""
        with suppress(SourceError, pymysql.Error, OSError), self.connect(CONNECT_SECONDS) as connection:
            _kill(connection, thread)

    def close(self) -> None:
        self._attempt.close()
        if self._ahead is not None:
            self._ahead[1].let_go()
            self._ahead = None
        if self._connection is not None:
            close_in_turn(self._turn, partial(_close, self._connection))
            self._connection = None

    # --- what goes wrong ----------------------------------------------------------------------------

    def describe(
        self, error: BaseException, seconds: float = 0, attempt: Attempt | None = None
    ) -> SourceError:
        """An error for people, of PyMySQL's."""
        if isinstance(error, SourceError):
            return error
        code, said = code_of(error)
        said = failures.scrub(said, self.password)
        if code in _INTERRUPTED:
            is_cancelled = attempt is not None and attempt.is_cancelled
            return failures.cancelled() if is_cancelled else failures.too_slow(seconds)
        if code in _OF_LOGIN:
            return failures.wrong_login(self.config)
        if code in (1049, 1044):
            return failures.no_database(self.config)
        if "SSL" in said or "certificate" in said.lower() or code == 2026:
            return failures.no_tls(self.config, said)
        if code == 2003 or isinstance(error, ConnectionRefusedError):
            return failures.unreachable(self.config, said)
        if code in (2006, 2013, 2014, 0) or isinstance(error, OSError):
            return failures.lost(self.config)
        return of_code(code, said)


def _close(connection: pymysql.Connection[Any]) -> None:
    with suppress(pymysql.Error, OSError):
        connection.close()


def _kill(connection: pymysql.Connection[Any], thread: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"KILL QUERY {int(thread)}")


_INTERRUPTED: Final = (1317, 3024, 1969, 1028)
_OF_LOGIN: Final = (1045, 1698, 1130, 1227, 2054, 2059, 4151)


def of_code(code: int, said: str) -> SourceError:
    """By the server's error number (MySQL's and MariaDB's error references)."""
    if code in (1792, 1290, 1223):
        return failures.writes()
    if code in (1142, 1143, 1370):
        return failures.forbidden(said)
    if code in (1146, 1054, 1305, 1109, 1051):
        return failures.changed(said)
    if code in (1205, 1213, 3572):
        return failures.locked()
    if code in (1037, 1038, 1041, 1114, 1206, 1153):
        return failures.out_of_memory(said)
    if code in (1064, 1052, 1055, 1060, 1149, 1235, 1248, 1093):
        return failures.refused_query(said)
    return failures.failed_query(said)


def code_of(error: BaseException) -> tuple[int, str]:
    """Number and text of what PyMySQL raised."""
    if isinstance(error, pymysql.Error) and len(error.args) >= 2 and isinstance(error.args[0], int):
        return error.args[0], str(error.args[1])
    return 0, str(error)


_QUERY: Final = re.compile(r"[\s(]*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
_FILES: Final = re.compile(r"\bINTO\s+(OUTFILE|DUMPFILE|@)|\bLOAD_FILE\b", re.IGNORECASE)


def is_query(text: str) -> bool:
    """Whether it begins as a query does and touches no file: READ ONLY does not keep files from it."""
    plain = re.sub(r"'(?:[^'\\]|\\.|'')*'", "''", text)
    return _QUERY.match(text) is not None and _FILES.search(plain) is None


def guards(is_mariadb: bool, seconds: float) -> Iterator[str]:
    """What a session begins with, so that it can only read, and not for long.

    Quoting is as the guard's text takes it for granted, whatever the server's own mode is.
    """
    milliseconds = max(1, int(seconds * 1000))
    limit = f"max_execution_time = {milliseconds}"
    if is_mariadb:
        limit = f"max_statement_time = {milliseconds / 1000}"
    yield (
        "SET SESSION sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
        f"{limit}, lock_wait_timeout = {LOCK_SECONDS}, innodb_lock_wait_timeout = {LOCK_SECONDS}, "
        f"wait_timeout = {int(seconds) + 60}, net_write_timeout = {int(seconds) + 60}, "
        "sort_buffer_size = 8388608, join_buffer_size = 8388608, read_rnd_buffer_size = 1048576, "
        "tmp_table_size = 67108864, max_heap_table_size = 67108864, "
        "group_concat_max_len = 1048576"
    )
    yield "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _estimate(steps: list[dict[str, Any]], said: str) -> Estimate:
    """Rows of the last step that has a number times those before it, as MySQL reckons joins."""
    rows: float | None = None
    lines: list[str] = []
    for step in steps:
        many = step.get("rows")
        lines.append(
            f"{step.get('select_type', '')} {step.get('table') or ''} by {step.get('type') or 'nothing'}"
            + (f": about {int(many):,} rows" if many is not None else "")
        )
        if many is not None and step.get("id") in (1, None):
            rows = (rows or 1) * float(many)
    found = re.search(r'"(?:query_cost|cost)":\s*"?([\d.]+)', said)
    return Estimate(
        rows=None if rows is None else int(rows),
        cost=float(found.group(1)) if found else None,
        plan="\n".join(lines),
    )
