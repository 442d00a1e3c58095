"""The connector of files as a whole: catalogue, runs, what changes or vanishes, limits and cancel."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.files import FilesConnector
from tests.features.data.sources.asking import checked, files, rows_of


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "customers.csv").write_text("id,name,email\n1,Ada,a@x.org\n2,Bob,b@x.org\n")
    (tmp_path / "orders.csv").write_text(
        "id,customer_id,total,day\n1,1,2.5,2024-01-01\n2,1,4.5,2024-01-02\n3,2,1,2024-01-03\n"
    )
    (tmp_path / "notes.json").write_text(
        '[{"order_id": 1, "text": "late", "tags": ["x"]}, {"order_id": 3, "text": null}]'
    )
    return tmp_path


def test_a_catalogue_has_types_sizes_samples_and_guessed_keys(shop: Path) -> None:
    catalogue = files(shop).catalogue("shop")
    assert (catalogue.source, catalogue.dialect, catalogue.notes) == ("shop", "duckdb", ())
    tables = {table.name: table for table in catalogue.tables}
    assert set(tables) == {"customers", "orders", "notes"}
    assert [(column.name, column.kind) for column in tables["orders"].columns] == [
        ("id", "integer"), ("customer_id", "integer"), ("total", "real"), ("day", "date"),
    ]  # fmt: skip
    assert [(table.rows, table.kind, table.comment) for table in tables.values()] == [
        (2, "file", "customers.csv"), (2, "file", "notes.json"), (3, "file", "orders.csv"),
    ]  # fmt: skip
    email = tables["customers"].columns[2]
    assert (email.private, email.guessed, email.samples) == (True, True, ())
    assert tables["customers"].columns[1].samples == ("Ada", "Bob")
    (key,) = tables["orders"].foreign_keys
    assert (key.columns, key.table, key.references, key.guessed) == (
        ("customer_id",),
        "customers",
        ("id",),
        True,
    )
    assert tables["notes"].foreign_keys[0].table == "orders"


def test_a_query_over_several_files(shop: Path) -> None:
    query = "SELECT name, sum(total) FROM orders JOIN customers c ON c.id = customer_id GROUP BY 1 ORDER BY 1"
    assert rows_of(files(shop), query, "orders", "customers")[0] == [("Ada", 7.0), ("Bob", 1.0)]


def test_a_session_reads_no_file_but_those_of_its_tables(shop: Path) -> None:
    for query in (
        "FROM customers",
        f"FROM read_csv('{shop}/customers.csv')",
        "FROM read_text('/etc/passwd')",
    ):
        with pytest.raises(SourceError):
            rows_of(files(shop), query, "orders")
    with pytest.raises(SourceError, match="Only one SELECT"):
        rows_of(files(shop), f"COPY orders TO '{shop}/out.csv'", "orders")
    assert sorted(path.name for path in shop.iterdir()) == ["customers.csv", "notes.json", "orders.csv"]


def test_the_fingerprint_changes_with_a_file_and_only_then(shop: Path) -> None:
    first = files(shop).catalogue("s").fingerprint
    assert files(shop).catalogue("s").fingerprint == first
    with (shop / "orders.csv").open("a") as file:
        file.write("4,2,9,2024-01-04\n")
    assert files(shop).catalogue("s").fingerprint != first


def test_files_of_one_shape_that_a_glob_finds_are_one_table(tmp_path: Path) -> None:
    for month in ("01", "02"):
        (tmp_path / f"sales_{month}.csv").write_text(f"day,total\n2024-{month}-01,{month}\n")
    (tmp_path / "sales_old.csv").write_text("total\n7\n")
    connector = files(tmp_path / "*.csv")
    tables = connector.catalogue("s").tables
    assert [(table.name, table.comment) for table in tables] == [
        ("sales", "sales_01.csv and 1 more"), ("sales_old", "sales_old.csv"),
    ]  # fmt: skip
    assert rows_of(connector, "SELECT day FROM sales ORDER BY day", "sales")[0] == [
        ("2024-01-01",),
        ("2024-02-01",),
    ]
    assert [table.name for table in files(tmp_path).catalogue("s").tables] == [
        "sales_01",
        "sales_02",
        "sales_old",
    ]


def test_a_file_that_vanished_is_said(shop: Path) -> None:
    connector = files(shop)
    (shop / "orders.csv").unlink()
    with pytest.raises(SourceError, match="orders is not there any more") as caught:
        connector.run(checked("FROM orders", "orders"), Limits())
    assert caught.value.code == Code.CONFLICT
    with pytest.raises(SourceError, match="not there"):
        files(shop / "orders.csv").test()


def test_a_column_that_vanished_is_said(shop: Path) -> None:
    (shop / "orders.csv").write_text("id,other\n1,2\n")
    with pytest.raises(SourceError, match="does not fit the data as it is now"):
        rows_of(files(shop), "SELECT total FROM orders", "orders")


def test_a_file_that_changes_while_it_is_read_is_remarked(shop: Path) -> None:
    rows = files(shop).run(checked("FROM orders", "orders"), Limits())
    for _ in rows:
        with (shop / "orders.csv").open("a") as file:
            file.write("9,9,9,2024-01-01\n")
    assert rows.notes == [
        f"{shop}/orders.csv changed while it was read; rows of before and after may be mixed. Run it again."
    ]


def test_a_file_cut_short_while_it_is_read_ends_in_words(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" * 1_500_000)
    rows = files(tmp_path).run(checked("FROM t", "t"), Limits(rows=10**7))
    batches = iter(rows)
    next(batches)
    os.truncate(path, 1000)
    said: list[str] = []
    try:
        list(batches)
    except SourceError as error:
        said.append(error.message)
    assert "file" in said[0] if said else "changed while it was read" in rows.notes[-1]


ENDLESS = "SELECT count(*) FROM orders, range(100000000000) t(x) WHERE x % 7 = total"


def test_time_is_limited(shop: Path) -> None:
    with pytest.raises(SourceError, match=r"longer than 0\.2 s") as caught:
        rows_of(files(shop), ENDLESS, "orders", limits=Limits(seconds=0.2))
    assert caught.value.code == Code.DEADLINE


def test_a_run_is_cancelled_from_another_thread(shop: Path) -> None:
    connector = files(shop)
    rows = connector.run(checked(ENDLESS, "orders"), Limits())
    thread = threading.Timer(0.0, connector.cancel)
    thread.start()
    with pytest.raises(SourceError, match="cancelled") as caught:
        list(rows)
    thread.join()
    assert caught.value.code == Code.CANCELLED
    assert rows_of(connector, "SELECT count(*) FROM orders", "orders")[0] == [(3,)]


def test_a_cancel_without_a_run_does_nothing(shop: Path) -> None:
    connector = files(shop)
    connector.cancel()
    connector.catalogue("s")
    connector.cancel()
    assert rows_of(connector, "SELECT count(*) FROM orders", "orders")[0] == [(3,)]
    connector.close()


def test_rows_are_limited(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "1\n" * 400_000)
    rows, kept = rows_of(files(tmp_path), "FROM t", "t", limits=Limits(rows=7))
    assert (len(rows), kept.truncated) == (7, True)


def test_a_change_is_remarked_also_of_a_result_that_was_cut(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 400_000)
    rows = files(tmp_path).run(checked("FROM t", "t"), Limits(rows=7))
    with contextlib.closing(iter(rows)) as batches:
        next(batches)
        (tmp_path / "t.csv").touch()
    assert "changed while it was read" in rows.notes[-1]


def test_memory_that_does_not_suffice_is_said(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garret.features.data.sources.files.FENCE", 64 << 20)
    query = "SELECT list(x || repeat('y', 100)) FROM orders, range(3000000) t(x)"
    with pytest.raises(SourceError, match="more memory") as caught:
        rows_of(files(shop), query, "orders")
    assert caught.value.code == Code.FULL


def test_a_single_figure_is_expected_as_one_row_and_a_few_rows_as_at_least_one(shop: Path) -> None:
    (shop / "few.csv").write_text("id,kind\n1,a\n2,b\n3,a\n", encoding="utf-8")
    source = files(shop)
    for query in ("SELECT count(*) FROM few LIMIT 11", "SELECT * FROM few WHERE kind = 'a' LIMIT 11"):
        assert (source.explain(checked(query, "few"), Limits()).rows or 0) >= 1
    assert source.explain(checked("SELECT sum(id) FROM few LIMIT 11", "few"), Limits()).rows == 1


def test_what_is_expected_is_told_without_running(shop: Path) -> None:
    (shop / "large.csv").write_text("a,b\n" + "1,x\n" * 100_000)
    estimate = files(shop).explain(checked("SELECT * FROM large LIMIT 11", "large"), Limits())
    assert estimate.rows is not None
    assert 30_000 < estimate.rows < 300_000
    assert estimate.seconds is not None
    assert "READ_CSV" in estimate.plan
    with pytest.raises(SourceError, match="Only one SELECT"):
        files(shop).explain(checked("SELECT 1; SELECT 2", "large"), Limits())


def test_a_source_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(SourceError, match="no file that can be read"):
        files(tmp_path).test()
    assert FilesConnector(SourceConfig(kind="files", paths=(str(tmp_path),))).catalogue("s").tables == ()


def test_a_test_tells_version_and_what_was_left_out(shop: Path) -> None:
    os.mkfifo(shop / "pipe.csv")
    status = files(shop).test()
    assert status.version.startswith("DuckDB ")
    assert "pipe" in status.warnings[0]


def test_nothing_is_written_beside_the_files(shop: Path) -> None:
    def listing() -> list[Any]:
        return sorted((path.name, path.stat().st_mtime_ns) for path in shop.iterdir())

    before = listing()
    connector = files(shop)
    connector.test()
    connector.catalogue("s")
    rows_of(connector, "FROM orders", "orders")
    assert listing() == before
