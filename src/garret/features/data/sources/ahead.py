"""A connection that is opened ahead of its use, in a thread, while there is something else to do.

To open one takes a few turns with the server, and a log-in; none of it has to be waited for when a person has
approved. Neighbours: the connectors of PostgreSQL and MySQL, which open what will carry the rows while they
explain a query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """What `open_` gives. It belongs to the one who takes it; what nobody took is closed by `let_go`."""

    def __init__(self, open_: Callable[[], T], close: Callable[[T], None]) -> None:
        self._open = open_
        self._close = close
        self._lock = threading.Lock()
        self._is_over = False
        self._made: list[T] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="source-ahead", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether it is somebody's already, or nobody's any more."""
        return self._is_over

    def _run(self) -> None:
        try:
            made = self._open()
        except BaseException as error:  # noqa: BLE001 - whatever a driver raises is raised by `take`
            self._failure = error
            return
        self._made.append(made)

    def take(self) -> T:
        """Wait for it, and have it; a second one who takes gets another. Raises what `open_` raised."""
        if self._claim():
            self._thread.join()
            if self._failure is not None:
                raise self._failure
            return self._made.pop()
        return self._open()

    def let_go(self) -> None:
        """Close it, now or when it is open; waits for nothing. What was taken stays its owner's."""
        if self._claim():
            threading.Thread(target=self._close_made, name="source-ahead-end", daemon=True).start()

    def _claim(self) -> bool:
        with self._lock:
            was_free = not self._is_over
            self._is_over = True
            return was_free

    def _close_made(self) -> None:
        self._thread.join()
        if self._failure is None:
            self._close(self._made.pop())
