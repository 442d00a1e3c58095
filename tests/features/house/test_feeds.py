"""Subscriptions as clients have them: what is told, in which order, to whom, and how they end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.features.house import contracts as c
from garret.features.house import service as service_module
from garret.protocol.contract import Event, event
from garret.protocol.envelope import encode_payload
from garret.protocol.manifest import CLIENT_ROLES, Capability, Room
from garret.protocol.streams import INITIAL_CREDIT
from garret.protocol.subscription import Lost
from garret.transport.aio_client import AsyncClient
from garret.transport.client import Client as SocketClient
from tests.control import toy_room
from tests.control.planes import Client, plane_of, run, until


@event("mail.came", own="mail.read_own", others="mail.read")
class Came(Event, frozen=True):
    """A letter came; the room's own capabilities say who may hear of it."""

    sender: str


MAIL = Room(
    name="mail",
    summary="A room whose events only some may hear of.",
    events=(Came,),
    capabilities=(
        Capability("mail.read_own", "Hear of one's own letters.", CLIENT_ROLES, ("admin", "user")),
        Capability("mail.read", "Hear of everybody's letters.", CLIENT_ROLES, ("admin",)),
    ),
)
ROOMS = (toy_room.ROOM, MAIL)


def told(client: Client) -> list[tuple[int, str]]:
    """Number and name of what a caller was told."""
    return [(item["sequence"], item["name"]) for name, item in client.items if name == "item"]


def count(plane: ControlPlane) -> int:
    return len(plane.bus.statistics().subscriptions)


async def subscribed(plane: ControlPlane, client: Client, pattern: str = "*") -> int:
    """Subscribe, and return once that has begun."""
    before = len(client.items)
    request = client.ask(c.Subscribe(pattern=pattern))
    await until(lambda: len(client.items) > before)
    assert client.items[before][1]["sequence"] == 0
    return request


def publish(plane: ControlPlane, sender: str, scope: str | None = None) -> None:
    plane.bus.publish("mail.came", encode_payload(Came(sender=sender)), scope=scope)


def allow(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, *granted: str) -> None:
    """Let everybody subscribe, and have `granted` of the room's capabilities and no other."""

    def grants(role: str, profile: str, capability: str) -> bool:
        del role, profile
        return capability == "events.read" or capability in granted

    monkeypatch.setattr(plane.policy, "grants", grants)


@pytest.mark.parametrize(
    ("granted", "heard"),
    [
        ((), []),
        (("dictate.read", "dictate.read_own"), []),
        (("mail.read",), []),
        (("mail.read_own",), ["own", "all"]),
        (("mail.read_own", "dictate.read"), ["own", "all"]),
        (("mail.read_own", "mail.read"), ["own", "other", "all"]),
    ],
)
def test_an_event_is_heard_by_whom_its_own_room_allows(
    home: Home, monkeypatch: pytest.MonkeyPatch, granted: tuple[str, ...], heard: list[str]
) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            client = Client(plane, profile="user")
            await subscribed(plane, client)
            allow(plane, monkeypatch, *granted)
            publish(plane, "own", "user")
            publish(plane, "other", "guest")
            publish(plane, "all")
            allow(plane, monkeypatch, "mail.read_own", "mail.read")
            publish(plane, "last")
            await until(lambda: bool(client.items) and client.items[-1][1].get("event") == {"sender": "last"})
            senders = [item["event"]["sender"] for _, item in client.items if item["sequence"]]
            assert senders == [*heard, "last"]
            assert [number for number, _ in told(client)] == list(range(len(heard) + 2))

    run(story())


def test_what_waits_is_not_told_once_it_may_not_be_heard(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            client = Client(plane)
            request = await subscribed(plane, client)
            for number in range(INITIAL_CREDIT + 9):
                publish(plane, str(number))
            await until(lambda: len(client.items) == INITIAL_CREDIT)
            allow(plane, monkeypatch)
            plane.broker.grant(client, request, 5)
            await until(lambda: plane.bus.statistics().subscriptions[0].waiting == 0)
            assert len(client.items) == INITIAL_CREDIT

    run(story())


def test_whoever_does_not_read_loses_the_oldest_and_sees_it_by_the_numbers(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            client = Client(plane)
            request = await subscribed(plane, client)
            for number in range(1000):
                publish(plane, str(number))
                await asyncio.sleep(0)
            assert len(client.items) == INITIAL_CREDIT
            plane.broker.grant(client, request, 10_000)
            await until(lambda: told(client)[-1][0] == 1000)
            numbers = [number for number, _ in told(client)]
            assert numbers[:INITIAL_CREDIT] == list(range(INITIAL_CREDIT))
            assert numbers[-256:] == list(range(745, 1001))
            for _, item in client.items[1:]:
                assert item["event"]["sender"] == str(item["sequence"] - 1), "a number is an event's for good"

    run(story())


def test_an_event_that_does_not_fit_a_frame_counts_as_lost(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            client = Client(plane)
            await subscribed(plane, client)
            publish(plane, "x" * (300 << 10))
            publish(plane, "short")
            await until(lambda: len(client.items) == 2)
            assert told(client)[-1] == (2, "mail.came")

    run(story())


def test_cancelling_unsubscribes_and_others_hear_on(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            client, other = Client(plane), Client(plane)
            request = await subscribed(plane, client)
            await subscribed(plane, other)
            client.cancel(request)
            assert isinstance(await client.error(request), CancelledError)
            assert count(plane) == 1
            publish(plane, "later")
            await until(lambda: len(other.items) == 2)
            assert len(client.items) == 1

    run(story())


def test_a_profile_that_may_not_hear_ends_the_subscription_and_it_says_so(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            plane.serve()
            await Client(plane).call(c.SetPin(pin="4711"))
            async with await AsyncClient.connect(home, role="cli", service="test") as client:
                events = await client.subscribe(c.Subscribe(pattern="mail.*"), plane.registry)
                publish(plane, "first")
                assert await anext(events) == Came(sender="first")
                await Client(plane).call(c.UseProfile(profile="child"))
                assert [event async for event in events] == []
                assert events.ended is not None
                assert (events.ended.reason, events.ended.sequence) == ("profile", 1)
                assert count(plane) == 0

    run(story())


def test_a_caller_has_so_many_subscriptions_and_they_end_with_its_connection(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "_SUBSCRIPTIONS", 3)
    monkeypatch.setattr(service_module, "_ALL_SUBSCRIPTIONS", 5)

    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            plane.serve()
            one = await AsyncClient.connect(home, role="cli", service="one")
            two = await AsyncClient.connect(home, role="cli", service="two")
            order = c.Subscribe(pattern="mail.*")
            for _ in range(3):
                await one.subscribe(order, plane.registry)
            with pytest.raises(GarretError) as caught:
                await one.subscribe(order, plane.registry)
            assert caught.value.code == Code.BUSY
            for _ in range(2):
                await two.subscribe(order, plane.registry)
            with pytest.raises(GarretError):
                await two.subscribe(order, plane.registry)
            one.close()
            await until(lambda: count(plane) == 2)
            await two.subscribe(order, plane.registry)
            two.close()
            await until(lambda: count(plane) == 0)

    run(story())


def test_a_blocking_client_hears_of_what_happens_after_it_subscribed(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ROOMS) as plane:
            plane.serve()
            loop = asyncio.get_running_loop()

            def listen() -> list[Any]:
                client = SocketClient.connect(home)
                try:
                    events = client.subscribe(c.Subscribe(pattern="mail.*"), plane.registry)
                    loop.call_soon_threadsafe(publish_many)
                    heard = []
                    for found in events:
                        heard.append(found)
                        if isinstance(found, Came) and found.sender == "last":
                            events.close()
                            return heard
                    raise AssertionError("it ended by itself")
                finally:
                    client.close()

            def publish_many() -> None:
                for number in range(400):  # in one turn of the loop, so that the queue runs over
                    publish(plane, str(number))
                publish(plane, "last")

            heard = await asyncio.to_thread(listen)
            lost = [found.count for found in heard if isinstance(found, Lost)]
            assert sum(lost) == 401 - 256
            assert sum(lost) + len(heard) - len(lost) == 401
            await until(lambda: count(plane) == 0)

    run(story())
