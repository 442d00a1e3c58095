"""One thing that a connector was asked for, which may be cancelled at any moment and from any thread.

A cancel counts also when it comes before there is anything to end: a query is known here from the moment it
was asked for, long before its connection is open or its first row is there. Neighbours: `pump`, which fetches
rows; each connector begins an attempt with each call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from garret.features.data.sources import failures

if TYPE_CHECKING:
    from garret.features.data.sources.pump import Pump


class Attempt:
    """What a connector does now. A new one, of which nothing was asked yet, has nothing to end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self._pump: Pump[Any] | None = None
        self._cancelled = False

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled

    def check(self) -> None:
        """Raises SourceError where it was cancelled."""
        if self._cancelled:
            raise failures.cancelled()

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Generator[None]:
        """While the block runs, `cancel` calls `end`. Raises SourceError where it was cancelled before."""
        with self._lock:
            self._end = end
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._end = None

    def follow(self, pump: Pump[Any]) -> None:
        """From now on this is about the rows of `pump`, which is told of a cancel that came before."""
        with self._lock:
            self._pump, self._end = pump, pump.cancel
        if self._cancelled:
            pump.cancel()

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            end = self._end
        if end is not None:
            end()

    def close(self) -> None:
        """End what is under way, and wait for it as long as `Pump.part` does."""
        if self._pump is not None:
            self._pump.part()


def close_in_turn(turn: threading.Lock, close: Callable[[], None]) -> None:
    """Close what is used by whoever has the `turn`: now, or once a thread that waits for the server has done.

    A driver whose connection is closed under it may end the process.
    """

    def wait() -> None:
        with turn:
            close()

    if turn.acquire(blocking=False):
        try:
            close()
        finally:
            turn.release()
    else:
        threading.Thread(target=wait, name="source-close", daemon=True).start()
