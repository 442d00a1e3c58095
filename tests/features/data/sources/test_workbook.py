"""Workbooks: each sheet a table with the types of its cells, read once."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from garret.features.data.sources import workbook
from garret.features.data.sources.contract import SourceError
from tests.features.data.sources.asking import files, rows_of


def made(path: Path, **sheets: list[list[Any]]) -> None:
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()


def test_sheets_are_tables_with_types(tmp_path: Path) -> None:
    made(
        tmp_path / "sales.xlsx",
        North=[
            ["id", "name", "price", "day", "ok", "mixed", "", "id"],
            [1, "Ada", 1.5, dt.date(2024, 5, 31), True, 7, None, 9],
            [2, None, 2, dt.date(2024, 6, 1), False, "x", "y", None],
        ],
        South=[["n"], [1], [2]],
        Empty=[],
    )
    connector = files(tmp_path)
    tables = {table.name: table for table in connector.catalogue("s").tables}
    assert list(tables) == ["sales_North", "sales_South"]
    assert connector.catalogue("s").notes == (
        f"The sheet Empty of {tmp_path}/sales.xlsx is empty, and no table.",
    )
    assert [(column.name, column.type) for column in tables["sales_North"].columns] == [
        ("id", "BIGINT"), ("name", "VARCHAR"), ("price", "DOUBLE"), ("day", "DATE"), ("ok", "BOOLEAN"),
        ("mixed", "VARCHAR"), ("column6", "VARCHAR"), ("id_1", "BIGINT"),
    ]  # fmt: skip
    assert [table.rows for table in tables.values()] == [2, 2]
    assert tables["sales_North"].comment == "sales.xlsx, sheet North"
    rows, _ = rows_of(connector, "FROM sales_North", "sales_North")
    assert rows == [
        (1, "Ada", 1.5, "2024-05-31", True, "7", None, 9),
        (2, None, 2.0, "2024-06-01", False, "x", "y", None),
    ]
    assert rows_of(connector, "SELECT sum(n) FROM sales_South", "sales_South")[0] == [("3",)]


def test_a_sheet_that_reaches_too_far_is_refused_and_the_process_lives(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "far.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "n")
        sheet.write(1_048_575, 16_383, 1)
    with xlsxwriter.Workbook(str(tmp_path / "corner.xlsx")) as book:
        book.add_worksheet().write_column(1_048_570, 16_383, ["n", 1, 2])
    catalogue = files(tmp_path).catalogue("s")
    assert [table.name for table in catalogue.tables] == ["corner"]
    assert "reaches over 1,048,576 rows and 16,384 columns" in catalogue.notes[0]
    assert rows_of(files(tmp_path), "FROM corner", "corner")[0] == [(1,), (2,)]


def test_a_damaged_sheet_is_said(tmp_path: Path) -> None:
    made(tmp_path / "t.xlsx", A=[["n"], *[[number] for number in range(500)]])
    whole = (tmp_path / "t.xlsx").read_bytes()
    place = whole.index(b"xl/worksheets/sheet1.xml") + 60
    (tmp_path / "t.xlsx").write_bytes(whole[:place] + b"\xff" * 40 + whole[place + 40 :])
    catalogue = files(tmp_path).catalogue("s")
    assert catalogue.tables == ()
    assert "cannot be read" in catalogue.notes[0]


def test_one_sheet_is_called_as_the_file(tmp_path: Path) -> None:
    made(tmp_path / "sales.xlsx", Sheet1=[["n"], [1]])
    assert [table.name for table in files(tmp_path).catalogue("s").tables] == ["sales"]


def test_what_was_decided_about_a_sheet_holds(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    made(path, A=[["A title"], ["x", "y"], [1, 2]])
    reading = {str(path): {"skip": "1", "header": "false"}}
    assert rows_of(files(path, reading=reading), "FROM t", "t")[0] == [("x", "y"), ("1", "2")]


def test_times_of_day_and_points_in_time(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["at", "time"])
    stamp, clock = (
        book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        book.add_format({"num_format": "hh:mm:ss"}),
    )
    sheet.write_datetime(1, 0, dt.datetime(2024, 5, 31, 12, 30), stamp)  # noqa: DTZ001  cells have no zone
    sheet.write_datetime(1, 1, dt.time(23, 59, 58), clock)
    book.close()
    rows, kept = rows_of(files(path), "FROM t", "t")
    assert rows == [("2024-05-31 12:30:00", "23:59:58")]
    assert [column.kind for column in kept.columns] == ["timestamp", "time"]


def damaged(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 this is no workbook")


def text(path: Path) -> None:
    path.write_text("a,b\n1,2\n")


def bomb(path: Path) -> None:
    made(path, A=[["x"], [1]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("xl/worksheets/more.xml", "w", force_zip64=True) as part:
            part.write(bytes(3 << 20))


@pytest.mark.parametrize(
    ("make", "said"), [(damaged, "cannot be read"), (text, "cannot be read"), (bomb, "too large")]
)
def test_what_is_no_workbook_is_said(
    tmp_path: Path, make: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_UNPACKED", 2 << 20)
    make(tmp_path / "t.xlsx")
    (tmp_path / "good.csv").write_text("a\n1\n")
    catalogue = files(tmp_path).catalogue("s")
    assert [table.name for table in catalogue.tables] == ["good"]
    assert said in catalogue.notes[0]


def test_a_sheet_that_is_not_there_is_said(tmp_path: Path) -> None:
    made(tmp_path / "t.xlsx", A=[["x"], [1]])
    with pytest.raises(SourceError, match="cannot be read"):
        workbook.read_sheets(str(tmp_path / "t.xlsx"), ["B"], {})


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "t.xlsx", A=[["x"], [1]])
    monkeypatch.setattr(workbook, "_LARGEST", 10)
    with pytest.raises(SourceError, match="too large"):
        workbook.sheet_names(str(tmp_path / "t.xlsx"))
