"""Rows are fetched in a thread of their own, so that whoever waits for them can stop waiting.

A driver may be deep in its own code when a server falls silent, and cannot be called back. The pump keeps a
few batches ahead; the one who takes them gets the next batch, the driver's failure, or an error of its own as
soon as the time is up or `cancel` was called, whatever the driver does. The thread is told to end, and left
behind where it cannot hear: its process ends with the query. The engine is told until it has heard, since
what is told before the query has begun there is lost.

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
GRACE: Final = 0.2
"""Seconds that whoever cancelled waits for the engine to end: a cancelled call is over in 0.3 s, whatever the
server does. The telling goes on after that."""
PARTING: Final = 1.0
"""Seconds that a thread is given to end before what it may need, such as a connection, is closed."""
RETELL: Final = 0.02
"""Seconds after which an engine is told again to end a query that has not ended; later ones come slower."""
SLOWEST: Final = 0.25


class Pump(Generic[T]):
    """What `produce` gives, one after another, for at most `seconds` in all, which the engine is to keep, and
    the `pause` in which it may say so.

    `interrupt` ends the work at the engine, from any thread, and raises nothing; it gives whether the engine
    has anything to end. `describe` makes an error for people of whatever the driver raised.
    """

    def __init__(
        self,
        produce: Callable[[], Iterator[T]],
        *,
        seconds: float,
        pause: float = 0.0,
        interrupt: Callable[[], bool],
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
        self._telling: threading.Thread | None = None
        self._told_at = 0.0
        self._is_idle = False
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

    def begin(self) -> None:
        """Take a first item that only says that what follows is known. Raises SourceError; closed then."""
        try:
            self.take()
        except BaseException:
            self.close()
            raise

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
        """Tell the engine, but wait only a little for it, once: it may be as silent as it was before."""
        with self._changed:
            if self._telling is None:
                self._told_at = self._clock.monotonic()
                self._telling = threading.Thread(target=self._tell, name="source-end", daemon=True)
                self._telling.start()
            left = self._told_at + GRACE - self._clock.monotonic()
            self._changed.wait_for(lambda: self._ended or self._is_idle, max(0.0, left))

    def _tell(self) -> None:
        pause = RETELL
        while self._interrupt():
            with self._changed:
                if self._changed.wait_for(lambda: self._ended, pause):
                    return
            pause = min(2 * pause, SLOWEST)
        with self._changed:
            self._is_idle = True
            self._changed.notify_all()

    def close(self) -> None:
        """End what is still under way, and wait a little for it."""
        with self._changed:
            was_stopped = self._stopped is not None
            self._stopped = self._stopped or Code.CANCELLED
            self._changed.notify_all()
            # After the last row it is about to end by itself.
            if self._changed.wait_for(lambda: self._ended, 0.0 if was_stopped else 0.02):
                return
        self._end_at_engine()

    def part(self) -> None:
        """As `close`, and wait so long that the thread has ended before what it uses is closed."""
        self.close()
        with self._changed:
            self._changed.wait_for(lambda: self._ended, PARTING)
