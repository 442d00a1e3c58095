"""Files become tables in the same way each time."""

from __future__ import annotations

from pathlib import Path

from garret.features.data.sources.file_tables import tables_of
from garret.features.data.sources.gather import gather


def named(*paths: object) -> dict[str, list[str]]:
    tables, _ = tables_of(
        gather([str(path) for path in paths]), lambda path, _form: Path(path).read_text()[:3]
    )
    return {table.name: [Path(path).name for path in table.paths] for table in tables}


def test_a_file_is_a_table_and_a_glob_of_one_shape_is_one(tmp_path: Path) -> None:
    for name, text in {
        "log-1.csv": "a,b\n1,2",
        "log-2.csv": "a,b\r\n3,4",
        "log-3.csv": "c\n1",
        "x.json": "[1]",
    }.items():
        (tmp_path / name).write_text(text)
    assert named(tmp_path) == {
        "log_1": ["log-1.csv"],
        "log_2": ["log-2.csv"],
        "log_3": ["log-3.csv"],
        "x": ["x.json"],
    }
    assert named(tmp_path / "*.csv") == {"log": ["log-1.csv", "log-2.csv"], "log_3": ["log-3.csv"]}
    assert named(tmp_path / "*.csv") == named(tmp_path / "*.csv")


def test_files_that_share_no_beginning_are_called_as_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "months"
    folder.mkdir()
    for name in ("april.json", "may.json"):
        (folder / name).write_text("[{}]")
    assert named(folder / "*.json") == {"months": ["april.json", "may.json"]}


def test_a_workbook_that_cannot_be_opened_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"x")
    tables, notes = tables_of(gather([str(tmp_path)]), lambda *_: "")
    assert tables == ()
    assert "t.xlsx" in notes[0]
