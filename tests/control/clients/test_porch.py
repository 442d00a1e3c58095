"""Unproven connections: few places, little time, and none of them keeps anybody out who can prove itself."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.control.clients import porch as porch_module
from garret.control.clients.porch import LEAST_SECONDS, PLACES, Porch, PorchKeeper
from garret.control.plane import ControlPlane
from garret.protocol.handshake import TIMEOUT
from garret.transport.client import Client
from tests.toy_room import contracts as c
from tests.toy_room.house import call, run, until

# --- who stays ------------------------------------------------------------------------------------


def test_a_process_alone_is_not_shown_out_however_many_another_opens() -> None:
    porch: Porch[str] = Porch(4, 5.0)
    assert porch.arrive("honest", 1, 0.0) is None
    out = [porch.arrive(f"hostile {number}", 2, 1.0 + number) for number in range(100)]
    assert out == [None, None, None, *(f"hostile {number}" for number in range(97))]
    assert len(porch) == 4
    assert porch.arrive("second honest", 3, 200.0) == "hostile 97"


def test_where_each_has_one_the_longest_waiting_goes() -> None:
    porch: Porch[int] = Porch(3, 5.0)
    assert [porch.arrive(number, number, 0.0) for number in range(5)] == [None, None, None, 0, 1]


def test_the_fuller_it_is_the_less_time_each_has() -> None:
    porch: Porch[int] = Porch(4, 8.0)
    found = []
    for number in range(4):
        porch.arrive(number, 1, 0.0)
        found.append(porch.patience)
    assert found == [6.0, 4.0, 2.0, LEAST_SECONDS]
    assert porch.next_end() == LEAST_SECONDS
    assert porch.overdue(LEAST_SECONDS) == [0, 1, 2, 3]
    assert porch.next_end() is None
    assert porch.patience == 8.0


def test_whose_time_is_over_goes_and_the_others_have_more_again() -> None:
    porch: Porch[int] = Porch(4, 8.0)
    porch.arrive(1, 1, 0.0)
    porch.arrive(2, 1, 3.0)
    assert porch.overdue(3.9) == []
    assert porch.overdue(4.0) == [1]
    assert porch.next_end() == 9.0
    porch.leave(2)
    porch.leave(2)
    assert len(porch) == 0


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.floats(0.0, 2.0)), max_size=80))
def test_there_are_never_more_than_places_and_everybody_leaves_once(
    steps: list[tuple[int, bool, float]],
) -> None:
    porch: Porch[int] = Porch(5, 3.0)
    inside: dict[int, int] = {}
    now = 0.0
    for number, (process, stays, later) in enumerate(steps):
        now += later
        for late in porch.overdue(now):
            del inside[late]
        fewest = min((sum(1 for p in inside.values() if p == q) for q in inside.values()), default=0)
        out = porch.arrive(number, process, now)
        inside[number] = process
        if out is not None:
            held = sum(1 for p in inside.values() if p == inside[out])
            assert held >= max(1, fewest)
            assert held == max(sum(1 for p in inside.values() if p == q) for q in inside.values())
            del inside[out]
        if not stays:
            porch.leave(number)
            inside.pop(number)
        assert len(porch) == len(inside) <= 5


class Knocker:
    """A connection that remembers why it was shown out."""

    def __init__(self) -> None:
        self.out: list[GarretError | None] = []

    def show_out(self, reason: GarretError | None) -> None:
        self.out.append(reason)


def test_one_timer_shows_everybody_out_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    timers: list[tuple[float, asyncio.TimerHandle]] = []

    async def main() -> None:
        nonlocal now
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(porch_module, "monotonic", lambda: now)
        monkeypatch.setattr(loop, "call_at", note)
        keeper = PorchKeeper(loop)
        first, second = Knocker(), Knocker()
        keeper.arrive(first, 1)
        now = 101.0
        keeper.arrive(second, 2)
        assert timers[0][1].cancelled(), "one at a time"
        now = timers[1][0]
        assert now == pytest.approx(100.0 + TIMEOUT * (1 - 2 / PLACES))
        keeper._look()
        assert (first.out, second.out) == ([None], [])
        now = timers[2][0]
        keeper._look()
        assert (first.out, second.out, len(keeper), len(timers)) == ([None], [None], 0, 3)
        keeper.arrive(first, 1)
        keeper.leave(first)
        assert timers[3][1].cancelled()

    def note(when: float, callback: object, *arguments: object) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, lambda: None, (), asyncio.get_running_loop())
        timers.append((when, handle))
        return handle

    asyncio.run(main())


# --- the real door --------------------------------------------------------------------------------

_HOSTILE = """
import socket, sys
held = []
print("knocking", flush=True)
while True:
    one = socket.socket(socket.AF_UNIX)
    try:
        one.connect(sys.argv[1])
    except OSError:
        continue
    held = [*held[-300:], one]
    if len(held) == 300:
        print("many", flush=True)
"""


@contextlib.contextmanager
def hostile(home: Home) -> object:
    """A program without the secret that opens connections as fast as it can and lingers on hundreds."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _HOSTILE, str(home.socket)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_clients_get_through_while_others_linger_on_hundreds_of_connections(home: Home) -> None:
    """The first try of each, however fast the hostile one is: nothing here waits for a time to pass."""

    async def test(plane: ControlPlane, client: Client) -> None:
        linger = []
        for _ in range(300):
            end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            await asyncio.to_thread(end.connect, str(plane.home.socket))
            linger.append(end)
        await until(lambda: len(plane.porch) == PLACES)
        assert len(plane.connections) <= PLACES + 1
        served = []
        for number in range(20):
            guest = await asyncio.to_thread(Client.connect, plane.home)
            served.append((await call(guest, c.Echo(text=str(number)))).text)
            guest.close()
        assert served == [str(number) for number in range(20)]
        assert (await call(client, c.Echo(text="still here"))).text == "still here"
        for end in linger:
            end.close()
        await until(lambda: len(plane.porch) == 0 and len(plane.connections) == 1)

    run(home, test)


def test_a_client_gets_through_a_flood_of_another_process(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        with hostile(plane.home) as process:
            assert await asyncio.to_thread(process.stdout.readline) == "knocking\n"
            assert await asyncio.to_thread(process.stdout.readline) == "many\n"
            served = 0
            for _ in range(10):
                guest = await asyncio.to_thread(Client.connect, plane.home)
                served += (await call(guest, c.Echo(text="in"))).text == "in"
                guest.close()
            assert served == 10
            assert len(plane.porch) <= PLACES
            assert (await call(client, c.Echo(text="still here"))).text == "still here"
        await until(lambda: len(plane.connections) == 1)

    run(home, test)
