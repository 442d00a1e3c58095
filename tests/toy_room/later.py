"""A toy room for what is done later: a job that has something delivered, and a plan that becomes a job.

What was delivered and done goes to files in the home, line by line, where whoever kills the house reads it. A
file `die-NAME` in the home has the house end there, by its own hand and once, in the worst moment: behind the
line that was written, and before anybody was told.

    python -m tests.toy_room.later HOME OFFSET

is a house with this room, whose wall clock is wrong by OFFSET seconds; it says `ready`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import apsw

from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.clients.listener import HomeLock
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.outbox.entries import Delivered, Entry, Letter, Outcome
from garret.control.plane import ControlPlane
from garret.control.schedules.plans import Plan
from garret.control.schedules.rules import At
from garret.control.secrets.store import SecretStore
from garret.features.house.manifest import ROOM as HOUSE
from garret.protocol.contract import Command, Nothing, command
from garret.protocol.manifest import Room

DELIVERED: Final = "delivered"
NOTED: Final = "noted"


@command("later.send", result=Nothing, capability="toy.use", job=True)
class Send(Command[Nothing], frozen=True):
    """A job that has a text delivered."""

    text: str
    key: str = ""


@command("later.note", result=Nothing, capability="toy.use", job=True)
class Note(Command[Nothing], frozen=True):
    """A job that takes down a text."""

    text: str
    key: str = ""


@command("later.plan", result=Nothing, capability="toy.use")
class PlanNote(Command[Nothing], frozen=True):
    """Have a text taken down at a moment."""

    text: str
    moment: float


class LaterService:
    """Sends, notes, plans."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._folder = door.store.home.root
        door.outbox.handle("append", self._deliver)
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            Send: self._send,
            Note: self._note,
            PlanNote: self._plan,
        }

    async def start(self) -> None:
        """Nothing to bring up."""

    async def stop(self) -> None:
        """Nothing to take down."""

    async def _send(self, command: Send, request: Request) -> Nothing:
        assert request.lease is not None
        entry = Entry(
            handler="append",
            destination="file",
            key="lines",
            payload=command.text.encode(),
            owner=Owner.of(request.caller),
            cause=request.lease.job,
        )
        request.finish(partial(self._enqueue, entry))
        die_if_told(self._folder, "send")
        return Nothing()

    def _enqueue(self, entry: Entry, connection: apsw.Connection) -> str:
        return self._door.outbox.enqueue(connection, entry)

    async def _deliver(self, letter: Letter) -> Outcome:
        append(self._folder / DELIVERED, f"{letter.id} {letter.payload.decode()}")
        die_if_told(self._folder, "deliver")
        return Delivered()

    async def _note(self, command: Note, request: Request) -> Nothing:
        assert request.lease is not None
        append(self._folder / NOTED, f"{request.lease.job} {command.text}")
        die_if_told(self._folder, "note")
        return Nothing()

    async def _plan(self, command: PlanNote, request: Request) -> Nothing:
        plan = Plan(
            key=command.text,
            rule=At(command.moment),
            action=Note(text=command.text),
            owner=Owner.of(request.caller),
        )
        await self._door.schedules.put(plan)
        return Nothing()


def append(path: Path, line: str) -> None:
    """Write a line and see to it that it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def die_if_told(folder: Path, where: str) -> None:
    """End by SIGKILL where a file says so; it says so once."""
    try:
        (folder / f"die-{where}").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


ROOM = Room(
    name="later",
    summary="A room for tests: what is delivered and done later.",
    commands=(Send, Note, PlanNote),
    service="tests.toy_room.later:LaterService",
)


async def main(home: Home) -> None:
    home.create()
    lock, secrets = HomeLock(home.lock), SecretStore.open(home)
    plane = await ControlPlane.open(home, (HOUSE, ROOM), lock=lock, secrets=secrets)
    plane.serve()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await plane.stopping.wait()
    await plane.stop()


if __name__ == "__main__":
    right, offset = time.time, float(sys.argv[2])
    time.time = lambda: right() + offset
    asyncio.run(main(Home(Path(sys.argv[1]))))
