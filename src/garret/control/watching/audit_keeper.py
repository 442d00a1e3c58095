"""When the record of the audit chain's end is written: soon after new rows, many at a time, off the loop.

A row is told to its caller as soon as the database has it; the record follows within `RECORD_SECONDS`, with
one write for all rows of that time, and once more when storage is closed. Nothing is polled: where the disk
takes nothing, the next row that it does take has the record tried again.

Neighbours: `storage.audit` says when there is a new row and writes, `plane` starts and stops it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from garret.storage.audit import Audit

RECORD_SECONDS: Final = 2.0
"""For so long a new row may be missing from the record. One sync of a small file in that time is nothing; one
for each row would cost as much as the row."""


class AuditKeeper:
    """Has the record written while rows are added."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, audit: Audit, *, seconds: float = RECORD_SECONDS
    ) -> None:
        self._loop = loop
        self._audit = audit
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._stopped = False
        audit.watch(self._appended)

    def _appended(self) -> None:
        if self._timer is None and self._writing is None and not self._stopped:
            self._timer = self._loop.call_later(self._seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self._writing = self._loop.create_task(self._write())

    async def _write(self) -> None:
        written = await asyncio.to_thread(self._audit.keep_record)
        self._writing = None
        if written and self._audit.unrecorded:  # by a row that came meanwhile
            self._appended()

    async def stop(self) -> None:
        """Start no more writes and let one that is under way end; closing storage writes the rest."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await asyncio.wait({self._writing})
