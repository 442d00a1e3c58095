"""What becomes of Trino's types, what its catalogue is, and what guard and translator write for it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.data import contracts as c
from garret.features.data.contracts import Limits
from garret.features.data.guard import check
from garret.features.data.sources.contract import SourceError
from garret.features.data.translator.translator import Translator
from tests.control.planes import Client, run
from tests.features.data.houses import approved, cells, data_house, order_of
from tests.features.data.sources.contract_suite.conftest import MAKERS, Engine, checked, fetch

pytestmark = pytest.mark.soak

HELD = """
SELECT true AS flag, BIGINT '9223372036854775807' AS big, DOUBLE '0.5' AS half, nan() AS nan,
  -infinity() AS low, VARCHAR 'é😀' AS word, CAST(NULL AS varchar) AS nothing,
  DECIMAL '99999999999999999999999999999999999999' AS wide, DECIMAL '123.450' AS exact,
  DATE '0001-01-01' AS first, DATE '9999-12-31' AS last,
  TIME '23:59:59.999999' AS hour, TIMESTAMP '1582-10-10 01:02:03.000004' AS local,
  TIMESTAMP '2020-02-29 01:02:03 Europe/Berlin' AS zoned,
  TIMESTAMP '2020-02-29 01:02:03.5 +05:30' AS shifted, X'00ff' AS bytes, ARRAY[1, NULL] AS list,
  MAP(ARRAY['a'], ARRAY[DATE '2020-01-01']) AS map,
  CAST(ROW(1, ARRAY['x']) AS ROW(a bigint, b array(varchar))) AS row,
  ROW(1, 2) AS pair, JSON '{"a": [1]}' AS json, UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS id,
  INTERVAL '1' DAY AS span, IPADDRESS '10.0.0.1' AS place, TIME '01:02:03 +02:00' AS zonedtime
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Engine]:
    with MAKERS["trino"]() as engine:
        yield engine


@pytest.fixture
def cluster(server: Engine) -> Iterator[Engine]:
    yield server
    server.close()


def single(engine: Engine, query: str) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """The one row of a query by columns, their kinds, and what was remarked."""
    rows, found = fetch(engine.connector(), query)
    kinds = {column.name: column.kind for column in rows.columns}
    return dict(zip(kinds, found[0], strict=True)), kinds, list(rows.notes)


def test_values_of_every_type(cluster: Engine) -> None:
    row, kinds, notes = single(cluster, HELD)
    assert notes == []
    assert row["nan"] != row["nan"]
    assert (row["flag"], row["big"], row["half"], row["low"]) == (True, 2**63 - 1, 0.5, -float("inf"))
    assert (row["word"], row["nothing"], row["bytes"]) == ("é😀", None, b"\x00\xff")
    assert (row["wide"], row["exact"]) == (Decimal("9" * 38), Decimal("123.450"))
    assert (row["first"], row["last"]) == (dt.date(1, 1, 1), dt.date(9999, 12, 31))
    assert row["hour"] == dt.time(23, 59, 59, 999999)
    assert row["local"] == dt.datetime(1582, 10, 10, 1, 2, 3, 4)  # noqa: DTZ001 - it has no zone
    assert row["zoned"] == dt.datetime(2020, 2, 29, 0, 2, 3, tzinfo=dt.UTC)
    assert row["shifted"] == dt.datetime(2020, 2, 28, 19, 32, 3, 500_000, tzinfo=dt.UTC)
    assert (json.loads(row["list"]), json.loads(row["map"])) == ([1, None], {"a": "2020-01-01"})
    assert (json.loads(row["row"]), json.loads(row["pair"])) == ({"a": 1, "b": ["x"]}, [1, 2])
    assert (json.loads(row["json"]), row["span"], row["place"]) == ({"a": [1]}, "1 00:00:00.000", "10.0.0.1")
    assert [kinds[name] for name in ("wide", "first", "hour", "zoned", "list", "row", "id", "span")] == [
        "decimal", "date", "time", "timestamp", "array", "json", "uuid", "interval",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("DATE '-0044-03-15'", "-0044-03-15"),
        ("DATE '12020-01-01'", "+12020-01-01"),
        ("TIMESTAMP '2020-01-01 00:00:00.000000000001'", "2020-01-01 00:00:00.000000000001"),
        ("TIMESTAMP '2020-10-25 02:30:00 Europe/Berlin'", "2020-10-25 02:30:00 Europe/Berlin"),
    ],
)
def test_what_a_type_cannot_hold_is_text(cluster: Engine, written: str, shown: str) -> None:
    rows, found = fetch(cluster.connector(), f"SELECT {written} AS moment")
    assert found == [(shown,)]
    assert rows.columns[0].kind == "text" or "000000000001" in shown


def test_two_columns_of_one_name_are_told_apart(cluster: Engine) -> None:
    row, _, _ = single(cluster, "SELECT 1 AS a, 2 AS a, 3")
    assert list(row.values()) == [1, 2, 3]
    assert list(row)[:2] == ["a", "a_2"]


def test_tables_of_all_catalogs_have_whole_addresses(cluster: Engine) -> None:
    catalogue = cluster.connector(database="", schemas=()).catalogue("all")
    addresses = {table.address for table in catalogue.tables}
    assert {"memory.default.people", "tpch.tiny.orders"} <= addresses
    assert not any("information_schema" in address for address in addresses)
    orders = next(table for table in catalogue.tables if table.address == "tpch.tiny.orders")
    assert {column.name: column.kind for column in orders.columns}["totalprice"] == "real"


def test_comments_and_nulls_are_told(cluster: Engine) -> None:
    catalogue = cluster.connector().catalogue("shop")
    columns = {column.name: column for column in catalogue.tables[0].columns}
    assert columns["score"].comment == "of last year"
    assert not columns["id"].nullable


def test_a_login_that_may_write_is_told(cluster: Engine) -> None:
    assert cluster.connector().test().read_only
    status = cluster.connector(user="admin").test()
    assert not status.read_only
    assert "may change tables of memory" in status.warnings[0]


def test_a_login_that_may_write_does_not(cluster: Engine) -> None:
    source = cluster.connector(user="admin")
    with pytest.raises(SourceError) as caught:
        fetch(source, "SELECT * FROM TABLE(exclude_columns(TABLE(people), DESCRIPTOR(id)))")
    assert caught.value.code is Code.DENIED
    statements = source._pumped(lambda s: iter([s.rows("INSERT INTO people SELECT * FROM people")]), 30)  # type: ignore[attr-defined]  # past what refuses texts, to the session
    with pytest.raises(SourceError) as caught:
        statements.take()
    statements.close()
    assert caught.value.code is Code.DENIED
    assert len(fetch(source, cluster.queries["people"])[1]) == 3


def test_a_password_goes_over_tls_alone(cluster: Engine) -> None:
    with pytest.raises(SourceError) as caught:
        cluster.with_password("se cret@1").test()
    assert caught.value.code is Code.DENIED
    assert "only over TLS" in caught.value.message
    assert "se cret" not in caught.value.message


def test_tls_is_verified_and_the_password_is_looked_at(cluster: Engine) -> None:
    assert len(fetch(cluster.connector(**cluster.secure), cluster.queries["people"])[1]) == 3
    status = cluster.connector(**cluster.secure).test()
    assert (status.login, status.read_only) == ("reader", True)
    unseen = {**cluster.secure, "tls": "require", "authority": ""}
    assert len(fetch(cluster.connector(**unseen), cluster.queries["people"])[1]) == 3
    for change, told in (
        ({"password": "wrong pass"}, "did not let reader in"),
        ({"authority": ""}, "No safe"),
    ):
        with pytest.raises(SourceError) as caught:
            cluster.connector(**{**cluster.secure, **change}).test()
        assert caught.value.code is Code.DENIED
        assert told in caught.value.message
        assert "wrong pass" not in caught.value.message


READ = """
SELECT city, count(*) AS n FROM people GROUP BY city ORDER BY n DESC | [("Paris", 2), ("Berlin", 1)]
SELECT name FROM people WHERE score IS NULL | [("Bob",)]
WITH p AS (SELECT * FROM people WHERE id > 1) SELECT max(id) AS m FROM p | [(3,)]
SELECT id, row_number() OVER (ORDER BY id DESC) AS r FROM people ORDER BY id LIMIT 1 | [(1, 3)]
SELECT a.id FROM people AS a JOIN people AS b ON a.city = b.city AND a.id < b.id | [(1,)]
SELECT count_if(score > 0) AS n, approx_distinct(city) AS c FROM people | [(1, 2)]
SELECT cardinality(filter(array_agg(id), x -> x > 1)) AS n FROM people | [(2,)]
SELECT date_trunc('month', DATE '2020-02-29') AS m FROM people LIMIT 1 | [(dt.date(2020, 2, 1),)]
"""


@pytest.mark.parametrize(("query", "expected"), [line.split(" | ") for line in READ.strip().splitlines()])
def test_what_the_guard_writes_is_what_the_server_reads(cluster: Engine, query: str, expected: str) -> None:
    source = cluster.connector()
    written = check(query, source.catalogue("shop"), Limits())
    assert fetch(source, written.query)[1] == eval(expected, {"dt": dt})
    assert check(written.query, source.catalogue("shop"), Limits()).query == written.query


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many people are there?", [(3,)]),
        ("Show the names of people in Paris", [("Ann",), ("Cé 😀",)]),
    ],
)
def test_questions_are_asked_in_its_dialect(
    cluster: Engine, question: str, expected: list[tuple[Any, ...]]
) -> None:
    source = cluster.connector()
    catalogue = source.catalogue("shop")
    answer = Translator(catalogue).translate(question, today=dt.date(2026, 11, 28))
    assert answer.outcome == "query", answer.message
    written = check(answer.query, catalogue, Limits())
    assert sorted(fetch(source, written.query)[1], key=str) == sorted(expected, key=str)


def test_questions_over_all_catalogs_name_them(cluster: Engine) -> None:
    source = cluster.connector(database="", schemas=())
    catalogue = source.catalogue("all")
    tiny = msgspec.structs.replace(
        catalogue, tables=tuple(table for table in catalogue.tables if table.schema == "tpch.tiny")
    )
    answer = Translator(tiny).translate("How many orders are there?", today=dt.date(2026, 11, 28))
    assert '"tpch"."tiny"."orders"' in answer.query
    assert fetch(source, check(answer.query, tiny, Limits()).query)[1] == [(15_000,)]


def test_an_estimate_shows_the_plan_and_its_cost(cluster: Engine) -> None:
    query = "SELECT count(*) AS n FROM people WHERE id > 1"
    estimate = cluster.connector().explain(checked(query, 11), Limits())
    assert estimate.rows == 1
    assert "TableScan" in estimate.plan or "ScanFilter" in estimate.plan


def test_it_is_asked_from_a_cage(cluster: Engine, home: Home) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            added = await client.call(c.AddSource(name="lake", config=cluster.config))
            assert (added.source.dialect, added.source.tables) == ("trino", 1)
            draft = await client.call(c.DraftQuery(source="lake", question="How many people are there?"))
            result = await client.call(await approved(client, order_of(draft)))
            assert await cells(client, result) == ((3,),)
            moments = "SELECT id, TIMESTAMP '2020-02-29 01:02:03.123456789' AS moment FROM people LIMIT 1"
            draft = await client.call(c.DraftQuery(source="lake", query=moments))
            result = await client.call(await approved(client, order_of(draft)))
            assert result.columns[1].kind == "timestamp"
            ((_, moment),) = await cells(client, result)
            assert str(moment).replace("T", " ").startswith("2020-02-29 01:02:03.123456789")

    run(story())
