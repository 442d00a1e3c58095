"""Copies of large files: taken where fresh, never where not, and unreadable without their key."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources import parquet_cache
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.files import FilesConnector, Prepared, prepare
from tests.features.data.sources.asking import checked, files, rows_of

KEY = bytes(range(32))
QUERY = "SELECT count(*), sum(n), max(t) FROM big"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parquet_cache, "WORTH", 1000)
    folder = tmp_path / "source"
    folder.mkdir()
    (tmp_path / "cache").mkdir()
    (folder / "big.csv").write_text("n,t\n" + "".join(f"{n},word {n}\n" for n in range(1000)) + "torn\n")
    (folder / "small.csv").write_text("n\n1\n")
    return folder


def cached(source: Path, key: bytes) -> FilesConnector:
    connector = files(source)
    connector.use_cache(source.parent / "cache", key)
    return connector


def made(source: Path, key: bytes) -> Prepared:
    return prepare(SourceConfig(kind="files", paths=(str(source),)), source.parent / "cache", key)


@pytest.mark.parametrize("key", [b"", KEY], ids=["plain", "encrypted"])
def test_a_copy_answers_as_the_file_does(source: Path, key: bytes) -> None:
    direct, kept = rows_of(files(source), QUERY, "big")
    prepared = made(source, key)
    assert prepared.tables == ("big",)
    (copy,) = [path for path in (source.parent / "cache").iterdir() if ".notes" not in path.name]
    assert copy.stat().st_mode & 0o777 == 0o600
    # What answers is the copy: the file has other rows now, but the same stamp.
    before = (source / "big.csv").stat()
    with (source / "big.csv").open("r+") as file:
        file.seek(4)
        file.write("7")
    os.utime(source / "big.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    again, kept_again = rows_of(cached(source, key), QUERY, "big")
    assert again == direct == [(1000, "499500", "word 999")]
    assert kept_again.notes == kept.notes
    assert "columns are missing" in kept.notes[0]
    assert [column.type for column in kept_again.columns] == [column.type for column in kept.columns]


def test_an_encrypted_copy_says_nothing_without_its_key(source: Path) -> None:
    made(source, KEY)
    for path in (source.parent / "cache").iterdir():
        content = path.read_bytes()
        assert b"word" not in content
        assert b"missing" not in content
        with pytest.raises(duckdb.Error, match="encrypted"):
            duckdb.connect().execute(f"FROM '{path}'").fetchall()
    other = cached(source, bytes(32))
    assert rows_of(other, QUERY, "big")[0] == [(1000, "499500", "word 999")], "the file itself answers"
    assert list((source.parent / "cache").iterdir()) == []


def test_no_two_copies_share_a_key(source: Path) -> None:
    cache = parquet_cache.Cache(source, KEY)
    secrets = {parquet_cache.new(cache, "0" * 32).secret for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(secret) == 44 for secret in secrets)


def test_a_file_that_was_written_to_is_read_itself_and_its_copy_goes(source: Path) -> None:
    made(source, b"")
    old = set((source.parent / "cache").iterdir())
    with (source / "big.csv").open("a") as file:
        file.write("1000,word\n")
    assert rows_of(cached(source, b""), QUERY, "big")[0][0][0] == 1001
    made(source, b"")
    new = set((source.parent / "cache").iterdir())
    assert len(new) == len(old) == 2
    assert not new & old
    assert rows_of(cached(source, b""), QUERY, "big")[0][0][0] == 1001


def test_a_copy_is_made_once(source: Path) -> None:
    made(source, b"")
    stamps = {path: path.stat().st_mtime_ns for path in (source.parent / "cache").iterdir()}
    made(source, b"")
    assert stamps == {path: path.stat().st_mtime_ns for path in (source.parent / "cache").iterdir()}


def test_another_way_of_reading_has_no_copy_yet(source: Path) -> None:
    made(source, b"")
    path = str(source / "big.csv")
    connector = files(source, reading={path: {"types": '{"n": "VARCHAR"}'}})
    connector.use_cache(source.parent / "cache", b"")
    assert rows_of(connector, "SELECT max(n) FROM big", "big")[0] == [("999",)]


def test_what_was_never_whole_is_no_copy_and_goes(source: Path) -> None:
    cache = source.parent / "cache"
    made(source, b"")
    (copy,) = [path for path in cache.iterdir() if ".notes" not in path.name]
    copy.rename(f"{copy}.part")
    (cache / "mine.txt").write_text("kept")
    assert rows_of(cached(source, b""), QUERY, "big")[0] == [(1000, "499500", "word 999")]
    made(source, b"")
    assert not Path(f"{copy}.part").exists()
    assert (cache / "mine.txt").exists()
    assert len(list(cache.iterdir())) <= 4
    assert rows_of(cached(source, b""), QUERY, "big")[0] == [(1000, "499500", "word 999")]


def test_no_room_is_said_and_the_file_itself_answers(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(source)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=10))
    prepared = made(source, b"")
    assert prepared.tables == ()
    assert "no room" in prepared.notes[0]
    assert list((source.parent / "cache").iterdir()) == []


def test_a_query_over_a_copy_reads_no_other(source: Path) -> None:
    made(source, b"")
    cache = source.parent / "cache"
    for query in (f"FROM read_parquet('{cache}/*.parquet')", f"FROM read_csv('{source}/small.csv')"):
        with pytest.raises(SourceError):
            rows_of(cached(source, b""), query, "big")
    assert cached(source, b"").explain(checked("FROM big", "big"), Limits()).rows == 1000
