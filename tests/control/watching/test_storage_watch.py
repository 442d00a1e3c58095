"""Following the writer's mode: told once, tried again by itself, quiet while all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

import pytest

from garret.control.watching import storage_watch
from garret.control.watching.storage_watch import StorageWatch
from garret.storage.errors import Closed
from garret.storage.writer import Writer
from garret.storage.writer_state import Mode
from tests.control.planes import run, until


class FakeWriter:
    """A writer whose mode a test sets; probes are counted and find what `after` says."""

    def __init__(self) -> None:
        self.mode = Mode.NORMAL
        self.reason = ""
        self.probes = 0
        self.after = 1
        self.closed = False
        self._changed: Callable[[], None] = lambda: None

    def watch(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def enter(self, mode: Mode, reason: str = "") -> None:
        self.mode, self.reason = mode, reason
        self._changed()

    def probe(self) -> Future[Mode]:
        if self.closed:
            raise Closed("Storage is closing.")
        self.probes += 1
        if self.probes >= self.after:
            self.enter(Mode.NORMAL)
        future: Future[Mode] = Future()
        future.set_result(self.mode)
        return future


def watched(writer: FakeWriter) -> tuple[StorageWatch, list[tuple[Mode, str]]]:
    told: list[tuple[Mode, str]] = []
    watch = StorageWatch(
        asyncio.get_running_loop(), cast(Writer, writer), lambda mode, sentence: told.append((mode, sentence))
    )
    return watch, told


def test_each_change_is_told_once_with_its_reason() -> None:
    async def story() -> None:
        writer = FakeWriter()
        _, told = watched(writer)
        writer.enter(Mode.DAMAGED, "Page 7.")
        writer.enter(Mode.DAMAGED, "Page 7.")
        await until(lambda: len(told) == 1)
        assert told[0][1].endswith("Page 7.")

    run(story())


def test_it_tries_again_until_there_is_room_and_then_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_watch, "FIRST_PROBE_SECONDS", 0.001)

    async def story() -> None:
        writer = FakeWriter()
        writer.after = 3
        watch, told = watched(writer)
        assert watch._timer is None  # nothing is polled while all is well
        writer.enter(Mode.READ_ONLY, "The disk is full.")
        await until(lambda: [mode for mode, _ in told] == [Mode.READ_ONLY, Mode.NORMAL])
        assert writer.probes == 3
        assert watch._timer is None

    run(story())


def test_it_tries_ever_more_seldom_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        writer = FakeWriter()
        writer.after = 10
        real: Any = loop.call_later

        def at_once(delay: float, callback: Any, *arguments: Any) -> Any:
            delays.append(delay)
            return real(0, callback, *arguments)

        _, told = watched(writer)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "call_later", at_once)
            writer.enter(Mode.READ_ONLY)
            while len(told) < 2:  # noqa: ASYNC110  no timer but the watch's own
                await asyncio.sleep(0)

    run(story())
    assert delays == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]


def test_a_writer_that_is_closed_ends_the_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_watch, "FIRST_PROBE_SECONDS", 0.001)

    async def story() -> None:
        writer = FakeWriter()
        writer.closed = True
        watch, _ = watched(writer)
        writer.enter(Mode.READ_ONLY)
        await until(lambda: watch._probing is not None and watch._probing.done())
        watch.stop()
        assert watch._timer is not None
        assert watch._timer.cancelled()

    run(story())
