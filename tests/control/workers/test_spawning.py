"""Processes for one call: the grants asked for, never more than the manifest allows, gone afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Identity
from garret.control.plane import ControlPlane
from garret.control.workers.spawning import allowed
from garret.protocol.manifest import MIB, Grants, SpawnGrants, WorkerSpec
from tests.control.planes import Client, open_plane, plane_of, run, until
from tests.toy_room import caged

FEW = Grants(memory_bytes=64 * MIB, open_files=64, cpu_seconds=30)


def grants(**more: Any) -> Grants:
    """Few grants, and these."""
    return Grants(memory_bytes=64 * MIB, open_files=64, cpu_seconds=30, **more)


def caller(plane: ControlPlane, target: str) -> InnerCaller:
    """A room's service that has a process spawned."""
    return InnerCaller(plane.broker, "service:caged", Identity("owner", "admin")).at(target)


@pytest.fixture
def shared(home: Home) -> Path:
    folder = home.root / "shared"
    (folder / "drafts").mkdir(parents=True)
    (folder / "note").write_text("a note")
    (folder / "other").write_text("another")
    (folder / "drafts" / "draft").write_text("a draft")
    return folder


def test_a_process_for_one_call_may_what_it_was_granted_and_nothing_else(home: Home, shared: Path) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            wanted = grants(read=(str(shared / "note"),), write=(str(shared / "drafts"),))
            async with plane.door("caged").worker_with("looker", wanted) as target:
                calls = caller(plane, target)
                for path, outcome in {
                    shared / "note": "a note PermissionError",
                    shared / "other": "PermissionError PermissionError",
                    shared / "drafts" / "draft": "a draft written",
                    Path("/etc/passwd"): "PermissionError PermissionError",
                }.items():
                    assert (await calls.call(caged.Look(path=str(path)))).text == outcome
                (process,) = plane.pools[target].pids
                # The kind's own worker has no such grants, and other commands go where they always go.
                common = await Client(plane).call(caged.Look(path=str(shared / "note")))
                assert common.text == "PermissionError PermissionError"
                assert (await calls.call(caged.NoShell())).text.startswith("denied")
                assert plane.workers.worker_of(process) == target
            with pytest.raises(ProcessLookupError):
                os.kill(process, 0)
            assert target not in plane.pools
            with pytest.raises(GarretError) as caught:
                await calls.call(caged.Look(path=str(shared / "note")))
            assert caught.value.code == Code.UNAVAILABLE

    run(story())


def test_leaving_the_block_kills_what_the_process_still_does(home: Home, shared: Path) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            async with plane.workers.spawn("looker", FEW) as target:
                call = caller(plane, target).start(caged.Rest())
                async for _ in call.items():
                    break
                (process,) = plane.pools[target].pids
            with pytest.raises(GarretError) as caught:
                await call.result()
            assert caught.value.code == Code.UNAVAILABLE
            with pytest.raises(ProcessLookupError):
                os.kill(process, 0)
            assert all(pool.name != target for pool in plane.workers.scheduler.statistics())

    run(story())


def test_a_cancelled_task_leaves_no_process_behind(home: Home, shared: Path) -> None:
    pids: list[int] = []

    async def work(plane: ControlPlane) -> None:
        async with plane.workers.spawn("looker", FEW) as target:
            call = caller(plane, target).start(caged.Rest())
            async for _ in call.items():
                pids.extend(plane.pools[target].pids)
            await call.result()

    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            task = asyncio.get_running_loop().create_task(work(plane))
            await until(lambda: bool(pids))
            task.cancel()
            await asyncio.wait((task,))
            await until(lambda: list(plane.pools) == [spec.name for spec in caged.ROOM.workers])
            with pytest.raises(ProcessLookupError):
                os.kill(pids[0], 0)

    run(story())


def test_supervision_sees_the_death_of_a_process_for_one_call(home: Home, shared: Path) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            async with plane.workers.spawn("looker", FEW) as target:
                call = caller(plane, target).start(caged.Rest())
                async for _ in call.items():
                    break
                (process,) = plane.pools[target].pids
                os.kill(process, signal.SIGKILL)
                with pytest.raises(GarretError) as caught:
                    await call.result()
                assert f"{target} ended unexpectedly" in caught.value.message
                assert plane.pools[target].supervisor.statistics()[0].failures == 1

    run(story())


def test_as_many_processes_run_for_one_call_as_the_manifest_says(home: Home, shared: Path) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            spawn = plane.workers.spawn
            async with spawn("looker", FEW) as one, spawn("looker", FEW) as two:
                assert one != two
                with pytest.raises(GarretError) as caught:
                    async with spawn("looker", FEW):
                        pass
                assert caught.value.code == Code.BUSY
            async with spawn("looker", FEW):
                pass

    run(story())


def test_a_stop_of_the_house_ends_processes_for_one_call(home: Home, shared: Path) -> None:
    async def story() -> None:
        plane = await open_plane(home, (caged.ROOM,))
        async with plane.workers.spawn("looker", FEW) as target:
            call = caller(plane, target).start(caged.Rest())
            async for _ in call.items():
                break
            (process,) = plane.pools[target].pids
            await plane.stop()
            with pytest.raises(ProcessLookupError):
                os.kill(process, 0)
            with pytest.raises(GarretError):
                async with plane.workers.spawn("looker", FEW):
                    pass

    run(story())


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (lambda shared: grants(read=("/etc/shadow",)), Code.DENIED),
        (lambda shared: grants(write=(str(shared),)), Code.DENIED),
        (lambda shared: grants(write=("/etc/passwd",)), Code.DENIED),
        (lambda shared: grants(read=(str(shared / "link"),)), Code.DENIED),
        (lambda shared: grants(read=(str(shared / ".." / "garret.db"),)), Code.DENIED),
        (lambda shared: grants(read=(str(shared.parent),)), Code.DENIED),
        (lambda shared: grants(read=(str(shared / "nowhere"),)), Code.NOT_FOUND),
        (lambda shared: grants(watch=(str(shared),)), Code.DENIED),
        (lambda shared: grants(execute=("/bin/sh",)), Code.DENIED),
        (lambda shared: grants(devices=("/dev/null",)), Code.DENIED),
        (lambda shared: grants(network=True), Code.DENIED),
        (lambda shared: grants(local_sockets=True), Code.DENIED),
        (lambda shared: grants(terminal=True), Code.DENIED),
        (lambda shared: Grants(memory_bytes=97 * MIB, cpu_seconds=1), Code.DENIED),
        (lambda shared: Grants(memory_bytes=MIB, open_files=257, cpu_seconds=1), Code.DENIED),
        (lambda shared: Grants(memory_bytes=MIB, file_bytes=1 << 40, cpu_seconds=1), Code.DENIED),
        (lambda shared: Grants(memory_bytes=MIB, processes=65, cpu_seconds=1), Code.DENIED),
        (lambda shared: Grants(memory_bytes=MIB), Code.DENIED),
        (lambda shared: Grants(memory_bytes=MIB, cpu_seconds=61), Code.DENIED),
    ],
)
def test_what_the_manifest_does_not_allow_is_refused_before_anything_starts(
    home: Home, shared: Path, wanted: Callable[[Path], Grants], code: Code
) -> None:
    (shared / "link").symlink_to("/etc/shadow")

    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            with pytest.raises(GarretError) as caught:
                async with plane.workers.spawn("looker", wanted(shared)):
                    pass
            assert caught.value.code == code
            assert list(plane.pools) == [spec.name for spec in caged.ROOM.workers]

    run(story())


def test_a_room_has_no_process_of_another_rooms_worker(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            with pytest.raises(GarretError, match="declares no worker") as caught:
                plane.door("house").worker_with("looker", FEW)
            assert caught.value.code == Code.DENIED

    run(story())


@pytest.mark.parametrize("kind", ["small", "nobody"])
def test_a_kind_that_is_not_declared_for_it_is_not_spawned(home: Home, kind: str) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            with pytest.raises(GarretError, match=f"no worker {kind} to spawn") as caught:
                async with plane.workers.spawn(kind, FEW):
                    pass
            assert caught.value.code == Code.USAGE

    run(story())


def test_a_place_around_the_home_does_not_give_the_home(tmp_path: Path) -> None:
    house = tmp_path / "person" / ".local" / "garret"
    house.mkdir(parents=True)
    (house / "keys").touch()
    (tmp_path / "person" / "letter").touch()
    spec = WorkerSpec(name="reader", entry="nowhere:nothing", spawn=SpawnGrants(read=(str(tmp_path),)))

    def ask(*paths: Path) -> tuple[str, ...]:
        wanted = Grants(read=tuple(map(str, paths)))
        return allowed(spec, wanted, lambda places: places, house).read

    letter = tmp_path / "person" / "letter"
    assert ask(letter) == (str(letter),)
    for private in (house, house / "keys", tmp_path, tmp_path / "person"):
        with pytest.raises(GarretError) as caught:
            ask(private)
        assert caught.value.code == Code.DENIED
