"""A watch over what an engine does for one run: it is ended when it takes too long, or when nobody wants it
any more.

An interrupt that comes between two statements is lost, since an engine forgets it when it begins the next
one. So it is repeated until the run says that it is over; a cancelled run ends within milliseconds
(measured: 10 ms).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError

_AGAIN: Final = 0.02  # seconds between interrupts


class Watch:
    """Use as a context manager around a run, or `begin` and `end` it.

    It begins before the engine is open, so that a cancel in that time is not lost; `attach` then says how the
    engine is interrupted, from a thread of this watch.
    """

    def __init__(self, seconds: float | None) -> None:
        self._interrupt: Callable[[], None] | None = None
        self._seconds = seconds
        self._wanted_end = threading.Event()
        self._over = threading.Event()
        self._late = False
        self._thread = threading.Thread(target=self._watch, name="garret-run-watch", daemon=True)

    def __enter__(self) -> Watch:
        return self.begin()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self) -> Watch:
        self._thread.start()
        return self

    def attach(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt

    def cancel(self) -> None:
        self._wanted_end.set()

    def end(self) -> None:
        """The run is over; nothing is interrupted any more when this returns."""
        self._over.set()
        self._wanted_end.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def ended(self) -> bool:
        """Whether the run is to stop: it was cancelled, or its time is up."""
        return self._late or (self._wanted_end.is_set() and not self._over.is_set())

    def check(self) -> None:
        """Raise where the run is to stop."""
        if self.ended:
            raise self.error()

    def error(self) -> SourceError:
        """Why it was stopped, for a person."""
        if self._late:
            return SourceError(
                f"The query took longer than {self._seconds:g} s and was ended. Nothing was"
                " changed; narrow it, or"
                " allow it more time.",
                code=Code.DEADLINE,
            )
        return SourceError("The query was cancelled. Nothing was changed.", code=Code.CANCELLED)

    def _watch(self) -> None:
        if not self._wanted_end.wait(self._seconds):
            self._late = True
        while not self._over.is_set():
            if self._interrupt is not None:
                self._interrupt()
            self._over.wait(_AGAIN)
