"""CSV as it is found: each is opened as well as can be, and what was guessed or left out is said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.delimited import look
from tests.features.data.sources.asking import files, rows_of

ACCENTS = "name,city\nRené,Köln\nZoë,Málaga\n"

FOUND = [
    # what, bytes, rows, part of the notes
    ("plain", b"a,b\n1,x\n2,y\n", [(1, "x"), (2, "y")], ""),
    ("semicolon and comma", b"a;b\r\n1;2,5\r\n2;3,5\r\n", [(1, "2,5"), (2, "3,5")], ""),
    ("tab", b"a\tb\n1\tx\n", [(1, "x")], ""),
    ("old Mac lines", b"a,b\r1,x\r2,y\r", [(1, "x"), (2, "y")], ""),
    ("no end of the last line", b"a,b\n1,x", [(1, "x")], ""),
    ("one column", b"name\nx\ny\n", [("x",), ("y",)], ""),
    ("no header", b"1,2\n3,4\n", [(1, 2), (3, 4)], ""),
    ("BOM", "\ufeffa,b\n1,2\n".encode(), [(1, 2)], ""),
    ("Latin-1", ACCENTS.encode("latin-1"), [("René", "Köln"), ("Zoë", "Málaga")], "taken for latin-1"),
    ("UTF-16", ACCENTS.encode("utf-16"), [("René", "Köln"), ("Zoë", "Málaga")], "taken for utf-16"),
    ("quoted", b'a,b\n1,"x,\ny"\n2,"say ""hi"""\n', [(1, "x,\ny"), (2, 'say "hi"')], ""),
    ("duplicate and empty names", b"a,a,,b\n1,2,3,4\n", [(1, 2, 3, 4)], ""),
    ("zero bytes", b"", [], "no lines"),
    ("a header alone", b"a,b\n", [], ""),
    (
        "a line too short and one too long",
        b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n5,6,7\n",
        [(1, 2, 3), (5, 6, 7)],
        "2 of the first 4",
    ),
    ("torn", b"a,b,c\n1,2,3\n4,5", [(1, 2, 3)], "1 of the first 2"),
    ("numbers with zeros in front", b"zip,n\n01067,1\n99999,2\n", [("01067", 1), ("99999", 2)], ""),
    ("nothing and NaN", b"a,b\n,nan\n1,\n2,inf\n", [(None, "NaN"), (1, None), (2, "Infinity")], ""),
    (
        "dates before 1 and after 9999",
        b"d\n0044-03-15 (BC)\n12024-01-01\n",
        [("0044-03-15 (BC)",), ("12024-01-01",)],
        "",
    ),
    ("ends of lines of three kinds", b"a,b\r1,x\n2,y\r\n3,z\n", [(1, "x"), (2, "y"), (3, "z")], ""),
    ("a space before a quote", b'a, b\n1, "x, y"\n2, "z"\n', [(1, "x, y"), (2, "z")], ""),
    ("a NUL", b"a,b\n1,x\x00y\n", [(1, "x\x00y")], ""),
]


@pytest.mark.parametrize(
    ("content", "rows", "note"), [case[1:] for case in FOUND], ids=[case[0] for case in FOUND]
)
def test_a_file_is_read_as_it_is(tmp_path: Path, content: bytes, rows: list[Any], note: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    connector = files(tmp_path)
    catalogue = connector.catalogue("s")
    assert [table.name for table in catalogue.tables] == ["t"]
    assert rows_of(connector, "FROM t", "t")[0] == rows
    assert note in "\n".join(catalogue.notes)
    if not note:
        assert catalogue.notes == ()
    assert catalogue.tables[0].rows == len(rows)


def test_lines_that_do_not_fit_are_counted_with_their_reasons(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n5,6,7\n")
    _, kept = rows_of(files(tmp_path), "SELECT count(*) FROM t", "t")
    assert kept.notes == (
        f"{tmp_path}/t.csv: 1 line was left out, the first is line 3: columns are missing.",
        f"{tmp_path}/t.csv: 1 line was left out, the first is line 4: there are too many columns.",
    )


def test_a_value_that_comes_late_and_does_not_fit_is_reported(tmp_path: Path) -> None:
    with (tmp_path / "t.csv").open("w") as file:
        file.write("number,word\n")
        file.writelines(f"{number},{'x' * 60}\n" for number in range(200_000))
        file.write(f"oops,{'x' * 60}\n")
    rows, kept = rows_of(files(tmp_path), "SELECT count(*), max(number) FROM t", "t")
    assert rows == [(200_000, 199_999)]
    assert kept.notes == (
        (
            f"{tmp_path}/t.csv: 1 line was left out, the first is line 200002:"
            " a value does not fit its column number."
        ),
    )


def test_a_small_file_of_mixed_types_is_looked_at_whole(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "".join(f"{n}\n" for n in range(50_000)) + "oops\n")
    rows, kept = rows_of(files(tmp_path), "SELECT count(*), max(length(a)) FROM t", "t")
    assert (rows, kept.notes) == ([(50_001, 5)], ())


def test_a_quote_that_the_sample_had_not_is_understood(tmp_path: Path) -> None:
    lines = [f"{number},{'x' * 90}" for number in range(150_000)]
    lines[100_000] = '100000,"a,b"'
    (tmp_path / "t.csv").write_text("n,t\n" + "\n".join(lines) + "\n")
    rows, kept = rows_of(files(tmp_path), "SELECT t FROM t WHERE n = 100000", "t")
    assert (rows, kept.notes) == ([("a,b",)], ())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000 + b"\n", "columns; up to 4,000"),
        (b"x" * 3_000_000, "no end within 2 MB"),
        (b"a,b\n1," + b"x" * 3_000_000 + b"\n2,y\n", "longer than the 2 MB"),
        (ACCENTS.encode("utf-16-be"), "save it as UTF-8"),
        ("\ufeff".encode("utf-16-be") + ACCENTS.encode("utf-16-be"), "save it as UTF-8"),
        (ACCENTS.encode("utf-32"), "save it as UTF-8"),
        (b"\0" * 5_000, "no text"),
        (b"a,b\n1,\x80 and \x93\n", "neither in UTF-8 nor in Latin-1"),
    ],
    ids=[
        "a million columns",
        "a line without end",
        "a long line",
        "big-endian",
        "big-endian with its mark",
        "UTF-32",
        "zero bytes alone",
        "another alphabet",
    ],
)
def test_what_is_no_table_is_refused_before_it_costs_memory(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    (tmp_path / "good.csv").write_text("a\n1\n")
    catalogue = files(tmp_path).catalogue("s")
    assert [table.name for table in catalogue.tables] == ["good"]
    assert said in catalogue.notes[0]
    with pytest.raises(SourceError, match=said):
        rows_of(files(tmp_path), "FROM t", "t")


def test_two_thousand_columns_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        ",".join(f"c{n}" for n in range(2000)) + "\n" + ",".join(["1"] * 2000) + "\n"
    )
    assert len(files(tmp_path).catalogue("s").tables[0].columns) == 2000
    assert rows_of(files(tmp_path), "SELECT c1999 FROM t", "t")[0] == [(1,)]


def test_packed_files_are_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        file.write("a,b\n1,x\n")
    table = files(tmp_path).catalogue("s").tables[0]
    assert (table.name, table.rows) == ("t", None)
    assert rows_of(files(tmp_path), "FROM t", "t")[0] == [(1, "x")]
    (tmp_path / "t.csv.gz").write_bytes(b"\x1f\x8b nothing")
    with pytest.raises(SourceError, match="cannot be read"):
        rows_of(files(tmp_path), "FROM t", "t")


def test_what_is_guessed_is_told_and_can_be_decided_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("kept\n# a remark\nid;price;day\n007;1,50;31.05.2024\n8;-;01.06.2024\n")
    guessed = files(tmp_path).describe_reading(str(path))
    assert {"delim", "quote", "header", "encoding", "skip", "types"} <= set(guessed)
    reading = {
        str(path): {
            "delim": ";",
            "skip": "2",
            "header": "true",
            "decimal_separator": ",",
            "nullstr": "-",
            "dateformat": "%d.%m.%Y",
            "types": json.dumps({"id": "INTEGER", "price": "DOUBLE", "day": "DATE"}),
        }
    }
    rows, kept = rows_of(files(tmp_path, reading=reading), "FROM t", "t")
    assert rows == [(7, 1.5, "2024-05-31"), (8, None, "2024-06-01")]
    assert [column.kind for column in kept.columns] == ["integer", "real", "date"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"store_rejects": "false"}, "no option"),
        ({"encoding": "klingon"}, "no encoding"),
        ({"types": "[]"}, "no JSON object"),
        ({"types": '{"a": "BIGINT}, x) --"}'}, "no type"),
        ({"delim": "'; DROP TABLE t; --"}, "cannot be read"),
    ],
)
def test_a_decision_without_meaning_is_refused(tmp_path: Path, options: dict[str, str], said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=said):
        rows_of(files(tmp_path, reading={str(path): options}), "FROM t", "t")


def test_letters_in_the_middle_of_a_file_tell_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a\n" + b"plain\n" * 60_000 + "Köln\n".encode("latin-1") + b"plain\n" * 59_000)
    assert look(str(path)).encoding == "latin-1"
    path.write_bytes(b"a\n" + "Köln €\n".encode() * 60_000)
    assert look(str(path)).encoding == "utf-8"
