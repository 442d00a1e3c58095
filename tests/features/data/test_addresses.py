"""What a person types as a source."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from garret.base.errors import UsageError
from garret.features.data.addresses import config_of


def test_files_become_absolute_and_keep_their_wildcards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config, password = config_of(["data/*.csv", "~/more"])
    assert config.kind == "files"
    assert config.paths == (str(tmp_path / "data/*.csv"), str(Path.home() / "more"))
    assert password == ""


def test_a_database_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "own.data") as connection:
        connection.execute("CREATE TABLE t (a)")
    assert config_of([str(tmp_path / "own.data")])[0].kind == "sqlite"
    (tmp_path / "b.db").write_text("a,b\n1,2\n")
    assert config_of([str(tmp_path / "b.db")])[0].kind == "files"
    (tmp_path / "empty.duckdb").touch()
    assert config_of([str(tmp_path / "empty.duckdb")])[0].kind == "duckdb"


def test_an_address_is_taken_apart() -> None:
    config, password = config_of(["postgres://ann%40home:p%3Ass@db.example.org:6000/sales"])
    assert (config.kind, config.host, config.port) == ("postgres", "db.example.org", 6000)
    assert (config.user, config.database, password) == ("ann@home", "sales", "p:ss")
    assert config_of(["mariadb://localhost/shop"])[0].kind == "mysql"
    assert config_of(["qdrant://localhost"])[0].kind == "qdrant"
    assert [config_of([f"{each}://localhost"])[0].kind for each in ("neo4j", "bolt")] == ["neo4j"] * 2


@pytest.mark.parametrize(
    ("path", "catalog", "schemas"),
    [("", "", ()), ("/hive", "hive", ()), ("/hive/sales%2Eold", "hive", ("sales.old",))],
)
def test_an_address_of_trino_names_a_catalog_and_a_schema(
    path: str, catalog: str, schemas: tuple[str, ...]
) -> None:
    config, _ = config_of([f"trino://me@trino.example.org:443{path}"])
    assert (config.kind, config.port, config.database, config.schemas) == ("trino", 443, catalog, schemas)


@pytest.mark.parametrize(
    "targets",
    [
        ["oracle://host/db"],
        ["postgres://"],
        ["postgres://host:99999999/db"],
        ["postgres://host/db?sslmode=disable"],
        ["postgres://host/db", "a.csv"],
    ],
)
def test_what_is_no_source_is_told(targets: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        config_of(targets)
    assert "Nothing was added" in refused.value.message


def test_two_database_files_are_two_sources(tmp_path: Path) -> None:
    for name in ("a.sqlite", "b.sqlite"):
        with sqlite3.connect(tmp_path / name) as connection:
            connection.execute("CREATE TABLE t (a)")
    with pytest.raises(UsageError):
        config_of([str(tmp_path / "a.sqlite"), str(tmp_path / "b.sqlite")])
    with pytest.raises(UsageError):
        config_of([str(tmp_path / "a.sqlite"), str(tmp_path / "c.csv")])
