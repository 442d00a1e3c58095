"""A room whose workers try the walls of their cages, and ask the house for what they may have.

Kept apart from the toy room, so that what it grants is read beside what is tried.
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any, Final

from garret.protocol.contract import Command, Contract, command
from garret.protocol.life import Boot
from garret.protocol.manifest import Grants, Room, WorkerSpec
from garret.worker.call import Call
from garret.worker.harness import Handlers

_ENTRY: Final = "tests.toy_room.caged:build"
_SEARCH_PATH: Final = (str(Path(__file__).resolve().parent.parent.parent),)
TRUE: Final = "/bin/true"


class Outcome(Contract, frozen=True):
    """What became of an attempt: `done`, or the name of the error; or what was found."""

    text: str


@command("caged.knock", result=Outcome, capability="caged.use", target="connected")
class Knock(Command[Outcome], frozen=True):
    """Connect to a Unix socket, and say whether the other end keeps it open."""

    path: str


@command("caged.crowd", result=Outcome, capability="caged.use", target="crowded")
class Crowd(Command[Outcome], frozen=True):
    """Fork so many times; say how many were there in the end."""

    count: int


def _knock(request: Knock, call: Call) -> Outcome:
    del call
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(request.path)
        return Outcome(text="let in" if made.recv(1) else "turned away")


def _crowd(request: Crowd, call: Call) -> Outcome:
    del call
    made: list[int] = []
    try:
        for _ in range(request.count):
            child = os.fork()
            if child == 0:
                signal.pause()
            made.append(child)
    except BlockingIOError:
        pass
    for child in made:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return Outcome(text=str(len(made)))


def build(boot: Boot) -> Handlers:
    """The handlers of every worker here."""
    handlers: dict[type[Command[Any]], Any] = {Knock: _knock, Crowd: _crowd}
    del boot
    return Handlers(handlers)


ROOM: Final = Room(
    name="caged",
    summary="A room for tests of what workers may and may not.",
    commands=(Knock, Crowd),
    workers=(
        WorkerSpec(
            name="connected", entry=_ENTRY, grants=Grants(local_sockets=True), search_path=_SEARCH_PATH
        ),
        WorkerSpec(
            name="crowded",
            entry=_ENTRY,
            grants=Grants(execute=(TRUE,), processes=32),
            search_path=_SEARCH_PATH,
        ),
    ),
)
