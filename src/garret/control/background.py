"""Work that runs to its end beside everything else: an audit entry, an answer to a change.

Neighbours: `plane` starts it and lets it end when it stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from garret.base import log

_logger = log.get("control.background")


class Background:
    """Keeps the tasks that nobody waits for, so that none is lost and what they raise is logged."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many run."""
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine to its end beside everything else; what it raises is logged."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("work in the background failed", exc_info=error)

    async def end(self, seconds: float) -> None:
        """Let what runs end for `seconds`, and cancel what has not; that gets as long to end once more."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            _, lost = await asyncio.wait(late, timeout=seconds)
            for task in lost:
                _logger.error("%s does not end; Garret stops without it", task.get_coro())
