"""The watchdog on both kinds of loop: real stalls, the stack that caused them, and rest when idle."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from garret.control.watching.watchdog import RateLimit, Stall, Watchdog, log_stall

RUNNERS: list[Callable[[Coroutine[Any, Any, None]], None]] = [asyncio.run, uvloop.run]


class Reports:
    """Stalls as they are reported, to be waited for on the loop."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self.loop = asyncio.get_running_loop()
        self.came = asyncio.Event()

    def __call__(self, stall: Stall) -> None:
        self.stalls.append(stall)
        self.loop.call_soon_threadsafe(self.came.set)


def hold_up_the_loop() -> None:
    time.sleep(0.2)  # the stall itself: it must really block


def compute_without_end() -> None:
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("culprit", [hold_up_the_loop, compute_without_end])
def test_a_stall_is_reported_with_the_stack_that_caused_it(run: Any, culprit: Callable[[], None]) -> None:
    async def main() -> None:
        reports = Reports()
        watchdog = Watchdog(report=reports)
        watchdog.attach(asyncio.get_running_loop())
        await asyncio.sleep(0)
        culprit()
        await reports.came.wait()
        watchdog.stop()
        stall = reports.stalls[0]
        assert culprit.__name__ in stall.stack
        assert stall.at_most >= 0.05
        assert stall.seconds <= stall.at_most
        assert watchdog.stalls >= 1

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("way", ["task", "timer", "touch"])
def test_a_parked_watchdog_wakes_for_a_task_a_timer_and_a_touch(run: Any, way: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        reports = Reports()
        watchdog = Watchdog(report=reports, hold=0.0)
        watchdog.attach(loop)
        await parked(watchdog)
        if way == "task":
            await asyncio.sleep(0.01)
            hold_up_the_loop()
        elif way == "timer":
            loop.call_later(0.01, hold_up_the_loop)
        else:
            bare = type(loop).call_soon  # what a driver's callback is: not scheduled through the wrapper

            def driver() -> None:
                watchdog.touch()
                hold_up_the_loop()

            bare(loop, driver)
        await reports.came.wait()
        watchdog.stop()
        assert "hold_up_the_loop" in reports.stalls[0].stack

    run(main())


async def parked(watchdog: Watchdog) -> None:
    """Wait, off the loop, until the monitor has parked; the loop is not touched meanwhile."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def look() -> None:
        while not watchdog.parked:
            time.sleep(0.001)
        loop.call_soon_threadsafe(done.set_result, None)

    threading.Thread(target=look, daemon=True).start()
    await done


@pytest.mark.parametrize("run", RUNNERS)
def test_an_idle_loop_is_not_woken(run: Any) -> None:
    counts: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        watchdog = Watchdog(hold=0.0)
        watchdog.attach(loop)
        await asyncio.sleep(0.02)
        done = loop.create_future()

        def look() -> None:
            while not watchdog.parked:
                time.sleep(0.001)
            counts.append(watchdog.beacons)
            time.sleep(0.1)  # ten periods in which an active monitor would send beacons
            counts.append(watchdog.beacons)
            loop.call_soon_threadsafe(done.set_result, None)

        threading.Thread(target=look, daemon=True).start()
        await done
        watchdog.stop()

    run(main())
    assert counts[0] > 0
    assert counts[1] == counts[0]


def test_a_short_delay_is_no_stall() -> None:
    reported: list[Stall] = []
    watchdog = Watchdog(0.05, report=reported.append)
    watchdog._judge(0.04, 0.049, "stack")
    assert reported == []
    watchdog._judge(0.045, 0.055, "stack")
    assert [stall.at_most for stall in reported] == [0.055]
    assert (watchdog.stalls, watchdog.longest) == (1, 0.045)


def test_reports_are_limited_and_what_was_left_out_is_counted() -> None:
    limit = RateLimit(burst=2, seconds=10)
    assert [limit.allow(100.0) for _ in range(4)] == [True, True, False, False]
    assert limit.allow(109.0) is False
    assert limit.allow(111.0) is True
    assert limit.take_suppressed() == 3
    assert limit.take_suppressed() == 0


@pytest.mark.parametrize("run", RUNNERS)
def test_stopping_leaves_the_loop_as_it_was(run: Any) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = set(vars(loop))
        watchdog = Watchdog()
        watchdog.attach(loop)
        with pytest.raises(RuntimeError):
            watchdog.attach(loop)
        watchdog.stop()
        assert set(vars(loop)) == before
        assert not [thread for thread in threading.enumerate() if thread.name == "watchdog"]

    run(main())


def test_wakes_of_tasks_can_be_left_unwatched_and_timers_still_touch() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        reports = Reports()
        watchdog = Watchdog(report=reports, hold=0.0)
        watchdog.attach(loop, tasks=False)
        assert "call_soon" not in vars(loop)
        await parked(watchdog)
        loop.call_later(0.01, hold_up_the_loop)
        await reports.came.wait()
        watchdog.stop()
        assert "hold_up_the_loop" in reports.stalls[0].stack

    uvloop.run(main())


def test_timers_keep_their_arguments_and_can_be_cancelled() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        watchdog = Watchdog()
        watchdog.attach(loop)
        heard: list[str] = []
        loop.call_at(loop.time(), heard.append, "at")
        loop.call_later(0.0, heard.append, "later")
        loop.call_later(0.001, heard.append, "never").cancel()
        await asyncio.sleep(0.01)
        watchdog.stop()
        assert sorted(heard) == ["at", "later"]

    uvloop.run(main())


def test_the_log_line_names_length_and_stack(caplog: pytest.LogCaptureFixture) -> None:
    log_stall(Stall(0.06, 0.07, '  File "x.py", line 3, in culprit\n', 2))
    assert "60 to 70 ms" in caplog.text
    assert "culprit" in caplog.text
