"""What people ask day by day, over small databases: figures by anything, per month, the last, the top."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from benchmarks import ask_set
from benchmarks.ask import TODAY, run_query
from garret.features.data.contracts import Dialect
from garret.features.data.translator.grains import written
from garret.features.data.translator.index import Grain
from garret.features.data.translator.translator import Translator

EVERYDAY = Path(ask_set.__file__).parent / "everyday"
DATABASES = [name for name, _ in ask_set.by_database(ask_set.questions(EVERYDAY))]


@pytest.mark.parametrize("database", DATABASES)
def test_the_first_reading_is_the_one_that_was_meant(database: str) -> None:
    asked = dict(ask_set.by_database(ask_set.questions(EVERYDAY)))[database]
    gold = ask_set.gold_results(EVERYDAY, database, asked)
    wrong: list[str] = []
    answered_wrong: list[str] = []
    with ask_set.connect(EVERYDAY, database) as connection:
        translator = Translator(ask_set.catalogue(EVERYDAY, database, connection))
        for item in asked:
            made = translator.translate(item.text, today=TODAY)
            query = made.query or (made.alternatives[0].query if made.alternatives else "")
            rows = run_query(connection, query) if query else None
            if rows is None or not ask_set.right(EVERYDAY, rows, gold[item.gold], ask_set.orders(item.gold)):
                wrong.append(f"{item.text}: {query or made.message}")
                answered_wrong += [item.text] if made.outcome == "query" else []
    assert len(wrong) <= 0.1 * len(asked), wrong
    assert len(answered_wrong) <= 0.05 * len(asked), answered_wrong


@pytest.mark.parametrize(
    ("grain", "expected"),
    [
        ("day", "2024-05-30"),
        ("month", "2024-05"),
        ("quarter", "2024-Q2"),
        ("year", 2024),
        ("week", "2024-W22"),
    ],
)
def test_a_unit_of_time_of_a_file_of_sqlite(grain: Grain, expected: object) -> None:
    with sqlite3.connect(":memory:") as connection:
        text = written(grain, "'2024-05-30'", "sqlite")
        (found,) = connection.execute(f"SELECT {text}").fetchone()
    assert found == expected


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "trino", "mysql"])
def test_each_dialect_writes_each_unit(dialect: Dialect) -> None:
    texts = [written(grain, '"d"', dialect) for grain in ("day", "week", "month", "quarter", "year")]
    assert len(set(texts)) == 5
    assert all('"d"' in text for text in texts)
