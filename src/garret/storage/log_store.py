"""Log lines in the cache file: appended in batches, followed by number, bounded in size.

Losing it loses no work. Ids grow for ever and are never used again, so following by id misses nothing that
is still kept. Neighbours: `control` hands in records (already redacted), `garret logs` reads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw

from garret.storage.connection import Readers
from garret.storage.writer import Writer

MESSAGE_LIMIT = 8_192  # characters of a line that are kept
_PRUNE_PART = 2_000  # rows deleted in one operation


class Line(NamedTuple):
    """What is appended: wall-clock seconds, a level of the standard library (10 to 50), who, what."""

    at: float
    level: int
    worker: str
    message: str
    fields: dict[str, Any]


class KeptLine(NamedTuple):
    """A line as it is kept, with its number."""

    id: int
    at: float
    level: int
    worker: str
    message: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class LogLimit:
    """How much is kept: the newest `lines`."""

    lines: int = 200_000


def append(connection: apsw.Connection, lines: Sequence[Line]) -> int:
    """Add lines in the caller's transaction and return the id of the last one (0 when there were none)."""
    if not lines:
        return 0
    connection.executemany(
        "INSERT INTO logs (at, level, worker, message, fields) VALUES (?, ?, ?, ?, ?)",
        [
            (at, level, worker, message[:MESSAGE_LIMIT], _text(fields))
            for at, level, worker, message, fields in lines
        ],
    )
    return connection.last_insert_rowid()


def prune(connection: apsw.Connection, limit: LogLimit) -> int:
    """Delete at most a few thousand of the oldest lines over `limit`; return how many went."""
    connection.execute(
        "DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE id <= "
        "coalesce((SELECT id FROM logs ORDER BY id DESC LIMIT 1 OFFSET ?), -1) ORDER BY id LIMIT ?)",
        (limit.lines, _PRUNE_PART),
    )
    return connection.changes()


class LogStore:
    """The lines of every process."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def append(self, lines: Sequence[Line]) -> int:
        """Add lines; returns the id of the last one."""
        return await self._writer.write(lambda connection: append(connection, lines))

    async def prune(self, limit: LogLimit) -> int:
        """Delete what is over `limit`; return how many lines went."""
        total = 0
        while gone := await self._writer.write(lambda connection: prune(connection, limit)):
            total += gone
        return total

    def query(
        self,
        *,
        worker: str | None = None,
        level: int = 0,
        since: float | None = None,
        limit: int = 200,
    ) -> list[KeptLine]:
        """The newest lines of at least `level`, oldest of them first."""
        where, values = _where(worker, level)
        if since is not None:
            where += " AND at >= ?"
            values.append(since)
        values.append(max(1, min(limit, 10_000)))
        with self._readers.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM logs WHERE {where} ORDER BY id DESC LIMIT ?", values
            ).fetchall()
        return [_line(row) for row in reversed(rows)]

    def after(
        self, last: int, *, worker: str | None = None, level: int = 0, limit: int = 500
    ) -> list[KeptLine]:
        """Lines with an id above `last`, oldest first: call again with the last id seen to follow."""
        where, values = _where(worker, level)
        with self._readers.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM logs WHERE {where} AND id > ? ORDER BY id LIMIT ?",
                (*values, last, max(1, limit)),
            ).fetchall()
        return [_line(row) for row in rows]


def _where(worker: str | None, level: int) -> tuple[str, list[Any]]:
    if worker is None:
        return "level >= ?", [level]
    # A kind of worker stands for all its processes, which are called audio#0, audio#1.
    return "level >= ? AND (worker = ? OR (worker > ? AND worker < ?))", [
        level,
        worker,
        f"{worker}#",
        f"{worker}$",
    ]


def _line(row: tuple[Any, ...]) -> KeptLine:
    return KeptLine._make((*row[:5], json.loads(row[5])))


def _text(fields: dict[str, Any]) -> str:
    # A log line is kept whatever was put into it; what JSON has no word for becomes text.
    return json.dumps(fields, ensure_ascii=False, default=str) if fields else "{}"
