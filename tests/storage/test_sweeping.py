"""Blobs and spool files go when no room refers to them, and only then."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage.blobs import Blob
from garret.storage.projections import Projection, Spool
from garret.storage.store import RoomTables, Store
from garret.storage.sweeping import Swept
from tests.storage.databases import KEYS

TABLES = "CREATE TABLE {0}_files (blob TEXT, name TEXT)"
ROOMS = [
    RoomTables(
        room,
        projection=Projection(
            room,
            blobs=(f"SELECT blob FROM {room}_files", f"SELECT blob FROM {room}_files WHERE blob IS NULL"),
            spool=Spool(f"{room}_", f"SELECT name FROM {room}_files"),
        ),
    )
    for room in ("notes", "sound")
]
HOUR = 3600.0


@pytest.fixture
def rooms(home: Home, clock: ManualClock) -> Iterator[Store]:
    """A store with two rooms that refer to files."""
    home.create()
    opened = Store.open(home, KEYS, ROOMS, clock=clock)
    for room in ("notes", "sound"):
        sql = TABLES.format(room)
        opened.writer.submit(lambda connection, sql=sql: connection.execute(sql).fetchall()).result()
    yield opened
    opened.close()


def refer(store: Store, room: str, blob: str | None = None, name: str | None = None) -> None:
    sql = f"INSERT INTO {room}_files VALUES (?, ?)"
    store.writer.submit(lambda connection: connection.execute(sql, (blob, name)).fetchall()).result()


def sweep(store: Store) -> Swept:
    return asyncio.run(store.sweep())


def age(clock: ManualClock, *paths: Path) -> None:
    """Let an hour pass, in which these files are not touched."""
    for path in paths:
        os.utime(path, (clock.wall(),) * 2)
    clock.advance(HOUR + 1)


def test_a_blob_that_any_room_refers_to_stays(rooms: Store, clock: ManualClock) -> None:
    mine, theirs, nobodys = (rooms.blobs.put_bytes(data) for data in (b"mine", b"theirs", b"nobody's"))
    refer(rooms, "notes", mine.id)
    refer(rooms, "sound", theirs.id)
    age(clock, *(rooms.blobs.path(each.id) for each in (mine, theirs, nobodys)))
    assert sweep(rooms) == Swept(1, len(b"nobody's"), 0)
    assert list(rooms.blobs.iterate()) == sorted([mine.id, theirs.id])
    assert sweep(rooms) == Swept(0, 0, 0)


def test_a_file_is_safe_for_its_first_hour(rooms: Store, clock: ManualClock) -> None:
    blob = rooms.blobs.put_bytes(b"x")
    spooled = rooms.home.spool / "notes_1.pcm"
    spooled.touch()
    age(clock, rooms.blobs.path(blob.id), spooled)
    clock.jump_wall(-HOUR / 2)
    assert sweep(rooms) == Swept(0, 0, 0)
    clock.advance(HOUR / 2)
    assert sweep(rooms) == Swept(1, 1, 1)


def test_a_blob_is_let_go_at_once_unless_somebody_may_need_it(rooms: Store) -> None:
    def let_go(blob: Blob) -> bool:
        return asyncio.run(rooms.let_go(blob))

    refused = rooms.blobs.put_bytes(b"refused")
    assert let_go(refused)
    assert not let_go(refused)
    assert list(rooms.blobs.iterate()) == []
    first = rooms.blobs.put_bytes(b"twice")
    second = rooms.blobs.put_bytes(b"twice")
    assert not let_go(first), "who put it last has yet to name it"
    refer(rooms, "notes", second.id)
    assert not let_go(second)
    third = rooms.blobs.put_bytes(b"read by a backup")
    with rooms.blobs.pinned():
        assert not let_go(third)
    assert list(rooms.blobs.iterate()) == sorted({second.id, third.id})


def test_a_spool_file_goes_by_the_room_of_its_name(rooms: Store, clock: ManualClock) -> None:
    names = ["notes_1.pcm", "notes_1.run.part", "notes_1", "notes_12.pcm", "sound_1.pcm", "stray.pcm"]
    paths = [rooms.home.spool / name for name in names]
    for path in paths:
        path.touch()
    refer(rooms, "notes", name="notes_1")
    refer(rooms, "notes", name="sound_1")
    age(clock, *paths)
    assert sweep(rooms) == Swept(0, 0, 2)
    left = {path.name for path in rooms.home.spool.iterdir()}
    assert left == {"notes_1.pcm", "notes_1.run.part", "notes_1", "stray.pcm"}


def test_where_a_room_has_tables_and_is_not_here_its_blobs_are_nobodys_to_remove(
    rooms: Store, clock: ManualClock
) -> None:
    blob = rooms.blobs.put_bytes(b"x")
    spooled = rooms.home.spool / "notes_1.pcm"
    spooled.touch()
    age(clock, rooms.blobs.path(blob.id), spooled)
    absent = "INSERT INTO schema_migrations VALUES ('pictures', 1, 'first', x'00', 1)"
    rooms.writer.submit(lambda connection: connection.execute(absent).fetchall()).result()
    assert sweep(rooms) == Swept(0, 0, 1)
    assert list(rooms.blobs.iterate()) == [blob.id]
