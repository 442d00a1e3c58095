"""Reading off the event loop: short reads on a few threads of their own.

A read of pages that are not in memory waits for the disk, and decrypts them; on the loop everybody would wait
with it. The threads are no part of asyncio's own pool, where a copy of many gigabytes may hold every place.

Neighbour: `connection.Readers` lends the connections and takes one back that is kept for too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import apsw

from garret.storage.connection import Readers
from garret.storage.errors import Closed

T = TypeVar("T")

THREADS: Final = 4


class Reading:
    """Runs functions on reading connections of one file."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._threads = ThreadPoolExecutor(THREADS, "garret-reader")
        self._closed = False

    async def read(self, look: Callable[[apsw.Connection], T]) -> T:
        """What `look(connection)` returns; everything it reads is of one moment.

        It runs in another thread, for at most a second (`connection.SNAPSHOT_SECONDS`), and keeps neither
        the connection nor a cursor. Raises StorageError, and what `look` raises.
        """
        if self._closed:
            raise Closed("Storage is closed. Nothing was read.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, look)

    def _look(self, look: Callable[[apsw.Connection], T]) -> T:
        with self._readers.read() as connection:
            return look(connection)

    def close(self) -> None:
        """Let what runs end; nothing more is begun. Idempotent."""
        self._closed = True
        self._threads.shutdown()
