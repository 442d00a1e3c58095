"""Pools of real workers: order of start and stop, replacement on a change, an open circuit and its reset."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.clients.bus import Happened
from garret.control.plane import ControlPlane
from garret.control.supervision.dependencies import DependencyCycle
from garret.control.supervision.events import State
from garret.features.house.contracts import RestartWorker
from garret.protocol.manifest import Room, WorkerSpec
from tests.control import toy_room
from tests.control.planes import Client, open_plane, plane_of, run, until
from tests.control.toy_room import Ask, AskLeaf, Echo


def state(plane: ControlPlane, worker: str) -> State:
    return plane.pools[worker].supervisor.slots[0].state


async def told(plane: ControlPlane) -> tuple[str, int]:
    """The tone that the worker was started with, and its process."""
    _, tone, process = (await Client(plane).call(Echo(text="hello"))).text.split()
    return tone, int(process)


def test_a_change_of_a_setting_replaces_the_process_without_refusing_a_command(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            before = await told(plane)
            client = Client(plane)
            await plane.settings.set("toy.tone", "loud")
            answers = [client.ask(Echo(text="on")) for _ in range(5)]
            for answer in answers:
                await client.answer(Echo, answer)
            await until(lambda: plane.pools["toy"].supervisor.statistics()[0].swaps == 1)
            after = await told(plane)
            assert (before[0], after[0]) == ("plain", "loud")
            assert before[1] != after[1]

    run(story())


def test_whoever_waits_for_the_replacement_finds_the_new_value(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            before = await told(plane)
            await plane.settings.set("toy.tone", "loud")
            assert plane.pools["toy"].supervisor.replacing
            await plane.workers.replaced()
            after = await told(plane)
            assert (before[0], after[0]) == ("plain", "loud")
            await plane.workers.replaced()  # nothing is under way

    run(story())


def test_a_profiles_own_value_reaches_the_worker_while_that_profile_is_in_force(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await plane.settings.set("toy.tone", "grave", "user")
            assert (await told(plane))[0] == "plain"
            plane.use_profile("user")
            await until(lambda: plane.pools["toy"].supervisor.statistics()[0].swaps == 1)
            assert (await told(plane))[0] == "grave"

    run(story())


def test_another_profiles_change_replaces_nothing(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            _, process = await told(plane)
            await plane.settings.set("toy.tone", "grave", "user")
            assert await told(plane) == ("plain", process)

    run(story())


def test_a_worker_that_crashes_at_its_start_opens_the_circuit_and_a_restart_by_hand_closes_it(
    home: Home,
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            for key, value in {"restart_limit": 1, "backoff_first": 0.01, "backoff_limit": 0.01}.items():
                await plane.settings.set(f"supervisor.{key}", value)
            await plane.settings.set("toy.broken", True)
        async with plane_of(home) as plane:  # supervision is set at the start
            client = Client(plane)
            error = await client.refusal(Ask(text="hello"))
            assert error.code == Code.UNAVAILABLE
            assert not error.retryable
            assert "garret workers restart fragile" in error.message
            assert state(plane, "fragile") is State.FAILED
            assert plane.metrics.snapshot()["counters"]["restarts"] >= 1
            await plane.log_pump.write_out()
            lines = plane.store.logs.query(worker="fragile#0")
            assert "about to break" in [line.message for line in lines]
            again = await client.refusal(Ask(text="hello"))
            assert again.message == error.message  # refused at once, and nothing is started in vain
            plane.settings._values["toy.broken", ""] = False  # mended outside, which nobody was told of
            await client.call(RestartWorker(name="fragile"))
            assert (await client.call(Ask(text="hello"))).text == "hello"

    run(story())


def test_a_restart_of_something_unknown_names_what_there_is(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(RestartWorker(name="nobody"))
            assert error.code == Code.USAGE
            assert "toy, fragile" in error.message

    run(story())


def test_a_worker_is_started_when_what_it_needs_is_ready_and_stopped_before_it(home: Home) -> None:
    order: list[tuple[str, str]] = []

    async def story() -> None:
        plane = await open_plane(home, (toy_room.CHAIN,))
        try:
            assert state(plane, "leaf") is State.STOPPED
            subscription = plane.bus.subscribe("house.worker_changed", limit=1000)
            assert (await asyncio.wait_for(_leaf(plane), 20)).text == "hello"
        finally:
            await plane.stop()
        for item in subscription.take():
            assert isinstance(item, Happened)
            fields: Any = plane.registry.event_type("house.worker_changed")
            event = msgspec.msgpack.decode(item.payload, type=fields)
            order.append((event.name, event.state))

    run(story())
    assert order.index(("base", "ready")) < order.index(("leaf", "starting"))
    assert order.index(("leaf", "stopped")) < order.index(("base", "draining"))


async def _leaf(plane: ControlPlane) -> Any:
    await until(lambda: state(plane, "leaf") is State.READY)
    return await Client(plane).call(AskLeaf(text="hello"))


def test_a_worker_whose_need_failed_says_so_and_starts_when_that_is_mended(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (toy_room.CHAIN,)) as plane:
            await plane.settings.set("supervisor.restart_limit", 0)
            await plane.settings.set("toy.base_broken", True)
        async with plane_of(home, (toy_room.CHAIN,)) as plane:
            await until(lambda: state(plane, "base") is State.FAILED)
            error = await Client(plane).refusal(AskLeaf(text="hello"))
            assert error.message.startswith("leaf is not started, because it needs base.")
            await plane.settings.set("toy.base_broken", False)
            assert (await _leaf(plane)).text == "hello"

    run(story())


def test_needs_in_a_circle_are_refused_and_nothing_stays_open(home: Home) -> None:
    def worker(name: str, needs: str) -> WorkerSpec:
        return WorkerSpec(name=name, entry="nowhere:nothing", depends_on=(needs,))

    ring = Room(name="ring", summary="", workers=(worker("one", "other"), worker("other", "one")))

    async def story() -> None:
        with pytest.raises(DependencyCycle, match="one needs other"):
            await open_plane(home, (ring,))
        async with plane_of(home):  # neither lock nor database is held
            pass

    run(story())


def test_a_worker_that_needs_an_on_demand_one_has_it_started_beside_it(home: Home) -> None:
    pair = Room(
        name="pair",
        summary="",
        commands=(AskLeaf,),
        capabilities=(toy_room.CHAIN_USE,),
        workers=(
            WorkerSpec(
                name="leaf",
                entry="tests.control.toy_room:build_leaf",
                depends_on=("under",),
                search_path=toy_room.ROOT,
            ),
            WorkerSpec(name="under", entry="tests.control.toy_room:build_leaf", search_path=toy_room.ROOT),
        ),
    )

    async def story() -> None:
        async with plane_of(home, (pair,)) as plane:
            assert state(plane, "under") is State.STOPPED
            await Client(plane).call(AskLeaf(text="hello"))
            await until(lambda: state(plane, "under") is State.READY)

    run(story())


def test_warm_spares_are_there_where_the_setting_wants_them(home: Home) -> None:
    spec = WorkerSpec(
        name="leaf", entry="tests.control.toy_room:build_leaf", spares=1, search_path=toy_room.ROOT
    )
    room = Room(
        name="spare",
        summary="",
        commands=(AskLeaf,),
        capabilities=(toy_room.CHAIN_USE,),
        workers=(spec,),
    )

    async def story() -> None:
        async with plane_of(home, (room,)) as plane:
            await until(lambda: len(plane.pools["leaf"].slots[0].pids) == 1)
            await plane.settings.set("features.warm_spares", False)
        async with plane_of(home, (room,)) as plane:
            assert len(plane.pools["leaf"].slots) == 1
            assert plane.pools["leaf"].slots[0].pids == []

    run(story())


def test_stopping_ends_every_process(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        _, process = await told(plane)
        os.kill(process, 0)
        await plane.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

    run(story())


def test_what_cannot_be_told_to_a_process_opens_the_circuit_at_once(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            plane.settings._values["toy.tone", ""] = "x" * (64 << 20)  # no frame takes as much
            error = await Client(plane).refusal(Echo(text="hello"))
            assert isinstance(error, GarretError)
            assert "could not be started" in error.message
            assert plane.pools["toy"].slots[0].pids == []

    run(story())
