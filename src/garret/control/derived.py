"""Caches and indexes that rooms declare: made when they are first needed, thrown away and made anew.

One is made by the command that its manifest names, asked by the house itself in the workspace concerned, when
it is missing, of another version, or its worker found it damaged; whoever needs it waits. What an earlier
version made is seen to at the start, before anybody asks. What no manifest declares any more is removed.

Neighbours: `storage.derived` (rows, files and keys), `door`, through which rooms use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.control.errors import ControlError
from garret.protocol.contract import Command
from garret.protocol.manifest import INDEX_DAMAGED, CacheSpec, IndexSpec, Room
from garret.protocol.scope import check_workspace
from garret.storage.derived import DerivedStore, IndexFile, Whole

_logger = log.get("control.derived")

T = TypeVar("T")
Spec = CacheSpec | IndexSpec

Make = Callable[[str, str, Command[Any]], Awaitable[Any]]
"""Has the house ask for a command; given the room, the workspace and the command."""


class Derived:
    """Everything derived, of all rooms."""

    def __init__(self, store: DerivedStore, rooms: Sequence[Room], make: Make) -> None:
        self._store = store
        self._make = make
        self._rooms = {room.name for room in rooms}
        self._specs: dict[tuple[str, str], Spec] = {}
        for room in rooms:
            specs: list[Spec] = [*room.caches, *room.indexes]
            self._specs.update({(room.name, spec.name): spec for spec in specs})
        self._alone: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    async def refresh(self) -> None:
        """At the start: make anew what was in use and is not whole, and remove what nobody declares."""
        await asyncio.to_thread(self._remove_undeclared)
        for room, name, workspace in sorted(await self._used()):
            try:
                await self.ready(room, name, workspace)
            except GarretError as error:
                _logger.warning("%s of %s is made anew when it is needed: %s", name, room, error.message)

    async def _used(self) -> set[tuple[str, str, str]]:
        kept = await asyncio.to_thread(self._store.whole)
        used = {(each.room, each.name, each.workspace) for each in kept}
        used |= {file.owner for file in await asyncio.to_thread(self._store.files)}
        return {each for each in used if each[:2] in self._specs}

    def _remove_undeclared(self) -> None:
        """Of rooms that are here: those of others are theirs."""
        for file in self._store.files():
            room, name, _ = file.owner
            if room in self._rooms and not isinstance(self._specs.get((room, name)), IndexSpec):
                _logger.info("the index %s of %s is not used any more and is removed", name, room)
                file.remove()

    async def ready(self, room: str, name: str, workspace: str) -> None:
        """Return when it is whole, making it first where it is not. Raises GarretError where that fails."""
        spec = self._spec(room, name)
        check_workspace(workspace)
        async with self._alone.setdefault((room, name, workspace), asyncio.Lock()):
            if not await asyncio.to_thread(self._is_whole, spec, room, workspace):
                await self._make_anew(spec, room, workspace)

    async def discard(self, room: str, name: str, workspace: str) -> None:
        """Throw it away; it is made anew when it is needed next."""
        spec = self._spec(room, name)
        async with self._alone.setdefault((room, name, workspace), asyncio.Lock()):
            await self._throw_away(spec, room, workspace)

    async def use(self, room: str, name: str, workspace: str, work: Callable[[IndexFile], Awaitable[T]]) -> T:
        """Do `work` with an index that is whole. Where it turns out damaged, make it anew and do it again.

        It is damaged where `work` raises a GarretError with `INDEX_DAMAGED` among its details.
        """
        file = self.file(room, name, workspace)
        await self.ready(room, name, workspace)
        try:
            return await work(file)
        except GarretError as error:
            if not error.details.get(INDEX_DAMAGED):
                raise
            _logger.warning("the index %s of %s is damaged and made anew: %s", name, room, error.message)
        await self.discard(room, name, workspace)
        await self.ready(room, name, workspace)
        return await work(file)

    def file(self, room: str, name: str, workspace: str) -> IndexFile:
        """Where an index lies, whole or not: for the command that makes it. Raises ControlError."""
        if not isinstance(self._spec(room, name), IndexSpec):
            raise ControlError(f"{name[:80]!r} of {room} is a cache, not an index.", code=Code.USAGE)
        return self._store.file(room, name, check_workspace(workspace))

    def _spec(self, room: str, name: str) -> Spec:
        spec = self._specs.get((room, name))
        if spec is None:
            raise ControlError(
                f"The room {room} declares no cache or index {name[:80]!r}.", code=Code.NOT_FOUND
            )
        return spec

    def _is_whole(self, spec: Spec, room: str, workspace: str) -> bool:
        if Whole(room, spec.name, workspace, spec.version) not in self._store.whole():
            return False
        return isinstance(spec, CacheSpec) or self._store.file(room, spec.name, workspace).there

    async def _make_anew(self, spec: Spec, room: str, workspace: str) -> None:
        await self._throw_away(spec, room, workspace)
        await self._make(room, workspace, spec.rebuild())
        await self._store.note(Whole(room, spec.name, workspace, spec.version))

    async def _throw_away(self, spec: Spec, room: str, workspace: str) -> None:
        tables = spec.tables if isinstance(spec, CacheSpec) else ()
        await self._store.throw_away(room, spec.name, workspace, tables)


class RoomDerived:
    """What is derived, for one room."""

    def __init__(self, room: str, derived: Derived) -> None:
        self._room = room
        self._derived = derived

    async def ready(self, name: str, workspace: str) -> None:
        """Return when a cache or index is whole, making it first where it is not. Raises GarretError."""
        await self._derived.ready(self._room, name, workspace)

    async def use(self, name: str, workspace: str, work: Callable[[IndexFile], Awaitable[T]]) -> T:
        """Do `work` with an index that is whole; where it turns out damaged, again with one made anew."""
        return await self._derived.use(self._room, name, workspace, work)

    def file(self, name: str, workspace: str) -> IndexFile:
        """Where an index lies, whole or not: for the command that makes it. Raises ControlError."""
        return self._derived.file(self._room, name, workspace)

    async def discard(self, name: str, workspace: str) -> None:
        """Throw a cache or index away, as where its sources changed beyond mending."""
        await self._derived.discard(self._room, name, workspace)
