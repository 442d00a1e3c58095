"""Neo4j, by its own driver over Bolt: Cypher in sessions that can only read.

READ access keeps a session from writing, but not from LOAD CSV, which reads files and addresses, nor from
procedures, which may do anything. So each query is explained first, in the same transaction, and runs only
where the server's own plan reads the graph and nothing else. Bolt is spoken directly, without the routing
that would lead to hosts that nobody named. The server ends a transaction that takes too long; a cancel
finds ours by a mark in its metadata, and terminates it by another connection.

Neighbours: `neo4j_catalogue`, `neo4j_rows`, `neo4j_login`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import neo4j
import pyarrow as pa
from neo4j.exceptions import DriverError, Neo4jError

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
from garret.features.data.sources.attempt import Attempt
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.fitting import Fit
from garret.features.data.sources.neo4j_catalogue import take_catalogue
from garret.features.data.sources.neo4j_login import look_at_login
from garret.features.data.sources.neo4j_rows import FIRST, Columns
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import context_of

CONNECT_SECONDS: Final = 10
CATALOGUE_SECONDS: Final = 30
PAUSE: Final = 0.25
"""Seconds that the server is given to keep its own limit, at which it looks every other second."""

T = TypeVar("T")


class Neo4jConnector:
    """One database of a Neo4j server."""

    able = Able(
        explains=True,
        estimates_rows=True,
        cancels=True,
        limits_time=True,
        read_only_session=True,
        declares_keys=False,
        streams=True,
    )

    def __init__(self, config: SourceConfig, password: str) -> None:
        self._config = config
        self._password = password
        self._driver: neo4j.Driver | None = None
        self._attempt = Attempt()

    # --- the connection -----------------------------------------------------------------------------

    def _connected(self) -> neo4j.Driver:
        if self._driver is None:
            config = self._config
            context = context_of(config)
            host = config.host or "127.0.0.1"
            place = f"[{host}]" if ":" in host and not host.startswith("[") else host
            safe: dict[str, Any] = {"encrypted": False} if context is None else {"ssl_context": context}
            self._driver = neo4j.GraphDatabase.driver(
                f"bolt://{place}:{config.port or DEFAULT_PORTS['neo4j']}",
                auth=neo4j.basic_auth(config.user, self._password) if config.user else None,
                user_agent="garret",
                telemetry_disabled=True,
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
                connection_timeout=CONNECT_SECONDS,
                connection_acquisition_timeout=CONNECT_SECONDS,
                max_transaction_retry_time=0,
                **safe,
            )
        return self._driver

    def _session(self) -> neo4j.Session:
        return self._connected().session(
            database=self._config.database or None,
            default_access_mode=neo4j.READ_ACCESS,
            fetch_size=FIRST,
        )

    def _pumped(self, produce: Callable[[neo4j.Transaction], Iterator[T]], seconds: float) -> Pump[T]:
        """What `produce` gives in a transaction that only reads, and that a cancel ends at the server."""
        mark = secrets.token_hex(8)

        def work() -> Iterator[T]:
            with (
                self._session() as session,
                session.begin_transaction(metadata={"garret": mark}, timeout=seconds) as transaction,
            ):
                yield from produce(transaction)

        attempt = self._attempt = Attempt()
        pump = Pump(
            work,
            seconds=seconds,
            pause=PAUSE,
            interrupt=lambda: self._terminate(mark),
            describe=lambda error: self._describe(error, seconds),
        )
        attempt.follow(pump)
        return pump

    def _ask(self, look: Callable[[neo4j.Transaction], T], seconds: float) -> T:
        """What one look at the server gives. Raises SourceError."""

        def produce(transaction: neo4j.Transaction) -> Iterator[tuple[T]]:
            yield (look(transaction),)

        pump = self._pumped(produce, seconds)
        try:
            found = pump.take()
        finally:
            pump.close()
        if found is None:
            raise failures.lost(self._config)
        return found[0]

    # --- the contract -------------------------------------------------------------------------------

    def test(self) -> SourceStatus:
        began = SYSTEM.monotonic()
        self._ask(lambda transaction: transaction.run("RETURN 1").consume(), CATALOGUE_SECONDS)
        took = (SYSTEM.monotonic() - began) * 1000
        return look_at_login(self._rows, self._config, took)

    def _rows(self, text: str) -> list[list[Any]]:
        query: Any = text
        return self._ask(lambda transaction: transaction.run(query).values(), CATALOGUE_SECONDS)

    def catalogue(self, source: str) -> Catalogue:
        return self._ask(lambda transaction: take_catalogue(transaction, source), CATALOGUE_SECONDS)

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        plan = self._ask(lambda transaction: read_plan(transaction, checked.query), limits.seconds)
        rows = plan.get("args", {}).get("EstimatedRows")
        return Estimate(rows=None if rows is None else round(rows), plan="\n".join(_steps(plan, 0)))

    def run(self, checked: Checked, limits: Limits) -> Stream:
        columns = Columns()

        def produce(transaction: neo4j.Transaction) -> Iterator[pa.RecordBatch]:
            read_plan(transaction, checked.query)
            query: Any = checked.query
            result = transaction.run(query)
            yield from columns.batches(result.keys(), result)

        pump = self._pumped(produce, limits.seconds)
        try:
            pump.take()  # an empty batch, after which the columns are known
        except BaseException:
            pump.close()
            raise
        shown = columns.shown
        fits = [Fit(column.name, type_) for column, type_ in zip(shown, columns.types, strict=True)]
        return Stream(shown, fits, pump, limits, columns.notes)

    def cancel(self) -> None:
        self._attempt.cancel()

    def _terminate(self, mark: str) -> bool:
        """End our transaction at the server, which a login may do with its own. It may begin only after this:
        as long as the server answers it is to be looked for again."""
        try:
            with self._session() as session:
                running = session.run("SHOW TRANSACTIONS YIELD transactionId, metaData").values()
                for name, metadata in running:
                    if metadata.get("garret") == mark and _NAME.fullmatch(name):
                        ending: Any = f"TERMINATE TRANSACTIONS '{name}'"
                        session.run(ending).consume()
        except (DriverError, Neo4jError, OSError):
            return False
        return True

    def close(self) -> None:
        self._attempt.close()
        if self._driver is not None:
            with suppress(DriverError, Neo4jError, OSError):
                self._driver.close()
            self._driver = None

    # --- what goes wrong ----------------------------------------------------------------------------

    def _describe(self, error: BaseException, seconds: float) -> SourceError:
        if isinstance(error, SourceError):
            return error
        if isinstance(error, Neo4jError):
            said = failures.scrub(error.message or "", self._password)
            return self._of_code(error.code or "", said, seconds)
        said = failures.scrub(str(error), self._password)
        if "encrypted connection" in said or "SSL" in said or "certificate" in said:
            return failures.no_tls(self._config, said)
        if "establish connection" in said or "resolve" in said:
            return failures.unreachable(self._config, said)
        if isinstance(error, DriverError | OSError):
            return failures.lost(self._config)
        return failures.failed_query(said)

    def _of_code(self, code: str, said: str, seconds: float) -> SourceError:
        """By the server's code (Neo4j's status codes)."""
        name = code.rpartition(".")[2]
        if name.startswith(("TransactionTimedOut", "LockClientStopped")):
            return failures.too_slow(seconds)
        if name in ("Terminated", "TransactionTerminated"):
            return failures.cancelled() if self._attempt.is_cancelled else failures.too_slow(seconds)
        if name in _OF_LOGIN:
            return failures.wrong_login(self._config)
        if name in ("DatabaseNotFound", "DatabaseUnavailable", "GraphNotFound"):
            return failures.no_database(self._config)
        if name == "AccessMode":
            return failures.writes()
        if name == "Forbidden":
            return failures.forbidden(said)
        if name.startswith(("MemoryPoolOutOfMemory", "TransactionOutOfMemory", "OutOfMemory")):
            return failures.out_of_memory(said)
        if ".Statement." in code and name not in ("ExecutionFailed", "ArithmeticError", "TypeError"):
            return failures.refused_query(said)
        return failures.failed_query(said)


_NAME: Final = re.compile(r"[\w.@-]+")
_OF_LOGIN: Final = ("Unauthorized", "AuthenticationRateLimit", "CredentialsExpired", "TokenExpired")
_QUERY: Final = re.compile(r"\s*(OPTIONAL\s+MATCH|MATCH|UNWIND|WITH|RETURN)\b", re.IGNORECASE)
_BEYOND: Final = re.compile(r"LoadCSV|ProcedureCall|Transaction|Command|Subquery.*Transactions")
"""Operators of a plan that touch more than the graph, as the manual lists them."""


def read_plan(transaction: neo4j.Transaction, query: str) -> Mapping[str, Any]:
    """The server's plan of a query that reads the graph and nothing else. Raises SourceError for another."""
    if _QUERY.match(query) is None:
        raise failures.no_rows_query()
    explained: Any = f"EXPLAIN {query}"
    summary = transaction.run(explained).consume()
    plan: Mapping[str, Any] = summary.plan or {}
    if summary.query_type not in ("r", None):
        raise failures.writes()
    if any(_BEYOND.search(operator) for operator in _operators(plan)):
        raise failures.no_rows_query()
    return plan


def _operators(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan.get("operatorType", ""))
    for child in plan.get("children", ()):
        yield from _operators(child)


def _steps(plan: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A plan in lines, the last step first."""
    told = plan.get("args", {})
    name = str(plan.get("operatorType", "")).partition("@")[0]
    rows = told.get("EstimatedRows")
    line = f"{'  ' * depth}{name} {told.get('Details', '')}".rstrip()
    yield line if rows is None else f"{line}: about {round(rows):,} rows"
    for child in plan.get("children", ()):
        yield from _steps(child, depth + 1)
