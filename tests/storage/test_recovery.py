"""What a damaged database still allows: a diagnosis in words, salvage, and a guided restore."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage import recovery
from garret.storage.connection import connect
from garret.storage.errors import Conflict, Corrupt, NotFound, ReadOnly
from garret.storage.ledger_types import Request
from garret.storage.recovery import Condition
from garret.storage.restore import restore
from garret.storage.store import Store
from garret.storage.writer_state import Mode
from tests.storage.databases import KEY, KEYS, OTHER_KEY, flip

PAGE = 4096
JOBS = 400


@pytest.fixture
def filled(home: Home) -> Home:
    """A closed home with some hundred jobs and settings, and one backup."""
    home.create()
    store = Store.open(home, KEYS, clock=ManualClock())

    async def fill() -> None:
        requests = (store.ledger.enqueue(Request("a.b", b"x" * 300)) for _ in range(JOBS))
        await asyncio.gather(*requests, *(store.settings.put(f"k{i:03d}", "1") for i in range(100)))

    asyncio.run(fill())
    store.back_up(home.backups / "a.garret")
    store.close()
    return home


def pages_of(path: Path, table: str) -> list[int]:
    """The numbers of the leaf pages of a table, from 1."""
    connection = connect(path, KEY)
    rows = connection.execute(
        "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)
    ).fetchall()
    connection.close()
    return [int(str(row[0])) for row in rows]


def damage(path: Path, page: int) -> None:
    flip(path, (page - 1) * PAGE + 1_000)


def count(path: Path, table: str) -> int:
    connection = connect(path, KEY)
    rows = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    connection.close()
    return int(str(rows[0][0]))


def test_a_sound_home_needs_nothing(filled: Home) -> None:
    diagnosis = recovery.diagnose(filled, KEY)
    assert diagnosis.condition is Condition.SOUND
    assert diagnosis.problems == ()
    assert diagnosis.advice == ("The database is sound. Nothing needs to be done.",)
    assert [backup.path.name for backup in diagnosis.backups] == ["a.garret"]


def test_each_condition_has_its_advice(filled: Home) -> None:
    assert recovery.diagnose(filled, OTHER_KEY).condition is Condition.WRONG_KEY
    damage(filled.durable_db, pages_of(filled.durable_db, "jobs")[3])
    damaged = recovery.diagnose(filled, KEY)
    assert damaged.condition is Condition.DAMAGED
    assert damaged.problems
    assert any("--salvage" in line for line in damaged.advice)
    assert any("a.garret" in line and "garret restore" in line for line in damaged.advice)
    flip(filled.durable_db, 500)
    assert recovery.diagnose(filled, KEY).condition is Condition.UNREADABLE
    filled.durable_db.unlink()
    assert recovery.diagnose(filled, KEY).condition is Condition.LOST
    for path in filled.root.glob("*.db*"):
        path.unlink()
    assert recovery.diagnose(filled, KEY).condition is Condition.MISSING


def test_a_damaged_store_opens_for_reading_only(filled: Home) -> None:
    damage(filled.durable_db, pages_of(filled.durable_db, "job_payloads")[1])
    store = Store.open(filled, KEYS)
    assert store.writer.mode is Mode.DAMAGED
    assert not store.durable.integrity.sound
    assert len(store.ledger.jobs(limit=1_000)) == JOBS
    with pytest.raises(ReadOnly, match="guided restore"):
        asyncio.run(store.settings.put("a", "1"))
    assert store.statistics()["garret.db"]["mode"] == "damaged"
    store.close()


def test_damage_met_while_running_ends_writing_and_not_reading(filled: Home) -> None:
    store = Store.open(filled, KEYS)
    job = store.ledger.jobs(limit=1)[0].id

    def finds(_: apsw.Connection) -> None:
        raise apsw.CorruptError("database disk image is malformed")

    with pytest.raises(Corrupt):
        store.writer.submit(finds).result()
    assert store.writer.mode is Mode.DAMAGED
    assert store.ledger.get(job).id == job
    store.close()


@pytest.mark.parametrize("which", [0, 1, -1])
def test_salvage_loses_little_more_than_the_damaged_page(filled: Home, tmp_path: Path, which: int) -> None:
    pages = pages_of(filled.durable_db, "job_payloads")
    assert len(pages) > 10
    damage(filled.durable_db, pages[which])
    target = tmp_path / "salvaged.db"
    report = recovery.salvage(filled.durable_db, KEY, target)
    assert report.damaged == ["job_payloads"]
    per_page = JOBS / len(pages)
    assert JOBS - 2 * per_page - 2 <= report.rows["job_payloads"] < JOBS
    assert report.rows["jobs"] == count(target, "jobs") == JOBS
    assert count(target, "job_payloads") == report.rows["job_payloads"]
    assert count(target, "settings") == 100
    check = connect(target, KEY)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


def test_salvage_steps_over_several_damaged_pages_and_tables(filled: Home, tmp_path: Path) -> None:
    for table in ("jobs", "job_payloads", "job_events"):
        pages = pages_of(filled.durable_db, table)
        for page in (pages[1], pages[-2]):
            damage(filled.durable_db, page)
    report = recovery.salvage(filled.durable_db, KEY, tmp_path / "salvaged.db")
    assert sorted(report.damaged) == ["job_events", "job_payloads", "jobs"]
    assert report.rows["jobs"] > JOBS / 2
    assert report.rows["job_payloads"] > JOBS / 2
    assert report.rows["settings"] == 100


def test_a_salvaged_file_is_a_home_again(filled: Home, tmp_path: Path) -> None:
    damage(filled.durable_db, pages_of(filled.durable_db, "job_payloads")[1])
    recovery.salvage(filled.durable_db, KEY, tmp_path / "salvaged.db")
    aside = recovery.set_aside(filled, clock=ManualClock())
    assert not filled.durable_db.exists()
    assert (aside / "garret.db").exists()
    (tmp_path / "salvaged.db").rename(filled.durable_db)
    store = Store.open(filled, KEYS)
    assert store.writer.mode is Mode.NORMAL
    assert len(store.ledger.jobs(limit=1_000)) == JOBS
    asyncio.run(store.settings.put("new", "1"))
    store.close()


def test_salvage_makes_search_tables_empty_and_says_so(tmp_path: Path) -> None:
    source = connect(tmp_path / "a.db", KEY)
    source.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE f USING fts5(b)")
    source.execute("INSERT INTO f VALUES ('words')")
    source.close()
    report = recovery.salvage(tmp_path / "a.db", KEY, tmp_path / "b.db")
    assert (report.rows, report.damaged, report.to_rebuild) == ({"t": 1}, [], ["f"])


def test_nothing_is_salvaged_without_the_list_of_tables(filled: Home, tmp_path: Path) -> None:
    flip(filled.durable_db, 500)
    with pytest.raises(Corrupt):
        recovery.salvage(filled.durable_db, KEY, tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()
    with pytest.raises(NotFound):
        recovery.salvage(tmp_path / "none.db", KEY, tmp_path / "b.db")
    (tmp_path / "b.db").write_bytes(b"mine")
    with pytest.raises(Conflict):
        recovery.salvage(filled.durable_db, KEY, tmp_path / "b.db")


def test_the_guided_restore_from_damage_to_a_working_home(filled: Home) -> None:
    flip(filled.durable_db, 500)
    with pytest.raises(Corrupt):
        Store.open(filled, KEYS)
    diagnosis = recovery.diagnose(filled, KEY)
    recovery.set_aside(filled, clock=ManualClock())
    restore(diagnosis.backups[0].path, filled, key=KEY)
    store = Store.open(filled, KEYS)
    assert len(store.ledger.jobs(limit=1_000)) == JOBS
    store.close()
    with pytest.raises(Conflict):
        recovery.set_aside(filled, clock=ManualClock())
    assert filled.durable_db.exists()
