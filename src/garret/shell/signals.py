"""Signals of the process as calls on Qt's loop: the second start's, and those that end programs.

Python runs a handler only when its own code runs next, which in Qt's loop may be never; so the number of
each signal goes through a pipe that the loop watches (`signal.set_wakeup_fd`). Belongs to the main thread.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier

from garret.shell.instance import CALL

ENDS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_BATCH: Final = 64


class Signals(QObject):
    """See the module. Hears from its making on; `listen` says who is told, also of what came before."""

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _noted) for number in (CALL, *ENDS)}
        self._notifier: QSocketNotifier | None = None
        self._called: Callable[[], None] = _nobody
        self._ended: Callable[[], None] = _nobody

    def listen(self, called: Callable[[], None], ended: Callable[[], None]) -> None:
        """`called` hears that a second window was started, `ended` that this one is to end."""
        self._called, self._ended = called, ended
        self._notifier = QSocketNotifier(self._reader, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)

    def close(self) -> None:
        """As it was before."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def _read(self, *_: object) -> None:
        try:
            numbers = set(os.read(self._reader, _BATCH))
        except BlockingIOError:
            return
        if CALL in numbers:
            self._called()
        if numbers & set(ENDS):
            self._ended()


def _noted(number: int, frame: FrameType | None) -> None:
    """The pipe has its number; what is left is that the process does not end of it."""


def _nobody() -> None:
    """Nobody listens yet."""
