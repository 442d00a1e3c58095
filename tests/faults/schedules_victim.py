"""A process in which an hour passes in a moment and that is killed: the victim of `test_schedules_kills`.

    python -m tests.faults.schedules_victim HOME REST

Its wall clock goes on by twenty seconds at each look, from wherever the file `clock` in the home says that it
was: time does not stand still for those who are killed. It writes a line for each look and for each job that
the ledger has taken on, and rests for REST seconds after each look.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from pathlib import Path
from typing import Any

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.access.policy import Policy
from garret.control.clients.bus import EventBus
from garret.control.schedules.machine import Missed
from garret.control.schedules.plans import Plan
from garret.control.schedules.rules import Every
from garret.control.schedules.schedules import Schedules
from garret.protocol.contract import Command, Nothing, Registry, command
from garret.protocol.manifest import Capability
from garret.storage.ledger_types import Job
from garret.storage.store import Keys, RoomTables, Store

KEYS = Keys(bytes(range(32)), bytes(range(1, 33)))
TABLES = [RoomTables("schedules", durable="garret.control.schedules.migrations")]
BEGIN = 1_780_315_200.0
EVERY = 60.0
STEP = 20.0
_DOUBLE = struct.Struct("d")


@command("toy.work", result=Nothing, capability="toy.use", job=True)
class Work(Command[Nothing], frozen=True):
    """A job."""


class Nobody:
    """Takes jobs on and does none: the ledger has them."""

    def take_on(self, job: Job) -> None:
        """Say so."""
        os.write(1, b"made\n")


def open_store(home: Home) -> Store:
    return Store.open(home, KEYS, TABLES)


async def audit(*_: Any) -> None:
    """Nobody asks."""


async def main(home: Home, rest: float) -> None:
    store = open_store(home)
    file = os.open(home.root / "clock", os.O_RDWR | os.O_CREAT)
    kept = os.pread(file, _DOUBLE.size, 0)
    clock = ManualClock(wall=_DOUBLE.unpack(kept)[0] if kept else BEGIN)
    schedules = Schedules(
        store,
        asyncio.get_running_loop(),
        jobs=Nobody(),
        bus=EventBus(),
        registry=Registry([Work]),
        policy=Policy([Capability("toy.use", "Use the toy.", ("cli",), ("admin",))]),
        attempts=lambda: 3,
        audit=audit,
        clock=clock,
    )
    plan = Plan(
        key="minute",
        rule=Every(EVERY),
        action=Work(),
        owner=Owner("cli", "admin", "main"),
        zone="UTC",
        missed=Missed.CATCH_UP,
        most=1_000,
    )
    await schedules.room("toy").put(plan)
    await schedules.start()
    while True:
        clock.advance(STEP)
        os.pwrite(file, _DOUBLE.pack(clock.wall()), 0)
        schedules.look()
        os.write(1, b"looked\n")
        await asyncio.sleep(rest)


if __name__ == "__main__":
    asyncio.run(main(Home(Path(sys.argv[1])), float(sys.argv[2])))
