"""Exports hold what the table holds, and no cell of any begins a formula."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from garret.base.errors import UsageError
from garret.features.data.contracts import Filter, Provenance, Sort
from garret.features.data.results import export_xlsx
from garret.features.data.results.drawing import charts_of
from garret.features.data.results.export import FORMS, PAGE_ROWS, Answer, export
from garret.features.data.results.formulas import is_formula
from garret.features.data.results.normalise import ResultsError
from garret.features.data.results.table import ResultTable
from garret.transport import bulk
from tests.features.data.results.tables import table

ROWS = """
SELECT * FROM (VALUES
  (1, 'Ada', 1.50::DECIMAL(9,2), DATE '2024-05-31', true, 2.5::DOUBLE),
  (2, 'B|o"b, <b>', -3.25, NULL, false, 'nan'),
  (3, NULL, NULL, DATE '0044-03-15 (BC)', NULL, '-inf')
) AS t(id, name, price, day, yes, ratio)
"""


def exported(opened: ResultTable, form: str, **more: Any) -> bytes:
    descriptor = bulk.memory_file()
    try:
        export(opened, form, descriptor, **more)
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    finally:
        bulk.give_back(descriptor)


@pytest.mark.parametrize(("form", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_separated_values(form: str, delimiter: str) -> None:
    with table(ROWS) as opened:
        text = exported(opened, form).decode()
    assert list(csv.reader(io.StringIO(text), delimiter=delimiter)) == [
        ["id", "name", "price", "day", "yes", "ratio"],
        ["1", "Ada", "1.50", "2024-05-31", "true", "2.5"],
        ["2", 'B|o"b, <b>', "-3.25", "", "false", "NaN"],
        ["3", "", "", "0044-03-15 (BC)", "", "'-Infinity"],
    ]


def test_json_and_lines_of_it_are_the_cells() -> None:
    with table(ROWS) as opened:
        whole = json.loads(exported(opened, "json"))
        lines = [json.loads(line) for line in exported(opened, "ndjson").splitlines()]
        names = [column.name for column in opened.columns]
        assert whole == lines == [dict(zip(names, row, strict=True)) for row in opened.read()]
    with table("SELECT 1 AS v WHERE false") as opened:
        assert json.loads(exported(opened, "json")) == []
        assert exported(opened, "ndjson") == b""


def test_parquet_keeps_types_and_names(tmp_path: Any) -> None:
    with table(f'SELECT *, [1, 2] AS "l""x" FROM ({ROWS})') as opened:
        (tmp_path / "r.parquet").write_bytes(
            exported(opened, "parquet", sorts=[Sort(column="id", descending=True)])
        )
    back = duckdb.connect().sql(f"FROM '{tmp_path}/r.parquet'")
    assert back.columns == ["id", "name", "price", "day", "yes", "ratio", 'l"x']
    assert [str(kind) for kind in back.types] == [
        "INTEGER", "VARCHAR", "DECIMAL(9,2)", "DATE", "BOOLEAN", "DOUBLE", "INTEGER[]",
    ]  # fmt: skip
    assert [row[0] for row in back.fetchall()] == [3, 2, 1]


def test_a_workbook_has_numbers_texts_and_no_formula() -> None:
    query = f"SELECT *, '=1+1' AS \"=evil\", 12345678901234567890.5::DECIMAL(30,1) AS large FROM ({ROWS})"
    with table(query) as opened:
        content = exported(opened, "xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["id", "name", "price", "day", "yes", "ratio", "'=evil", "large"]
    assert rows[1] == [1.0, "Ada", 1.5, "2024-05-31", True, 2.5, "'=1+1", "12345678901234567890.5"]
    assert rows[2][5] == "NaN"
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")
        assert b'quotePrefix="1"' in packed.read("xl/styles.xml")


def test_a_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_xlsx, "SHEET_ROWS", 3)
    with table("SELECT range AS v FROM range(7)") as opened:
        book = CalamineWorkbook.from_filelike(io.BytesIO(exported(opened, "xlsx")))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert sheets == [[["v"], [0], [1], [2]], [["v"], [3], [4], [5]], [["v"], [6]]]


def test_a_workbook_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_xlsx, "MOST_CELLS", 10)
    with (
        table("SELECT range AS v FROM range(11)") as opened,
        pytest.raises(ResultsError, match="CSV or Parquet"),
    ):
        exported(opened, "xlsx")


def test_markdown_is_one_line_a_row() -> None:
    with table("SELECT 1 AS n, 'a|b' || chr(10) || '*c* <i>' AS t") as opened:
        assert exported(opened, "md").decode() == "| n | t |\n| ---: | --- |\n| 1 | a\\|b \\*c\\* \\<i\\> |\n"


def test_a_page_stands_alone_and_runs_nothing() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    with table(f"SELECT '{evil}' || range AS \"<b>name\", range + 1 AS n FROM range(5)") as opened:
        answer = Answer(
            title=evil,
            reading="Counts <i>all</i>.",
            provenance=Provenance(
                source=evil,
                dialect="duckdb",
                query=f"SELECT '{evil}'",
                fingerprint="f",
                ran=0.0,
                question=evil,
            ),
            chart=charts_of(opened)[0],
            notes=("2 lines & more were left out.",),
        )
        page = exported(opened, "html", answer=answer).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=", re.sub(r"&lt;.*?&gt;", "", page))
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    for part in ("<svg", "5 rows.", "Counts &lt;i&gt;all", "1970-01-01 00:00:00 UTC", "2 lines &amp; more"):
        assert part in page


@pytest.mark.parametrize("form", ["md", "html"])
def test_what_is_no_reading_any_more_is_cut_and_said(form: str) -> None:
    with table(f"SELECT range AS v FROM range({PAGE_ROWS + 5})") as opened:
        assert "irst 5,000 of 5,005 rows" in exported(opened, form).decode()


def test_an_export_is_of_what_a_person_sees() -> None:
    with table("SELECT range AS v FROM range(10)") as opened:
        seen = exported(
            opened,
            "csv",
            sorts=[Sort(column="v", descending=True)],
            filters=[Filter(column="v", test="at_least", value="7")],
        )
    assert seen.decode().split() == ["v", "9", "8", "7"]


def test_a_form_that_there_is_not_is_refused() -> None:
    with table("SELECT 1 AS v") as opened, pytest.raises(UsageError, match="csv, tsv"):
        exported(opened, "docx")


DANGEROUS = st.lists(
    st.one_of(st.none(), st.text(alphabet="=+-@\t\r\n|,;\"'1.e aЖ＝\u00a0", max_size=6)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=15, deadline=None)
@given(DANGEROUS, st.text(alphabet="=+-@1a \t", min_size=1, max_size=4))
def test_no_cell_of_any_export_begins_a_formula(texts: list[str | None], name: str) -> None:
    listed = ", ".join("NULL" if text is None else "'" + text.replace("'", "''") + "'" for text in texts)
    with table(f'SELECT unnest([{listed}]::VARCHAR[]) AS "{name}"') as opened:
        for form in FORMS:
            content = exported(opened, form)
            found: list[Any] = []
            if form in ("csv", "tsv"):
                reader = csv.reader(
                    io.StringIO(content.decode(), newline=""), delimiter="," if form == "csv" else "\t"
                )
                found = [cell for row in reader for cell in row]
                assert len(found) >= len(texts)
            elif form == "xlsx":
                rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
                found = [cell for row in rows for cell in row]
            elif form == "md":  # a cell is never the first thing of a line
                assert all(line.startswith("|") for line in content.decode().split("\n") if line)
            assert not [cell for cell in found if isinstance(cell, str) and is_formula(cell)]
