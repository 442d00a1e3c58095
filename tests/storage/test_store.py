"""The store as a whole: opening, migrating rooms, throwing a broken cache away, closing."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

import pytest

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage.errors import Closed, Invalid, MigrationRefused, WrongKey
from garret.storage.log_store import Line
from garret.storage.store import Keys, RoomTables, Store, connection_version
from tests.storage.databases import KEY, KEYS, OTHER_KEY, flip


def test_keys_are_never_shown() -> None:
    assert repr(KEYS) == str(KEYS) == "Keys(...)"


def test_what_was_acknowledged_is_there_after_reopening(store: Store, clock: ManualClock) -> None:
    asyncio.run(store.settings.put("a", "1"))
    asyncio.run(store.logs.append([Line(1.0, 20, "w", "m", {})]))
    store.close()
    store.close()
    with pytest.raises(Closed):
        store.settings.get("a")
    with pytest.raises(Closed):
        asyncio.run(store.settings.put("a", "2"))
    again = Store.open(store.home, KEYS, clock=clock)
    assert list(again.settings.all()) == ["a"]
    assert len(again.logs.query()) == 1
    assert again.durable.migrated == []
    again.close()


def test_a_wrong_key_opens_nothing_and_changes_nothing(store: Store) -> None:
    asyncio.run(store.settings.put("a", "1"))
    store.close()
    before = store.home.durable_db.read_bytes()
    with pytest.raises(WrongKey):
        Store.open(store.home, Keys(OTHER_KEY, OTHER_KEY))
    with pytest.raises(Invalid):
        Store.open(store.home, Keys(b"", b""))
    assert store.home.durable_db.read_bytes() == before


@pytest.mark.parametrize("how", ["first page", "another page", "another key"])
def test_a_cache_that_cannot_be_used_is_made_anew(store: Store, how: str) -> None:
    asyncio.run(store.settings.put("a", "1"))
    asyncio.run(store.logs.append([Line(1.0, 20, "w", "m" * 500, {}) for _ in range(100)]))
    store.close()
    if how != "another key":
        flip(store.home.cache_db, 300 if how == "first page" else store.home.cache_db.stat().st_size - 300)
    keys = Keys(KEY, KEY) if how == "another key" else KEYS
    again = Store.open(store.home, keys)
    assert again.logs.query() == []
    assert list(again.settings.all()) == ["a"]
    asyncio.run(again.logs.append([Line(1.0, 20, "w", "m", {})]))
    assert len(again.logs.query()) == 1
    again.close()


def test_rooms_bring_tables_to_both_files(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for which in ("durable", "cache"):
        package = tmp_path / f"toy_room_{which}"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "0001_toy.sql").write_text(f"CREATE TABLE toy_{which} (a INTEGER)")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    home.create()
    room = RoomTables("toy", durable="toy_room_durable", cache="toy_room_cache")
    store = Store.open(home, KEYS, [room])
    for database, which in ((store.durable, "durable"), (store.cache, "cache")):
        with database.readers.read() as connection:
            assert connection.table_exists("main", f"toy_{which}")
    store.close()
    (tmp_path / "toy_room_durable" / "0001_toy.sql").write_text("CREATE TABLE toy (b INTEGER)")
    with pytest.raises(MigrationRefused, match="toy 0001_toy"):
        Store.open(home, KEYS, [room])


def test_opening_does_not_leave_threads_behind_when_it_fails(home: Home) -> None:
    import threading

    home.create()
    before = threading.active_count()
    home.cache_db.mkdir()
    with pytest.raises(Exception, match=r"cache\.db"):
        Store.open(home, KEYS)
    assert threading.active_count() == before


def test_the_library_in_use_is_named() -> None:
    assert "SQLite 3" in connection_version()
    assert "Ciphers" in connection_version()


def test_the_start_is_quick_and_the_whole_check_is_separate(store: Store) -> None:
    assert store.durable.integrity.sound
    found = store.check()
    assert found.sound
    assert found.complete
