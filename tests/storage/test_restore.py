"""Restoring into an empty home, and into no other; a refused restore writes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from garret.base.paths import Home
from garret.storage.errors import Cancelled, Conflict, DiskFull, Invalid, NotFound, StorageError, WrongKey
from garret.storage.restore import restore
from garret.storage.store import Store
from tests.storage.databases import KEY, KEYS, OTHER_KEY, flip


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Path:
    asyncio.run(store.settings.put("a", "1"))
    for number in range(3):
        store.blobs.put_bytes(bytes([number]) * 2_000_000)
    store.back_up(tmp_path / "a.garret", sealed_key=b"sealed")
    return tmp_path / "a.garret"


@pytest.fixture
def target(tmp_path: Path) -> Home:
    return Home(tmp_path / "new" / "home")


def occupy(home: Home, what: str) -> Path:
    home.create()
    path = {
        "database": home.durable_db,
        "cache": home.cache_db,
        "key": home.key_file,
        "blob": home.blobs / "aa" / "bb" / ("aabb" + "0" * 60),
    }[what]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mine")
    return path


@pytest.mark.parametrize("what", ["database", "cache", "key", "blob"])
def test_a_home_with_data_is_refused_and_left_as_it_is(archive: Path, target: Home, what: str) -> None:
    path = occupy(target, what)
    before = sorted(str(p) for p in target.root.rglob("*"))
    with pytest.raises(Conflict, match="holds data"):
        restore(archive, target)
    assert path.read_bytes() == b"mine"
    assert sorted(str(p) for p in target.root.rglob("*")) == before


def test_a_home_that_was_only_created_counts_as_empty(archive: Path, target: Home) -> None:
    target.create()
    restore(archive, target, key=KEY)
    store = Store.open(target, KEYS)
    assert list(store.settings.all()) == ["a"]
    assert len(list(store.blobs.iterate())) == 3
    store.close()


def test_another_key_is_told_before_anything_is_moved(archive: Path, target: Home) -> None:
    with pytest.raises(WrongKey):
        restore(archive, target, key=OTHER_KEY)
    assert not target.root.exists()


def test_stopping_leaves_the_home_empty(archive: Path, target: Home) -> None:
    seen: list[int] = []
    with pytest.raises(Cancelled):
        restore(archive, target, progress=lambda done, _: seen.append(done), stop=lambda: len(seen) > 3)
    assert seen
    assert not target.root.exists()


def test_too_little_space_is_told_first(archive: Path, target: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        f_bavail, f_frsize = 10, 4096

    monkeypatch.setattr(os, "statvfs", lambda _: Little)
    with pytest.raises(DiskFull, match="MiB are free"):
        restore(archive, target)
    assert not target.root.exists()


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_an_interrupted_restore_is_cleared_by_the_next(
    archive: Path, target: Home, moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after `moved` of the moves: the clean-up of this process does not run either."""
    real: Callable[..., Path] = Path.rename
    count = 0

    def dying(self: Path, to: Path) -> Path:
        nonlocal count
        if target.root in to.parents and ".restore-" not in str(to):
            count += 1
            if count > moved:
                raise KeyboardInterrupt
        return real(self, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        patch.setattr("garret.storage.restore._clear", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            restore(archive, target, key=KEY)
    assert not target.durable_db.exists()
    assert any(path.name.startswith(".restore-") for path in target.root.iterdir())
    restore(archive, target, key=KEY)
    store = Store.open(target, KEYS)
    assert list(store.settings.all()) == ["a"]
    assert len(list(store.blobs.iterate())) == 3
    store.close()
    assert not [path for path in target.root.iterdir() if path.name.startswith(".restore-")]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9999])
def test_a_truncated_archive_is_refused_and_nothing_is_written(
    archive: Path, target: Home, share: float
) -> None:
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Invalid):
        restore(archive, target)
    assert not target.root.exists()


def test_bytes_after_the_end_are_refused(archive: Path, target: Home) -> None:
    archive.write_bytes(archive.read_bytes() + b"\0" * 512)
    with pytest.raises(Invalid):
        restore(archive, target)
    assert not target.root.exists()


def test_a_bit_changed_anywhere_is_found(archive: Path, target: Home) -> None:
    size = archive.stat().st_size
    for place in range(0, size, size // 40):
        flip(archive, place)
        with pytest.raises(StorageError):
            restore(archive, target)
        assert not target.root.exists(), f"byte {place}"
        flip(archive, place)
    restore(archive, target, key=KEY)


def test_what_is_no_archive_is_refused(target: Home, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        restore(tmp_path / "none", target)
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/null")):
        with pytest.raises(StorageError):
            restore(path, target)
    assert not target.root.exists()
