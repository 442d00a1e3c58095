"""Lingering: news that come soon are looked for; where it does not pay, the loop soon sleeps again."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from garret.protocol.envelope import Envelope, pack
from garret.protocol.frames import Kind
from garret.transport import linger as linger_module
from garret.transport.aio import AsyncChannel
from garret.transport.linger import GAP, LONGEST_REST, SOON, SPAN, Linger

TURN = 2e-6  # seconds that a turn of the loop takes here


def idle() -> float:
    """A thread that computes nothing: whatever time passes, somebody else had the core."""
    return 0.0


class Computing:
    """What a thread has computed, as the test says."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def look(linger: Linger, now: float, *, turn: float = TURN) -> tuple[int, float]:
    """Look until it is enough: how often, and when that was."""
    looks = 0
    while True:
        now += turn
        looks += 1
        if not linger.again(now):
            return looks, now


def test_after_a_frame_the_loop_looks_for_a_span_and_then_sleeps() -> None:
    linger = Linger(idle)
    assert linger.heard(1.0)
    looks, now = look(linger, 1.0)
    assert looks == pytest.approx(SPAN / TURN, abs=1)
    assert now == pytest.approx(1.0 + SPAN, abs=2 * TURN)


def test_each_frame_in_time_makes_it_look_for_another_span() -> None:
    linger, now = Linger(idle), 1.0
    assert linger.heard(now)
    for _ in range(1000):
        for _ in range(5):
            now += TURN
            assert linger.again(now)
        now += TURN
        assert not linger.heard(now), "it looks already"
    looks, _ = look(linger, now)
    assert looks == pytest.approx(SPAN / TURN, abs=1)


def test_handling_a_frame_may_take_as_long_as_it_does() -> None:
    linger = Linger(idle)
    linger.heard(1.0)
    assert linger.again(1.0 + GAP * 1.2)
    assert not linger.heard(1.0 + GAP * 1.2 + TURN)
    assert linger.again(1.0 + GAP * 1.2 + TURN + SPAN * 0.9)


@pytest.mark.parametrize("how", ["a look came late", "a frame was seen late", "nothing came"])
def test_what_fails_makes_it_rest_longer_each_time(how: str) -> None:
    linger, now, rests = Linger(idle), 1.0, []
    for _ in range(9):
        assert linger.heard(now)
        if how == "nothing came":
            _, now = look(linger, now)
        else:
            assert linger.again(now + TURN)
            now += TURN + 1.5 * GAP
            if how == "a frame was seen late":
                assert not linger.heard(now)
            assert not linger.again(now)
        begun = now
        while not linger.heard(now):
            now += 1.1 * SOON  # no exchange that would end it
        rests.append(now - begun)
        look(linger, now)
        now += 2 * LONGEST_REST  # the second failure of each round
    assert rests == pytest.approx(sorted(rests), abs=0.001)
    assert rests[0] <= 0.0006
    assert rests[-1] == pytest.approx(LONGEST_REST, abs=0.001)


def test_what_comes_in_time_shortens_the_rest_again() -> None:
    linger, now = Linger(idle), 1.0
    for _ in range(10):
        assert linger.heard(now)
        _, now = look(linger, now)
        now += 2 * LONGEST_REST
    assert linger.heard(now)
    for _ in range(20):
        assert linger.again(now + TURN)
        linger.heard(now + 2 * TURN)
        now += 2 * TURN
    _, now = look(linger, now)
    assert linger.heard(now + 0.003)


def test_work_between_two_looks_is_no_failure() -> None:
    computing = Computing()
    linger, now = Linger(computing), 1.0
    assert linger.heard(now)
    for _ in range(1000):
        assert linger.again(now + TURN)
        now += 3 * GAP  # many frames at once were read, and handled
        computing.seconds += 3 * GAP
        assert not linger.heard(now), "it looks already"
        now += TURN
    _, now = look(linger, now)
    assert linger.heard(now + 0.0005), "one span ran out, no more"


def rested(every: float, frames: int) -> bool:
    """Whether `frames` frames, one `every` so many seconds, end a long rest before its time."""
    linger, now = Linger(idle), 1.0
    for _ in range(7):
        assert linger.heard(now)
        _, now = look(linger, now)
        now += 2 * LONGEST_REST
    assert linger.heard(now)
    _, now = look(linger, now)  # rests for 16 ms
    return any(linger.heard(now + (number + 1) * every) for number in range(frames))


def test_an_exchange_that_is_quick_enough_ends_a_rest() -> None:
    assert rested(SPAN * 1.5, frames=70)
    assert not rested(SPAN * 1.5, frames=60), "the more failures, the more proof"
    assert not rested(SPAN * 2.5, frames=70), "looking would not have met these"
    assert not rested(SPAN / 10, frames=100), "these came together"


@given(st.lists(st.tuples(st.booleans(), st.floats(1e-7, 0.5)), max_size=200))
def test_whatever_comes_when_it_looks_once_at_a_time_and_never_beyond_a_span_without_news(
    steps: list[tuple[bool, float]],
) -> None:
    linger, now, looking, heard = Linger(idle), 1.0, False, 0.0
    for frame, later in steps:
        now += later
        if frame:
            begins = linger.heard(now)
            assert not (begins and looking), "one chain of looks only"
            looking = looking or begins
            heard = now
        elif looking:
            looking = linger.again(now)
            assert not looking or now - heard < SPAN


class Clock:
    """Moves on by a turn with each look at it."""

    def __init__(self) -> None:
        self.now = 1.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        self.now += TURN
        return self.now


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_channel_keeps_its_loop_from_sleeping_after_a_frame(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock that only looks move on, the loop has to look as often as a span takes, frame by frame."""
    clock = Clock()

    async def main() -> None:
        ours, other = socket.socketpair()
        came = asyncio.Event()

        def take(envelope: Envelope, descriptors: tuple[int, ...]) -> None:
            came.set()

        channel = AsyncChannel(asyncio.get_running_loop(), ours, take, lambda _: None)
        assert clock.looks == 0
        for _ in range(2):
            clock.now += 2 * LONGEST_REST
            before = clock.looks
            came.clear()
            other.send(pack(Kind.CANCEL, 1))
            await came.wait()
            expected = int(SPAN / TURN)
            for _ in range(3 * expected):
                await asyncio.sleep(0)
            assert expected - 2 <= clock.looks - before <= expected + 2
        channel.close()
        other.close()

    monkeypatch.setattr(linger_module, "monotonic", clock)
    monkeypatch.setattr(linger_module, "thread_time", idle)
    run(main())
