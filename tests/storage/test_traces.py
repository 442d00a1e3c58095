"""A database that is gone from a home that remembers it is told, and a new home is a new home."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage import recovery, traces
from garret.storage.audit_record import AuditRecord
from garret.storage.connection import connect, key_check_path
from garret.storage.errors import Lost, StorageError
from garret.storage.objects import KeySigner
from garret.storage.recovery import Condition
from garret.storage.store import Store
from tests.storage.databases import KEY, KEYS, OTHER_KEY

LOG = "garret.db-wal"


def opened(home: Home) -> Store:
    record = AuditRecord(home.audit_record, KeySigner(bytes([7]) * 32), expected=False)
    return Store.open(home, KEYS, record=record, clock=ManualClock())


@pytest.fixture
def used(home: Home) -> Home:
    """A closed home with a row of audit, a kept file and a captured recording."""
    home.create()
    store = opened(home)
    asyncio.run(store.audit.append("cli", "admin", "x.y", "done"))
    store.blobs.put_bytes(b"sound")
    (home.spool / "utt_1.pcm").write_bytes(b"xx")
    store.close()
    return home


def only(home: Home, *names: str) -> None:
    """Leave nothing in a home but these."""
    for path in home.root.iterdir():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    home.create()


def replace_by_fresh(home: Home) -> None:
    for path in home.root.glob("garret.db*"):
        path.unlink()
    connect(home.durable_db, KEY).close()


LOSSES: dict[str, Callable[[Home], None]] = {
    "deleted": lambda home: home.durable_db.unlink(),
    "emptied": lambda home: os.truncate(home.durable_db, 0),
    "emptied beside its log": lambda home: (
        os.truncate(home.durable_db, 0),
        (home.root / LOG).write_bytes(b"changes"),
        None,
    )[-1],
    "replaced by a fresh one": replace_by_fresh,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_database_is_told_and_nothing_is_written(used: Home, loss: str) -> None:
    LOSSES[loss](used)
    before = {path: path.read_bytes() for path in used.root.rglob("*") if path.is_file()}
    with pytest.raises(Lost) as caught:
        opened(used)
    assert "1 kept file, 1 captured recording" in caught.value.message
    assert "a record of 1 audit entry" in caught.value.message
    after = {path: path.read_bytes() for path in used.root.rglob("*") if path.is_file()}
    assert {path for path in after if not path.name.endswith(("-shm", "-wal"))} == {
        path for path in before if not path.name.endswith("-wal")
    }
    assert all(after[path] == data for path, data in before.items())
    found = recovery.diagnose(used, KEY)
    assert found.condition is Condition.LOST
    assert "move" in found.advice[-1]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("blobs", "1 kept file."),
        ("spool", "1 captured recording."),
        ("audit.record", "a record of 1 audit entry."),
        ("cache.db", "the logs of earlier runs."),
        ("garret.db.keyid", "the check of its key."),
    ],
)
def test_each_trace_alone_is_enough(used: Home, left: str, said: str) -> None:
    only(used, left)
    with pytest.raises(Lost) as caught:
        opened(used)
    assert said in caught.value.message


def test_a_restore_that_was_cut_off_is_named(home: Home) -> None:
    home.create()
    staging = home.root / ".restore-home_1"
    staging.mkdir()
    (staging / "moving").touch()
    with pytest.raises(Lost, match="a restore that was cut off"):
        opened(home)


def test_the_cache_remembers_for_a_home_without_a_record(used: Home) -> None:
    only(used, "cache.db", "cache.db.keyid")
    connect(used.durable_db, KEY).close()
    with pytest.raises(Lost, match="a count of 1 audit entry in its cache"):
        opened(used)
    connection = connect(used.durable_db, KEY)
    traces.check_rows(used, connection)  # without the cache's key nothing is known
    traces.check_rows(used, connection, bytes(32))
    connection.close()


@pytest.mark.parametrize("before", ["nothing", "folders", "an empty file", "keys", "tables"])
def test_a_new_home_starts_however_far_its_first_start_came(home: Home, before: str) -> None:
    if before != "nothing":
        home.create()
    if before == "an empty file":
        home.durable_db.touch()
    if before == "keys":
        home.key_file.write_bytes(b"sealed")
    if before == "tables":
        opened(home).close()
        home.audit_record.unlink()
    home.create()
    store = opened(home)
    asyncio.run(store.audit.append("cli", "admin", "x.y", "done"))
    store.close()
    opened(home).close()


def test_the_key_check_is_written_after_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "garret.db"
    seen: list[int] = []

    def write(check: Path, data: bytes) -> None:
        seen.append(path.stat().st_size)
        check.write_bytes(data)

    monkeypatch.setattr("garret.storage.files.write_whole", write)
    connect(path, KEY).close()
    assert len(seen) == 1
    assert seen[0] > 0
    connect(path, KEY).close()
    assert len(seen) == 1
    key_check_path(path).unlink()
    connect(path, KEY).close()
    assert len(seen) == 2, "one that a crash kept from being written is written later"


def test_a_key_check_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr("garret.storage.files.write_whole", full)
    with pytest.raises(StorageError, match="full"):
        connect(tmp_path / "garret.db", KEY)


def test_one_of_another_home_is_not_taken_for_lost(used: Home) -> None:
    for path in used.root.glob("garret.db*"):
        path.unlink()
    connect(used.durable_db, OTHER_KEY).close()
    found = recovery.diagnose(used, KEY)
    assert found.condition is Condition.WRONG_KEY
    assert any("backup" in each for each in found.advice)
