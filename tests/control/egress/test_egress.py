"""The way out in a whole control plane: workers with destinations, the log, closing, the process's end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.access.policy import PROFILES
from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Identity, Pending
from garret.control.egress.trial import trial
from garret.control.outside.connector import connector_for
from garret.control.outside.health import probe_check
from garret.control.outside.programs import HttpCheck
from garret.control.plane import ControlPlane
from garret.control.supervision.events import State
from garret.features.house import contracts as c
from garret.protocol.finding import Status
from garret.protocol.manifest import SPAWNED, Destination, Grants
from tests.control.egress.rig import Server, serving
from tests.control.egress.road_room import ROOM, Ask, Stay, Wait
from tests.control.planes import Client, plane_of, run, until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not trial().reaches, reason="this kernel does not let connections be asked for"
)


@asynccontextmanager
async def road(home: Home) -> AsyncIterator[tuple[ControlPlane, Client, Server]]:
    """A control plane whose worker may talk to a server."""
    with serving() as server:
        async with plane_of(home, (ROOM,)) as plane:
            await plane.settings.set("road.server", f"127.0.0.1:{server.port}")
            yield plane, Client(plane), server


async def log_of(client: Client, count: int, **wanted: Any) -> tuple[c.Way, ...]:
    """The log, once it has so many rows."""
    async with asyncio.timeout(20):
        while len(ways := (await client.call(c.ReadEgress(**wanted))).ways) < count:  # noqa: ASYNC110  as `until`
            await asyncio.sleep(0.01)
    return ways


def test_a_connection_is_logged_with_who_and_how_much(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (plane, client, server):
            assert (await client.call(Ask(port=server.port, text="hello"))).text == "world"
            (way,) = await log_of(client, 1)
            assert (way.room, way.worker, way.command) == ("road", "road", "road.ask")
            assert (way.profile, way.verdict, way.transport) == ("admin", "closed", "tcp")
            assert (way.name, way.address, way.port) == ("127.0.0.1", "127.0.0.1", server.port)
            assert (way.sent, way.received) == (5, 5)
            assert way.workspace == "main"
            assert way.seconds > 0
            assert plane.egress.pids()

    run(story())


def test_what_a_worker_has_in_hand_is_told_before_and_after(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []

    async def story() -> None:
        async with road(home) as (plane, client, server):
            tell = plane.egress.in_hand

            def in_hand(key: int, pending: Iterable[Pending]) -> None:
                told.append(tuple(each.meta.name for each in pending))
                tell(key, pending)

            monkeypatch.setattr(plane.egress, "in_hand", in_hand)
            await client.call(Ask(port=server.port, text="hello"))
            await client.call(Ask(port=server.port, text="hello"))
            await until(lambda: len(told) == 4)
            assert told == [("road.ask",), (), ("road.ask",), ()]

    run(story())


def test_a_process_for_one_call_goes_where_its_kind_may_if_it_is_granted_that(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (plane, _, server):
            for network, answer in ((True, "world"), (False, "PermissionError")):
                async with plane.door("road").worker_with("road", Grants(network=network)) as target:
                    said = (
                        await InnerCaller(plane.broker, "test", Identity("owner", "admin"))
                        .at(target)
                        .call(Ask(port=server.port, text="hello"))
                    )
                    assert said.text == answer
            (way,) = await log_of(Client(plane), 1)
            assert (way.room, way.worker.partition(SPAWNED)[0], way.verdict) == ("road", "road", "closed")

    run(story())


def test_what_a_service_says_leaves_the_machine_is_judged_as_such(home: Home) -> None:
    """It depends on what was set, not on the command: a profile that lets nothing out is refused."""

    async def story() -> None:
        async with road(home) as (plane, _, server):
            async with plane.door("road").worker_with("road", Grants(network=True)) as target:
                order = Stay(host="127.0.0.1", port=server.port)
                admin, child = (
                    InnerCaller(plane.broker, "test", Identity("cli", profile))
                    for profile in ("admin", "child")
                )
                for calls in (admin.at(target), admin.at(target, leaves=True), child.at(target)):
                    assert (await calls.call(order)).text
                with pytest.raises(GarretError) as caught:
                    await child.at(target, leaves=True).call(order)
                assert caught.value.code == Code.DENIED

    run(story())


def test_a_place_is_named_for_one_call_where_the_manifest_lets_it_be(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (plane, _, _server):
            door = plane.door("road")
            calls = InnerCaller(plane.broker, "test", Identity("owner", "admin"))
            order = Ask(port=other.port, text="hello")
            named = Destination("127.0.0.1", (other.port,), "the source of a question", local=True)
            for places, answer in (((named,), "world"), ((), "PermissionError")):
                async with door.worker_with("road", Grants(), *places) as target:
                    assert (await calls.at(target).call(order)).text == answer
            (way,) = await log_of(Client(plane), 1)
            assert (way.worker.partition(SPAWNED)[0], way.address, way.port, way.verdict) == (
                "road",
                "127.0.0.1",
                other.port,
                "closed",
            )
            with pytest.raises(GarretError) as caught:
                async with door.worker_with("lane", Grants(), named):
                    pass
            assert caught.value.code == Code.DENIED

    with serving() as other:
        run(story())


def test_a_house_without_destinations_has_no_egress_process(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            state = await Client(plane).call(c.GetEgress())
            assert (state.offline, state.open, state.granted) == ("", (), ())
            assert not plane.egress.running

    run(story())


def test_what_is_refused_is_logged_and_audited(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (_, client, server):
            assert (await client.call(Ask(port=server.port + 1, text="x"))).text == "PermissionError"
            assert (await client.call(Stay(host="93.184.215.14", port=443))).text == "PermissionError"
            ways = await log_of(client, 2, verdict="refused")
            assert [way.reason for way in ways] == [
                "it is none of the worker's destinations",
                "road.stay is not declared to leave the machine",
            ]
            await until_audited(client, "egress.connect", 2)

    run(story())


async def until_audited(client: Client, action: str, count: int) -> None:
    async with asyncio.timeout(20):
        while sum(e.action == action for e in (await client.call(c.ReadAudit())).entries) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_closing_cuts_what_is_open_and_opening_lets_it_out_again(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (_, client, server):
            await client.call(Ask(port=server.port, text="hello", hold=True))
            waiting = client.ask(Wait())
            (open_now,) = (await client.call(c.GetEgress())).open
            assert (open_now.verdict, open_now.sent, open_now.received) == ("open", 5, 5)
            closed = await client.call(c.CloseEgress(what="room:road"))
            assert (closed.closed, closed.open) == (("room:road",), ())
            assert (await client.answer(Wait, waiting)).text in (
                "",
                "ConnectionResetError",
                "BrokenPipeError",
            )
            (cut,) = await log_of(client, 1, verdict="cut")
            assert cut.reason == "the room road is closed"
            opened = await client.call(c.OpenEgress(what="room:road"))
            assert opened.closed == ()
            await until_audited(client, "egress.close", 1)
            await until_audited(client, "egress.open", 1)

    run(story())


def test_all_is_closed_by_a_word_a_setting_or_the_profile(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (plane, client, _):
            assert (await client.call(c.CloseEgress(what="all"))).offline
            assert plane.settings.get("egress.offline") is True
            assert not (await client.call(c.OpenEgress(what="all"))).offline
            for name, profile in PROFILES.items():
                plane.use_profile(name)
                assert bool(plane.egress.offline) is not profile.egress, name

    run(story())


@pytest.mark.parametrize("what", ["", "http://x/", "room:"])
def test_what_cannot_be_closed_changes_nothing(home: Home, what: str) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            client = Client(plane)
            for order in (c.CloseEgress(what=what), c.OpenEgress(what=what)):
                assert "Nothing was changed" in (await client.refusal(order)).message
            assert "not closed" in (await client.refusal(c.OpenEgress(what="example.org"))).message
            assert plane.egress.closed == ()

    run(story())


def test_a_guest_neither_sees_nor_changes_the_way_out(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            guest = Client(plane, profile="guest")
            for order in (c.GetEgress(), c.ReadEgress(), c.CloseEgress(what="all"), c.OpenEgress(what="all")):
                assert (await guest.refusal(order)).code == "denied"
            gateway = Client(plane, role="gateway")
            assert (await gateway.refusal(c.OpenEgress(what="all"))).code == "denied"

    run(story())


def test_when_the_egress_process_dies_its_workers_start_anew_with_another(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (plane, client, server):
            await client.call(Ask(port=server.port, text="hello", hold=True))
            (process,) = plane.egress.pids()
            (worker,) = plane.pools["road"].slots[0].pids
            os.kill(process, signal.SIGKILL)
            await until(lambda: worker not in plane.pools["road"].slots[0].pids)
            assert (await client.call(Ask(port=server.port, text="again"))).text == "world"
            assert plane.egress.pids() != [process]
            assert server.ended(1) == [b"hello"]

    run(story())


def test_an_egress_process_that_dies_again_and_again_is_left(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            for _ in range(3):
                os.kill(plane.egress.pid, signal.SIGKILL)
                await until(lambda: not plane.egress.running)
            with pytest.raises(GarretError, match="too often"):
                _ = plane.egress.pid

    run(story())


def test_a_destination_follows_its_setting(home: Home) -> None:
    async def story() -> None:
        async with road(home) as (plane, client, server):
            await client.call(Ask(port=server.port, text="hello"))
            (before,) = plane.pools["road"].slots[0].pids
            await plane.settings.set("road.server", "")
            await until(lambda: before not in plane.pools["road"].slots[0].pids)
            assert (await client.call(Ask(port=server.port, text="hello"))).text == "PermissionError"

    run(story())


def test_health_checks_connect_by_way_of_the_egress_process_and_fill_no_log(home: Home) -> None:
    async def story() -> None:
        with serving(b"HTTP/1.1 200 OK\r\n\r\n") as server:
            async with plane_of(home, ()) as plane:
                program = {
                    "name": "answering",
                    "command": [sys.executable, "-c", "import signal; signal.pause()"],
                    "checks": [{"type": "http", "url": f"http://localhost:{server.port}/"}],
                    "start_interval": 0.05,
                }
                assert not plane.egress.running
                await plane.settings.set("outside.programs", [program])
                await until(lambda: [each.state for each, _ in plane.outside.statistics()] == [State.READY])
                assert plane.egress.running
                assert server.ended(1)[0].startswith(b"GET / HTTP/1.1")
                assert (await Client(plane).call(c.ReadEgress())).ways == ()

    run(story())


def test_a_health_check_that_nobody_answers_or_that_is_not_here_fails(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ()) as plane:
            connect = connector_for("checked", lambda: plane.egress)
            with socket.socket() as held:
                held.bind(("127.0.0.1", 0))
                url = f"http://localhost:{held.getsockname()[1]}/"
                outcome = await probe_check(HttpCheck(url), "http", connect)
                assert (outcome.ok, outcome.detail) == (False, "nothing listens there")
            outcome = await probe_check(HttpCheck("https://192.0.2.1/"), "http", connect)
            assert "not this machine" in outcome.detail

    run(story())


def test_the_doctor_tells_what_the_way_out_holds(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            checks = {each.name: each for each in (await Client(plane).call(c.Diagnose())).checks}
            assert checks["way out"].sentence.startswith("2 destinations")
            assert checks["egress connections"].outcome == Status.OK.value

    run(story())
