"""The same people and orders in every engine, and how each is asked for them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from garret.features.data.contracts import Checked, Limits, SourceConfig
from garret.features.data.sources.contract import Connector
from garret.features.data.sources.registry import connector
from tests.features.data.sources.engines import ferretdb, mariadb, mongo, neo4j
from tests.features.data.sources.trino_engine import PASSWORD, trino
from tests.servers import postgresql

ENGINES = (
    "postgres",
    "mysql",
    "mongo",
    *(pytest.param(slow, marks=pytest.mark.soak) for slow in ("ferretdb", "neo4j", "trino")),
)

PEOPLE = [
    (1, "Ann", "Paris", "ann@example.org", 1.5),
    (2, "Bob", "Berlin", "bob@example.org", None),
    (3, "Cé 😀", "Paris", "ce@example.org", -2.25),
]

TABLES = """
CREATE TABLE people (
  id int PRIMARY KEY, name varchar(40) NOT NULL, city varchar(40), email varchar(80), score float8);
CREATE TABLE orders (id int PRIMARY KEY, person int NOT NULL REFERENCES people (id), amount decimal(12, 2));
CREATE VIEW parisians AS SELECT id, name FROM people WHERE city = 'Paris';
"""


@dataclass
class Engine:
    """A server with the people and orders in it. `queries` are by what they are for; `running` counts what it
    does for our login now. `lists` says that it tells what it runs, `streams` that rows come bit by bit;
    `secure` is what is other where it is reached by TLS and with a password."""

    config: SourceConfig
    password: str
    queries: dict[str, str]
    running: Callable[[], int]
    admin: Callable[[str], Any]
    lists: bool = True
    streams: bool = True
    made: list[Connector] = field(default_factory=list)
    secure: dict[str, Any] = field(default_factory=dict)

    def connector(self, **changes: Any) -> Connector:
        password = changes.pop("password", self.password)
        made = connector(msgspec.structs.replace(self.config, **changes), password)
        self.made.append(made)
        return made

    def with_password(self, password: str) -> Connector:
        made = connector(self.config, password)
        self.made.append(made)
        return made

    def close(self) -> None:
        for each in self.made:
            each.close()
        self.made.clear()


def checked(query: str, limit: int = 1_000_000) -> Checked:
    return Checked(query=query, tables=(), columns=(), limit=limit)


def fetch(source: Connector, query: str, limits: Limits | None = None) -> tuple[Any, list[tuple[Any, ...]]]:
    """What `run` gives, and its rows as Python values."""
    rows = source.run(checked(query), limits or Limits())
    found: list[tuple[Any, ...]] = []
    for batch in rows:
        columns = [column.to_pylist() for column in batch.columns]
        found += list(zip(*columns, strict=True))
    return rows, found


NUMBERS = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)"

SQL = {
    "people": "SELECT id, name, city, score FROM people ORDER BY id LIMIT 11",
    "none": "SELECT id, name, score FROM people WHERE id < 0 LIMIT 11",
    "no table": "SELECT id FROM persons LIMIT 11",
    "no column": "SELECT age FROM people LIMIT 11",
    "write": "DELETE FROM people",
    "nonsense": "SELECT FROM WHERE",
    "stacked": "SELECT 1; DELETE FROM people",
}


@contextlib.contextmanager
def _postgres() -> Iterator[Engine]:
    import psycopg

    with (
        postgresql() as port,
        psycopg.connect(f"host=127.0.0.1 port={port} user=garret dbname=postgres", autocommit=True) as admin,
    ):
        admin.execute(TABLES)
        with admin.cursor() as cursor:
            cursor.executemany("INSERT INTO people VALUES (%s, %s, %s, %s, %s)", PEOPLE)
        admin.execute("INSERT INTO orders VALUES (1, 1, 10.50), (2, 1, 0.01), (3, 3, 99.99)")
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'se cret@1'")
        admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        admin.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader")
        admin.execute("COMMENT ON COLUMN people.score IS 'of last year'; ANALYZE")

        def running() -> int:
            found = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'reader'"
            ).fetchone()
            assert found is not None
            return int(found[0])

        yield Engine(
            SourceConfig(kind="postgres", host="127.0.0.1", port=port, user="reader", database="postgres"),
            "se cret@1",
            SQL
            | {
                "endless": "SELECT generate_series(1, 10000000000) AS n",
                "slow": "SELECT count(*) AS n FROM generate_series(1, 100000000000) AS g",
            },
            running,
            lambda text: admin.execute(text),
        )


@contextlib.contextmanager
def _mysql() -> Iterator[Engine]:
    with mariadb() as (port, folder):
        import pymysql

        admin = pymysql.connect(unix_socket=str(folder / "mysqld.sock"), user="root", autocommit=True)
        with admin, admin.cursor() as cursor:

            def ask(text: str, *more: Any) -> Any:
                cursor.execute(text, *more)
                return cursor.fetchall()

            ask("CREATE DATABASE shop CHARACTER SET utf8mb4")
            ask("USE shop")
            ask("SET NAMES utf8mb4")
            for statement in TABLES.replace("float8", "double COMMENT 'of last year'").split(";\n"):
                if statement.strip():
                    ask(statement)
            cursor.executemany("INSERT INTO people VALUES (%s, %s, %s, %s, %s)", PEOPLE)
            ask("INSERT INTO orders VALUES (1, 1, 10.50), (2, 1, 0.01), (3, 3, 99.99)")
            ask("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'se cret@1'")
            ask("GRANT SELECT, SHOW VIEW ON shop.* TO reader@'127.0.0.1'")
            ask("ANALYZE TABLE people, orders")

            def running() -> int:
                found = ask(
                    "SELECT count(*) FROM information_schema.processlist "
                    "WHERE user = 'reader' AND command = 'Query'"
                )
                return int(found[0][0])

            yield Engine(
                SourceConfig(kind="mysql", host="127.0.0.1", port=port, user="reader", database="shop"),
                "se cret@1",
                SQL
                | {
                    "endless": f"{NUMBERS} "
                    "SELECT a.n, b.n AS m, c.n AS o FROM n AS a JOIN n AS b JOIN n AS c",
                    "slow": f"{NUMBERS} "
                    "SELECT count(*) AS n FROM n AS a JOIN n AS b JOIN n AS c WHERE a.n + b.n < c.n LIMIT 1",
                },
                running,
                ask,
            )


@contextlib.contextmanager
def _mongo() -> Iterator[Engine]:
    with mongo() as port:
        import pymongo

        with pymongo.MongoClient("127.0.0.1", port) as client:
            database = client["shop"]
            names = ("_id", "name", "city", "email", "score")
            database["people"].insert_many([dict(zip(names, person, strict=True)) for person in PEOPLE])
            database["many"].insert_many([{"_id": number} for number in range(60_000)])

            def asked(collection: str, *stages: dict[str, Any]) -> str:
                return json.dumps({"collection": collection, "pipeline": list(stages)})

            shown = {"$project": {"_id": 0, "id": "$_id", "name": 1, "city": 1, "score": 1}}
            order = {"$project": {"id": "$id", "name": "$name", "city": "$city", "score": "$score"}}
            yield Engine(
                SourceConfig(kind="mongo", host="127.0.0.1", port=port, database="shop"),
                "",
                {
                    "people": asked("people", {"$sort": {"_id": 1}}, shown, order, {"$limit": 11}),
                    "none": asked("people", {"$match": {"_id": -1}}),
                    "write": asked("people", {"$out": "stolen"}),
                    "deep write": asked("people", {"$facet": {"a": [{"$merge": "stolen"}]}}),
                    "nonsense": asked("people", {"$nonsense": 1}),
                    "stacked": '{"collection": "people"}',
                    "endless": asked("many", {"$limit": 60_000}),
                },
                lambda: 0,
                lambda text: database[text],
                lists=False,
                streams=False,
            )


@contextlib.contextmanager
def _ferretdb() -> Iterator[Engine]:
    """It has few stages, none that makes fields, and keeps time limits; operations can be neither listed nor
    killed."""
    with ferretdb() as port:
        import pymongo

        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient("127.0.0.1", port)
        with client:
            database = client["shop"]
            names = ("_id", "name", "city", "email", "score")
            database["people"].insert_many(
                [{"id": person[0], **dict(zip(names, person, strict=True))} for person in PEOPLE]
            )
            filling = "x" * 500
            database["many"].insert_many([{"_id": number, "x": filling} for number in range(60_000)])

            def asked(collection: str, *stages: dict[str, Any]) -> str:
                return json.dumps({"collection": collection, "pipeline": list(stages)})

            shown = {"$project": {"_id": 0, "email": 0}}
            yield Engine(
                SourceConfig(kind="mongo", host="127.0.0.1", port=port, database="shop"),
                "",
                {
                    "people": asked("people", {"$sort": {"_id": 1}}, shown, {"$limit": 11}),
                    "none": asked("people", {"$match": {"_id": -1}}),
                    "write": asked("people", {"$out": "stolen"}),
                    "deep write": asked("people", {"$facet": {"a": [{"$merge": "stolen"}]}}),
                    "nonsense": asked("people", {"$nonsense": 1}),
                    "stacked": '{"collection": "people"}',
                    "endless": asked("many", {"$limit": 60_000}),
                    "slow": asked("many", {"$sort": {"x": 1}}, {"$group": {"_id": "$x"}}, {"$limit": 1}),
                },
                lambda: 0,
                lambda text: database[text],
                lists=False,
            )


@contextlib.contextmanager
def _neo4j() -> Iterator[Engine]:
    with neo4j() as port:
        from neo4j import GraphDatabase

        place = f"bolt://127.0.0.1:{port}"
        with (
            GraphDatabase.driver(place, auth=("neo4j", "neo4j")) as first,
            first.session(database="system") as session,
        ):
            session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO 'of the admin'").consume()
        with GraphDatabase.driver(place, auth=("neo4j", "of the admin")) as driver:

            def ask(text: str, **values: Any) -> Any:
                with driver.session() as session:
                    return session.run(text, values).values()  # type: ignore[arg-type]

            ask("CREATE USER reader SET PASSWORD 'se cret@1' CHANGE NOT REQUIRED")
            ask("CREATE CONSTRAINT FOR (p:people) REQUIRE p.id IS UNIQUE")
            names = ("id", "name", "city", "email", "score")
            people = [dict(zip(names, person, strict=True)) for person in PEOPLE]
            ask("UNWIND $people AS person CREATE (p:people) SET p = person", people=people)
            ask(
                "MATCH (a:people {id: 1}), (b:people {id: 3}) "
                "CREATE (a)-[:knows {since: date('2020-02-29')}]->(b)"
            )

            def running() -> int:
                found = ask("SHOW TRANSACTIONS YIELD username WHERE username = 'reader' RETURN count(*)")
                return int(found[0][0])

            shown = "RETURN p.id AS id, p.name AS name, p.city AS city, p.score AS score"
            yield Engine(
                SourceConfig(kind="neo4j", host="127.0.0.1", port=port, user="reader", database="neo4j"),
                "se cret@1",
                {
                    "people": f"MATCH (p:people) {shown} ORDER BY id LIMIT 11",
                    "none": "MATCH (p:people) WHERE p.id < 0 RETURN p.id AS id, p.name, p.score LIMIT 11",
                    "write": "CREATE (p:people {id: 9})",
                    "deep write": "MATCH (p:people) SET p.name = 'x' RETURN p.name",
                    "stacked": "RETURN 1; MATCH (p) DETACH DELETE p",
                    "file": "WITH 1 AS one LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
                    "procedure": "MATCH (p:people) CALL db.labels() YIELD label RETURN label",
                    "nonsense": "MATCH (p:people RETURN p",
                    "make another": "CREATE (:later {a: 1})",
                    "drop another": "MATCH (x:later) DELETE x",
                    "endless": "UNWIND range(1, 100000000) AS n RETURN n",
                    "slow": "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b "
                    "WITH a, b WHERE a + b < 0 RETURN count(*) AS n",
                },
                running,
                ask,
            )


@contextlib.contextmanager
def _trino() -> Iterator[Engine]:
    with trino() as server:
        from trino.dbapi import connect

        with connect("127.0.0.1", server.port, "admin", timezone="UTC", encoding=None) as connection:

            def ask(text: str) -> Any:
                cursor = connection.cursor()
                return cursor.execute(text).fetchall()

            place = "memory.default"
            ask(
                f"CREATE TABLE {place}.people (id integer NOT NULL, name varchar(40), city varchar, "
                "email varchar, score double COMMENT 'of last year')"
            )
            for person in PEOPLE:
                values = ", ".join("NULL" if value is None else repr(value) for value in person)
                ask(f"INSERT INTO {place}.people VALUES ({values})")

            def running() -> int:
                found = ask(
                    "SELECT count(*) FROM system.runtime.queries "
                    "WHERE \"user\" = 'reader' AND state NOT IN ('FINISHED', 'FAILED')"
                )
                return int(found[0][0])

            for query in (f"SHOW STATS FOR {place}.people", f"SELECT * FROM {place}.people", "SHOW CATALOGS"):
                ask(query)  # what is asked for the first time takes seconds
            three = "tpch.sf100.lineitem AS a CROSS JOIN tpch.sf100.lineitem AS b"
            yield Engine(
                SourceConfig(
                    kind="trino",
                    host="127.0.0.1",
                    port=server.port,
                    user="reader",
                    database="memory",
                    schemas=("default",),
                ),
                "",
                SQL
                | {
                    "deep write": "WITH a AS (SELECT 1) INSERT INTO people SELECT * FROM people",
                    "make another": f"CREATE TABLE {place}.later (a integer)",
                    "drop another": f"DROP TABLE {place}.later",
                    "endless": "SELECT orderkey AS n, comment FROM tpch.sf100.lineitem",
                    "slow": f"SELECT count(*) AS n FROM {three} WHERE a.orderkey + b.orderkey < 0",
                },
                running,
                ask,
                secure={
                    "port": server.tls_port,
                    "tls": "verify",
                    "authority": str(server.authority),
                    "password": PASSWORD,
                },
            )


MAKERS = {
    "postgres": _postgres,
    "mysql": _mysql,
    "mongo": _mongo,
    "ferretdb": _ferretdb,
    "neo4j": _neo4j,
    "trino": _trino,
}


@pytest.fixture(scope="module", params=ENGINES)
def served(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with MAKERS[request.param]() as engine:
        yield engine


@pytest.fixture
def engine(served: Engine) -> Iterator[Engine]:
    yield served
    served.close()
