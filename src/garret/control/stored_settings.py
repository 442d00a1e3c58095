"""Settings kept in the durable file: the driver between `settings` and `storage.settings_store`.

A profile's own value is stored under `profile/key`, everybody's under the key itself; neither a
profile's name nor a key has a slash.
"""

from __future__ import annotations

from typing import NamedTuple

from garret.storage.settings_store import SettingsStore


class StoredRow(NamedTuple):
    """One stored value: `profile` is empty for the common one, `text` is JSON."""

    key: str
    profile: str
    text: str


class StoredSettings:
    """A `SettingStore` over the durable file."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store

    async def put(self, key: str, profile: str, text: str) -> None:
        await self._store.put(_place(key, profile), text)

    async def delete(self, key: str, profile: str) -> None:
        await self._store.remove(_place(key, profile))

    def rows(self) -> list[StoredRow]:
        """Everything that is stored, for the start."""
        found: list[StoredRow] = []
        for place, row in self._store.all().items():
            profile, slash, key = place.rpartition("/")
            found.append(StoredRow(key, profile if slash else "", row.value))
        return found


def _place(key: str, profile: str) -> str:
    return f"{profile}/{key}" if profile else key
