"""The guard's other languages, its limits, and how names and limits of rows are written."""

from __future__ import annotations

import json

import pytest

from garret.features.data.contracts import Catalogue, Column, Dialect, Limits, Table, TableKind
from garret.features.data.guard import GuardRefused, check
from tests.features.data.guard.corpus import catalogue


def graph(dialect: Dialect, kind: TableKind) -> Catalogue:
    """People who know each other, and sales."""
    columns = {"Person": "name age city", "KNOWS": "since", "sales": "region amount day"}
    return Catalogue(
        "graph",
        dialect,
        tuple(
            Table(name, kind=kind, columns=tuple(Column(each, "x", "other") for each in names.split()))
            for name, names in columns.items()
        ),
    )


CYPHER = graph("cypher", "node")
QDRANT = graph("qdrant", "collection")


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("MATCH (n:Person) RETURN n", "MATCH (`n`:`Person`) RETURN `n` LIMIT 11"),
        ("match (a:Person) return a.name limit 3", "MATCH (`a`:`Person`) RETURN `a`.`name` LIMIT 3"),
        ("MATCH (a:Person) RETURN a.name LIMIT 99 // all", "MATCH (`a`:`Person`) RETURN `a`.`name` LIMIT 11"),
    ],
)
def test_cypher_is_written_with_names_in_backticks_and_a_limit(query: str, written: str) -> None:
    assert check(query, CYPHER, Limits(rows=10)).query == written


@pytest.mark.parametrize(
    "query",
    [
        "MATCH (a:Person {name: 'x'})-[:KNOWS*1..3]->(b) WHERE a.age > 30 AND b.name CONTAINS 'A' RETURN b",
        "MATCH (a:Person) RETURN a.name AS name, count(*) AS c ORDER BY c DESC SKIP 2 LIMIT 5",
        "MATCH (a:Person) WITH a.city AS city, avg(a.age) AS m WHERE m > 3 RETURN city, m",
        "MATCH (a:Person) WHERE EXISTS { MATCH (a)-[:KNOWS]->(:Person) } RETURN a.name",
        "UNWIND [1, 2, 3] AS x RETURN x * 2",
        "MATCH (a:Person)--(b) RETURN [x IN collect(b.name) | toUpper(x)] AS l",
        "OPTIONAL MATCH (a:Person|sales) RETURN count(DISTINCT a.city), a.name IS NOT NULL",
        "MATCH p = shortestPath((a:Person)-[:KNOWS*..5]->(b:Person)) RETURN length(p)",
    ],
)
def test_cypher_that_reads_passes_and_is_stable(query: str) -> None:
    written = check(query, CYPHER, Limits()).query
    assert check(written, CYPHER, Limits()).query == written


@pytest.mark.parametrize(
    "query",
    [
        "CREATE (n:Person)",
        "MATCH (n) DELETE n",
        "MATCH (n) DETACH DELETE n RETURN n",
        "MATCH (n) SET n.name = 'a' RETURN n",
        "MATCH (n) REMOVE n.name RETURN n",
        "MATCH (n:Person) MERGE (m:Person) RETURN m",
        "CALL db.labels()",
        "MATCH (n:Person) CALL dbms.listConfig() YIELD name RETURN name",
        "MATCH (n:Person) CALL { CREATE (m) } RETURN n",
        "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l",
        "MATCH (n:Person) LOAD CSV FROM 'file:///x' AS l RETURN l",
        "FOREACH (x IN [1] | CREATE (n))",
        "MATCH (n:Person) FOREACH (x IN [1] | SET n.age = 1) RETURN n",
        "MATCH (n:Person) USE other RETURN n",
        "MATCH (n:Person) RETURN n UNION MATCH (m:Person) RETURN m",
        "SHOW USERS",
        "MATCH (n:Person) RETURN apoc.load.json('x')",
        "MATCH (n:Person) RETURN n.secret",
        "MATCH (n:Hidden) RETURN n",
        "MATCH (n:Person) RETURN $name",
        "MATCH (n:Person) RETURN '\\u0027'",
        "MATCH (n:Person) RETURN n; MATCH (m) DELETE m",
        "MATCH (a:Person)-[*]->(b) RETURN b",
        "MATCH (a:Person)-[:KNOWS*2..]->(b) RETURN b",
        "MATCH (a:Person)-[:KNOWS*1..99]->(b) RETURN b",
        "MATCH ((a)-[:KNOWS]->(b))+ RETURN a",
        "MATCH (n:Person) RETURN n LIMIT 1 + 1",
        "MATCH (n:Person) RETURN n /* open",
        "MATCH (n:Person) RETURN n.age / / 2",
        "MATCH (n:Person) RETURN n.age / * 2",
        "PROFILE MATCH (n:Person) RETURN n",
        "",
    ],
)
def test_cypher_that_does_more_is_refused(query: str) -> None:
    with pytest.raises(GuardRefused):
        check(query, CYPHER, Limits())


def test_qdrant_is_limited_and_its_keys_are_known() -> None:
    query = {
        "collection": "sales",
        "vector": [0.1, 2],
        "limit": 99,
        "filter": {
            "must": [{"key": "region", "match": {"value": "north"}}],
            "must_not": [{"is_null": {"key": "day"}}],
        },
    }
    checked = check(json.dumps(query), QDRANT, Limits(rows=10))
    assert json.loads(checked.query) == {**query, "limit": 11}
    assert checked.tables == ("sales",)
    assert checked.columns == ("sales.region",)


@pytest.mark.parametrize(
    "change",
    [
        {"delete": True},
        {"collection": "hidden"},
        {"limit": -1},
        {"limit": 1.5},
        {"vector": ["x"]},
        {"vector": []},
        {"filter": {"script": []}},
        {"filter": {"must": [{"key": "secret", "match": {"value": 1}}]}},
        {"filter": {"must": [{"key": "region", "match": {"value": {"$where": 1}}}]}},
        {"with_payload": ["secret"]},
        {"using": {"a": 1}},
    ],
)
def test_qdrant_with_anything_else_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(GuardRefused):
        check(json.dumps({"collection": "sales", "vector": [1.0], **change}), QDRANT, Limits())


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("SELECT id FROM sales", 11),
        ("SELECT id FROM sales LIMIT 3", 3),
        ("SELECT id FROM sales LIMIT 300", 11),
        ("SELECT id FROM sales UNION SELECT id FROM customers", 11),
        ("(SELECT id FROM sales LIMIT 5)", 11),
    ],
)
def test_the_outer_limit_is_the_smaller_one(query: str, limit: int) -> None:
    checked = check(query, catalogue("duckdb"), Limits(rows=10))
    assert checked.limit == limit
    assert checked.query.endswith(f"LIMIT {limit}")


def test_mongo_keeps_a_smaller_limit_and_sets_one_otherwise() -> None:
    source = catalogue("mongo")
    for stages, limit in (
        ([], 11),
        ([{"$limit": 3}], 3),
        ([{"$limit": 99}], 11),
        ([{"$limit": 3}, {"$skip": 1}], 11),
    ):
        checked = check(json.dumps({"collection": "sales", "pipeline": stages}), source, Limits(rows=10))
        assert checked.limit == limit
        assert (
            min(stage["$limit"] for stage in json.loads(checked.query)["pipeline"] if "$limit" in stage) <= 11
        )


def test_tables_and_columns_are_those_of_every_scope() -> None:
    checked = check(
        "WITH big AS (SELECT customer_id FROM sales WHERE amount > 3) SELECT c.name FROM customers AS c "
        "WHERE EXISTS (SELECT 1 FROM big WHERE big.customer_id = c.id)",
        catalogue("postgres"),
        Limits(),
    )
    assert set(checked.tables) == {"public.sales", "public.customers"}
    assert set(checked.columns) == {
        "public.sales.customer_id",
        "public.sales.amount",
        "public.customers.name",
        "public.customers.id",
    }


@pytest.mark.parametrize("name", ["hidden", "SALES_2", "pg_class"])
def test_a_refusal_says_what_there_is(name: str) -> None:
    with pytest.raises(GuardRefused, match="only tables of this source") as caught:
        check(f"SELECT * FROM {name}", catalogue("postgres"), Limits())
    assert "public.sales" in caught.value.details["allowed"]
    assert caught.value.details["what"] == name


@pytest.mark.parametrize("grown", ["s || s", "concat(s, s)", "replace(s, 'a', 'aa')"])
def test_a_reduction_that_doubles_a_text_is_refused(grown: str) -> None:
    with pytest.raises(GuardRefused, match="values stay short"):
        check(f"SELECT reduce(tags, 'a', (s, x) -> {grown}, s -> s) FROM sales", catalogue("trino"), Limits())
