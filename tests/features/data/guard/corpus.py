"""The attacks, the source they are aimed at, and hostile texts that are too long for a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from garret.features.data.contracts import Catalogue, Column, Dialect, Table

HERE = Path(__file__).resolve().parent / "attacks"
DIALECTS: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres", "mysql", "mongo")
_SCHEMAS = {"postgres": "public", "mysql": "shop", "trino": "memory.default"}
_TABLES = {
    "sales": "id region amount day note customer_id tags info emb",
    "customers": "id name city born",
}


class Attack(NamedTuple):
    """One line of a file of attacks."""

    dialect: Dialect
    kind: str
    harm: str
    query: str

    def at(self, folder: Path) -> str:
        """The query, aimed at the files in `folder`."""
        return self.query.replace("{folder}", str(folder)).replace("{name}", folder.name)


def catalogue(dialect: Dialect) -> Catalogue:
    """The source that the attacks are aimed at."""
    tables = tuple(
        Table(
            name,
            schema=_SCHEMAS.get(dialect, ""),
            kind="collection"
            if dialect in ("mongo", "qdrant")
            else "node"
            if dialect == "cypher"
            else "table",
            columns=tuple(Column(column, "text", "text") for column in columns.split()),
        )
        for name, columns in _TABLES.items()
    )
    return Catalogue("source", dialect, tables)


def attacks(*dialects: Dialect) -> Iterator[Attack]:
    """The attacks in these languages; all without any."""
    for dialect in dialects or DIALECTS:
        for line in (HERE / f"{dialect}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Attack(row["dialect"], row["kind"], row["harm"], row.get("query") or made(row["made"]))


def made(name: str) -> str:
    """A hostile text by its name: deep, long, or both, as long as the guard reads at all."""
    return _MADE[name]


def _json(stages: list[object]) -> str:
    return json.dumps({"collection": "sales", "pipeline": stages})


def _deep_condition(levels: int) -> object:
    condition: object = {"a": 1}
    for _ in range(levels):
        condition = {"$and": [condition]}
    return condition


_MADE = {
    "deep-brackets": "SELECT " + "(" * 3_000 + "1" + ")" * 3_000,
    "long-text": "SELECT '" + "x" * 1_000_000 + "'",
    "many-terms": "SELECT " + " + ".join(["amount"] * 4_000) + " FROM sales",
    "deep-case": "SELECT " + "CASE WHEN 1 = 1 THEN " * 500 + "1" + " END" * 500,
    "deep-not": "SELECT " + "NOT " * 2_000 + "1 = 1",
    "deep-queries": "SELECT * FROM " + "(SELECT * FROM " * 300 + "sales" + ") AS x" * 300,
    # What sqlglot reads twice at each level.
    "deep-types": "SELECT " + "date(" * 22 + "'x'" + ")" * 22,
    "deep-binary": "SELECT " + "binary(" * 22 + "'x'" + ")" * 22,
    "deep-limits": "SELECT " + "abs(1 LIMIT " * 22 + "1" + ")" * 22,
    "deep-types-in-cases": "SELECT " + "CASE WHEN json(" * 11 + "1" + ") THEN 1 END" * 11,
    "many-joins": "SELECT 1 FROM sales" + " JOIN sales" * 40,
    "many-joins-in-brackets": "SELECT 1 FROM " + "(sales JOIN sales JOIN " * 9 + "sales" + ")" * 9,
    "long-name": "SELECT " + ".".join(["id"] * 300) + " FROM sales",
    "long-path": "SELECT json_extract(info, '$" + "[0]" * 6_000 + "') FROM sales",
    "many-dots": "SELECT " + ".".join(["count(*)"] * 120) + " FROM sales",
    "many-tables": "SELECT 1 FROM " + ", ".join(f"sales AS s{at}" for at in range(150)),
    "json-deep": _json([{"$match": _deep_condition(400)}]),
    "json-many": _json([{"$match": {"a": {"$in": list(range(10_000))}}}]),
    "json-long": _json([{"$match": {"a": "x" * 1_000_000}}]),
    "json-stages": _json([{"$match": {}}] * 500),
}
