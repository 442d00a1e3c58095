"""How an operation gets from its caller to the writer's thread and how its outcome gets back.

Operations that coroutines submit in one turn of their event loop are handed over together, and the outcomes
of one batch come back in one call: two wake-ups for a batch, whatever its size. Neighbour: `writer`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import apsw

T = TypeVar("T")
Operation = Callable[[apsw.Connection], T]


class Item:
    """One operation with the way to tell its caller: a thread's future, or an event loop's."""

    __slots__ = ("error", "future", "loop", "operation", "result")

    def __init__(
        self, operation: Operation[Any], future: Any, loop: asyncio.AbstractEventLoop | None
    ) -> None:
        self.operation = operation
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def resolve(self) -> None:
        """Hand the outcome to the future. Called in the thread that owns it."""
        future = self.future
        if future.cancelled():
            return
        if self.error is not None:
            future.set_exception(self.error)
        else:
            future.set_result(self.result)


class Handover:
    """Operations of one event loop, collected during one turn of it and handed over together."""

    def __init__(self, enqueue: Callable[[Sequence[Item]], None], loop: asyncio.AbstractEventLoop) -> None:
        self._enqueue = enqueue
        self._loop = loop
        self._items: list[Item] = []

    def add(self, item: Item) -> None:
        if not self._items:
            self._loop.call_soon(self.flush)
        self._items.append(item)

    def flush(self) -> None:
        """Pass on what was collected."""
        items, self._items = self._items, []
        if items:
            self._enqueue(items)


def resolve_all(items: Sequence[Item]) -> None:
    """Hand every outcome to its future, in the thread of their event loop."""
    for item in items:
        item.resolve()
