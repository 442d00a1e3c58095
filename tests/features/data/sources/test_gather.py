"""Which files are taken, which are left out and why, and what they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.sources import gather as module
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.gather import form_of, gather, stamp, stem_of, table_names


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a,b\n1,2\n")


def names_of(*paths: object) -> list[str]:
    return [Path(file.path).name for file in gather([str(path) for path in paths]).files]


def test_a_folder_gives_what_can_be_read_in_a_fixed_order(tmp_path: Path) -> None:
    made(tmp_path, "b.csv", "a.json", "deep/c.parquet", "deep/.hidden.csv", ".git/d.csv", "e.png", "f.csv.gz")
    assert names_of(tmp_path) == ["a.json", "b.csv", "c.parquet", "f.csv.gz"]


def test_a_glob_gives_what_it_matches(tmp_path: Path) -> None:
    made(tmp_path, "s1.csv", "s2.csv", "t.csv", "x/s3.csv")
    assert names_of(tmp_path / "s*.csv") == ["s1.csv", "s2.csv"]
    assert names_of(tmp_path / "**" / "s*.csv") == ["s1.csv", "s2.csv", "s3.csv"]
    assert gather([str(tmp_path / "s*.csv")]).globbed == {0}


def test_a_file_is_taken_once(tmp_path: Path) -> None:
    made(tmp_path, "a.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    assert names_of(tmp_path, tmp_path / "a.csv", tmp_path / "link.csv") == ["a.csv"]


def test_a_named_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    made(tmp_path, "export.dat", "a[1].csv")
    assert names_of(tmp_path / "export.dat", tmp_path / "a[1].csv") == ["export.dat", "a[1].csv"]


def test_links_that_lead_out_are_left_out(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    made(outside, "secret.csv")
    made(inside, "a.csv")
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    (inside / "folder").symlink_to(outside)
    (inside / "passwd.csv").symlink_to("/etc/passwd")
    for path in (inside, inside / "*.csv", inside / "*" / "*.csv"):
        found = gather([str(path)])
        assert all("inside" in file.path for file in found.files)
    assert sum("leads out" in note for note in gather([str(inside)]).notes) == 2


def test_pipes_devices_and_broken_links_are_left_out(tmp_path: Path) -> None:
    made(tmp_path, "a.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.csv").mkdir()
    found = gather([str(tmp_path)])
    assert names_of(tmp_path) == ["a.csv"]
    assert sorted(note.partition(" was")[2] for note in found.notes) == [
        " left out: it cannot be looked at (No such file or directory).",
        " left out: it is a pipe, a device or a folder, and no file.",
    ]
    assert gather(["/dev/zero"]).files == ()


def test_a_name_that_the_engine_would_take_for_a_pattern_is_left_out(tmp_path: Path) -> None:
    made(tmp_path, "b*.csv")
    assert "rename it" in gather([str(tmp_path)]).notes[0]


def test_too_many_files_are_cut_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 3)
    made(tmp_path, *(f"{number}.csv" for number in range(5)))
    found = gather([str(tmp_path)])
    assert len(found.files) == 3
    assert "first 3 files" in found.notes[0]


@pytest.mark.parametrize(("path", "said"), [("/nowhere/at/all.csv", "not there"), ("here.csv", "whole path")])
def test_a_path_that_leads_nowhere_is_refused(path: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        gather([path])


def test_a_glob_that_matches_nothing_is_said(tmp_path: Path) -> None:
    assert gather([str(tmp_path / "*.csv")]).notes == (
        f"Nothing that can be read was found at {tmp_path}/*.csv.",
    )


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    made(tmp_path, "a.csv")
    path = tmp_path / "a.csv"
    before = stamp(str(path))
    assert before == gather([str(path)]).files[0].stamp
    path.write_text("a,b\n1,3\n\n")
    assert stamp(str(path)) != before
    path.unlink()
    assert stamp(str(path)) is None


@pytest.mark.parametrize(
    ("name", "form", "stem"),
    [
        ("a.CSV", "delimited", "a"),
        ("a.b.tsv.gz", "delimited", "a.b"),
        ("a.ndjson", "json", "a"),
        ("a.parquet", "parquet", "a"),
        ("a.parquet.gz", None, "a"),
        ("a.ods", "workbook", "a"),
        ("a.exe", None, "a.exe"),
    ],
)
def test_forms_and_stems(name: str, form: str | None, stem: str) -> None:
    assert (form_of(name), stem_of(name)) == (form, stem)


def test_names_are_told_apart_by_their_folders() -> None:
    stems = [
        ("north", "sales"),
        ("south", "sales"),
        ("south", "sales"),
        ("x", "2024"),
        ("x", "!?"),
        ("x", "Ümlaut-ß"),
    ]
    assert table_names(stems) == ["sales", "south_sales", "south_sales_2", "t_2024", "table", "Ümlaut_ß"]


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4))))
def test_names_are_safe_and_unique(stems: list[tuple[str, str]]) -> None:
    names = table_names(stems)
    assert len({name.casefold() for name in names}) == len(stems)
    assert all(name.isidentifier() or name.replace("_", "a").isalnum() for name in names)
    assert names == table_names(stems)


def test_a_name_of_any_bytes_is_left_out_and_told_in_letters(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.csv")).write_text("a\n1\n")
    (tmp_path / "good.csv").write_text("a\n1\n")
    found = gather([str(tmp_path)])
    assert [Path(file.path).name for file in found.files] == ["good.csv"]
    assert found.notes == (
        f"{tmp_path}/bad\ufffd.csv was left out: its path has bytes that are no letters of UTF-8; rename it.",
    )


def test_a_link_to_a_folder_above_shows_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "in" / "t.csv").write_text("a\n1\n")
    os.mkfifo(tmp_path / "pipe.csv")
    found = gather([f"{tmp_path}/**/*.csv"])
    assert (len(found.files), len(found.notes)) == (1, 1)
