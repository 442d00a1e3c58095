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

_LEVELS: Final = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}
_own = logging.getLogger("garret")
_FLUSH_SECONDS: Final = 0.25
_WAITING_LIMIT: Final = 4_096  # lines, each 8 KiB at most
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
        """Take a record of this process, from any thread. One that cannot be shown raises nothing here."""
        try:
            self._add(_line_of(record))
        except Exception:  # noqa: BLE001  the standard library's way: a bad log call must not end its caller
            self.handleError(record)

    def worker_line(self, source: str, stream: str, line: str, at: float) -> None:
        """Take a line that a worker printed: a JSON record of the harness, or anything else.

        What is less important than the level of this process's own logger is left out.
        """
        parsed = parse_line(source, stream, REDACTOR.clean(line), at)
        if parsed.level >= _own.getEffectiveLevel():
            self._add(parsed)

    def change_limit(self, limit: LogLimit) -> None:
        """Keep so many lines from now on."""
        self.limit = limit
        self._since_prune = _PRUNE_EVERY

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
            dropped = self._dropped
            self._dropped = 0 if lines else dropped
        if dropped and lines:
            text = f"{dropped} log lines before this one were lost: they came too fast, or the disk was full"
            lines.append(Line(lines[-1].at, logging.WARNING, "control.logs", text, {}))
        if not lines:
            return
        try:
            await self._store.append(lines)
        except GarretError:
            with self._lock_lines:
                self._dropped += len(lines)  # the next line that can be kept tells of it
            return
        await self._prune(len(lines))

    async def _prune(self, added: int) -> None:
        self._since_prune += added
        if self._since_prune < _PRUNE_EVERY:
            return
        self._since_prune = 0
        try:
            await self._store.prune(self.limit)
        except GarretError:
            return  # of lines that are too many; the next time will do

    async def close_store(self) -> None:
        """Write what there is and touch the store no more."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.write_out()


def _line_of(record: logging.LogRecord) -> Line:
    extra: dict[str, Any] = getattr(record, "fields", None) or {}
    if record.exc_info:
        extra = {**extra, "traceback": logging.Formatter().formatException(record.exc_info)}
    fields = {key: REDACTOR.clean(value) if isinstance(value, str) else value for key, value in extra.items()}
    source = record.name.removeprefix("garret.")
    return Line(record.created, record.levelno, source, REDACTOR.clean(record.getMessage()), fields)


def parse_line(source: str, stream: str, text: str, at: float) -> Line:
    """Understand a captured line: the harness's JSON keeps its level, anything else is what it is."""
    if text.startswith('{"at": '):
        try:
            fields = json.loads(text)
            level = _LEVELS.get(str(fields.pop("level")))
            message, stamp = str(fields.pop("message")), float(fields.pop("at"))
        except (ValueError, KeyError, TypeError):
            return Line(at, logging.INFO, source, text, {"stream": stream})
        if level is not None:
            return Line(stamp, level, source, message, fields)
    level = logging.WARNING if stream == "stderr" else logging.INFO
    return Line(at, level, source, text, {"stream": stream})
