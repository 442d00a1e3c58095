"""One place for a worker process: what happens to it, and what its pool is told, with real processes."""

from __future__ import annotations

import os
import select
import signal
import socket
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.control.supervision.events import State
from garret.control.workers.slots import WorkerSlot
from garret.protocol.errors import ProtocolError
from tests.control.planes import Client, open_plane, plane_of, run, until
from tests.control.toy_room import Echo


def slot_of(plane: ControlPlane) -> WorkerSlot:
    return plane.pools["toy"].slots[0]


async def process_of(plane: ControlPlane) -> int:
    """Start the worker; its process."""
    await Client(plane).call(Echo(text="hello"))
    (process,) = slot_of(plane).pids
    return process


def test_a_killed_process_is_seen_at_once_and_the_next_command_starts_another(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            first = await process_of(plane)
            os.kill(first, signal.SIGKILL)
            await until(lambda: slot_of(plane).pids == [])
            assert plane.pools["toy"].supervisor.slots[0].state in (State.BACKOFF, State.STOPPED)
            assert await process_of(plane) != first

    run(story())


def test_what_a_worker_had_answered_before_it_died_is_not_lost(home: Home) -> None:
    """Its end is seen before its last words are read, which the selector may report in any order."""

    async def story() -> None:
        async with plane_of(home) as plane:
            process = await process_of(plane)
            slot = slot_of(plane)
            (link,) = slot.links.values()
            client = Client(plane)
            request = client.ask(Echo(text="last words"))
            link.channel._flush()  # the loop does not turn from here on
            assert select.select([link.channel._socket], [], [], 20.0)[0]
            os.kill(process, signal.SIGKILL)
            (handle,) = slot._handles.values()
            assert select.select([handle.pidfd], [], [], 20.0)[0]
            slot._exited(link.generation)
            assert (await client.answer(Echo, request)).text.startswith("last words")

    run(story())


def test_what_a_worker_had_in_hand_when_its_circuit_opened_says_what_to_do(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        await plane.settings.set("supervisor.restart_limit", 0)
        await plane.stop()
        async with plane_of(home) as plane:
            process = await process_of(plane)
            os.kill(process, signal.SIGSTOP)
            client = Client(plane)
            request = client.ask(Echo(text="in hand"))
            os.kill(process, signal.SIGKILL)
            error = await client.error(request)
            assert not error.retryable
            assert "garret workers restart toy" in error.message

    run(story())


def test_a_process_that_breaks_the_protocol_is_replaced(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            first = await process_of(plane)
            (link,) = slot_of(plane).links.values()
            slot_of(plane).on_broken(link, ProtocolError("It sent a frame of no kind."))
            await until(lambda: first not in slot_of(plane).pids)
            assert await process_of(plane) != first

    run(story())


def test_running_out_of_descriptors_while_starting_is_tried_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socketpair
    refused: list[int] = []

    def scarce(*arguments: Any, **options: Any) -> Any:
        if len(refused) < 2:
            refused.append(1)
            raise OSError(24, "Too many open files")
        return real(*arguments, **options)

    async def story() -> None:
        async with plane_of(home) as plane:
            monkeypatch.setattr("garret.control.workers.slots.socket.socketpair", scarce)
            assert (await Client(plane).call(Echo(text="hello"))).text.startswith("hello")
            assert plane.pools["toy"].supervisor.statistics()[0].failures == 2

    run(story())


@pytest.mark.stalls_loop("the test itself writes 20 MiB on it")
def test_a_command_that_no_frame_takes_leaves_the_worker_as_it_is(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            process = await process_of(plane)
            error = await Client(plane).refusal(Echo(text="x" * (20 << 20)))
            assert error.code == Code.INVALID
            assert await process_of(plane) == process

    run(story())


def test_a_stop_waits_for_a_process_whose_successor_is_starting(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        first = await process_of(plane)
        plane.pools["toy"].replace()
        assert len(slot_of(plane).pids) == 2
        pids = slot_of(plane).pids
        await plane.stop()
        assert slot_of(plane).pids == []
        assert first in pids
        for process in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(process, 0)

    run(story())
