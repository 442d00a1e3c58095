"""The log of the way out: a row for each connection that ended, was refused or cut, in the cache file.

Losing it loses no work, and what was refused or changed is in the audit chain as well. Rows are written in
batches, soon after they come; the oldest go by number and, by the settled time, by age (decision 9).
Neighbours: `egress` appends, the house's room reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

from garret.control.egress.wire import Entry
from garret.storage.connection import Readers
from garret.storage.writer import Writer

_COLUMNS: Final = (
    "at, room, worker, command, profile, workspace, name, address, port, transport, sent, received, seconds, "
    "verdict, reason"
)
_FIELDS: Final = tuple(_COLUMNS.replace(" ", "").split(","))
_PRUNE_PART: Final = 2_000  # rows deleted in one operation
_LONGEST: Final = 500  # characters of a text


class Row(NamedTuple):
    """An entry as it is kept, with its number."""

    id: int
    at: float
    room: str
    worker: str
    command: str
    profile: str
    workspace: str
    name: str
    address: str
    port: int
    transport: str
    sent: int
    received: int
    seconds: float
    verdict: str
    reason: str


class EgressLog:
    """The rows, and how long they are kept."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def append(self, entries: Sequence[Entry]) -> None:
        """Add rows. Raises StorageError."""
        rows = [tuple(_kept(getattr(entry, name)) for name in _FIELDS) for entry in entries]
        marks = ", ".join("?" * len(_FIELDS))

        def insert(connection: Any) -> None:
            connection.executemany(f"INSERT INTO egress_connections ({_COLUMNS}) VALUES ({marks})", rows)

        await self._writer.write(insert)

    async def prune(self, *, rows: int, before: float) -> int:
        """Delete what is over so many rows, and what is older than `before`; return how many went."""

        def delete(connection: Any) -> int:
            connection.execute(
                "DELETE FROM egress_connections WHERE id IN (SELECT id FROM egress_connections WHERE at < ? "
                "OR id <= coalesce((SELECT id FROM egress_connections ORDER BY id DESC LIMIT 1 "
                "OFFSET ?), -1) "
                "ORDER BY id LIMIT ?)",
                (before, rows, _PRUNE_PART),
            )
            return int(connection.changes())

        total = 0
        while gone := await self._writer.write(delete):
            total += gone
        return total

    def rows(
        self, *, limit: int = 100, after: int = 0, verdict: str = "", room: str = "", host: str = ""
    ) -> list[Row]:
        """The newest rows, oldest of them first; with `after` the oldest ones above that number."""
        where, values = "id > ?", [after]
        filters: dict[str, Any] = {"verdict = ?": verdict, "room = ?": room, "name = ?": host}
        for condition, value in filters.items():
            if value:
                where += f" AND {condition}"
                values.append(value)
        order = "ASC" if after else "DESC"
        query = f"SELECT id, {_COLUMNS} FROM egress_connections WHERE {where} ORDER BY id {order} LIMIT ?"
        with self._readers.read() as connection:
            found = cast("Any", connection).execute(query, (*values, max(1, limit))).fetchall()
        rows = [Row._make(row) for row in found]
        return rows if after else rows[::-1]


def _kept(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value
