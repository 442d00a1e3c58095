"""Settings of all profiles in a store that knows only keys: `key` for everybody, `key@profile` for one.

No key holds an `@`, so the two cannot be confused. Neighbours: `settings` gets rows and writes through
`FlatStore`; `garret.storage.settings_store` is one such store of keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Row(Protocol):
    """One stored key's JSON text."""

    @property
    def value(self) -> str: ...


class KeyedRows(Protocol):
    """A store of JSON texts by key. Both changes return when they are durable."""

    async def put(self, key: str, value: str) -> None: ...

    async def remove(self, key: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class ScopedRow:
    """A stored value of one profile, or of everybody (empty)."""

    key: str
    profile: str
    text: str


def scoped(rows: Mapping[str, Row]) -> list[ScopedRow]:
    """The rows of a store of keys, as `Settings` takes them."""
    found: list[ScopedRow] = []
    for name, row in rows.items():
        key, _at, profile = name.partition("@")
        found.append(ScopedRow(key, profile, row.value))
    return found


class FlatStore:
    """A `SettingStore` over a store of keys."""

    def __init__(self, rows: KeyedRows) -> None:
        self._rows = rows

    async def put(self, key: str, profile: str, text: str) -> None:
        await self._rows.put(_name(key, profile), text)

    async def delete(self, key: str, profile: str) -> None:
        await self._rows.remove(_name(key, profile))


def _name(key: str, profile: str) -> str:
    return f"{key}@{profile}" if profile else key
