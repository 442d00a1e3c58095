"""A million rows of nine columns from PostgreSQL and MariaDB to Arrow, and a catalogue of a thousand tables.

The servers are the tests' own, private and on this machine. Peers are the plain drivers in the same run:
their rows as Python values, which is what a program without Arrow gets, and the driver of PostgreSQL's rows
by itself. Where the machine has other things to do, wall time is theirs too: beside it stands the processor
time of this process, of the peers, and of the server. Cancelling is measured from the call until the server
runs nothing for us any more, half of it at once and half after a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import psutil

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


class Served(NamedTuple):
    """A server: how it is reached, its program, other ways to its rows, whether it does nothing for us."""

    config: SourceConfig
    program: str
    peers: dict[str, Callable[[], None]]
    idle: Callable[[], bool]


class Spent(NamedTuple):
    """Seconds that passed, and of processor time those of this process and of the server."""

    wall: float
    ours: float
    server: float


def _of_server(program: str) -> float:
    """Processor time of a server with its processes, also those that ended."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.name() == program:
                spent += sum(process.cpu_times()[:4])
    return spent


def _timed(program: str, work: Callable[[], object]) -> Spent:
    before, ours, began = _of_server(program), time.process_time(), time.perf_counter()
    work()
    wall, ours = time.perf_counter() - began, time.process_time() - ours
    return Spent(wall, ours, _of_server(program) - before)


@contextmanager
def _postgres() -> Iterator[Served]:
    import psycopg
    from adbc_driver_postgresql import dbapi

    from tests.servers import postgresql

    with postgresql() as port:
        words = f"host=127.0.0.1 port={port} user=garret dbname=postgres"
        with psycopg.connect(words, autocommit=True) as admin:
            admin.execute(_POSTGRES)
            admin.execute("ANALYZE big")

            def by_psycopg() -> None:
                with psycopg.connect(words) as connection, connection.cursor(name="rows") as cursor:
                    cursor.itersize = 50_000
                    cursor.execute("SELECT * FROM big")
                    assert sum(1 for _ in cursor) == ROWS

            def by_adbc() -> None:
                with dbapi.connect(words) as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT * FROM big")
                    assert sum(batch.num_rows for batch in cursor.fetch_record_batch()) == ROWS

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
            yield Served(config, "postgres", {"psycopg": by_psycopg, "ADBC alone": by_adbc}, idle)


@contextmanager
def _mariadb() -> Iterator[Served]:
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

            def by_pymysql() -> None:
                with (
                    pymysql.connect(
                        host="127.0.0.1", port=port, user="reader", database="shop", cursorclass=SSCursor
                    ) as connection,
                    connection.cursor() as rows,
                ):
                    rows.execute("SELECT * FROM big")
                    assert sum(1 for _ in rows) == ROWS

            def idle() -> bool:
                return not ask(
                    "SELECT 1 FROM information_schema.processlist WHERE user = 'reader' AND command = 'Query'"
                )

            config = SourceConfig(kind="mysql", host="127.0.0.1", port=port, user="reader", database="shop")
            yield Served(config, "mariadbd", {"PyMySQL": by_pymysql}, idle)


def _fetch(source: Connector) -> float:
    """All rows; seconds to the first batch."""
    began = time.perf_counter()
    rows = iter(source.run(Checked(query=QUERY, tables=(), columns=(), limit=ROWS + 1), LIMITS))
    count = next(rows).num_rows
    first = time.perf_counter() - began
    count += sum(batch.num_rows for batch in rows)
    assert count == ROWS, count
    return first


def _cancel(config: SourceConfig, query: str, idle: Callable[[], bool], pause: float) -> float:
    """Seconds from the call, `pause` after the server began, until it does nothing for us any more."""
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
    time.sleep(pause)
    began = time.perf_counter()
    source.cancel()
    asking.join()
    while not idle():
        pass
    took = time.perf_counter() - began
    assert outcome == [Code.CANCELLED]
    source.close()
    return took


def _measured(name: str, budget: float, slow: str, served: Served) -> list[Row]:
    config, program, peers, idle = served
    firsts: list[float] = []
    spent: list[Spent] = []
    for _ in range(3):
        source = connector(config, "")
        source.explain(Checked(query=QUERY, tables=(), columns=(), limit=ROWS + 1), LIMITS)
        spent.append(_timed(program, lambda: firsts.append(_fetch(source))))  # noqa: B023 - called at once
        source.close()
    others = {each: _timed(program, work) for each, work in peers.items()}
    cancels = sorted(_cancel(config, slow, idle, 0.3 * (number % 2)) for number in range(CANCELS))
    many = f"data sources: 1,000,000 x 9 rows from {name}"

    def of_all(part: str) -> tuple[float, dict[str, float]]:
        return min(getattr(each, part) for each in spent), {
            each: getattr(other, part) for each, other in others.items()
        }

    wall, peers_wall = of_all("wall")
    ours, peers_ours = of_all("ours")
    server, peers_server = of_all("server")
    return [
        row(many, wall, "s", budget=budget, peers=peers_wall),
        row(f"{many}, processor time here", ours, "s", peers=peers_ours),
        row(f"{many}, processor time of the server", server, "s", peers=peers_server),
        row(f"data sources: first batch from {name}", min(firsts), "s", budget=0.25),
        row(f"data sources: cancel at {name}, slowest of {CANCELS}", cancels[-1], "s", budget=0.3),
    ]


def run() -> list[Row]:
    """All rows of this part."""
    slow = "SELECT count(*) AS n FROM generate_series(1, 100000000000) AS g"
    with _postgres() as served:
        rows = _measured("PostgreSQL", 1.6, slow, served)
        spent: list[Spent] = []
        for _ in range(3):
            source = connector(served.config, "")
            spent.append(_timed(served.program, lambda: source.catalogue("shop")))  # noqa: B023 - called at once
            assert len(source.catalogue("shop").tables) == 1_001
            source.close()
        tables = "data sources: catalogue of 1,000 tables"
        rows.append(row(tables, min(each.wall for each in spent), "s", budget=0.5))
        rows.append(row(f"{tables}, processor time here", min(each.ours for each in spent), "s"))
    slow = "SELECT count(*) AS n FROM big AS a JOIN big AS b WHERE a.x < b.x LIMIT 1"
    with _mariadb() as served:
        rows += _measured("MariaDB", 1.7, slow, served)
    return rows
