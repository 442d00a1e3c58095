"""What is done about a page whose process ended: loaded anew a few times, then without the graphics
processor, then told.

Pure: it is told when a process ended, in seconds of a clock that only goes forward. A page that held for
`STEADY_SECONDS` starts the count anew. Neighbours: `window` carries out what is decided here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

RELOADS: Final = 3
"""Times that a page is loaded anew before something else is tried."""

STEADY_SECONDS: Final = 60.0


class Remedy(StrEnum):
    """What to do next."""

    RELOAD = "reload"
    WITHOUT_GPU = "without_gpu"
    """Start the window's process again, drawing without the graphics processor."""
    TELL = "tell"


class Recovery:
    """See the module."""

    def __init__(self, *, gpu: bool) -> None:
        """`gpu`: the graphics processor is in use, so that going on without is still to be tried."""
        self._gpu = gpu
        self._ended: float | None = None
        self.reloads = 0

    def ended(self, now: float) -> Remedy:
        """The page's process ended, by a crash, a kill or for want of memory."""
        if self._ended is not None and now - self._ended >= STEADY_SECONDS:
            self.reloads = 0
        self._ended = now
        if self.reloads < RELOADS:
            self.reloads += 1
            return Remedy.RELOAD
        return Remedy.WITHOUT_GPU if self._gpu else Remedy.TELL

    def again(self) -> None:
        """The person asked for another try."""
        self.reloads = 0
        self._ended = None
