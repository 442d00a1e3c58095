"""Ordinary analytics pass: written out in each dialect, and a training set's gold queries with their rows."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from garret.features.data.contracts import Catalogue, Column, Dialect, Limits, Table
from garret.features.data.guard import GuardRefused, check
from tests.features.data.guard import ordinary

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "ask-train"
ROWS = 10_000
EVERY = 12  # so many gold queries apart are those whose rows are compared; all of them take ten minutes

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the training questions are not on this machine"
)


@pytest.mark.parametrize("dialect", ordinary.SQL)
def test_no_ordinary_question_is_refused(dialect: Dialect) -> None:
    source = ordinary.catalogue(dialect)
    queries = list(ordinary.queries(dialect))
    assert len(queries) > 90
    refused: list[str] = []
    for query in queries:
        try:
            written = check(query, source, Limits(rows=ROWS)).query
            assert check(written, source, Limits(rows=ROWS)).query == written
        except GuardRefused as refusal:
            refused.append(f"{query}: {refusal.message}")
    assert refused == []


def test_what_is_written_for_duckdb_is_read_by_duckdb() -> None:
    session = duckdb.connect()
    for query in ordinary.queries("duckdb"):
        written = check(query, ordinary.catalogue("duckdb"), Limits()).query
        (statement,) = session.extract_statements(written)
        assert statement.type == duckdb.StatementType.SELECT
    session.close()


def trained(database: str) -> Catalogue:
    """The catalogue of one of the training databases, from its schema."""
    text = (SHARED / "databases" / database / "schema.sql").read_text(encoding="utf-8")
    tables = tuple(
        Table(
            found[1],
            kind="file",
            columns=tuple(
                Column(name, kind, "other")
                for name, kind in re.findall(r'^\s*"([^"]+)" (\w+)', found[2], re.M)
            ),
        )
        for found in re.finditer(r'CREATE TABLE "([^"]+)" \((.*?)\n\);', text, re.S)
    )
    return Catalogue(database, "duckdb", tables)


def questions() -> list[dict[str, str]]:
    """The training questions with their gold queries."""
    lines = (SHARED / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@needs_shared
def test_of_the_gold_queries_at_most_one_in_two_hundred_is_refused() -> None:
    sources: dict[str, Catalogue] = {}
    refused: Counter[str] = Counter()
    asked = questions()
    for question in asked:
        database = question["database"]
        source = sources.get(database) or sources.setdefault(database, trained(database))
        try:
            check(question["sql"], source, Limits())
        except GuardRefused as refusal:
            refused[refusal.details["rule"]] += 1
    assert sum(refused.values()) <= len(asked) * 0.005, refused


def opened(database: str) -> duckdb.DuckDBPyConnection:
    """The database in memory, with its rows."""
    folder = SHARED / "databases" / database
    session = duckdb.connect()
    session.execute(
        "SET threads = 1"
    )  # or rows that are alike come in any order, and a limit cuts any of them
    session.execute((folder / "schema.sql").read_text(encoding="utf-8"))
    for (table,) in session.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        if (folder / f"{table}.csv").exists():
            session.execute(f"COPY \"{table}\" FROM '{folder}/{table}.csv' (HEADER true)")
    return session


@needs_shared
def test_what_is_written_gives_the_same_rows_as_the_gold_query() -> None:
    by_database: dict[str, list[str]] = {}
    for question in questions()[::EVERY]:
        by_database.setdefault(question["database"], []).append(question["sql"])
    different: list[str] = []
    for database, queries in by_database.items():
        source, session = trained(database), opened(database)
        for query in queries:
            written = check(query, source, Limits(rows=ROWS)).query
            if _rows(session, query) != _rows(session, written):
                different.append(f"{database}: {query} -> {written}")
        session.close()
    assert different == []


def _rows(session: duckdb.DuckDBPyConnection, query: str) -> Counter[Any]:
    """The rows as a bag, since without an order engines may give any; none where the query is in error."""
    try:
        return Counter(repr(row) for row in session.execute(query).fetchall())
    except duckdb.Error:
        return Counter({"error": 1})
