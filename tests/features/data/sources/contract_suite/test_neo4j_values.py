"""What becomes of each of Neo4j's types, what a graph's catalogue is, and the guard's Cypher at a server."""

from __future__ import annotations

import ast
import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from garret.base.paths import Home
from garret.features.data import contracts as c
from garret.features.data.contracts import Limits
from garret.features.data.guard import check
from garret.features.data.guard.refusal import GuardRefused
from tests.control.planes import Client, run
from tests.features.data.houses import approved, cells, data_house, order_of
from tests.features.data.sources.contract_suite.conftest import MAKERS, Engine, checked, fetch

pytestmark = pytest.mark.soak

HELD = """
RETURN true AS flag, 9007199254740993 AS big, 0.5 AS half, 'é😀' AS word, null AS nothing,
  date('0001-01-01') AS first, date('9999-12-31') AS last, localtime('23:59:59.999999') AS hour,
  localdatetime('1582-10-10T01:02:03.000004') AS local,
  datetime('2020-10-25T02:30:00+01:00[Europe/Berlin]') AS zoned,
  datetime('2020-02-29T01:02:03+05:30') AS offset, time('01:02:03+02:00') AS zonedtime,
  duration('P1Y2M3DT4H5M6.7S') AS span, point({longitude: 13.4, latitude: 52.5}) AS place,
  point({x: 1, y: 2, z: 3}) AS cube, [1, null, 'a'] AS list, {a: [date('2020-01-01')], b: 1.5} AS map,
  0.0 / 0.0 AS nan, -1.0 / 0.0 AS low
"""


def single(engine: Engine, query: str) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """The one row of a query by columns, their kinds, and what was remarked."""
    rows, found = fetch(engine.connector(), query)
    kinds = {column.name: column.kind for column in rows.columns}
    return dict(zip(kinds, found[0], strict=True)), kinds, list(rows.notes)


@pytest.fixture(scope="module")
def server() -> Iterator[Engine]:
    with MAKERS["neo4j"]() as engine:
        yield engine


@pytest.fixture
def graph(server: Engine) -> Iterator[Engine]:
    yield server
    server.close()


def test_values_of_every_type(graph: Engine) -> None:
    row, kinds, notes = single(graph, HELD)
    assert notes == []
    assert row["nan"] != row["nan"]
    assert {name: row[name] for name in ("flag", "big", "half", "word", "nothing", "low")} == {
        "flag": True, "big": 9007199254740993, "half": 0.5, "word": "é😀", "nothing": None,
        "low": -float("inf"),
    }  # fmt: skip
    assert (row["first"], row["last"]) == (dt.date(1, 1, 1), dt.date(9999, 12, 31))
    assert row["hour"] == dt.time(23, 59, 59, 999999)
    assert row["local"] == dt.datetime(1582, 10, 10, 1, 2, 3, 4)  # noqa: DTZ001 - it has no zone
    assert row["zoned"] == dt.datetime(2020, 10, 25, 1, 30, tzinfo=dt.UTC)
    assert row["offset"] == dt.datetime(2020, 2, 28, 19, 32, 3, tzinfo=dt.UTC)
    assert row["zonedtime"].startswith("01:02:03")
    assert row["zonedtime"].endswith("+02:00")
    assert row["span"] == "P1Y2M3DT4H5M6.7S"
    assert (row["place"], row["cube"]) == ("SRID=4326;POINT (13.4 52.5)", "SRID=9157;POINT Z (1 2 3)")
    assert (row["list"], json.loads(row["map"])) == ('[1, null, "a"]', {"a": ["2020-01-01"], "b": 1.5})
    assert [kinds[name] for name in ("first", "hour", "local", "zoned", "span", "place", "list", "map")] == [
        "date", "time", "timestamp", "timestamp", "interval", "geometry", "array", "json",
    ]  # fmt: skip


def test_parts_of_the_graph_are_json(graph: Engine) -> None:
    row, kinds, _ = single(graph, "MATCH p = (a:people)-[r:knows]->(b:people) RETURN a, r, p")
    ann = {"id": 1, "name": "Ann", "city": "Paris", "email": "ann@example.org", "score": 1.5}
    knows = {"type": "knows", "properties": {"since": "2020-02-29"}}
    assert json.loads(row["a"]) == {"labels": ["people"], "properties": ann}
    assert json.loads(row["r"]) == knows
    start, between, end = json.loads(row["p"])
    assert (start["properties"]["name"], between, end["properties"]["name"]) == ("Ann", knows, "Cé 😀")
    assert set(kinds.values()) == {"json"}


def test_what_a_type_cannot_hold_is_text_and_told(graph: Engine) -> None:
    rows, found = fetch(
        graph.connector(),
        "UNWIND ['2020-01-01T00:00:00.000000001', '2020-01-01T00:00:00'] AS written "
        "WITH localdatetime(written) AS moment "
        "RETURN moment, CASE moment.nanosecond WHEN 0 THEN 1 ELSE 'a' END AS mixed",
    )
    assert [column.kind for column in rows.columns] == ["text", "text"]
    assert [row[0][:19] for row in found] == ["2020-01-01T00:00:00"] * 2
    assert found[0][0].endswith(".000000001")
    assert [row[1] for row in found] == ["a", "1"]
    assert any("finer than a microsecond" in note for note in rows.notes)
    assert any("values of several types" in note for note in rows.notes)


def test_a_date_that_no_calendar_has_is_left_out_and_told(graph: Engine) -> None:
    row, _, notes = single(graph, "RETURN date({year: 12020}) AS far, 1 AS one")
    assert (row["far"], row["one"]) == (None, 1)
    assert "`far`" in notes[0]


def test_what_comes_late_and_does_not_fit_is_left_out_and_told(graph: Engine) -> None:
    query = "UNWIND range(1, 6000) AS n RETURN CASE n WHEN 5999 THEN 'late' ELSE n END AS n"
    rows, found = fetch(graph.connector(), query)
    assert (found[5_998], found[5_999]) == ((None,), (6000,))
    assert "late" in rows.notes[0]


def test_whole_numbers_beside_fractions_are_fractions_where_none_changes(graph: Engine) -> None:
    rows, found = fetch(graph.connector(), "UNWIND [1, 2.5] AS n RETURN n, n * 9007199254740993 AS big")
    assert [column.kind for column in rows.columns] == ["real", "text"]
    assert [row[0] for row in found] == [1.0, 2.5]
    assert Decimal(found[0][1]) == 9007199254740993


def test_a_graph_has_labels_and_types_as_tables(graph: Engine) -> None:
    catalogue = graph.connector().catalogue("graph")
    assert catalogue.dialect == "cypher"
    tables = {table.name: table for table in catalogue.tables}
    assert (tables["people"].kind, tables["people"].rows) == ("node", 3)
    assert tables["people"].columns[0].name == "id"
    knows = tables["knows"]
    assert (knows.kind, knows.rows) == ("relationship", 1)
    assert knows.comment == "(:people)-[:knows]->(:people)"
    assert [(column.name, column.type, column.kind) for column in knows.columns] == [
        ("since", "DATE", "date")
    ]


def test_a_login_of_an_edition_without_roles_is_told_to_be_able_to_write(graph: Engine) -> None:
    status = graph.connector().test()
    assert not status.read_only
    assert "no roles" in status.warnings[0]
    assert status.script == ""


def test_an_estimate_shows_the_plan(graph: Engine) -> None:
    estimate = graph.connector().explain(checked("MATCH (p:people) RETURN p.name LIMIT 2", 2), Limits())
    assert estimate.rows == 2
    assert "NodeByLabelScan p:people: about 2 rows" in estimate.plan


READ = """
MATCH (p:people) RETURN count(*) AS n | [(3,)]
match (p:people {city: 'Paris'}) return p.name order by p.name | [("Ann",), ("Cé 😀",)]
MATCH (p:people) RETURN p.city, count(p) AS n ORDER BY n DESC | [("Paris", 2), ("Berlin", 1)]
MATCH (a:people)-[k:knows]->(b) WHERE k.since < date('2021-01-01') RETURN b.id | [(3,)]
MATCH (a:people)-[:knows*1..3]->(b:people) RETURN a.id, b.id | [(1, 3)]
MATCH (p:people) WHERE NOT (p)-[:knows]->() RETURN p.id ORDER BY p.id | [(2,), (3,)]
MATCH (p:people) WHERE p.score IS NULL OR p.score < 0 RETURN p.id ORDER BY p.id DESC | [(3,), (2,)]
MATCH (p:people) OPTIONAL MATCH (p)-[:knows]->(q) RETURN p.id, q.id ORDER BY p.id LIMIT 1 | [(1, 3)]
MATCH (p:people) WITH p.city AS c, collect(p.id) AS ids WHERE size(ids) > 1 RETURN c | [("Paris",)]
MATCH (p:people) WITH collect(p.name) AS all UNWIND all AS n RETURN toUpper(n) AS u LIMIT 1 | [("ANN",)]
MATCH (p:people) WHERE p.name STARTS WITH 'A' AND p.id IN [1, 2] RETURN p.id / 2.0 AS half | [(0.5,)]
MATCH (p:people) RETURN CASE WHEN p.score > 1 THEN 'high' ELSE 'low' END AS l LIMIT 1 | [("high",)]
MATCH (p:people) RETURN round(avg(p.score) * 1000) / 1000 AS mean | [(-0.375,)]
MATCH (p:people) WHERE EXISTS { MATCH (p)-[:knows]->(:people) } RETURN p.name AS `its name` | [("Ann",)]
MATCH (p:people) RETURN DISTINCT p.city AS c ORDER BY c SKIP 1 LIMIT 5 | [("Paris",)]
"""


@pytest.mark.parametrize(("query", "expected"), [line.split(" | ") for line in READ.strip().splitlines()])
def test_what_the_guard_writes_is_what_the_server_reads(graph: Engine, query: str, expected: str) -> None:
    source = graph.connector()
    written = check(query, source.catalogue("graph"), Limits())
    assert fetch(source, written.query)[1] == ast.literal_eval(expected)
    assert check(written.query, source.catalogue("graph"), Limits()).query == written.query


@pytest.mark.parametrize(
    "query",
    [
        "MATCH (p:people) RETURN p.secret",
        "MATCH (p:nobody) RETURN p.id",
        "MATCH (p:people) SET p.id = 2 RETURN p.id",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    ],
)
def test_the_guard_knows_what_the_graph_has(graph: Engine, query: str) -> None:
    with pytest.raises(GuardRefused):
        check(query, graph.connector().catalogue("graph"), Limits())


def test_it_is_asked_from_a_cage(graph: Engine, home: Home) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            order = c.AddSource(name="graph", config=graph.config, password=graph.password)
            added = await client.call(order)
            assert (added.source.dialect, added.source.tables) == ("cypher", 2)
            asked = await client.call(c.DraftQuery(source="graph", question="How many people are there?"))
            assert asked.translation.outcome == "abstained"
            drafted = c.DraftQuery(source="graph", query="MATCH (p:people) RETURN count(*) AS n")
            result = await client.call(await approved(client, order_of(await client.call(drafted))))
            assert await cells(client, result) == ((3,),)

    run(story())
