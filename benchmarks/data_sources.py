"""A million rows of nine columns from PostgreSQL and MariaDB to Arrow, and a catalogue of a thousand tables.

The servers are the tests' own, private and on this machine. Peers are the plain drivers in the same run:
their rows as Python values, which is what a program without Arrow gets. Cancelling is measured from the call
until the server runs nothing for us any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.report import Row, row
from garret.base.errors import Code
from garret.features.data.contracts import Checked, Limits, SourceConfig
from garret.features.data.sources.contract import Connector, SourceError
from garret.features.data.sources.registry import connector

ROWS = 1_000_000
CANCELS = 20
QUERY = f"SELECT * FROM big LIMIT {ROWS + 1}"
LIMITS = Limits(rows=ROWS, bytes=1 << 40)

_POSTGRES = f"""
CREATE TABLE big AS SELECT i::bigint AS id, (i::bigint * 7919) % 1000 AS n, 'name ' || (i % 5000) AS name,
  random() AS x, ((i % 100000) / 100.0)::numeric(12, 2) AS price,
  timestamp '2020-01-01' + i * interval '1 s' AS at, date '2020-01-01' + (i % 3000) AS day, i % 2 = 0 AS flag,
  md5(i::text) AS tag FROM generate_series(1, {ROWS}) AS i
"""
_MARIADB = f"""
CREATE TABLE big AS SELECT seq AS id, (seq * 7919) % 1000 AS n, concat('name ', seq % 5000) AS name,
  rand(seq) AS x, cast((seq % 100000) / 100.0 AS decimal(12, 2)) AS price,
  timestamp('2020-01-01') + INTERVAL seq SECOND AS at, date '2020-01-01' + INTERVAL (seq % 3000) DAY AS day,
  seq % 2 AS flag, md5(seq) AS tag FROM seq_1_to_{ROWS}
"""


@contextmanager
def _postgres() -> Iterator[tuple[SourceConfig, Callable[[], float], Callable[[], bool]]]:
    import psycopg

    from tests.servers import postgresql

    with postgresql() as port:
        words = f"host=127.0.0.1 port={port} user=garret dbname=postgres"
        with psycopg.connect(words, autocommit=True) as admin:
            admin.execute(_POSTGRES)
            admin.execute("ANALYZE big")

            def peer() -> float:
                began = time.perf_counter()
                with psycopg.connect(words) as connection, connection.cursor(name="rows") as cursor:
                    cursor.itersize = 50_000
                    cursor.execute("SELECT * FROM big")
                    assert sum(1 for _ in cursor) == ROWS
                return time.perf_counter() - began

            def idle() -> bool:
                found = admin.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND application_name <> ''"
                    " AND query LIKE '%generate_series%' AND pid <> pg_backend_pid()"
                ).fetchone()
                return found == (0,)

            config = SourceConfig(
                kind="postgres", host="127.0.0.1", port=port, user="garret", database="postgres"
            )
            for number in range(1_000):
                admin.execute(f"CREATE TABLE t{number} (id int PRIMARY KEY, a text, b numeric(9, 2), c date)")
            yield config, peer, idle


@contextmanager
def _mariadb() -> Iterator[tuple[SourceConfig, Callable[[], float], Callable[[], bool]]]:
    import pymysql
    from pymysql.cursors import SSCursor

    from tests.features.data.sources.engines import mariadb

    with mariadb() as (port, folder):
        admin = pymysql.connect(unix_socket=str(folder / "mysqld.sock"), user="root", autocommit=True)
        with admin, admin.cursor() as cursor:

            def ask(text: str) -> Any:
                cursor.execute(text)
                return cursor.fetchall()

            for text in ("CREATE DATABASE shop", "USE shop", _MARIADB, "CREATE USER reader@'127.0.0.1'"):
                ask(text)
            ask("GRANT SELECT ON shop.* TO reader@'127.0.0.1'")

            def peer() -> float:
                began = time.perf_counter()
                with (
                    pymysql.connect(
                        host="127.0.0.1", port=port, user="reader", database="shop", cursorclass=SSCursor
                    ) as connection,
                    connection.cursor() as rows,
                ):
                    rows.execute("SELECT * FROM big")
                    assert sum(1 for _ in rows) == ROWS
                return time.perf_counter() - began

            def idle() -> bool:
                return not ask(
                    "SELECT 1 FROM information_schema.processlist WHERE user = 'reader' AND command = 'Query'"
                )

            yield (
                SourceConfig(kind="mysql", host="127.0.0.1", port=port, user="reader", database="shop"),
                peer,
                idle,
            )


def _fetch(source: Connector) -> tuple[float, float]:
    """Seconds to the first batch, and to the last."""
    began = time.perf_counter()
    rows = iter(source.run(Checked(query=QUERY, tables=(), columns=(), limit=ROWS + 1), LIMITS))
    count = next(rows).num_rows
    first = time.perf_counter() - began
    count += sum(batch.num_rows for batch in rows)
    assert count == ROWS, count
    return first, time.perf_counter() - began


def _cancel(config: SourceConfig, query: str, idle: Callable[[], bool]) -> float:
    """Seconds from the call until the server does nothing for us any more."""
    source = connector(config, "")
    outcome: list[Code] = []

    def ask() -> None:
        try:
            for _ in source.run(Checked(query=query, tables=(), columns=(), limit=1), LIMITS):
                pass
        except SourceError as error:
            outcome.append(error.code)

    asking = threading.Thread(target=ask)
    asking.start()
    while idle():
        pass
    began = time.perf_counter()
    source.cancel()
    asking.join()
    while not idle():
        pass
    took = time.perf_counter() - began
    assert outcome == [Code.CANCELLED]
    source.close()
    return took


def _measured(
    name: str, peer_name: str, budget: float, slow: str,
    served: tuple[SourceConfig, Callable[[], float], Callable[[], bool]],
) -> list[Row]:  # fmt: skip
    config, peer, idle = served
    source = connector(config, "")
    times = [_fetch(source) for _ in range(3)]
    source.close()
    cancels = sorted(_cancel(config, slow, idle) for _ in range(CANCELS))
    return [
        row(
            f"data sources: 1,000,000 x 9 rows from {name}",
            min(whole for _, whole in times),
            "s",
            budget=budget,
            peers={peer_name: peer()},
        ),
        row(f"data sources: first batch from {name}", min(first for first, _ in times), "s", budget=0.25),
        row(f"data sources: cancel at {name}, slowest of {CANCELS}", cancels[-1], "s", budget=0.3),
    ]


def run() -> list[Row]:
    """All rows of this part."""
    slow = "SELECT count(*) AS n FROM generate_series(1, 100000000000) AS g"
    with _postgres() as served:
        rows = _measured("PostgreSQL", "psycopg", 1.6, slow, served)
        took: list[float] = []
        for _ in range(3):
            source = connector(served[0], "")
            began = time.perf_counter()
            assert len(source.catalogue("shop").tables) == 1_001
            took.append(time.perf_counter() - began)
            source.close()
        rows.append(row("data sources: catalogue of 1,000 tables", min(took), "s", budget=0.5))
    slow = "SELECT count(*) AS n FROM big AS a JOIN big AS b WHERE a.x < b.x LIMIT 1"
    with _mariadb() as served:
        rows += _measured("MariaDB", "PyMySQL", 1.7, slow, served)
    return rows
