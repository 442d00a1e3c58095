"""Questions over files: a catalogue of 1,000, a CSV of 400 MB, results of a million rows.

Everything is generated here. "Approve to first rows" is measured from `run` of the connector that made the
plan, as the process has it that is kept for the run, to the first rows at rest in the memory file. Peers do
the same work with what is at hand: DuckDB alone, which keeps nothing from reading other files, and Python's
csv module.
"""

from __future__ import annotations

import contextlib
import csv
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.report import Row, row
from garret.features.data.contracts import Checked, Filter, Limits, ResultColumn, Sort, SourceConfig
from garret.features.data.results.chart_svg import svg
from garret.features.data.results.drawing import chart_of
from garret.features.data.results.export import export
from garret.features.data.results.normalise import Normalised, normalise
from garret.features.data.results.table import ResultTable
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.files import FilesConnector, prepare
from garret.features.data.sources.kinds import kind_of
from garret.transport import bulk

SIZE = 400  # MB of the large file
TIMES = 20
FILES = 1_000
LARGE = """
SELECT range AS id, 'customer ' || (range * 7919 % 100000) AS customer,
  ['north', 'south', 'east', 'west'][range % 4 + 1] AS region,
  DATE '2019-01-01' + (range % 2000)::INT AS sold, (range * 31 % 1000)::INT AS units,
  round((range * 17 % 100000) / 100.0, 2) AS price, range % 7 = 0 AS returned,
  TIMESTAMP '2019-01-01' + to_seconds(range * 13) AS entered
FROM range({rows})
"""
AGGREGATE = "SELECT region, sum(price) AS total FROM sales GROUP BY region ORDER BY region LIMIT 10001"
FIRST = "SELECT * FROM sales LIMIT 10001"
ENDLESS = "SELECT count(*) FROM sales a, sales b WHERE a.id * b.id % 7 = 3"


def seconds(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def p95(figures: list[float]) -> float:
    return sorted(figures)[max(0, round(len(figures) * 0.95) - 1)]


def make_large(path: Path) -> None:
    """A CSV of `SIZE` MB; its lines are about 76 bytes."""
    rows = SIZE * 1_000_000 // 76
    duckdb.connect().execute(f"COPY ({LARGE.format(rows=rows)}) TO '{path}' (HEADER)")


def checked(query: str) -> Checked:
    return Checked(query=query, tables=("sales",), columns=(), limit=10_000)


def ask(connector: FilesConnector, query: str) -> Normalised:
    kept = normalise(connector.run(checked(query), Limits()), Limits())
    bulk.give_back(kept.descriptor)
    return kept


def measure_large(folder: Path) -> list[Row]:
    path = folder / "sales.csv"
    make_large(path)
    config = SourceConfig(kind="files", paths=(str(path),))

    def first_rows(query: str, cache: Path | None = None, key: bytes = b"") -> list[float]:
        figures: list[float] = []
        for _ in range(TIMES if cache is not None or query == FIRST else 3):
            connector = FilesConnector(config)
            if cache is not None:
                connector.use_cache(cache, key)
            connector.explain(checked(query), Limits())
            started = time.perf_counter()
            ask(connector, query)
            figures.append((time.perf_counter() - started) * 1000)
        return figures

    plain, locked = folder / "plain", folder / "locked"
    plain.mkdir()
    locked.mkdir()
    from_text = first_rows(AGGREGATE)
    copying = seconds(lambda: prepare(config, plain))
    prepare(config, locked, bytes(range(32)))
    bare = duckdb.connect()
    bare.execute(f"CREATE VIEW sales AS FROM read_csv('{path}')")
    return [
        row(
            f"data: {SIZE} MB of CSV, approve to 10,000 first rows p95",
            p95(first_rows(FIRST)),
            "ms",
            budget=300,
            peers={"duckdb alone": seconds(lambda: bare.execute(FIRST).fetchall()) * 1000},
        ),
        row(
            f"data: {SIZE} MB of CSV, a sum by group from its copy p95",
            p95(first_rows(AGGREGATE, plain)),
            "ms",
            budget=300,
            peers={
                "from the file": statistics.median(from_text),
                "duckdb alone": seconds(lambda: bare.execute(AGGREGATE).fetchall()) * 1000,
                "csv module": seconds(lambda: sum_by_csv(path)) * 1000,
                "encrypted copy": statistics.median(first_rows(AGGREGATE, locked, bytes(range(32)))),
            },
        ),
        row(f"data: copying {SIZE} MB of CSV to Parquet, once", copying, "s"),
        row("data: cancel of a query over files p99", measure_cancel(config), "ms", budget=300),
    ]


def sum_by_csv(path: Path) -> dict[str, float]:
    sums: dict[str, float] = {}
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            sums[line["region"]] = sums.get(line["region"], 0.0) + float(line["price"])
    return sums


def measure_cancel(config: SourceConfig) -> float:
    """From `cancel` to the end of the run, the longest of `TIMES`, in the midst of reading."""
    figures: list[float] = []
    for number in range(TIMES):
        connector = FilesConnector(config)
        rows = connector.run(checked(ENDLESS), Limits())
        asked: list[float] = []

        def stop(connector: FilesConnector = connector, asked: list[float] = asked) -> None:
            asked.append(time.perf_counter())
            connector.cancel()

        timer = threading.Timer(0.05 * (number % 10 + 1), stop)
        timer.start()
        with contextlib.suppress(SourceError):
            list(rows)
        figures.append((time.perf_counter() - asked[0]) * 1000)
        timer.join()
    return max(figures)


def measure_catalogue(folder: Path) -> Row:
    """What a catalogue of many files takes beyond the sniffing that each needs."""
    lines = "".join(f"{n},name {n},{n * 1.5},2024-01-{n % 28 + 1:02}\n" for n in range(100))
    paths = [folder / f"part_{number}.csv" for number in range(FILES)]
    for path in paths:
        path.write_text("id,name,amount,day\n" + lines)
    engine = duckdb.connect()

    def sniff() -> None:
        for path in paths:
            engine.execute(f"FROM sniff_csv('{path}', ignore_errors = true, sample_size = -1)").fetchall()

    sniffing = min(seconds(sniff) for _ in range(3))
    connector = FilesConnector(SourceConfig(kind="files", paths=(str(folder),)))
    whole = min(seconds(lambda: connector.catalogue("files")) for _ in range(3))
    name = f"data: catalogue of {FILES:,} files beyond sniffing"
    return row(name, max(whole - sniffing, 0.0), "s", budget=0.5, peers={"sniffing alone": sniffing})


class Million:
    """A million rows of nine columns."""

    def __init__(self) -> None:
        query = f"SELECT *, id % 97 AS bucket FROM ({LARGE.format(rows=1_000_000)})"
        self._relation = duckdb.connect().sql(query)
        self.notes = ()
        self.columns = [
            ResultColumn(name=name, type=str(kind), kind=kind_of("duckdb", str(kind)))
            for name, kind in zip(self._relation.columns, self._relation.types, strict=True)
        ]

    def __iter__(self) -> Iterator[Any]:
        yield self._relation


def measure_results() -> list[Row]:
    limits = Limits(rows=2_000_000, bytes=1 << 30)
    kept = normalise(Million(), limits)
    with ResultTable(kept.descriptor, kept.columns) as table:
        by = [Sort(column="customer", descending=True), Sort(column="price")]
        sorting = seconds(lambda: table.page(0, 100, by)) * 1000
        narrowed = [Filter(column="customer", test="contains", value="77")]
        filtering = seconds(lambda: table.page(0, 100, (), narrowed)) * 1000
        pages = [
            seconds(lambda offset=offset, sorts=sorts: table.page(offset, 100, sorts)) * 1000
            for offset in range(0, 1_000_000, 100_000)
            for sorts in ((), by)
        ]
        cloud = [seconds(lambda: svg(chart_of(table, "scatter"))) * 1000 for _ in range(5)]
        descriptor = bulk.memory_file()
        exporting = seconds(lambda: export(table, "csv", descriptor))
        bulk.give_back(descriptor)
    bulk.give_back(kept.descriptor)
    return [
        row("results: 1,000,000 x 9, a page p95", p95(pages), "ms", budget=50),
        row("results: 1,000,000 x 9, ordered by two columns, first page", sorting, "ms", budget=1000),
        row("results: 1,000,000 x 9, narrowed by a text, first page", filtering, "ms"),
        row("results: 10,000 of 1,000,000 points, sampled and drawn p95", p95(cloud), "ms", budget=500),
        row("results: 1,000,000 x 9 as CSV", exporting, "s"),
    ]


def run() -> list[Row]:
    # What is measured is reading, not a disk that others use: memory, where there is room for it.
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="garret-files-", dir=base) as folder:
        many = Path(folder) / "many"
        many.mkdir()
        return [*measure_large(Path(folder)), measure_catalogue(many), *measure_results()]
