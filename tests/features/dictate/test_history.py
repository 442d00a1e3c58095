"""Looking for utterances: what narrows a list, any part of a long one at once, how it is found."""

from __future__ import annotations

from typing import Any

import apsw
import pytest

from garret.features.dictate import contracts as c
from garret.features.dictate.history import Question, count, ids, newest, overdue
from garret.storage import migrations


@pytest.fixture
def connection() -> apsw.Connection:
    """200 utterances, one a minute; every 10th of another engine, every 50th deleted."""
    made = apsw.Connection(":memory:")
    own = migrations.load("storage", "garret.storage.migrations.durable")
    migrations.apply(made, [own, migrations.load("dictate", "garret.features.dictate.migrations")])
    for number in range(200):
        made.execute(
            "INSERT INTO utterances VALUES (?, ?, 'admin', 'main', ?, '', NULL, 1, ?, 'good', 0, 1, 'r', ?, "
            "NULL, 'cleaned', 'raw', ?, NULL, NULL, ?, 0)",
            (
                f"utt_{number:04d}",
                60.0 * number,
                "file" if number % 4 == 0 else "microphone",
                "whisper" if number % 10 == 0 else "pocketsphinx",
                "It is noisy." if number % 20 == 0 else "",
                "x" * number,
                1_000.0 + number if number % 50 == 0 else None,
            ),
        )
    return made


def numbers(found: list[str]) -> list[int]:
    return [int(each.removeprefix("utt_")) for each in found]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (c.Filter(since=60.0 * 196, until=60.0 * 198), [197, 196]),
        (c.Filter(engine="whisper", since=60.0 * 160), [190, 180, 170, 160]),
        (c.Filter(source="file", since=60.0 * 190), [196, 192]),
        (c.Filter(remarked=True), [180, 160, 140, 120, 80, 60, 40, 20]),
        (c.Filter(deleted=True), [150, 100, 50, 0]),
        (c.Filter(deleted=True, engine="whisper", until=60.0 * 60), [50, 0]),
        (c.Filter(engine="oracle"), []),
        (c.Filter(query="..."), []),
    ],
)
def test_all_that_is_given_has_to_be_true(
    connection: apsw.Connection, only: c.Filter, expected: list[int]
) -> None:
    question = Question(300, only=only)
    assert numbers(ids(connection, question)) == expected
    assert count(connection, question) == len(expected)


def test_any_part_of_a_list_is_there_at_once_and_the_parts_are_the_list(connection: apsw.Connection) -> None:
    whole = ids(connection, Question(300))
    assert len(whole) == count(connection, Question(1)) == 196
    parts = [ids(connection, Question(30, skip=skip)) for skip in range(0, 210, 30)]
    assert [each for part in parts for each in part] == whole
    assert ids(connection, Question(2, skip=3, before=whole[10])) == whole[14:16]


def test_of_texts_no_more_is_read_than_is_shown(connection: apsw.Connection) -> None:
    rows = newest(connection, Question(3, characters=5))
    assert [(row.text, row.raw) for row in rows] == [("xxxxx", "raw")] * 3


def test_a_page_is_found_by_the_index_alone(connection: apsw.Connection) -> None:
    def plan(question: Question) -> str:
        seen: list[str] = []

        def trace(_: Any, sql: str, bindings: Any) -> bool:
            if sql.startswith("SELECT id"):
                rows: Any = connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)
                seen.extend(str(row[3]) for row in rows)
            return True

        connection.exec_trace = trace
        ids(connection, question)
        connection.exec_trace = None
        return " ".join(seen)

    only = c.Filter(engine="whisper", since=5.0)
    told = plan(Question(50, profile="admin", workspace="main", only=only, skip=100))
    assert "COVERING INDEX utterances_listed" in told
    assert "TEMP B-TREE" not in told, "nothing is sorted"


def test_those_whose_time_is_over_are_told_oldest_first(connection: apsw.Connection) -> None:
    assert numbers(overdue(connection, 1_100.0)) == [0, 50]
