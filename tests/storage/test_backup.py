"""An online backup: a state that existed, whole or absent, and no way to read it without the key."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage.backup import inspect, list_backups
from garret.storage.blobs import Blobs
from garret.storage.errors import Cancelled, Conflict, Invalid, NotFound
from garret.storage.ledger_machine import State
from garret.storage.ledger_types import Request
from garret.storage.restore import restore
from garret.storage.store import Store
from tests.storage.databases import KEY, KEYS, flip


def fill(store: Store, jobs: int = 5) -> list[str]:
    async def go() -> list[str]:
        requests = (store.ledger.enqueue(Request("a.b", b"private words" * 100)) for _ in range(jobs))
        return [enqueued.job.id for enqueued in await asyncio.gather(*requests)]

    return asyncio.run(go())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_comes_back_with_everything(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    ids = fill(store)
    blob = store.blobs.put_bytes(b"sound" * 100_000)
    asyncio.run(store.audit.append("owner", "admin", "backup.made", "done"))
    seen: list[tuple[int, int]] = []
    path = tmp_path / "out" / "a.garret"
    path.parent.mkdir()
    made = store.back_up(path, sealed_key=b"sealed", progress=lambda done, all_: seen.append((done, all_)))
    assert names(path.parent) == ["a.garret"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert inspect(path) == made
    assert (made.blobs, made.sealed_key, made.created) == (1, True, clock.wall())
    assert seen[-1][0] == seen[-1][1]
    assert all(0 <= done <= all_ for done, all_ in seen)

    home = Home(tmp_path / "new")
    restored = restore(path, home, key=KEY)
    assert (restored.blobs, restored.sealed_key, restored.created) == (1, b"sealed", clock.wall())
    assert home.key_file.read_bytes() == b"sealed"
    assert not [name for name in names(home.root) if name.startswith(".")]
    again = Store.open(home, KEYS, clock=clock)
    assert sorted(job.id for job in again.ledger.jobs()) == sorted(ids)
    assert again.blobs.read(blob.id) == b"sound" * 100_000
    assert again.audit.verify().intact
    assert again.check().sound
    again.close()


def test_a_backup_shows_nothing_without_the_key(store: Store, tmp_path: Path) -> None:
    fill(store)
    path = tmp_path / "a.garret"
    store.back_up(path)
    data = path.read_bytes()
    assert b"private words" not in data
    assert b"SQLite format" not in data
    assert KEY not in data


def test_writes_go_on_during_a_backup_and_the_copy_is_consistent(store: Store, tmp_path: Path) -> None:
    fill(store, 2_000)
    path = tmp_path / "a.garret"
    written = 0

    def work(_done: int, _all: int) -> None:
        # Between two steps: a job and its event land in one transaction, or the copy would be torn.
        nonlocal written
        fill(store, 50)
        written += 50

    store.back_up(path, progress=work)
    assert written > 100
    home = Home(tmp_path / "new")
    restore(path, home, key=KEY)
    again = Store.open(home, KEYS)
    with again.readers.read() as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM job_events), "
            "(SELECT count(*) FROM job_payloads)"
        ).fetchall()[0]
    assert counts[0] == counts[1] == counts[2]
    assert int(str(counts[0])) >= 2_000
    again.close()


def test_a_stopped_backup_leaves_no_file_and_harms_nothing(store: Store, tmp_path: Path) -> None:
    fill(store, 500)
    store.blobs.put_bytes(bytes(3 << 20))
    out = tmp_path / "out"
    out.mkdir()
    for stop_at in (0, 1, 2, 4):
        asked = 0

        def stop(limit: int = stop_at) -> bool:
            nonlocal asked
            asked += 1
            return asked > limit

        with pytest.raises(Cancelled):
            store.back_up(out / "a.garret", stop=stop)
        assert names(out) == []
    fill(store)
    store.back_up(out / "a.garret")
    assert names(out) == ["a.garret"]


def test_an_existing_file_is_never_replaced(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"precious")
    with pytest.raises(Conflict):
        store.back_up(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"precious"
    with pytest.raises(NotFound):
        store.back_up(tmp_path / "none" / "a")


@pytest.mark.parametrize("known", [False, True], ids=["found while writing", "known before"])
@pytest.mark.parametrize("how", ["changed", "cut off", "gone"])
def test_damaged_blobs_are_left_out_and_named_and_all_others_are_there(
    store: Store, tmp_path: Path, how: str, known: bool
) -> None:
    kept = [store.blobs.put_bytes(bytes([number]) * 5_000).id for number in range(8)]
    for identity in kept[2:5]:
        path = store.blobs.path(identity)
        if how == "changed":
            flip(path, 100)
        elif how == "cut off":
            os.truncate(path, 17)
        else:
            path.unlink()
            path.mkdir()  # there, and cannot be read
    if known:
        store.blobs.examine(1 << 20)
    done = store.back_up(tmp_path / "a.garret")
    assert done.left_out == tuple(sorted(kept[2:5]))
    assert done.blobs == 5
    assert inspect(tmp_path / "a.garret") == done
    home = Home(tmp_path / "restored")
    restore(tmp_path / "a.garret", home, key=KEY)
    restored = Blobs(home.blobs)
    assert sorted(restored.iterate()) == sorted(kept[:2] + kept[5:])
    for identity in restored.iterate():
        restored.verify(identity)
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_blobs_are_not_collected_while_they_are_backed_up(store: Store, tmp_path: Path) -> None:
    store.blobs.put_bytes(b"x")
    refused: list[BaseException] = []

    def collect(_done: int, _all: int) -> None:
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()

    def attempt() -> None:
        try:
            store.blobs.collect(set(), grace=-1e9)
        except Conflict as error:
            refused.append(error)

    store.back_up(tmp_path / "a.garret", progress=collect)
    assert refused
    assert inspect(tmp_path / "a.garret").blobs == 1


def test_backups_are_listed_newest_first_and_other_files_are_not(
    store: Store, clock: ManualClock, tmp_path: Path
) -> None:
    for name in ("b", "a", "c"):
        clock.advance(60)
        store.back_up(tmp_path / name)
    (tmp_path / "junk").write_bytes(b"junk" * 1000)
    (tmp_path / "empty").write_bytes(b"")
    assert [summary.path.name for summary in list_backups(tmp_path)] == ["c", "a", "b"]
    with pytest.raises(Invalid):
        inspect(tmp_path / "junk")
    with pytest.raises(NotFound):
        inspect(tmp_path / "none")


def test_running_jobs_come_back_as_they_were(store: Store, tmp_path: Path) -> None:
    job = fill(store, 1)[0]
    asyncio.run(store.ledger.lease(job, "w"))
    store.back_up(tmp_path / "a.garret")
    home = Home(tmp_path / "new")
    restore(tmp_path / "a.garret", home)
    again = Store.open(home, KEYS)
    assert again.ledger.get(job).state is State.RUNNING
    assert [each.job.id for each in asyncio.run(again.ledger.replay())] == [job]
    again.close()


def test_the_copy_needs_the_same_key(store: Store, tmp_path: Path) -> None:
    store.back_up(tmp_path / "a.garret")
    restore(tmp_path / "a.garret", Home(tmp_path / "new"))
    plain = apsw.Connection(str(tmp_path / "new" / "garret.db"))
    with pytest.raises(apsw.NotADBError):
        plain.execute("SELECT * FROM sqlite_schema").fetchall()
    plain.close()
