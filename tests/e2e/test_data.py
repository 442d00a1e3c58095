"""`garret data` as a person types it: files become a source, questions answers, and nothing else happens."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from garret.demo.sample_shop import write_shop
from tests.e2e.house import House


def garret(house: House, *words: str, expected: int = 0, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in the house's home."""
    done = subprocess.run(
        [sys.executable, "-m", "garret.cli", *words],
        env={**os.environ, "GARRET_HOME": str(house.home.root), "GARRET_KEYCHAIN": "off"},
        capture_output=True,
        text=True,
        input=given,
        check=False,
    )
    assert done.returncode == expected, (words, done.returncode, done.stdout, done.stderr)
    return done


@pytest.fixture
def shop(house: House, tmp_path: Path) -> str:
    """A source, added as a person would."""
    folder = tmp_path / "shop"
    folder.mkdir()
    write_shop(folder)
    name = f"shop {tmp_path.name}"[:60]
    added = garret(house, "data", "add", name, str(folder))
    assert "3 tables" in added.stdout
    return name


def test_sources_are_listed_shown_described_and_removed(house: House, shop: str) -> None:
    assert shop in garret(house, "data", "list").stdout
    assert "may only read" in garret(house, "data", "test", shop).stdout
    assert "orders" in garret(house, "data", "schema", shop).stdout
    garret(
        house, "data", "describe", shop, "orders", "total", "--text", "what was paid", "--synonym", "revenue"
    )
    assert "what was paid" in garret(house, "data", "schema", shop, "orders").stdout
    garret(house, "data", "describe", shop, "orders", expected=2)
    assert "no table" in garret(house, "data", "schema", shop, "nothing", expected=2).stderr
    garret(house, "data", "disable", shop)
    assert "disabled" in garret(house, "data", "ask", shop, "how many orders", expected=3).stderr
    garret(house, "data", "enable", shop)
    garret(house, "data", "remove", shop)
    assert shop not in garret(house, "data", "list").stdout


def test_how_a_file_is_read_is_shown_and_decided(house: House, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a;b\n1;2\n3;4\n")
    garret(house, "data", "add", "odd", str(path))
    assert "delim\t;" in garret(house, "data", "reading", "odd", str(path)).stdout
    garret(house, "data", "read", "odd", str(path), "header=false")
    read = json.loads(garret(house, "--json", "data", "reading", "odd", str(path)).stdout)
    assert read["decided"] == {"header": "false"}
    garret(house, "data", "read", "odd", str(path), "colour=red", expected=2)
    garret(house, "data", "read", "odd", str(path), "types={no json", expected=2)
    garret(house, "data", "read", "odd", str(path), "delim=,")
    assert "a;b" in garret(house, "data", "schema", "odd", "odd").stdout, "it is read as it was decided"


def test_without_a_consent_the_query_is_shown_and_nothing_runs(house: House, shop: str) -> None:
    shown = garret(house, "data", "ask", shop, "--sql", "SELECT count(*) AS n FROM orders")
    assert "count" in shown.stdout.lower()
    assert "Nothing was run" in shown.stderr
    assert "2400" not in shown.stdout


def test_an_approved_query_gives_rows_in_every_form(house: House, shop: str, tmp_path: Path) -> None:
    query = "SELECT country, count(*) AS n FROM customers GROUP BY country ORDER BY country"
    run = ("data", "ask", shop, "--sql", query, "--approve")
    assert "Norway" in garret(house, *run).stdout
    rows = list(csv.reader(io.StringIO(garret(house, *run, "--format", "csv").stdout)))
    assert rows[0] == ["country", "n"]
    assert len(rows) == 7
    assert json.loads(garret(house, *run, "--format", "json").stdout)[0]["country"] == "France"
    assert "| country | n |" in garret(house, *run, "--format", "md").stdout
    chart, out = tmp_path / "chart.svg", tmp_path / "out.parquet"
    garret(house, *run, "-o", str(out), "--chart", str(chart))
    assert out.read_bytes()[:4] == b"PAR1"
    assert chart.read_text().startswith("<svg")
    garret(house, *run, "-o", str(out), expected=2)  # it is there, and nobody can be asked
    garret(house, *run, "--chart", "chart.png", expected=2)


def test_one_of_several_readings_is_taken_by_its_number(house: House, tmp_path: Path) -> None:
    rows = ["a,2024-03-05,2024-04-01", "b,2024-02-09,2024-03-07", "c,2023-12-30,2024-01-02"]
    (tmp_path / "tasks.csv").write_text("\n".join(["title,opened,closed", *rows]) + "\n", encoding="utf-8")
    garret(house, "data", "add", "two days", str(tmp_path / "tasks.csv"))
    words = ("data", "ask", "two days", "how many tasks in March 2024")
    told = garret(house, *words, expected=1).stderr
    assert "reading 1: " in told
    assert "reading 2: " in told
    assert "--reading N" in told
    for number in ("1", "2"):
        taken = garret(house, *words, "--reading", number, "--approve", "--format", "csv").stdout
        assert taken.splitlines()[1] == "1", taken
    assert "none is number 20" in garret(house, *words, "--reading", "20", expected=2).stderr


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DELETE FROM orders", "Nothing was run"),
        ("SELECT * FROM read_text('/etc/passwd')", "Nothing was run"),
        ("SELECT nothing FROM orders", "nothing"),
    ],
)
def test_what_may_not_run_is_told_with_its_rule(house: House, shop: str, query: str, said: str) -> None:
    assert said in garret(house, "data", "ask", shop, "--sql", query, "--approve", expected=3).stderr


def test_the_history_runs_again_and_trust_needs_a_person(house: House, shop: str) -> None:
    garret(house, "data", "ask", shop, "--sql", "SELECT count(*) AS n FROM products", "--approve")
    asked = json.loads(garret(house, "--json", "data", "history", "--source", shop).stdout)[0]
    assert (asked["state"], asked["rows"]) == ("answered", 1)
    for called in (asked["id"], asked["id"][-8:], "last"):
        assert "14" in garret(house, "data", "rerun", called, "--approve").stdout
    assert "no question" in garret(house, "data", "rerun", "nope", "--approve", expected=1).stderr
    garret(house, "data", "save", asked["id"], "how many goods")
    assert "how many goods" in garret(house, "data", "history", "--saved").stdout
    assert "14" in garret(house, "data", "rerun", "how many goods", "--approve").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("add", "x", "oracle://host/db"),
        ("add", "x", "postgres://host/db", "a.csv"),
        ("ask", "--rows", "0", "x", "y"),
        ("ask",),
        ("read", "x", "a.csv", "nothing"),
    ],
)
def test_what_is_typed_wrong_ends_with_two(house: House, words: tuple[str, ...]) -> None:
    garret(house, "data", *words, expected=2)


def test_what_is_not_there_is_told(house: House) -> None:
    assert "There is no source" in garret(house, "data", "ask", "nobody", "how many", expected=1).stderr
    assert "nowhere" in garret(house, "data", "add", "x", "/nowhere/at/all.csv", expected=1).stderr
