"""What the gateway refused, on its way to the audit chain.

While the control plane is away, or slower than a flood, so many wait and the rest is counted: the memory that
refusals take is bounded whatever comes.

Neighbours: `gate`, `guarding` and `page_socket` note, `attendance` takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from garret.base import log

WAITING: Final = 200
_TEXT: Final = 300

_logger = log.get("gateway.refusals")


class Refusal(NamedTuple):
    """What was tried, and why it was refused to whom."""

    what: str
    sentence: str


class Refusals:
    """The refusals that the house was not told of yet. `wake` is called when there is one more."""

    def __init__(self) -> None:
        self._waiting: deque[Refusal] = deque()
        self._uncounted = 0
        self.wake: Callable[[], None] = _nobody

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, what: str, reason: str, peer: str) -> None:
        """Something was refused to whoever is at `peer`."""
        if len(self._waiting) >= WAITING:
            self._uncounted += 1
            return
        _logger.warning("%s of %s was refused: %s", what, peer or "somebody", reason)
        more = f" {self._uncounted} refusals before it are not listed." if self._uncounted else ""
        self._uncounted = 0
        self._waiting.append(Refusal(what, f"{reason[:_TEXT]} From {peer[:100] or 'somebody'}.{more}"))
        self.wake()

    def take(self) -> Refusal | None:
        """The one that waits for longest; None where none does."""
        return self._waiting.popleft() if self._waiting else None

    def put_back(self, refusal: Refusal) -> None:
        """It could not be told."""
        self._waiting.appendleft(refusal)


def _nobody() -> None:
    """Nobody attends yet."""
