"""Trino, by its own client's requests: SQL in transactions that can only read.

A statement stands alone in a READ ONLY transaction, with the limit of its time as a property of the session;
a text that is no query, or that calls a table function, is refused here, since such a function may hand its
argument to another engine. A cancel is a DELETE of the statement, by a connection of its own.

Neighbours: `trino_statement`, `trino_values`, `trino_catalogue`, `trino_login`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import pyarrow as pa
import requests
import urllib3
from trino.auth import BasicAuthentication
from trino.client import ClientSession, TrinoRequest
from trino.exceptions import HttpError, TrinoQueryError

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
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import authorities_of, tls_of
from garret.features.data.sources.trino_catalogue import take_catalogue
from garret.features.data.sources.trino_login import look_at_login
from garret.features.data.sources.trino_statement import NO_TRANSACTION, Statements
from garret.features.data.sources.trino_values import Field, fields_of

CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 60
"""A page that is not there yet is answered for within a second; this is for a server that says nothing."""
CATALOGUE_SECONDS: Final = 60
PAUSE: Final = 0.25
"""Seconds that the server is given to keep its own limit, at which it looks once a second."""
ATTEMPTS: Final = 3
"""At a request: gateways answer 502 to 504 when they are busy, and want to be asked again."""

T = TypeVar("T")


class TrinoConnector:
    """One Trino cluster, or one catalog of it."""

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
        self._attempt = Attempt()

    # --- the connection -----------------------------------------------------------------------------

    def _request(self, seconds: float) -> TrinoRequest:
        config = self._config
        tls = tls_of(config)
        if tls == "off" and self._password:
            raise failures.no_tls(config, "Trino takes passwords only over TLS, and TLS is off")
        http = requests.Session()
        http.trust_env = False
        if tls == "require":
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # a person chose it
        http.verify = authorities_of(config) if tls == "verify" else False
        session = ClientSession(
            user=config.user or "garret",
            source="garret",
            catalog=config.database or None,
            schema=config.schemas[0] if len(config.schemas) == 1 else None,
            timezone="UTC",
            encoding=None,
            transaction_id=NO_TRANSACTION,
            properties={"query_max_run_time": f"{max(seconds, 0.01):.2f}s"},
        )
        return TrinoRequest(
            config.host or "127.0.0.1",
            config.port or DEFAULT_PORTS["trino"],
            session,
            http,
            "http" if tls == "off" else "https",
            BasicAuthentication(config.user, self._password) if self._password else None,
            ATTEMPTS,
            (CONNECT_SECONDS, ANSWER_SECONDS),
        )

    def _pumped(self, produce: Callable[[Statements], Iterator[T]], seconds: float) -> Pump[T]:
        """What `produce` gives in a transaction that only reads, and that a cancel ends at the server."""
        statements = Statements(lambda: self._request(seconds))

        def work() -> Iterator[T]:
            try:
                statements.begin()
                yield from produce(statements)
            finally:
                statements.end()

        attempt = self._attempt = Attempt()
        pump = Pump(
            work,
            seconds=seconds,
            pause=PAUSE,
            interrupt=statements.cancel,
            describe=lambda error: self._describe(error, seconds),
        )
        attempt.follow(pump)
        return pump

    def _ask(self, look: Callable[[Statements], T], seconds: float) -> T:
        """What one look at the server gives. Raises SourceError."""

        def produce(statements: Statements) -> Iterator[tuple[T]]:
            yield (look(statements),)

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
        self._ask(lambda statements: statements.rows("SELECT 1"), CATALOGUE_SECONDS)
        took = (SYSTEM.monotonic() - began) * 1000
        return self._ask(lambda look: look_at_login(look, self._config, took), CATALOGUE_SECONDS)

    def catalogue(self, source: str) -> Catalogue:
        return self._ask(lambda look: take_catalogue(look, self._config, source), CATALOGUE_SECONDS)

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        hold_to_query(checked.query)
        text = f"EXPLAIN (TYPE LOGICAL, FORMAT JSON) {checked.query}"
        said = self._ask(lambda statements: statements.rows(text), limits.seconds)
        plan = json.loads(said[0][0])
        rows = _known(plan, "outputRowCount")
        return Estimate(
            rows=None if rows is None else round(rows), cost=_cost(plan), plan="\n".join(_steps(plan, 0))
        )

    def run(self, checked: Checked, limits: Limits) -> Stream:
        hold_to_query(checked.query)
        fields: list[Field] = []

        def produce(statements: Statements) -> Iterator[pa.RecordBatch]:
            for page in statements.pages(checked.query):
                if page.columns and not fields:
                    fields.extend(fields_of(page.columns))
                    yield _batch(fields, [])
                if page.rows:
                    yield _batch(fields, page.rows)

        pump = self._pumped(produce, limits.seconds)
        try:
            if pump.take() is None:  # an empty batch, after which the columns are known
                raise failures.no_rows_query()
        except BaseException:
            pump.close()
            raise
        return Stream([field.column for field in fields], [field.fit for field in fields], pump, limits)

    def cancel(self) -> None:
        self._attempt.cancel()

    def close(self) -> None:
        self._attempt.close()

    # --- what goes wrong ----------------------------------------------------------------------------

    def _describe(self, error: BaseException, seconds: float) -> SourceError:
        if isinstance(error, SourceError):
            return error
        if isinstance(error, TrinoQueryError):
            said = failures.scrub(error.message, self._password)
            return self._of_name(error.error_name or "", said, seconds)
        said = failures.scrub(str(error), self._password)
        if isinstance(error, HttpError):
            return self._of_status(said)
        if isinstance(error, requests.exceptions.SSLError):
            return failures.no_tls(self._config, said)
        if isinstance(error, requests.exceptions.ConnectTimeout) or _NO_WAY.search(said) is not None:
            return failures.unreachable(self._config, said.rpartition(": ")[2].rstrip("')\""))
        if isinstance(error, requests.RequestException | OSError):
            return failures.lost(self._config)
        return failures.failed_query(said)

    def _of_status(self, said: str) -> SourceError:
        """By the status of HTTP, which is all that a gateway or a login page says."""
        found = re.match(r"error (\d+)", said)
        status = int(found.group(1)) if found else 0
        if status in (401, 403):
            return failures.wrong_login(self._config)
        if status in (404, 410):
            return failures.lost(self._config)
        return failures.unreachable(self._config, said)

    def _of_name(self, name: str, said: str, seconds: float) -> SourceError:
        """By the server's name of what went wrong (Trino's StandardErrorCode)."""
        if name == "EXCEEDED_TIME_LIMIT":
            return failures.too_slow(seconds)
        if name in ("USER_CANCELED", "ADMINISTRATIVELY_KILLED"):
            return failures.cancelled() if self._attempt.is_cancelled else failures.lost(self._config)
        if name in ("CATALOG_NOT_FOUND", "SCHEMA_NOT_FOUND", "MISSING_CATALOG_NAME", "MISSING_SCHEMA_NAME"):
            return failures.no_database(self._config)
        if name in ("TABLE_NOT_FOUND", "COLUMN_NOT_FOUND", "FUNCTION_NOT_FOUND"):
            return failures.changed(said)
        if name == "PERMISSION_DENIED":
            return failures.forbidden(said)
        if name == "READ_ONLY_VIOLATION":
            return failures.writes()
        if "MEMORY" in name or name in ("QUERY_QUEUE_FULL", "EXCEEDED_CPU_LIMIT", "EXCEEDED_SCAN_LIMIT"):
            return failures.out_of_memory(said)
        if name in _NOT_RUN:
            return failures.refused_query(said)
        return failures.failed_query(said)


_NOT_RUN: Final = frozenset(
    (
        "SYNTAX_ERROR|TYPE_MISMATCH|NOT_SUPPORTED|AMBIGUOUS_NAME|EXPRESSION_NOT_AGGREGATE|"
        "EXPRESSION_NOT_SCALAR|INVALID_ARGUMENTS|MISSING_GROUP_BY|DUPLICATE_COLUMN_NAME|MISMATCHED_COLUMN_ALIASES|"
        "TYPE_NOT_FOUND|INVALID_LITERAL|NESTED_AGGREGATION|QUERY_TEXT_TOO_LONG|COLUMN_ALIAS_DUPLICATE"
    ).split("|")
)
_NO_WAY: Final = re.compile(r"Failed to (establish|resolve)")
_QUERY: Final = re.compile(r"[\s(]*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_TABLE_FUNCTION: Final = re.compile(r"\bTABLE\s*\(", re.IGNORECASE)


def hold_to_query(text: str) -> None:
    """Raise SourceError for a text that is no query, or that calls a table function."""
    plain = _QUOTED.sub("''", text)
    if _QUERY.match(plain) is None or _TABLE_FUNCTION.search(plain) is not None:
        raise failures.no_rows_query()


def _batch(fields: list[Field], rows: Any) -> pa.RecordBatch:
    arrays = [field.array([row[at] for row in rows]) for at, field in enumerate(fields)]
    return pa.RecordBatch.from_arrays(arrays, names=[field.column.name for field in fields])


def _known(step: dict[str, Any], figure: str) -> float | None:
    """A figure of a step's estimate; the server writes NaN for what it does not know."""
    for estimate in step.get("estimates", ()):
        value = float(estimate.get(figure, "nan"))
        if math.isfinite(value):
            return value
    return None


def _cost(step: dict[str, Any]) -> float | None:
    """What all steps take of the processors, where all is known."""
    own = _known(step, "cpuCost")
    below = [_cost(child) for child in step.get("children", ())]
    if own is None or any(cost is None for cost in below):
        return None
    return own + sum(cost for cost in below if cost is not None)


def _steps(step: dict[str, Any], depth: int) -> Iterator[str]:
    """A plan in lines, the last step first."""
    described = ", ".join(f"{key} {value}" for key, value in step.get("descriptor", {}).items() if value)
    rows = _known(step, "outputRowCount")
    line = f"{'  ' * depth}{step.get('name', '')} {described}".rstrip()
    yield line if rows is None else f"{line}: about {round(rows):,} rows"
    for child in step.get("children", ()):
        yield from _steps(child, depth + 1)
