"""From lines to the log store: collects what the house and its workers say, and writes it in batches.

A line reaches the store within a quarter of a second. When lines come faster than the store takes
them, the oldest waiting ones are dropped and counted in a line of their own; logging never blocks
anybody. Secrets were redacted before a line comes here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import deque
from typing import Any, Final

from garret.base.errors import GarretError
from garret.base.log import REDACTOR
from garret.storage.log_store import Line, LogLimit, LogStore

_FLUSH_SECONDS: Final = 0.25
_WAITING_LIMIT: Final = 20_000
_PRUNE_EVERY: Final = 5_000  # lines


class LogPump(logging.Handler):
    """A handler for this process's own records, and the entry for captured lines."""

    def __init__(self, loop: asyncio.AbstractEventLoop, store: LogStore, limit: LogLimit) -> None:
        super().__init__()
        self.limit = limit
        self._loop = loop
        self._store = store
        self._waiting: deque[Line] = deque(maxlen=_WAITING_LIMIT)
        self._dropped = 0
        self._since_prune = 0
        self._lock_lines = threading.Lock()
        self._scheduled = False
        self._writing: asyncio.Task[None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of this process, from any thread."""
        text = record.getMessage()
        fields: dict[str, Any] = {}
        if record.exc_info:
            fields["traceback"] = logging.Formatter().formatException(record.exc_info)
        source = record.name.removeprefix("garret.")
        clean = REDACTOR.clean(text)
        fields = {key: REDACTOR.clean(str(value)) for key, value in fields.items()}
        self._add(Line(record.created, record.levelno, source, clean, fields))

    def worker_line(self, source: str, stream: str, line: str, at: float) -> None:
        """Take a line that a worker printed: a JSON record of the harness, or anything else."""
        self._add(parse_line(source, stream, REDACTOR.clean(line), at))

    def _add(self, line: Line) -> None:
        with self._lock_lines:
            if len(self._waiting) == _WAITING_LIMIT:
                self._dropped += 1
            self._waiting.append(line)
            if self._scheduled:
                return
            self._scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._loop.call_later, _FLUSH_SECONDS, self._flush)
        except RuntimeError:  # the loop is closed: the process is about to end
            return

    def _flush(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = self._loop.create_task(self.write_out())
        else:
            self._loop.call_later(_FLUSH_SECONDS, self._flush)

    async def write_out(self) -> None:
        """Write what waits. Lines that the store refuses are lost: the cache is not worth a failure."""
        with self._lock_lines:
            lines = list(self._waiting)
            self._waiting.clear()
            self._scheduled = False
            dropped, self._dropped = self._dropped, 0
        if dropped:
            text = f"{dropped} log lines were dropped because they came too fast"
            lines.append(Line(lines[-1].at, logging.WARNING, "control.logs", text, {}))
        if not lines:
            return
        try:
            await self._store.append(lines)
            self._since_prune += len(lines)
            if self._since_prune >= _PRUNE_EVERY:
                self._since_prune = 0
                await self._store.prune(self.limit)
        except GarretError:
            return


def parse_line(source: str, stream: str, text: str, at: float) -> Line:
    """Understand a captured line: the harness's JSON keeps its level, anything else is what it is."""
    if text.startswith('{"at": '):
        try:
            fields = json.loads(text)
            level = logging.getLevelName(str(fields.pop("level")).upper())
            message, stamp = str(fields.pop("message")), float(fields.pop("at"))
        except (ValueError, KeyError, TypeError):
            return Line(at, logging.INFO, source, text, {"stream": stream})
        if isinstance(level, int):
            return Line(stamp, level, source, message, fields)
    level = logging.WARNING if stream == "stderr" else logging.INFO
    return Line(at, level, source, text, {"stream": stream})
