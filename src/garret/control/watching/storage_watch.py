"""Storage's mode as the house follows it: read-only and back, told to everybody, tried again by itself.

The writer says when its mode changes; nothing is polled while all is well. While the disk is full the
writer is asked to try again, ever more seldom, so that work goes on without anybody asking for it. A damaged
file is not tried again: that needs a restore.

Neighbours: `storage.writer`, `plane` (publishes the event, and lets the jobs go on).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from garret.base import log
from garret.base.errors import GarretError
from garret.storage.writer import Writer
from garret.storage.writer_state import Mode

_logger = log.get("control.storage")

FIRST_PROBE_SECONDS: Final = 1.0
PROBE_LIMIT_SECONDS: Final = 30.0

SENTENCES: Final = {
    Mode.NORMAL: "Storage takes writes.",
    Mode.READ_ONLY: (
        "Storage is read-only for now; everything kept can be read, and work goes on by itself once there is "
        "space."
    ),
    Mode.DAMAGED: (
        "The database is damaged and takes no writes. What can be read is kept; `garret doctor` says what "
        "to do."
    ),
}


class StorageWatch:
    """Follows one writer. `changed` hears of a mode and a sentence, on the loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, writer: Writer, changed: Callable[[Mode, str], None]
    ) -> None:
        self._loop = loop
        self._writer = writer
        self._changed = changed
        self._told = writer.mode
        self._pause = FIRST_PROBE_SECONDS
        self._timer: asyncio.TimerHandle | None = None
        self._probing: asyncio.Task[None] | None = None
        self._stopped = False
        writer.watch(self._wake)
        self._look()

    def _wake(self) -> None:
        """In the writer's thread."""
        try:
            self._loop.call_soon_threadsafe(self._look)
        except RuntimeError:  # the loop is closed: the process is about to end
            return

    def _look(self) -> None:
        mode = self._writer.mode
        if mode is Mode.READ_ONLY and self._timer is None and not self._stopped:
            self._timer = self._loop.call_later(self._pause, self._probe)
        if mode is self._told:
            return
        self._told = mode
        self._pause = FIRST_PROBE_SECONDS
        self._changed(mode, f"{SENTENCES[mode]} {self._writer.reason}".strip())

    def _probe(self) -> None:
        self._timer = None
        self._pause = min(self._pause * 2, PROBE_LIMIT_SECONDS)
        self._probing = self._loop.create_task(self._try())

    async def _try(self) -> None:
        try:
            await asyncio.wrap_future(self._writer.probe())
        except GarretError as error:
            _logger.info("storage could not be tried again: %s", error.message)
        self._look()

    def stop(self) -> None:
        """Follow it no longer."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._probing is not None:
            self._probing.cancel()
