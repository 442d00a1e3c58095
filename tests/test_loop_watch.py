"""Whoever holds a watched loop is named; the collector's work, other threads and short steps are not."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.loop_watch import STALL_SECONDS, LoopWatch


class Processor:
    """Processor time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, share: float) -> None:
        self.now += share * STALL_SECONDS


@pytest.fixture
def processor() -> Processor:
    return Processor()


@pytest.fixture
def watch(processor: Processor) -> LoopWatch:
    return LoopWatch(processor)


def run(watch: LoopWatch, step: Callable[[], Any]) -> list[str]:
    """What is found when one step of a coroutine does this."""

    async def culprit() -> None:
        await asyncio.sleep(0)
        step()
        await asyncio.sleep(0)

    async def story() -> None:
        with watch.watching(), watch.watching():
            await asyncio.get_running_loop().create_task(culprit())
        step()

    asyncio.run(story())
    return watch.take()


def test_one_step_that_takes_too_long_is_named_once(watch: LoopWatch, processor: Processor) -> None:
    (stall,) = run(watch, lambda: processor.work(1.2))
    assert "culprit" in stall
    assert "60 ms" in stall
    assert watch.take() == []


def test_many_short_steps_are_none(watch: LoopWatch, processor: Processor) -> None:
    async def story() -> None:
        with watch.watching():
            for _ in range(10):
                processor.work(0.9)
                await asyncio.sleep(0)

    asyncio.run(story())
    assert watch.take() == []


@pytest.fixture
def slow_collector(processor: Processor) -> Iterator[None]:
    """A collector that works for most of a stall each time."""

    def collect(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            processor.work(0.8)

    gc.callbacks.append(collect)
    yield
    gc.callbacks.remove(collect)


@pytest.mark.usefixtures("slow_collector")
def test_what_the_collector_does_is_left_out(watch: LoopWatch, processor: Processor) -> None:
    def step() -> None:
        gc.callbacks.reverse()  # the watch has to be told first
        gc.collect()
        gc.collect()
        gc.callbacks.reverse()

    gc.disable()
    try:
        assert run(watch, step) == []
        assert run(watch, lambda: (step(), processor.work(1.1)))
    finally:
        gc.enable()


def test_loops_of_other_threads_are_not_watched(watch: LoopWatch, processor: Processor) -> None:
    def elsewhere() -> None:
        asyncio.run(other())

    async def other() -> None:
        await asyncio.sleep(0)
        processor.work(5)

    with watch.watching():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert watch.take() == []
