"""Settings as rows: a key, its JSON text, when it was changed. What they mean is not known here.

Neighbours: `control` validates values and announces changes; `writer` keeps them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import apsw

from garret.base.clock import SYSTEM, Clock
from garret.storage.connection import Readers
from garret.storage.writer import Writer


class Setting(NamedTuple):
    """One stored setting: `value` is JSON text, `updated_at` wall-clock seconds."""

    key: str
    value: str
    updated_at: float


def put(connection: apsw.Connection, key: str, value: str, now: float) -> None:
    """Set `key` to the JSON text `value`, in the caller's transaction."""
    connection.execute(
        "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE "
        "SET value = excluded.value, updated_at = excluded.updated_at",
        (key, value, now),
    )


def remove(connection: apsw.Connection, key: str) -> bool:
    """Forget `key`, in the caller's transaction; return whether it was set."""
    connection.execute("DELETE FROM settings WHERE key = ?", (key,))
    return connection.changes() > 0


class SettingsStore:
    """All stored settings; a key that was never set is not here."""

    def __init__(self, writer: Writer, readers: Readers, *, clock: Clock = SYSTEM) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock

    async def put(self, key: str, value: str) -> None:
        """Set `key`; durable when this returns."""
        now = self._clock.wall()
        await self._writer.write(lambda connection: put(connection, key, value, now))

    async def remove(self, key: str) -> bool:
        """Forget `key`; return whether it was set."""
        return await self._writer.write(lambda connection: remove(connection, key))

    def get(self, key: str) -> Setting | None:
        """The setting, or None when it was never set."""
        with self._readers.read() as connection:
            row = connection.execute(
                "SELECT key, value, updated_at FROM settings WHERE key = ?", (key,)
            ).fetchone()
        return Setting(*row) if row is not None else None

    def all(self) -> dict[str, Setting]:
        """Every stored setting by key, sorted."""
        with self._readers.read() as connection:
            rows: list[Any] = connection.execute(
                "SELECT key, value, updated_at FROM settings ORDER BY key"
            ).fetchall()
        return {row[0]: Setting(*row) for row in rows}
