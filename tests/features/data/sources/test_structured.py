"""JSON and Parquet: what they hold, damaged and deep ones included."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from garret.features.data.sources.contract import SourceError
from tests.features.data.sources.asking import files, rows_of


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1, "b": {"c": [1, 2]}}, {"a": 2, "b": null}]',
        '{"a": 1, "b": {"c": [1, 2]}}\n{"a": 2, "b": null}\n',
    ],
    ids=["an array", "lines"],
)
def test_json_of_any_layout(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    table = files(tmp_path).catalogue("s").tables[0]
    assert [(column.name, column.kind) for column in table.columns] == [("a", "integer"), ("b", "json")]
    assert table.rows == 2
    assert rows_of(files(tmp_path), "FROM t", "t")[0] == [(1, '{"c":[1,2]}'), (2, None)]


def test_lines_that_are_no_json_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.ndjson").write_text('{"a": 1}\nnonsense\n{"a": null, "b": "x"}\n{"a": 3')
    catalogue = files(tmp_path).catalogue("s")
    assert catalogue.notes == (
        f"{tmp_path}/t.ndjson: lines that are no whole JSON, and objects without a value, are left out.",
    )
    assert rows_of(files(tmp_path), "FROM t", "t")[0] == [(1, None), (None, "x")]
    (tmp_path / "t.ndjson").rename(tmp_path / "t.json")
    assert "Malformed JSON" in files(tmp_path).catalogue("s").notes[0], "of one value nothing can be left out"


def test_an_array_behind_a_byte_order_mark_is_rows(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"a": 1}, {"a": 2}]', encoding="utf-8-sig")
    assert rows_of(files(tmp_path), "FROM t", "t")[0] == [(1,), (2,)]


def test_json_that_is_deep_keeps_its_depth_as_json(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"d": ' * 100 + "1" + "}" * 100)
    ((cell,),), _ = rows_of(files(tmp_path), "FROM t", "t")
    assert cell.count("{") == 99


def test_json_that_is_deeper_than_the_engine_goes_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"d": ' * 5000 + "1" + "}" * 5000)
    catalogue = files(tmp_path).catalogue("s")
    assert catalogue.tables == ()
    assert "t.json cannot be read" in catalogue.notes[0]


@pytest.mark.parametrize("text", ["{", "[1, 2", '{"a": }', "[" * 100_000, "\x00\x01\x02"])
def test_json_that_is_damaged_is_said_and_the_rest_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    (tmp_path / "u.json").write_text('[{"a": 1}]')
    catalogue = files(tmp_path).catalogue("s")
    assert "u" in [table.name for table in catalogue.tables]
    if len(catalogue.tables) == 1:
        assert "t.json cannot be read" in catalogue.notes[0]
    else:  # lines that are no JSON are none, and what is whole of it stands
        with pytest.raises(SourceError):
            rows_of(files(tmp_path), "FROM t", "t")


def parquet(path: Path, query: str = "SELECT range AS a, 'x' || range AS b FROM range(1000)") -> None:
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def test_parquet_says_its_types_and_counts_its_rows(tmp_path: Path) -> None:
    parquet(tmp_path / "t.parquet")
    table = files(tmp_path).catalogue("s").tables[0]
    assert ([column.type for column in table.columns], table.rows) == (["BIGINT", "VARCHAR"], 1000)
    assert rows_of(files(tmp_path), "SELECT sum(a), max(b) FROM t", "t")[0] == [("499500", "x999")]


def test_parquet_that_is_damaged_is_said(tmp_path: Path) -> None:
    parquet(tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    for name, content in {
        "cut": whole[: len(whole) // 2],
        "none": b"PAR1",
        "empty": b"",
        "foot": whole[:-300] + bytes(292) + whole[-8:],
    }.items():
        (tmp_path / f"{name}.parquet").write_bytes(content)
    catalogue = files(tmp_path).catalogue("s")
    assert [table.name for table in catalogue.tables] == ["t"]
    assert sorted(note.partition(".parquet")[0].rpartition("/")[2] for note in catalogue.notes) == [
        "cut", "empty", "foot", "none",
    ]  # fmt: skip
    middle = bytearray(whole)
    middle[20:200] = bytes(180)
    (tmp_path / "t.parquet").write_bytes(middle)
    with pytest.raises(SourceError) as caught:
        rows_of(files(tmp_path), "FROM t", "t")
    assert "Error" not in caught.value.message.split()[0]


def test_files_of_one_shape_are_told_by_their_columns(tmp_path: Path) -> None:
    parquet(tmp_path / "p1.parquet")
    parquet(tmp_path / "p2.parquet")
    parquet(tmp_path / "p3.parquet", "SELECT 1 AS other")
    (tmp_path / "j1.json").write_text(json.dumps([{"k": 1}]))
    (tmp_path / "j2.json").write_text(json.dumps([{"k": 2}]))
    connector = files(tmp_path / "*")
    assert sorted(table.rows or 0 for table in connector.catalogue("s").tables) == [1, 2, 2000]
    larger = next(table.name for table in connector.catalogue("s").tables if table.rows == 2000)
    assert rows_of(connector, f'SELECT count(*) FROM "{larger}"', larger)[0] == [(2000,)]
