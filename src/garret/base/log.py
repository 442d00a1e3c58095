"""Structured logging: one line a record, levels of the standard library, secrets redacted.

Every process logs through `get`. Where the lines go is decided by whoever started the process:
workers write JSON lines to their standard error, which the supervisor captures; the control plane
hands records to the log store. A secret that was registered with `Redactor.add` never appears in a
line, nor in the text of an error that passes `REDACTOR.clean`.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import Any, TextIO

from garret.base.visible import visible

REDACTED = "[redacted]"
_SHORTEST_SECRET = 4  # characters; shorter ones would redact ordinary words


class Redactor:
    """Replaces known secret values in text. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Redact `secret` from now on. Secrets under four characters are ignored."""
        if len(secret) < _SHORTEST_SECRET:
            return
        with self._lock:
            if secret not in self._values:
                # Longest first, so that a secret containing another is replaced whole.
                self._values = tuple(sorted((*self._values, secret), key=len, reverse=True))

    def clean(self, text: str) -> str:
        """Return `text` with every registered secret replaced."""
        for value in self._values:
            if value in text:
                text = text.replace(value, REDACTED)
        return text


REDACTOR = Redactor()


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at (unix seconds), level, source, message, and extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "at": round(record.created, 6),
            "level": record.levelname.lower(),
            "source": record.name,
            "message": record.getMessage(),
        }
        fields.update(getattr(record, "fields", {}))
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return REDACTOR.clean(json.dumps(fields, ensure_ascii=False, default=str))


class PlainFormatter(logging.Formatter):
    """A line for people: time, level, source, message."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{stamp} {record.levelname.lower():<7} {record.name}: {record.getMessage()}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return visible(REDACTOR.clean(line))


def get(name: str) -> logging.Logger:
    """The logger of a part, named `garret.<part>`."""
    return logging.getLogger(name if name.startswith("garret") else f"garret.{name}")


def to_stream(stream: TextIO | None = None, *, level: int = logging.INFO, plain: bool = False) -> None:
    """Send this process's records to `stream` (standard error by default) and nowhere else."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(PlainFormatter() if plain else JsonFormatter())
    root = logging.getLogger("garret")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
