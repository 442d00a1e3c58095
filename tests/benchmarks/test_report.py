"""Rows, their table and the driver that runs each benchmark in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as driver
from benchmarks.report import advantage, check, misses, row, table


def test_the_unit_decides_which_way_a_budget_points() -> None:
    assert row("latency", 50, "us", budget=60)["met"] is True
    assert row("latency", 61, "us", budget=60)["met"] is False
    assert row("rate", 50, "messages/s", budget=60)["met"] is False
    assert row("rate", 61, "messages/s", budget=60)["met"] is True
    assert row("memory", 61, "MB")["met"] is None


def test_a_ratio_over_one_means_ahead_of_the_peer() -> None:
    assert advantage(row("latency", 60, "us"), 1260) == "21x"
    assert advantage(row("rate", 60, "messages/s"), 30) == "2x"
    assert advantage(row("rate", 30, "messages/s"), 60) == "0.5x"


def test_the_table_shows_misses_peers_and_floor_in_aligned_columns() -> None:
    rows = [
        row("round trip p50", 75.0, "us", budget=60, peers={"loopback HTTP": 1259}, floor=9.5),
        row("pipelined", 41234.0, "messages/s", budget=40000),
    ]
    header, rule, first, second = table(rows).splitlines()
    assert "MISSED" in first
    assert "loopback HTTP 1,259 (17x)" in first
    assert "9.50" in first
    assert ">= 40,000" in second
    assert header.index("budget") == first.index("<= 60") == second.index(">= 40,000")
    assert set(rule) == {"-", " "}
    assert misses(rows) == ["round trip p50: 75 us, budget 60"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x"},
        {**row("x", 1, "s"), "value": float("nan")},
        {**row("x", 1, "s"), "value": "1"},
        {**row("x", 1, "s"), "met": True},
        {**row("x", 1, "s", budget=2), "met": None},
        {**row("x", 1, "s"), "peers": [1]},
        {**row("", 1, "s")},
        [],
    ],
)
def test_what_is_no_row_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        check(wrong)


def test_benchmarks_are_found_without_being_imported(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("def run():\n    return []\nraise SystemExit('imported')\n")
    (tmp_path / "support.py").write_text("def walk():\n    return []\n")
    assert driver.discover(tmp_path) == ["good"]


def make_benchmark(folder: Path, name: str, body: str) -> None:
    (folder / "benchmarks").mkdir(exist_ok=True)
    for source in ("__init__.py", "__main__.py", "report.py"):
        (folder / "benchmarks" / source).write_text((driver.HERE / source).read_text())
    (folder / "benchmarks" / f"{name}.py").write_text(body)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_benchmark(
        tmp_path,
        "fine",
        "from benchmarks.report import row\ndef run():\n    return [row('fine', 3, 's', budget=2)]\n",
    )
    make_benchmark(tmp_path, "broken", "def run():\n    raise RuntimeError('out of order')\n")
    make_benchmark(tmp_path, "dead", "import os\ndef run():\n    os._exit(7)\n")
    monkeypatch.setattr(driver, "HERE", tmp_path / "benchmarks")
    monkeypatch.setattr(driver, "RESULT", tmp_path / "build" / "bench.json")
    return tmp_path


def test_a_missed_budget_is_loud_and_fails_nothing(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert driver.run_all(["fine"], merge=False) == 0
    assert "BUDGET MISSED  fine: 3 s, budget 2" in capsys.readouterr().out
    written = json.loads((elsewhere / "build" / "bench.json").read_text())
    assert written == [row("fine", 3, "s", budget=2)]


def test_a_benchmark_that_breaks_keeps_nothing_of_the_others_from_the_file(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert driver.run_all(["broken", "dead", "fine"], merge=False) == 1
    out = capsys.readouterr().out
    assert "BENCHMARK BROKEN  broken: ended with status 1" in out
    assert "BENCHMARK BROKEN  dead: ended with status 7" in out
    assert len(json.loads((elsewhere / "build" / "bench.json").read_text())) == 1


def test_a_selection_replaces_its_own_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    driver.write([row("a", 1, "s"), row("b", 2, "s")], path, merge=False)
    driver.write([row("b", 3, "s")], path, merge=True)
    assert json.loads(path.read_text()) == [row("a", 1, "s"), row("b", 3, "s")]
