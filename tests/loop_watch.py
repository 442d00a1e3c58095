"""Nothing may hold the event loop of a control plane: a callback that does fails the test it ran in.

A stall is told by the processor time of the loop's own thread, not by the clock on the wall, so that a busy
machine makes none. The collector's work is left out: what it costs grows with the tests that ran before. What
is measured is one callback, which for a coroutine is one step between two awaits.

Neighbours: `conftest` fails the tests; `tests.control.planes` has its control planes watched. A test that
holds the loop on purpose says so with `@pytest.mark.stalls_loop("why")`.
"""

from __future__ import annotations

import asyncio.events
import gc
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

STALL_SECONDS: Final = 0.05
"""Of processor time: as long as a person who listens or types does not notice."""


class LoopWatch:
    """Keeps what held a loop while it was watched."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._stalls: list[str] = []
        self._thread = 0
        self._depth = 0
        self._collecting = 0.0
        self._collected = 0.0

    def take(self) -> list[str]:
        """What was found since this was last asked: a callback and its milliseconds each."""
        stalls, self._stalls = self._stalls, []
        return stalls

    @contextmanager
    def watching(self) -> Generator[None]:
        """Measure every callback of the loops that run in this thread; several may watch at once."""
        self._depth += 1
        if self._depth > 1:
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._thread, run = threading.get_ident(), asyncio.events.Handle._run
        asyncio.events.Handle._run = self._measured(run)  # type: ignore[method-assign]
        gc.callbacks.append(self._collection)
        try:
            yield
        finally:
            gc.callbacks.remove(self._collection)
            asyncio.events.Handle._run = run  # type: ignore[method-assign]
            self._depth -= 1

    def _measured(self, run: Callable[[Any], None]) -> Callable[[Any], None]:
        def measured(handle: Any) -> None:
            if threading.get_ident() != self._thread:
                run(handle)
                return
            collected, began = self._collected, self._clock()
            run(handle)
            held = self._clock() - began - (self._collected - collected)
            if held > STALL_SECONDS and self._depth:  # the step in which a watch ends goes on without it
                what = getattr(handle._callback, "__self__", handle)  # a task, where it is a step of one
                self._stalls.append(f"{what!r} held the loop for {held * 1000:.0f} ms")

        return measured

    def _collection(self, phase: str, info: dict[str, int]) -> None:
        """Note what the collector spends in the watched thread."""
        del info
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting = self._clock()
        else:
            self._collected += self._clock() - self._collecting


WATCH: Final = LoopWatch()
"""The one of this test process."""
