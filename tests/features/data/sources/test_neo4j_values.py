"""Words, texts and numbers of Neo4j's values; a real server is in the contract suite."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("neo4j", reason="CONNECTOR neo4j NOT TESTED: its driver is not installed")

import pytz
from neo4j.spatial import CartesianPoint, WGS84Point
from neo4j.time import Date, DateTime, Duration, Time

from garret.features.data.sources.neo4j_login import reader_script, rights_beyond_reading
from garret.features.data.sources.neo4j_values import VOCABULARY, text_of, word_of

BERLIN = pytz.timezone("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "null"),
        (True, "BOOLEAN"),
        (1, "INTEGER"),
        (1.0, "FLOAT"),
        ("a", "STRING"),
        (b"a", "BYTES"),
        (Date(2020, 1, 1), "DATE"),
        (Time(1, 2, 3), "LOCAL TIME"),
        (Time(1, 2, 3, tzinfo=pytz.UTC), "ZONED TIME"),
        (DateTime(2020, 1, 1), "LOCAL DATETIME"),
        (DateTime(2020, 1, 1, tzinfo=pytz.UTC), "ZONED DATETIME"),
        (DateTime(2020, 1, 1, nanosecond=1_000), "LOCAL DATETIME"),
        (DateTime(2020, 1, 1, nanosecond=1_001), "LOCAL DATETIME fine"),
        (Duration(days=1), "DURATION"),
        (WGS84Point((1, 2)), "POINT"),
        ([1], "LIST"),
        ({"a": 1}, "MAP"),
        (object(), "ANY"),
    ],
)
def test_words_of_types(value: Any, word: str) -> None:
    assert word_of(value) == word


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        ([1, None, float("inf")], '[1, null, "inf"]'),
        ({"é": Date(2020, 1, 2)}, '{"é": "2020-01-02"}'),
        (b"\x00\xff", "00ff"),
        (Duration(months=14, days=3), "P1Y2M3D"),
        (CartesianPoint((1, 2.5)), "SRID=7203;POINT (1 2.5)"),
        (WGS84Point((1, 2, 3)), "SRID=4979;POINT Z (1 2 3)"),
    ],
)
def test_texts_of_values(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "type_", "held"),
    [
        (Date(1, 1, 1), pa.date32(), dt.date(1, 1, 1)),
        (Date(9999, 12, 31), pa.date32(), dt.date(9999, 12, 31)),
        (Time(23, 59, 59, 999_999_000), pa.time64("us"), dt.time(23, 59, 59, 999_999)),
        (
            BERLIN.localize(dt.datetime(2020, 10, 25, 2, 30), is_dst=False),  # noqa: DTZ001 - the zone follows
            pa.timestamp("us", "UTC"),
            dt.datetime(2020, 10, 25, 1, 30, tzinfo=dt.UTC),
        ),
    ],
)
def test_days_and_microseconds(value: Any, type_: pa.DataType, held: Any) -> None:
    if isinstance(value, dt.datetime):
        value = DateTime.from_native(value)
    assert pa.array([VOCABULARY.plain(value)], type_).to_pylist() == [held]


@pytest.mark.parametrize(
    ("privileges", "told"),
    [
        ([], ""),
        ([["GRANTED", "match"], ["GRANTED", "access"], ["GRANTED", "execute"], ["DENIED", "write"]], ""),
        (
            [["GRANTED", "match"], ["GRANTED", "write"], ["GRANTED", "create_element"]],
            "create_element, write",
        ),
    ],
)
def test_privileges_beyond_reading(privileges: list[list[str]], told: str) -> None:
    assert rights_beyond_reading(privileges) == (f"may do more than read: {told}." if told else "")


def test_the_script_makes_a_reader() -> None:
    assert reader_script().splitlines()[1] == "GRANT ROLE reader TO garret_reader;"
