"""A full disk, a file limit, a read-only folder: refused in words, read on, write again when possible."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from garret.base.clock import ManualClock
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.storage import recovery
from garret.storage.errors import DiskFull, InputOutput, ReadOnly, StorageError
from garret.storage.ledger_types import Request
from garret.storage.restore import restore
from garret.storage.store import Keys, Store
from garret.storage.writer_state import Mode

KEY = bytes(range(32))
KEYS = Keys(KEY, bytes(range(1, 33)))
DISK_MEBIBYTES = 24


class Disk(Protocol):
    """A place for a home that can be made full, and have space again."""

    folder: Path

    def fill(self) -> None: ...

    def free(self) -> None: ...


class SmallDisk:
    """A small file system in memory, filled with ballast."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self) -> None:
        with self.ballast.open("wb", buffering=0) as file:
            block = bytes(65_536)
            while block:
                try:
                    if file.write(block) < len(block):
                        block = block[: len(block) // 2]
                except OSError:
                    block = block[: len(block) // 2]

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)


class FileLimit:
    """Nothing may be written beyond the first 20,000 bytes of a file: a quota, as a process sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, self.before[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def mount(folder: Path, options: str) -> None:
    """Mount a small tmpfs, or skip loudly where that is not allowed."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("this kernel or container does not let root mount a small disk")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, f"size={DISK_MEBIBYTES}m")
    yield SmallDisk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(params=["small disk", "file limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "small disk":
        yield request.getfixturevalue("small_disk")
        return
    limited = FileLimit(tmp_path)
    yield limited
    limited.free()


@pytest.fixture
def store(disk: Disk, clock: ManualClock) -> Iterator[Store]:
    home = Home(disk.folder / "h")
    home.create()
    opened = Store.open(home, KEYS, clock=clock)
    yield opened
    disk.free()
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def enqueue(store: Store) -> str:
    return asyncio.run(store.ledger.enqueue(Request("a.b", os.urandom(30_000)))).job.id


def use_up(store: Store) -> tuple[list[str], GarretError]:
    """Enqueue until it is refused; return what was acknowledged and the refusal."""
    kept: list[str] = []
    while True:
        try:
            kept.append(enqueue(store))
        except StorageError as error:
            return kept, error


def test_a_full_disk_is_told_nothing_is_lost_and_writing_resumes(
    store: Store, disk: Disk, clock: ManualClock
) -> None:
    before = [enqueue(store) for _ in range(3)]
    disk.fill()
    kept, error = use_up(store)
    assert isinstance(error, (DiskFull, InputOutput))
    assert "acknowledged before is kept" in error.message
    assert store.writer.mode is Mode.READ_ONLY

    # Refused at once, without touching the disk; reading goes on.
    with pytest.raises(ReadOnly, match="read-only for now") as refused:
        enqueue(store)
    assert refused.value.retryable
    assert refused.value.details["mode"] == "read_only"
    assert sorted(job.id for job in store.ledger.jobs(limit=1_000)) == sorted(before + kept)

    # Still full: the next attempt finds that out and goes back to refusing.
    clock.advance(1.5)
    with pytest.raises(ReadOnly):
        enqueue(store)
    assert store.writer.probe().result() is Mode.READ_ONLY

    # Space again: not before the next attempt is due, then by itself.
    disk.free()
    with pytest.raises(ReadOnly):
        enqueue(store)
    clock.advance(1.5)
    after = enqueue(store)
    assert store.writer.mode is Mode.NORMAL
    assert store.writer.reason == ""
    assert sorted(job.id for job in store.ledger.jobs(limit=1_000)) == sorted([*before, *kept, after])
    assert store.check().sound


def test_a_probe_finds_the_space_at_once(store: Store, disk: Disk) -> None:
    disk.fill()
    use_up(store)
    disk.free()
    assert store.writer.probe().result() is Mode.NORMAL
    assert enqueue(store)


def test_every_caller_of_a_batch_that_did_not_fit_is_told(store: Store, disk: Disk) -> None:
    disk.fill()

    async def go() -> list[object]:
        requests = (store.ledger.enqueue(Request("a.b", os.urandom(900_000))) for _ in range(40))
        return list(await asyncio.gather(*requests, return_exceptions=True))

    answers = asyncio.run(go())
    assert all(isinstance(answer, (DiskFull, InputOutput)) for answer in answers)
    assert len({id(answer) for answer in answers}) == 40
    assert store.ledger.jobs() == []


def test_a_blob_that_does_not_fit_leaves_nothing(store: Store, disk: Disk) -> None:
    kept = store.blobs.put_bytes(os.urandom(50_000))
    disk.fill()
    with pytest.raises(DiskFull):
        store.blobs.put_bytes(os.urandom(2_000_000))
    assert list(store.blobs.iterate()) == [kept.id]
    assert list((store.home.blobs / "tmp").iterdir()) == []
    disk.free()
    assert store.blobs.put_bytes(os.urandom(2_000_000)).size == 2_000_000


def test_a_backup_that_does_not_fit_leaves_nothing(store: Store, disk: Disk) -> None:
    store.blobs.put_bytes(os.urandom(500_000))
    enqueue(store)
    disk.fill()
    with pytest.raises((DiskFull, InputOutput)):
        store.back_up(store.home.backups / "a.garret")
    assert list(store.home.backups.iterdir()) == []
    disk.free()
    assert store.back_up(store.home.backups / "a.garret").blobs == 1


def test_a_restore_that_does_not_fit_leaves_nothing(
    store: Store, small_disk: SmallDisk, tmp_path: Path
) -> None:
    store.blobs.put_bytes(os.urandom(5_000_000))
    store.back_up(tmp_path / "a.garret")
    small_disk.fill()
    target = Home(small_disk.folder / "new")
    with pytest.raises(DiskFull):
        restore(tmp_path / "a.garret", target)
    assert not target.root.exists()


@pytest.fixture
def read_only_home(tmp_path: Path) -> Iterator[Home]:
    """A cleanly closed home in a folder that nobody can write."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    as_root = os.geteuid() == 0
    if as_root:
        mount(folder, "size=24m")  # file modes do not stop root
    home = Home(folder / "h")
    home.create()
    store = Store.open(home, KEYS)
    enqueue(store)
    store.close()
    if as_root:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    else:
        home.root.chmod(0o500)
    yield home
    if as_root:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    else:
        home.root.chmod(0o700)


def test_a_home_in_a_read_only_folder_is_refused_in_words_and_can_be_read(read_only_home: Home) -> None:
    with pytest.raises(StorageError) as refused:
        Store.open(read_only_home, KEYS)
    assert refused.value.code == "read_only"
    assert "garret.db" in refused.value.message
    connection = recovery.open_for_reading(read_only_home.durable_db, KEY)
    assert connection.execute("SELECT count(*) FROM jobs").fetchall() == [(1,)]
    connection.close()
    assert recovery.diagnose(read_only_home, KEY).condition is recovery.Condition.SOUND


def test_an_empty_read_only_folder_is_refused_in_words(read_only_home: Home, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        Store.open(Home(read_only_home.root / "new"), KEYS)
    assert refused.value.message
    with pytest.raises(ReadOnly):
        recovery.set_aside(read_only_home, clock=ManualClock())
    source = Home(tmp_path / "source")
    source.create()
    store = Store.open(source, KEYS)
    store.back_up(tmp_path / "a.garret")
    store.close()
    with pytest.raises(ReadOnly):
        restore(tmp_path / "a.garret", Home(read_only_home.root / "new"))
