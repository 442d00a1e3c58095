"""Reading off the event loop: in threads of its own, of one moment, and not once storage is closed."""

from __future__ import annotations

import asyncio
import threading

import apsw
import pytest

from garret.storage.errors import Closed, NotFound, ReadOnly
from garret.storage.reading import THREADS
from garret.storage.store import Store

SQL = "SELECT count(*) FROM settings"


def count(connection: apsw.Connection) -> int:
    return int(str(connection.execute(SQL).fetchall()[0][0]))


def test_it_reads_what_is_durable_and_leaves_the_loop_alone(store: Store) -> None:
    async def story() -> None:
        loop = threading.get_ident()
        await store.settings.put("a", "1")
        assert await store.read(count) == 1
        assert await store.read(lambda _: threading.get_ident()) != loop
        begun, go_on = threading.Barrier(THREADS + 1), threading.Event()

        def wait(connection: apsw.Connection) -> int:
            begun.wait(20)
            go_on.wait(20)
            return count(connection)

        reading = [asyncio.ensure_future(store.read(wait)) for _ in range(THREADS)]
        await asyncio.to_thread(begun.wait, 20)  # asyncio's own threads are free meanwhile
        go_on.set()
        assert await asyncio.gather(*reading) == [1] * THREADS

    asyncio.run(story())


def test_everything_read_in_one_go_is_of_one_moment(store: Store) -> None:
    async def story() -> None:
        first, written = threading.Event(), threading.Event()

        def look(connection: apsw.Connection) -> tuple[int, int]:
            before = count(connection)
            first.set()
            written.wait(20)
            return before, count(connection)

        reading = asyncio.ensure_future(store.read(look))
        await asyncio.to_thread(first.wait, 20)
        await store.settings.put("a", "1")
        written.set()
        assert await reading == (0, 0)
        assert await store.read(count) == 1

    asyncio.run(story())


def test_what_a_look_raises_comes_back_and_nothing_can_be_written(store: Store) -> None:
    def refuse(connection: apsw.Connection) -> None:
        raise NotFound("There is no such thing.")

    with pytest.raises(NotFound, match="no such thing"):
        asyncio.run(store.read(refuse))
    with pytest.raises(ReadOnly):
        asyncio.run(store.read(lambda connection: connection.execute("DELETE FROM settings").fetchall()))


def test_once_storage_is_closed_nothing_is_read(store: Store) -> None:
    asyncio.run(store.read(count))
    store.close()
    with pytest.raises(Closed, match="Nothing was read"):
        asyncio.run(store.read(count))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("garret-reader")]
