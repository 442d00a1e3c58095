"""Catalogues: taken from sources, kept with their age, and handed to workers with what people say of them.

A snapshot is taken when there is none, when it is older than `data.catalogue_minutes`, or when somebody asks.
Where the source does not answer, the last one stays and says how old it is.

Neighbours: `semantics` (what is laid over it), `store` (where it is kept).
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Final, NamedTuple

import apsw
import msgspec

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.control.commands.inner import InnerCaller
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.data import contracts as c
from garret.features.data import semantics, store
from garret.features.data.connections import Connections, Known, lent
from garret.features.data.contracts.work import Survey
from garret.features.data.store import Owner, Snapshot
from garret.transport import bulk

_logger = log.get("data.snapshots")
_HELD: Final = 16  # catalogues with what is said of them, packed for workers


class Held(NamedTuple):
    """A catalogue as workers get it: `packed` is a memory file that stays the room's."""

    catalogue: c.Catalogue
    revision: str
    packed: int


class Snapshots:
    """The catalogues of all sources."""

    def __init__(self, door: Door, connections: Connections) -> None:
        self._door = door
        self._connections = connections
        self._held: dict[str, Held] = {}
        self._taking: dict[str, asyncio.Lock] = {}

    async def of(self, known: Known, calls: InnerCaller, *, refresh: bool = False) -> Held:
        """The catalogue of a source, taken anew where it has to be. Raises GarretError where none is."""
        async with self._taking.setdefault(known.id, asyncio.Lock()):
            kept = await self._door.store.read(partial(store.snapshot_of, source=known.id))
            if kept is None or refresh or self._is_old(kept):
                kept = await self._take(known, calls, kept)
            held = self._held.get(known.id)
            if held is None or held.catalogue.taken != kept.taken:
                held = await self._hold(known, kept)
            return held

    def _is_old(self, kept: Snapshot) -> bool:
        age = self._door.clock.wall() - kept.taken
        return not 0 <= age <= 60.0 * int(self._door.setting("data.catalogue_minutes"))

    async def _take(self, known: Known, calls: InnerCaller, last: Snapshot | None) -> Snapshot:
        try:
            taken = await self._survey(known, calls)
        except GarretError as error:
            if last is None:
                raise
            # What was known is better than nothing; whoever asks is told its age.
            _logger.warning("the catalogue of %s could not be taken anew: %s", known.name, error.message)
            return last
        if last is None or last.fingerprint != taken.fingerprint:
            event = c.SourceChanged(source=known.id)
            self._door.publish(event, scope=known.profile, workspace=known.workspace)
        await self._door.store.writer.write(partial(store.keep_snapshot, source=known.id, snapshot=taken))
        return taken

    async def _survey(self, known: Known, calls: InnerCaller) -> Snapshot:
        async with self._connections.to(known) as target, lent(self._connections.keys(known.id)) as keys:
            order = Survey(source=known.id, config=self._connections.config(target, known))
            call = self._connections.asking(calls, target, known).start(order, descriptors=keys)
            async with call:
                await call.result()
                (descriptor,) = call.take_descriptors()
        catalogue = await asyncio.to_thread(bulk.unpack, descriptor, c.Catalogue)
        body = await asyncio.to_thread(msgspec.msgpack.encode, catalogue)
        return Snapshot(catalogue.taken, catalogue.fingerprint, len(catalogue.tables), body)

    async def _hold(self, known: Known, kept: Snapshot) -> Held:
        owner = Owner(known.profile, known.workspace)

        def read(connection: apsw.Connection) -> tuple[store.Said, store.Said]:
            return store.said_of(connection, store.MEANING, known.id, owner), store.said_of(
                connection, store.MEASURE, known.id, owner
            )

        meanings, measures = await self._door.store.read(read)
        held = await asyncio.to_thread(_pack, kept.body, meanings, measures)
        self.forget(known.id)
        while len(self._held) >= _HELD:
            self.forget(next(iter(self._held)))
        self._held[known.id] = held
        return held

    def forget(self, source: str) -> None:
        """What is said of a source changed: lay it over the snapshot anew when it is needed."""
        held = self._held.pop(source, None)
        if held is not None:
            os.close(held.packed)

    async def drop(self, source: str) -> None:
        """The source is gone, or reads otherwise: its snapshot is of no more use."""
        self.forget(source)
        await self._door.store.writer.write(partial(store.drop_snapshot, source=source))

    def close(self) -> None:
        for source in list(self._held):
            self.forget(source)


def _pack(body: bytes, meanings: store.Said, measures: store.Said) -> Held:
    try:
        catalogue = semantics.described(body, meanings, measures)
    except ValueError as error:
        raise ControlError(
            "What was kept of this source cannot be read. Look at it anew: "
            "`garret data schema SOURCE --refresh`.",
            code=Code.CORRUPT,
        ) from error
    return Held(catalogue, semantics.revision_of(catalogue), bulk.pack(catalogue))
