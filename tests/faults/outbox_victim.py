"""A process that uses the outbox hard and is killed in the middle: the victim of `test_outbox_kills`.

    python -m tests.faults.outbox_victim HOME ROUND

It enqueues without end, each entry in one transaction with a row of its own that stands for what caused it,
and delivers to its standard output, a line for each time that something is on the disk or was delivered:

    E number id    enqueued            D number id    delivered (the receiver has it; nobody knows yet)

A ROUND of `last` enqueues nothing and ends by itself once everything was delivered.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import apsw

from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.outbox.entries import Delivered, Entry, Letter, Outcome, Retry
from garret.control.outbox.outbox import Outbox, RoomOutbox
from garret.storage.store import Keys, RoomTables, Store

KEYS = Keys(bytes(range(32)), bytes(range(1, 33)))
TABLES = [RoomTables("outbox", durable="garret.control.outbox.migrations")]
LINES = 3  # keys among which the entries are spread
OWNER = Owner("cli", "admin", "main")


def open_store(home: Home) -> Store:
    """The home as the victim and its examiner open it."""
    return Store.open(home, KEYS, TABLES)


def tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def deliver(letter: Letter) -> Outcome:
    """Every seventh is not taken at first, so that kills meet retries as well."""
    number = int(letter.payload)
    if number % 7 == 0 and letter.attempt == 1:
        return Retry("not at first")
    tell("D", number, letter.id)
    await asyncio.sleep(0)
    return Delivered()


def cause(room: RoomOutbox, number: int, connection: apsw.Connection) -> str:
    connection.execute("CREATE TABLE IF NOT EXISTS causes (number INTEGER PRIMARY KEY, entry TEXT)")
    entry = Entry(
        handler="send",
        destination=f"d{number % 2}",
        key=f"k{number % LINES}",
        payload=str(number).encode(),
        owner=OWNER,
    )
    identifier = room.enqueue(connection, entry)
    connection.execute("INSERT INTO causes VALUES (?, ?)", (number, identifier))
    return identifier


async def main(home: Home, life: str) -> None:
    store = open_store(home)
    done = asyncio.Event()
    outbox = Outbox(store, asyncio.get_running_loop(), changed=lambda *_: None if len(outbox) else done.set())
    room = outbox.room("toy")
    room.handle("send", deliver)
    await outbox.start()
    if life == "last":
        if len(outbox):
            await done.wait()
        await outbox.stop()
        store.close()
        return
    number = int(life) * 100_000
    while True:
        number += 1
        tell("E", number, await store.writer.write(partial(cause, room, number)))


if __name__ == "__main__":
    asyncio.run(main(Home(Path(sys.argv[1])), sys.argv[2]))
