"""Every kind of value that MariaDB has, and what becomes of it; logins, and rows longer than a packet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources.contract import SourceError
from tests.features.data.sources.contract_suite.conftest import MAKERS, NUMBERS, Engine, fetch

CASES: list[tuple[str, str, Any]] = [
    ("NULL", "text", None),
    ("true", "integer", 1),
    ("18446744073709551615", "integer", 2**64 - 1),
    ("CAST(-9223372036854775807 - 1 AS SIGNED)", "integer", -(2**63)),
    ("1e300", "real", 1e300),
    ("CAST(1.5 AS DECIMAL(10,2))", "decimal", Decimal("1.50")),
    ("CAST(REPEAT('9', 38) AS DECIMAL(38,0))", "decimal", Decimal("9" * 38)),
    ("CAST(REPEAT('9', 60) AS DECIMAL(65,0))", "text", "9" * 60),
    ("1 / 0", "decimal", None),
    ("DATE '2024-02-29'", "date", dt.date(2024, 2, 29)),
    ("DATE '0001-01-01'", "date", dt.date(1, 1, 1)),
    ("CAST('0000-00-00' AS DATE)", "text", "0000-00-00"),
    ("TIMESTAMP '9999-12-31 23:59:59.999999'", "timestamp", dt.datetime.max),  # noqa: DTZ901 - it has no zone
    ("CAST('0000-00-00 00:00:00' AS DATETIME)", "text", "0000-00-00 00:00:00"),
    ("CAST('10:11:12.5' AS TIME(3))", "time", dt.time(10, 11, 12, 500_000)),
    ("CAST('-838:59:59' AS TIME)", "text", "-838:59:59"),
    ("x'00ff'", "binary", b"\x00\xff"),
    ("b'101'", "binary", b"\x05"),
    ("'😀 é'", "text", "😀 é"),
    ("''", "text", ""),
    ("REPEAT('x', 250)", "text", "x" * 250),
    ("REPEAT('é', 126)", "text", "é" * 126),
    ("REPEAT('x', 70000)", "text", "x" * 70_000),
    ("JSON_OBJECT('a', JSON_ARRAY(1, NULL))", "text", '{"a": [1, null]}'),
]


@pytest.fixture(scope="module")
def served() -> Iterator[Engine]:
    with MAKERS["mysql"]() as engine:
        yield engine


@pytest.fixture
def engine(served: Engine) -> Iterator[Engine]:
    yield served
    served.close()


def test_every_type(engine: Engine) -> None:
    query = "SELECT " + ", ".join(
        f"{expression} AS c{place}" for place, (expression, _, _) in enumerate(CASES)
    )
    rows, (found,) = fetch(engine.connector(), query)
    got = [
        (case[0], column.kind, value) for case, column, value in zip(CASES, rows.columns, found, strict=True)
    ]
    assert got == CASES


def test_columns_of_tables(engine: Engine) -> None:
    engine.admin(
        "CREATE TABLE odd (a tinyint(1), b year, c enum('x','y'), d set('p','q'), e float, f bit(1), g "
        "point, "
        "h mediumblob, i smallint unsigned)"
    )
    engine.admin(
        "INSERT INTO odd VALUES (7, 2024, 'y', 'p,q', 1.5, b'1', point(1, 2), x'00', 65535), "
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    rows, found = fetch(engine.connector(), "SELECT * FROM odd LIMIT 11")
    engine.admin("DROP TABLE odd")
    assert [column.kind for column in rows.columns] == [
        "integer", "integer", "text", "text", "real", "binary", "geometry", "binary", "integer",
    ]  # fmt: skip
    assert found[0][:6] == (7, 2024, "y", "p,q", 1.5, b"\x01")
    assert found[0][7:] == (b"\x00", 65535)
    assert found[1] == (None,) * 9


def test_names_that_repeat_or_are_missing(engine: Engine) -> None:
    rows, found = fetch(engine.connector(), "SELECT 1 AS a, 2 AS a, 3 AS ``")
    assert [column.name for column in rows.columns] == ["a", "a_2", "column_3"]
    assert found == [(1, 2, 3)]


def test_rows_longer_than_a_packet(engine: Engine) -> None:
    engine.admin("SET GLOBAL max_allowed_packet = 67108864")
    _, found = fetch(
        engine.connector(),
        "SELECT 1 AS a, REPEAT('xy', 10000000) AS b UNION ALL SELECT 2, REPEAT('z', 16777215)",
    )
    engine.admin("SET GLOBAL max_allowed_packet = 16777216")
    assert [(row[0], len(row[1]), set(row[1])) for row in found] == [
        (1, 20_000_000, {"x", "y"}),
        (2, 16_777_215, {"z"}),
    ]


def test_many_rows_are_all_there_in_their_order(engine: Engine) -> None:
    query = (
        f"{NUMBERS} SELECT a.n * 10000 + b.n AS id, IF(b.n % 7 = 0, NULL, CONCAT('v', a.n, '-', b.n)) AS "
        "text "
        "FROM n AS a JOIN n AS b WHERE a.n <= 100 ORDER BY id LIMIT 100001"
    )
    rows, found = fetch(engine.connector(), query, Limits(rows=100_000))
    assert not rows.truncated
    assert found == [
        (a * 10_000 + b, None if b % 7 == 0 else f"v{a}-{b}") for a in range(1, 101) for b in range(1, 1001)
    ]


def test_what_comes_late_is_left_out_and_told(engine: Engine) -> None:
    query = (
        f"{NUMBERS} SELECT IF(a.n = 900, CAST('0000-00-00' AS DATE), DATE '2024-01-01') AS day "
        "FROM n AS a JOIN n AS b"
    )
    rows, found = fetch(
        engine.connector(), query + " WHERE b.n <= 100 ORDER BY a.n LIMIT 300000", Limits(rows=300_000)
    )
    assert [value for (value,) in found].count(None) == 100
    assert "100 later values of `day`" in rows.notes[0]
    assert "0000-00-00" in rows.notes[0]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM people",
        "SELECT 1 INTO OUTFILE '{file}'",
        "SELECT 1 INTO DUMPFILE '{file}'",
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT id FROM people; DELETE FROM people",
        "/*! DELETE FROM people */",
        "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE people",
        "CREATE TABLE x AS SELECT 1",
        "CALL mysql.nothing()",
        "SET GLOBAL max_connections = 1",
        "SHUTDOWN",
        "HANDLER people OPEN",
        "WITH a AS (SELECT 1) DELETE FROM people",
        "SELECT NEXTVAL(numbers)",
    ],
)
def test_the_session_alone_holds_root(engine: Engine, query: str, tmp_path: Path) -> None:
    engine.admin("CREATE SEQUENCE IF NOT EXISTS numbers")
    engine.admin("CREATE OR REPLACE USER boss@'127.0.0.1' IDENTIFIED BY 'b'")
    engine.admin("GRANT ALL ON *.* TO boss@'127.0.0.1'")
    boss = Engine(
        SourceConfig(kind="mysql", host="127.0.0.1", port=engine.config.port, user="boss", database="shop"),
        "b",
        engine.queries,
        engine.running,
        engine.admin,
    )
    file = tmp_path / "stolen"
    tmp_path.chmod(0o777)
    with pytest.raises(SourceError) as caught:
        fetch(boss.connector(), query.replace("{file}", str(file)))
    assert caught.value.code in (Code.DENIED, Code.INVALID)
    assert not file.exists()
    assert engine.admin("SELECT count(*) FROM people")[0][0] == 3
    boss.close()


def test_a_powerful_login_is_warned_and_the_script_makes_a_reader(engine: Engine) -> None:
    engine.admin("GRANT FILE ON *.* TO reader@'127.0.0.1'")
    status = engine.connector().test()
    engine.admin("REVOKE FILE ON *.* FROM reader@'127.0.0.1'")
    assert not status.read_only
    assert "FILE" in status.warnings[0]
    for statement in status.script.replace("<choose a password>", "x").strip().split(";\n"):
        engine.admin(statement.removesuffix(";"))
    made = Engine(
        SourceConfig(
            kind="mysql", host="127.0.0.1", port=engine.config.port, user="garret_reader", database="shop"
        ),
        "x",
        engine.queries,
        engine.running,
        engine.admin,
    )
    reader = made.connector().test()
    assert (reader.read_only, reader.warnings, reader.script) == (True, (), "")
    assert len(fetch(made.connector(), engine.queries["people"])[1]) == 3
    made.close()


def test_the_readers_own_login_is_one_that_only_reads(engine: Engine) -> None:
    status = engine.connector().test()
    assert (status.read_only, status.warnings) == (True, ())
