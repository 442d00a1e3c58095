"""A room whose worker has a way out, for tests of the control plane."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Final

from garret.protocol.contract import Command, Contract, command
from garret.protocol.manifest import Capability, Destination, Room, SpawnGrants, WorkerSpec
from garret.protocol.setting import Setting

ROOT: Final = (str(Path(__file__).resolve().parents[3]),)


class Said(Contract, frozen=True):
    text: str


@command("road.ask", result=Said, capability="road.use", target="road", leaves_machine=True)
class Ask(Command[Said], frozen=True):
    """Send a text to a server on this machine; what it answers. An empty one is sent on what is held."""

    port: int
    text: str
    hold: bool = False


@command("road.stay", result=Said, capability="road.use", target="road")
class Stay(Command[Said], frozen=True):
    """The same, to another address, without having said that it leaves the machine."""

    host: str
    port: int


@command("road.fetch", result=Said, capability="road.use", target="road", leaves_machine=True)
class Fetch(Command[Said], frozen=True):
    """Connect to another address; what comes of it."""

    host: str
    port: int


@command("road.wait", result=Said, capability="road.use", target="road", leaves_machine=True)
class Wait(Command[Said], frozen=True):
    """Wait until what is held ends; what came of it."""


def build(boot: Any) -> Any:
    """The worker's handlers."""
    from garret.worker.harness import Handlers

    del boot
    held: list[socket.socket] = []

    def ask(order: Ask, call: Any) -> Said:
        del call
        try:
            connected = held.pop() if held else socket.create_connection(("127.0.0.1", order.port))
            connected.sendall(order.text.encode())
            text = connected.recv(100).decode()
        except OSError as error:
            return Said(text=type(error).__name__)
        if order.hold:
            held.append(connected)
        else:
            connected.close()
        return Said(text=text)

    def stay(order: Stay | Fetch, call: Any) -> Said:
        del call
        try:
            with socket.create_connection((order.host, order.port)):
                return Said(text="connected")
        except OSError as error:
            return Said(text=type(error).__name__)

    def wait(order: Wait, call: Any) -> Said:
        del order, call
        try:
            return Said(text=held[0].recv(100).decode())
        except OSError as error:
            return Said(text=type(error).__name__)

    return Handlers({Ask: ask, Stay: stay, Fetch: stay, Wait: wait})


ROOM: Final = Room(
    name="road",
    summary="A room for tests of the way out.",
    commands=(Ask, Stay, Fetch, Wait),
    capabilities=(Capability("road.use", "Go out.", ("cli",), ("admin", "user", "child")),),
    settings=(Setting(key="road.server", type="text", default="", sentence="Where the server of tests is."),),
    workers=(
        WorkerSpec(
            name="lane",
            entry="tests.control.egress.road_room:build",
            search_path=ROOT,
            spawn=SpawnGrants(),
        ),
        WorkerSpec(
            name="road",
            entry="tests.control.egress.road_room:build",
            search_path=ROOT,
            concurrency=2,
            spawn=SpawnGrants(connects=True),
            destinations=(
                Destination("{setting:road.server}", (), "the server of a test", local=True),
                Destination("93.184.215.14", (443,), "an address outside"),
            ),
        ),
    ),
)
