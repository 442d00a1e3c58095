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
    """What `open_` gives, once. It belongs to whoever takes it; what nobody took is closed by `let_go`."""

    def __init__(self, open_: Callable[[], T], close: Callable[[T], None]) -> None:
        self._open = open_
        self._close = close
        self._lock = threading.Lock()
        self._unwanted = False
        self._made: list[T] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="source-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            made = self._open()
        except BaseException as error:  # noqa: BLE001 - whatever a driver raises is raised by `take`
            self._failure = error
            return
        with self._lock:
            if not self._unwanted:
                self._made.append(made)
                return
        self._close(made)

    def take(self) -> T:
        """Wait for it, and have it. Raises what `open_` raised."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        with self._lock:
            return self._made.pop()

    def let_go(self) -> None:
        """Close it, now or when it is open; waits for nothing. What was taken stays its owner's."""
        with self._lock:
            self._unwanted = True
            made, self._made = self._made, []
        for each in made:
            self._close(each)
