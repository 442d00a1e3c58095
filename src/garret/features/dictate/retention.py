"""How long the sound of utterances is kept: by age, by room, oldest first. Their texts stay.

By age a sound goes only when it is overdue by the settled time, so that a wall clock that jumps deletes
nothing. By room it goes at once, since a full disk is no matter of clocks. Zero days are a wish and no age:
then it goes as soon as its text is there.

The bytes go with `Store.sweep`, which leaves what any room refers to.

Neighbours: `storage.settled_time`, `store` (what there is, in the order it came), `service` (when it is due).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from garret.base.errors import GarretError
from garret.control.door import Door
from garret.features.dictate import store

_DAY: Final = 86_400.0  # seconds
_MIB: Final = 1024 * 1024


class Kept(NamedTuple):
    """The sound of one utterance: since when it is there, in seconds since 1970, and its bytes."""

    utterance: str
    since: float
    size: int


def due(kept: Sequence[Kept], *, settled: float | None, days: float, room: float) -> list[str]:
    """The utterances whose sound has to go; `kept` is in the order it came, `room` in bytes."""
    total = sum(each.size for each in kept)
    gone: list[str] = []
    for each in kept:
        overdue = days <= 0 or (settled is not None and each.since + days * _DAY < settled)
        if overdue or total > room:
            gone.append(each.utterance)
            total -= each.size
    return gone


class AudioRetention:
    """Keeps what the user set."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def keep(self) -> None:
        """Delete the sound that is past its days or beyond its room. Raises GarretError."""
        door = self._door
        days = float(door.setting("dictate.keep_audio_days"))
        room = float(door.setting("dictate.keep_audio_mebibytes")) * _MIB
        settled = await door.store.settled.note()
        rows = await door.store.read(lambda connection: store.by_age(connection, settled))
        kept = await asyncio.to_thread(
            lambda: [Kept(utterance, since, _size(door, blob)) for utterance, since, blob in rows]
        )
        for utterance in due(kept, settled=settled, days=days, room=room):
            await self._delete(utterance)
        await door.store.sweep()

    async def _delete(self, utterance: str) -> None:
        objects = await self._door.store.read(
            lambda connection: store.objects_of(connection, utterance, store.AUDIO)
        )
        for identity in objects:
            await self._door.store.objects.delete(self._door.signer, identity, "retention")


def _size(door: Door, blob: str) -> int:
    try:
        return door.store.blobs.size(blob)
    except GarretError:
        return 0
