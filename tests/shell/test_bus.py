"""The session bus: what is heard of a service is heard from it alone, also when it ends and another comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jeepney
import pytest
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from garret.shell.bus import Bus, BusError, Signal, address
from garret.shell.errors import ShellError

SERVICE = "org.example.Lamp"
LIT = Signal(SERVICE, "/lamp", "org.example.Lamp", "Lit")


def other() -> Any:
    """Another program on the bus."""
    made: DBusConnection = open_dbus_connection("SESSION")
    return made


def lit(connection: Any, whom: str | None, number: int, path: str = LIT.path) -> None:
    where = jeepney.DBusAddress(path, bus_name=whom, interface=LIT.interface)
    message = jeepney.new_signal(where, LIT.member, "u", (number,))
    if whom is not None:
        message.header.fields[jeepney.HeaderFields.destination] = whom
    connection.send(message)


async def name_of(bus: Bus) -> str:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    bus.named(told.set_result, told.set_exception)
    return await told


async def heard_by_all(bus: Bus) -> None:
    """Everything that was sent before is here: the bus has answered a question that was asked after it."""
    told: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    whom = jeepney.DBusAddress("/", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
    bus.call(whom, "GetId", "", (), told.set_result, told.set_exception)
    await told


def story(work: Callable[[Bus], Awaitable[None]]) -> None:
    async def run() -> None:
        bus = Bus(asyncio.get_running_loop(), address() or "")
        try:
            await work(bus)
        finally:
            bus.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_signal_counts_from_its_service_and_object_alone(session_bus: str) -> None:
    assert session_bus
    lamp, forger = other(), other()
    lamp.send_and_get_reply(message_bus.RequestName(SERVICE))
    heard: list[int] = []

    async def work(bus: Bus) -> None:
        bus.listen(LIT, lambda body: heard.append(body[0]))
        name = await name_of(bus)
        await heard_by_all(bus)
        for connection, whom, number in (
            (lamp, None, 1),
            (forger, None, 2),
            (forger, name, 3),
            (lamp, name, 4),
        ):
            lit(connection, whom, number)
            connection.send_and_get_reply(message_bus.GetId())
        lit(lamp, None, 5, "/another")
        lamp.send_and_get_reply(message_bus.GetId())
        await heard_by_all(bus)
        assert heard == [1, 4]
        bus.forget(LIT)
        lit(lamp, None, 6)
        lamp.send_and_get_reply(message_bus.GetId())
        await heard_by_all(bus)
        assert heard == [1, 4]

    story(work)
    lamp.close()
    forger.close()


def test_a_service_that_comes_later_or_again_is_heard(session_bus: str) -> None:
    assert session_bus
    heard: list[int] = []

    async def work(bus: Bus) -> None:
        bus.listen(LIT, lambda body: heard.append(body[0]))
        await heard_by_all(bus)
        for number in (1, 2):
            lamp = other()
            lamp.send_and_get_reply(message_bus.RequestName(SERVICE))
            lit(lamp, None, number)
            lamp.send_and_get_reply(message_bus.GetId())
            await heard_by_all(bus)
            lamp.close()
        assert heard == [1, 2]

    story(work)


def test_what_was_asked_of_a_bus_that_is_left_fails(session_bus: str) -> None:
    assert session_bus
    told: list[ShellError] = []

    async def work(bus: Bus) -> None:
        bus.named(lambda name: pytest.fail(name), told.append)
        bus.close()
        bus.named(lambda name: pytest.fail(name), told.append)
        bus.call(
            jeepney.DBusAddress("/", bus_name=SERVICE, interface=SERVICE), "On", "", (), None, told.append
        )

    story(work)
    assert [type(each) for each in told] == [BusError] * 3


def test_no_bus_is_an_error_and_no_wait(tmp_path: Path) -> None:
    async def work() -> None:
        with pytest.raises(BusError):
            Bus(asyncio.get_running_loop(), str(tmp_path / "bus"))

    asyncio.run(work())
    assert address({}) is None
    assert address({"DBUS_SESSION_BUS_ADDRESS": "nonsense"}) is None
