"""The blocking client on a real control plane: many calls at once, what is given up, jobs of others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.base.errors import CancelledError, DeadlineError, GarretError
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.protocol.streams import INITIAL_CREDIT
from garret.transport.bulk import BulkReader, from_bytes
from garret.transport.client import Client
from garret.transport.errors import Disconnected, TransportError
from tests.toy_room import contracts as c
from tests.toy_room.house import figures, run, until


def memories() -> int:
    """Descriptors of memory that this process, in which the control plane runs too, has open."""
    found = 0
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # it was closed meanwhile
            found += "memfd:" in str(path.readlink())
    return found


def test_many_calls_at_once_get_their_own_answers_and_items(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane

        def story() -> None:
            heard: dict[int, list[int]] = {number: [] for number in range(2)}
            counts = [
                client.begin(c.Count(upto=150), lambda item, n=number: heard[n].append(item.value))
                for number in range(2)
            ]
            echoes = [client.begin(c.Echo(text=str(number))) for number in range(4)]
            assert [echo.wait().text for echo in reversed(echoes)] == [str(n) for n in reversed(range(4))]
            assert all(not each for each in heard.values()), "items wait for whoever waits for their call"
            assert counts[1].wait() == c.Total(count=150, total=sum(range(150)))
            assert heard == {0: [], 1: list(range(150))}
            counts[0].wait()
            assert heard[0] == list(range(150))

        await asyncio.to_thread(story)

    run(home, test)


def test_an_error_is_that_of_its_call_alone_and_told_again(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane

        def story() -> None:
            bad, good = client.begin(c.Misbehave(how="raise")), client.begin(c.Echo(text="well"))
            assert good.wait().text == "well"
            for _ in range(2):
                with pytest.raises(GarretError):
                    bad.wait()

        await asyncio.to_thread(story)

    run(home, test)


def test_what_is_given_up_is_cancelled_and_leaves_nothing_open(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        def story() -> None:
            data = from_bytes(b"x" * 1000)
            client.call(c.Reverse(), descriptors=(data,))
            for number in client.received_descriptors:
                os.close(number)
            waiting, reverse = client.begin(c.Wait()), client.begin(c.Reverse(), descriptors=(data,))
            while not reverse._kept:
                client.call(c.Echo(text="meanwhile"))
            waiting.abandon()
            reverse.abandon()
            client.call(c.Echo(text="on"))
            late = client.begin(c.Reverse(), descriptors=(data,))
            late.abandon()  # before anything of it came
            client.call(c.Echo(text="on"))
            os.close(data)

        before = memories()
        await asyncio.to_thread(story)
        await until(lambda: figures(plane).running == 0)
        while memories() > before:  # what came with an earlier answer is looked at with the next
            await asyncio.to_thread(client.call, c.Echo(text="on"))

    run(home, test)


def test_a_cancelled_call_says_so(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane

        def story() -> None:
            call = client.begin(c.Wait(), lambda item: call.cancel())
            with pytest.raises(CancelledError):
                call.wait()

        await asyncio.to_thread(story)

    run(home, test)


def test_what_a_caller_of_items_raises_cancels_the_command(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        def broken(item: c.Number) -> None:
            raise LookupError(str(item.value))

        with pytest.raises(LookupError):
            await asyncio.to_thread(client.stream, c.Wait(), broken)
        await until(lambda: figures(plane).running == 0)
        assert (await asyncio.to_thread(client.call, c.Echo(text="on"))).text == "on"

    run(home, test)


def test_a_silent_control_plane_is_given_up_after_its_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garret.transport.client.GRACE", 0.0)

    async def test(plane: ControlPlane, client: Client) -> None:
        monkeypatch.setattr(plane.broker, "command", lambda *arguments: None)
        with pytest.raises(DeadlineError, match="did not answer in time"):
            await asyncio.to_thread(client.call, c.Echo(text="a"), timeout=0.05)

    run(home, test)


def test_closing_ends_what_is_under_way(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        other = await asyncio.to_thread(Client.connect, plane.home)
        other.begin(c.Wait())
        other.close()
        await until(lambda: figures(plane).running == 0)
        with pytest.raises(Disconnected):
            await asyncio.to_thread(other.call, c.Echo(text="a"))
        del client

    run(home, test)


def test_nobody_there_and_no_home_are_told_apart(home: Home) -> None:
    with pytest.raises(TransportError, match="not set up"):
        Client.connect(home)
    home.create()
    home.client_secret("cli").write_bytes(b"s" * 32)
    with pytest.raises(TransportError, match="not running"):
        Client.connect(home)


def test_who_joins_a_job_late_gets_its_last_items_and_hears_how_many_it_missed(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        numbers: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        first: list[int] = []
        twenty = threading.Event()

        def inputs() -> c.Number | None:
            value = numbers.get()
            return None if value is None else c.Number(value=value)

        def note(item: c.Number) -> None:
            first.append(item.value)
            if item.value == 19:
                twenty.set()

        def story() -> None:
            for number in range(20):
                numbers.put(number)
            call = client.begin(c.Steps(key="k"), note, inputs=inputs)
            while not twenty.is_set():
                call.next_item(note)
            other = Client.connect(plane.home)
            later: list[int] = []
            missed: list[int] = []
            joined = other.begin(
                c.Steps(key="k"),
                lambda item: later.append(item.value),
                on_gap=lambda gap: missed.append(gap.items),
            )
            while len(later) < 4:
                joined.next_item(lambda item: later.append(item.value))
            for number in range(20, 400):
                numbers.put(number)
            numbers.put(None)
            total = call.wait()
            assert total == joined.wait()
            assert first == list(range(400))
            assert missed[0] == 16
            assert later[:INITIAL_CREDIT] == list(range(16, 16 + INITIAL_CREDIT))
            assert sum(missed) + len(later) == 400, "each item came, or was told as missed"
            other.close()

        await asyncio.to_thread(story)

    run(home, test)


@pytest.fixture
def bulk() -> Iterator[int]:
    descriptor = from_bytes(bytes(range(200)))
    yield descriptor
    os.close(descriptor)


def test_descriptors_come_with_their_own_call(home: Home, bulk: int) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane

        def story() -> None:
            calls = [client.begin(c.Reverse(), descriptors=(bulk,)) for _ in range(3)]
            for call in reversed(calls):
                call.wait()
                (back,) = call.take_descriptors()
                with BulkReader(back) as reader:
                    assert bytes(reader.view) == bytes(reversed(range(200)))
                assert call.take_descriptors() == ()

        await asyncio.to_thread(story)

    run(home, test)
