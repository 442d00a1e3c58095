"""What Trino's JSON becomes, and which texts are no query; a real server is in the contract suite."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("trino", reason="CONNECTOR trino NOT TESTED: its client is not installed")

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.trino_server import hold_to_query
from garret.features.data.sources.trino_values import fields_of, in_utc, named

INTEGER = {"rawType": "integer", "arguments": []}
ROW = {
    "rawType": "row",
    "arguments": [
        {"kind": "NAMED_TYPE", "value": {"fieldName": {"name": "a"}, "typeSignature": INTEGER}},
        {
            "kind": "NAMED_TYPE",
            "value": {
                "fieldName": {"name": "b"},
                "typeSignature": {"rawType": "array", "arguments": [{"kind": "TYPE", "value": INTEGER}]},
            },
        },
    ],
}
NAMELESS = {"rawType": "row", "arguments": [{"kind": "NAMED_TYPE", "value": {"typeSignature": INTEGER}}]}
MAP = {"rawType": "map", "arguments": [{"value": {"rawType": "varchar"}}, {"value": ROW}]}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2020-02-29 01:02:03.5 UTC", "2020-02-29 01:02:03.5Z"),
        ("2020-02-29 01:02:03 +05:30", "2020-02-29 01:02:03+05:30"),
        ("2020-02-29 01:02:03.123 Europe/Berlin", "2020-02-29 00:02:03.123Z"),
        ("2020-07-01 01:02:03 America/New_York", "2020-07-01 05:02:03Z"),
        ("2020-10-25 02:30:00 Europe/Berlin", "2020-10-25 02:30:00 Europe/Berlin"),  # it was twice
        ("2020-02-29 01:02:03 Mars/Olympus", "2020-02-29 01:02:03 Mars/Olympus"),
        ("0001-01-01 00:00:00 Europe/Berlin", "0001-01-01 00:00:00 Europe/Berlin"),
        ("+12020-01-01 00:00:00 UTC", "+12020-01-01 00:00:00 UTC"),
    ],
)
def test_moments_with_a_zone(written: str, told: str) -> None:
    assert in_utc(written) == told


@pytest.mark.parametrize(
    ("value", "signature", "told"),
    [
        ([1, [2, None]], ROW, {"a": 1, "b": [2, None]}),
        ([1], NAMELESS, [1]),
        ({"x": [1, None], "y": None}, MAP, {"x": {"a": 1, "b": None}, "y": None}),
        (None, ROW, None),
    ],
)
def test_rows_have_the_names_of_their_fields(value: Any, signature: dict[str, Any], told: Any) -> None:
    assert named(value, signature) == told


@pytest.mark.parametrize(
    ("word", "kind", "values", "held"),
    [
        ("integer", "integer", [1, None], [1, None]),
        ("double", "real", ["Infinity", 1], [float("inf"), 1.0]),
        ("varbinary", "binary", ["AP8="], [b"\x00\xff"]),
        ("boolean", "boolean", [True, None], [True, None]),
        ("varchar(3)", "text", ["é", "\ud800"], ["é", "\\ud800"]),
        ("ipaddress", "other", ["10.0.0.1"], ["10.0.0.1"]),
    ],
)
def test_columns_of_types(word: str, kind: str, values: list[Any], held: list[Any]) -> None:
    (field,) = fields_of([{"name": "a", "type": word, "typeSignature": {"rawType": word.split("(")[0]}}])
    assert field.column.kind == kind
    assert field.fit.first(field.array(values)).to_pylist() == held
    assert field.fit.notes() == ()


@pytest.mark.parametrize(
    "text", ["SELECT 1", " ( select 1)", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES 1"]
)
def test_queries_pass(text: str) -> None:
    hold_to_query(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INSERT INTO t SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL system.runtime.kill_query('a')",
        "SET SESSION query_max_run_time = '1h'",
        "SELECT * FROM TABLE(postgresql.system.query(query => 'DELETE FROM t'))",
        "SELECT * FROM table  (a.b.query(query => 'x'))",
    ],
)
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        hold_to_query(text)
    assert caught.value.code is Code.DENIED


def test_a_text_or_a_name_may_look_like_a_function() -> None:
    hold_to_query("""SELECT 'TABLE(x)' AS a, "TABLE (" FROM t""")
