"""Qdrant by its client's own local store: points near a vector, filters, payloads, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("qdrant_client", reason="CONNECTOR qdrant NOT TESTED: its client is not installed")

from qdrant_client import QdrantClient, models

from garret.base.errors import Code
from garret.features.data.contracts import Checked, Limits, SourceConfig
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.qdrant_server import QdrantConnector


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("qdrant")
    client = QdrantClient(path=str(place))
    client.create_collection(
        "notes", vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE)
    )
    client.upsert(
        "notes",
        [
            models.PointStruct(
                id=number,
                vector=[1.0, number / 10],
                payload={
                    "city": "Paris" if number % 3 else "Berlin",
                    "n": number,
                    "email": f"a{number}@example.org",
                },
            )
            for number in range(1, 2_501)
        ],
    )
    client.close()
    return place


@pytest.fixture
def source(folder: Path) -> Iterator[QdrantConnector]:
    source = QdrantConnector(SourceConfig(kind="qdrant", paths=(str(folder),)), "")
    yield source
    source.close()


def asked(
    source: QdrantConnector, limits: Limits | None = None, **query: Any
) -> tuple[Any, list[dict[str, Any]]]:
    text = json.dumps({"collection": "notes", **query})
    rows = source.run(Checked(query=text, tables=("notes",), columns=(), limit=10), limits or Limits())
    return rows, [row for batch in rows for row in batch.to_pylist()]


def test_the_nearest_first_with_their_scores(source: QdrantConnector) -> None:
    rows, found = asked(source, vector=[1.0, 0.1], limit=3)
    assert [column.name for column in rows.columns] == ["id", "score", "city", "n", "email"]
    assert [row["id"] for row in found] == [1, 2, 3]
    assert found[0]["score"] == pytest.approx(1.0)


def test_filters_and_pages(source: QdrantConnector) -> None:
    berlin = {"must": [{"key": "city", "match": {"value": "Berlin"}}]}
    _, found = asked(source, filter=berlin)
    assert [row["n"] for row in found] == list(range(3, 2_501, 3))
    rows, found = asked(source, Limits(rows=1_200))
    assert len(found) == 1_200
    assert rows.truncated


def test_the_catalogue(source: QdrantConnector) -> None:
    (table,) = source.catalogue("q").tables
    kinds = {column.name: (column.kind, column.private) for column in table.columns}
    assert kinds == {
        "id": ("text", False),
        "vector": ("vector", False),
        "city": ("text", False),
        "n": ("integer", False),
        "email": ("text", True),
    }
    assert table.rows == 2_500
    assert table.columns[2].samples == ("Paris", "Berlin")
    assert source.test().version.startswith("Qdrant")


def test_estimates(source: QdrantConnector) -> None:
    text = json.dumps({"collection": "notes", "limit": 7})
    assert source.explain(Checked(query=text, tables=(), columns=(), limit=7), Limits()).rows == 7


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"collection": "notes", "delete": true}', '{"collection": "notes", "limit": -1}',
     '{"collection": "notes", "filter": {"must": [{"nonsense": 1}]}}'],
)  # fmt: skip
def test_what_is_no_query_is_refused(source: QdrantConnector, text: str) -> None:
    with pytest.raises(SourceError) as caught:
        source.run(Checked(query=text, tables=(), columns=(), limit=10), Limits())
    assert caught.value.code is Code.INVALID


def test_a_collection_that_is_gone(source: QdrantConnector) -> None:
    with pytest.raises(SourceError) as caught:
        source.run(Checked(query='{"collection": "gone"}', tables=(), columns=(), limit=10), Limits())
    assert caught.value.code is Code.CONFLICT
