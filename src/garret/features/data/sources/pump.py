"""Rows are fetched in a thread of their own, so that whoever waits for them can stop waiting.

A driver may be deep in its own code when a server falls silent, and cannot be called back. The pump keeps a
few batches ahead; the one who takes them gets the next batch, the driver's failure, or an error of its own as
soon as the time is up or `cancel` was called, whatever the driver does. The thread is told to end, and left
behind where it cannot hear: its process ends with the query.

Neighbours: `rows.Stream`, which takes; a connector's `interrupt`, which ends the query at the engine.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

from garret.base.clock import SYSTEM, Clock
from garret.base.errors import Code
from garret.features.data.sources import failures
from garret.features.data.sources.contract import SourceError

T = TypeVar("T")

AHEAD: Final = 2
"""Batches that wait to be taken; more would only hold memory."""
GRACE: Final = 1.0
"""Seconds that a thread is given to end after it was interrupted."""


class Pump(Generic[T]):
    """What `produce` gives, one after another, for at most `seconds` in all, which the engine is to keep, and
    the `pause` in which it may say so.

    `interrupt` ends the work at the engine, from any thread, and raises nothing; `describe` makes an error
    for people of whatever the driver raised.
    """

    def __init__(
        self,
        produce: Callable[[], Iterator[T]],
        *,
        seconds: float,
        pause: float = 0.0,
        interrupt: Callable[[], None],
        describe: Callable[[BaseException], SourceError],
        clock: Clock = SYSTEM,
    ) -> None:
        self._produce = produce
        self._interrupt = interrupt
        self._describe = describe
        self._clock = clock
        self._seconds = seconds
        self._until = clock.monotonic() + seconds + pause
        self._changed = threading.Condition()
        self._ready: deque[T] = deque()
        self._failure: BaseException | None = None
        self._ended = False
        self._stopped: Code | None = None
        self._thread = threading.Thread(target=self._run, name="source-rows", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            produced = self._produce()
            try:
                while self._wait_for_room() and (item := next(produced, None)) is not None:
                    with self._changed:
                        self._ready.append(item)
                        self._changed.notify_all()
            finally:
                if (close := getattr(produced, "close", None)) is not None:
                    close()
        except BaseException as error:  # noqa: BLE001 - a Rust panic is no Exception; it is raised by `take`
            self._failure = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wait_for_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: len(self._ready) < AHEAD or self._stopped is not None)
            return self._stopped is None

    def take(self) -> T | None:
        """The next item, or None after the last. Raises SourceError."""
        with self._changed:
            left = max(0.0, self._until - self._clock.monotonic())
            come = self._changed.wait_for(self._has_come, left)
            if not come:
                self._stopped = Code.DEADLINE
                self._changed.notify_all()
            elif self._stopped is None and self._ready:
                item = self._ready.popleft()
                self._changed.notify_all()
                return item
        if not come:
            self._end_at_engine()
        if self._stopped is not None:
            raise self._why_stopped()
        if self._failure is not None:
            raise self._describe(self._failure) from None
        return None

    def _has_come(self) -> bool:
        return bool(self._ready) or self._ended or self._stopped is not None

    def _why_stopped(self) -> SourceError:
        if self._stopped is Code.CANCELLED:
            return failures.cancelled()
        return failures.too_slow(self._seconds)

    def cancel(self) -> None:
        """From any thread: `take` raises, now and ever after, and the engine is told."""
        with self._changed:
            if self._ended and not self._ready:
                return
            self._stopped = self._stopped or Code.CANCELLED
            self._changed.notify_all()
        self._end_at_engine()

    def _end_at_engine(self) -> None:
        """Tell the engine, but wait only a little for its answer: it may be as silent as it was before."""
        telling = threading.Thread(target=self._interrupt, name="source-end", daemon=True)
        telling.start()
        telling.join(GRACE)

    def close(self) -> None:
        """End what is still under way, and wait a little for the thread."""
        with self._changed:
            under_way = not self._ended
            self._stopped = self._stopped or Code.CANCELLED
            self._changed.notify_all()
        if under_way:
            self._thread.join(0.02)  # it may be about to end by itself, after the last row
            if self._thread.is_alive():
                self._end_at_engine()
        self._thread.join(GRACE)
