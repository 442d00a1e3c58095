"""Workers for sources: one process for each call, or one kept ready from a draft until its run.

Between a draft, whose plan was asked for, and its approval passes a person's time; the process that
explained it is kept for that long, so that the first rows come at once. Few are kept, the newest. Whoever
drafts again over the same source takes the process along: it runs for the newest of its drafts, and for an
older one that is approved after all there is a new one.

A source that is reached by way of another machine has an ssh of its own for each of its processes, which
ends with it.

Neighbours: `reach` (what is granted), `sources` (who asks), `running` (who takes what was kept),
`control.tunnels` (ssh).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple

import msgspec

from garret.control.commands.inner import InnerCaller
from garret.control.door import Door
from garret.features.data.contracts import DEFAULT_PORTS, SourceConfig, tunnel_socket
from garret.features.data.contracts.work import Keys
from garret.features.data.reach import Reach, leaves, reach_of
from garret.transport import bulk

KEPT_SECONDS: Final = 120.0
"""As long as an approval may be given."""

_KEPT: Final = 2


class Known(NamedTuple):
    """A source as the room works with it; `profile` is whose it is, `samples` whether models see values."""

    id: str
    name: str
    config: SourceConfig
    enabled: bool
    samples: bool
    added: float
    profile: str
    workspace: str


class _Kept(NamedTuple):
    target: str
    source: str
    config: SourceConfig
    stack: AsyncExitStack
    timer: asyncio.TimerHandle

    def serves(self, known: Known) -> bool:
        return (self.source, self.config) == (known.id, known.config)


class Connections:
    """The room's processes that reach sources."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._kept: dict[str, _Kept] = {}
        self._folders: dict[str, str] = {}  # with the sockets of tunnels, by the process that has one

    def secret_name(self, source: str) -> str:
        return f"data.{source}"

    def keys(self, source: str, password: str | None = None) -> int:
        """A memory file with what is secret of a source; the caller's to close."""
        if password is None:
            password = self._door.secret(self.secret_name(source)) or ""
        cache_key = self._door.secret("data.copies") or ""
        return bulk.from_bytes(msgspec.msgpack.encode(Keys(password=password, cache_key=cache_key)))

    def copies(self, known: Known) -> str:
        """The folder of faster copies of a source's files; empty where it has none."""
        return str(self._door.copies / known.id) if known.config.kind == "files" else ""

    def asking(self, calls: InnerCaller, target: str, known: Known) -> InnerCaller:
        """What a source's process is asked with: it says whether that leaves the machine."""
        return calls.at(target, leaves=leaves(known.config))

    def _reach(self, known: Known) -> Reach:
        folder = None
        if self.copies(known):
            folder = self._door.copies / known.id
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return reach_of(known.config, known.name, folder)

    @asynccontextmanager
    async def to(self, known: Known) -> AsyncGenerator[str]:
        """A process for this source alone, killed when the block is left. Raises ControlError."""
        reach = await asyncio.to_thread(self._reach, known)
        async with AsyncExitStack() as stack:
            folder = await self._tunnel(stack, known)
            target = await stack.enter_async_context(
                self._door.worker_with("query", reach.grants, *reach.destinations)
            )
            if folder:
                self._folders[target] = folder
                stack.callback(self._folders.pop, target)
            yield target

    async def _tunnel(self, stack: AsyncExitStack, known: Known) -> str:
        """The folder with the socket of a tunnel that `stack` closes; empty where the source needs none."""
        config = known.config
        if not config.ssh:
            return ""
        way = self._door.tunnel(
            config.ssh,
            config.host,
            config.port or DEFAULT_PORTS[config.kind],
            tunnel_socket(config),
            settings=str(self._door.setting("data.ssh_config")),
            profile=known.profile,
            workspace=known.workspace,
        )
        return str(await stack.enter_async_context(way))

    def config(self, target: str, known: Known) -> SourceConfig:
        """How the process `target` reaches its source: as it was added, or by its tunnel's socket."""
        folder = self._folders.get(target)
        return known.config if folder is None else msgspec.structs.replace(known.config, paths=(folder,))

    @asynccontextmanager
    async def for_plan(self, draft: str, known: Known) -> AsyncGenerator[str]:
        """A process that plans for `draft`: one that planned for this source before, or a new one.

        It stays for the draft's run, unless the block fails; the oldest goes where there are many.
        """
        idle = next((each for each, kept in self._kept.items() if kept.serves(known)), None)
        if idle is not None:
            kept = self._kept.pop(idle)
            kept.timer.cancel()
            target, stack = kept.target, kept.stack
        else:
            stack = AsyncExitStack()
            target = await stack.enter_async_context(self.to(known))
        try:
            yield target
        except BaseException:
            await stack.aclose()
            raise
        timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._expire, draft)
        self._kept[draft] = _Kept(target, known.id, known.config, stack, timer)
        while len(self._kept) > _KEPT:
            await self.drop(next(iter(self._kept)))

    def _expire(self, draft: str) -> None:
        self._door.spawn(self.drop(draft))

    async def drop(self, draft: str) -> None:
        """End what was kept for a draft; nothing where nothing was."""
        kept = self._kept.pop(draft, None)
        if kept is not None:
            kept.timer.cancel()
            await kept.stack.aclose()

    @asynccontextmanager
    async def for_run(self, draft: str, known: Known) -> AsyncGenerator[str]:
        """The process that was kept for `draft`, or a new one; killed when the block is left."""
        kept = self._kept.pop(draft, None) if draft else None
        if kept is not None and kept.serves(known):
            kept.timer.cancel()
            async with kept.stack:
                yield kept.target
            return
        if kept is not None:
            kept.timer.cancel()
            await kept.stack.aclose()
        async with self.to(known) as target:
            yield target

    async def forget(self, source: str) -> None:
        """End everything that was kept for a source."""
        for draft in [each for each, kept in self._kept.items() if kept.source == source]:
            await self.drop(draft)

    async def close(self) -> None:
        for draft in list(self._kept):
            await self.drop(draft)


@asynccontextmanager
async def lent(*descriptors: int) -> AsyncGenerator[tuple[int, ...]]:
    """Memory files for the time of a call, closed afterwards."""
    try:
        yield descriptors
    finally:
        for each in descriptors:
            os.close(each)
