"""What a client streams in, held until the control plane has begun to take it.

A control plane that dies before that has put nothing of it on the disk, so whoever joins the command
again streams from the beginning. Afterwards what is on the disk is the control plane's, and nothing is held.

Invariant: no input is lost between two readers, although the thread of the one before may still be waiting
for the next input when its connection is gone already.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

HELD_LIMIT: Final = 256
"""Inputs held; a control plane that took so many without a word has begun with them."""


class HeldInputs:
    """Inputs of one command that may be asked more than once."""

    def __init__(self, source: Callable[[], Any | None] | None) -> None:
        """`source` gives one input after another and None at their end; None: the command takes no inputs."""
        self.holding = True
        self._source = source
        self._kept: list[Any | None] = []
        self._readers = 0
        self._reading = threading.Lock()

    def release(self) -> None:
        """The control plane has begun to take them: hold no more."""
        self.holding = False

    def released_by(self, on_item: Callable[[Any], None]) -> Callable[[Any], None]:
        """Passes on what a control plane streams back, which is a sign that it has begun."""

        def take(item: Any) -> None:
            self.release()
            on_item(item)

        return take

    def reader(self) -> Callable[[], Any | None] | None:
        """All inputs from the first on, or none where they are not held any more.

        A reader that was made before gets no new ones.
        """
        source = self._source
        if source is None:
            return None
        if not self.holding:
            return _none
        self._readers += 1
        mine, position = self._readers, 0

        def read() -> Any | None:
            nonlocal position
            with self._reading:
                if position >= len(self._kept):
                    if mine != self._readers:
                        return None
                    if not self.holding:
                        self._kept.clear()
                        position = 0
                        return source()
                    self._keep(source())
                position += 1
                return self._kept[position - 1]

        return read

    def _keep(self, item: Any | None) -> None:
        self._kept.append(item)
        if len(self._kept) >= HELD_LIMIT:
            self.release()


def _none() -> None:
    return None
