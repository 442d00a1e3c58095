"""All workers of the house: one pool for each kind that a room declares, started and stopped in order.

A pool whose worker needs another kind is started when that one is there, and stopped before it. Kinds that
start on demand count as there at once: what they need is started beside them. A change of a setting, or of
the profile in force, replaces the processes that were told something else, new ones first.

Neighbours: `plane` owns it, `pools` runs each kind, `dependencies` gives the order, `places` fills in grants.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from garret.base import log
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.commands.broker import Broker
from garret.control.commands.request import Pending
from garret.control.errors import ControlError
from garret.control.settings.settings import Change, Settings
from garret.control.supervision import events as sv
from garret.control.supervision.dependencies import Shutdown, Startup
from garret.control.supervision.scheduler import Scheduler
from garret.control.watching.metrics import Metrics
from garret.control.workers.lending import Lender
from garret.control.workers.places import fill, passed_on
from garret.control.workers.pools import Pool
from garret.control.workers.process import sweep_orphans
from garret.control.workers.slots import Launch
from garret.control.workers.spawning import allowed, spec_of_one
from garret.control.workers.terminals import Terminals
from garret.protocol.handshake import NonceMemory
from garret.protocol.manifest import Destination, Grants, WorkerSpec, kind_of
from garret.worker import descendants

_logger = log.get("control.plane")

_LOOK_SECONDS: Final = 1.0
"""How often it is looked at what working processes hold."""

_REPLACED_SECONDS: Final = 5.0  # a worker with an engine takes one or two
_BEATS_OF_SILENCE: Final = 3.0
"""So many heartbeats may be missed before a busy worker is taken for hung."""


class WayOut(Protocol):
    """The egress process, as far as workers need it: see `control.egress.egress`."""

    @property
    def reached_by(self) -> int: ...

    def serve(self, spec: WorkerSpec, listener: int) -> int: ...

    def in_hand(self, key: int, pending: Iterable[Pending]) -> None: ...


class Surroundings(Protocol):
    """What the workers' news is for; `pids` are the children of this process that are no workers."""

    @property
    def profile(self) -> str: ...

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None: ...

    def on_worker_line(self, source: str, stream: str, line: str) -> None: ...

    def other_pids(self) -> list[int]: ...

    def secret(self, name: str) -> str | None: ...

    def on_worker_given(self, name: str, what: str) -> None: ...


class Workers:
    """Every pool, by the name of its worker."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        home: Home,
        settings: Settings,
        broker: Broker,
        metrics: Metrics,
        nonces: NonceMemory,
        house: Surroundings,
        way_out: WayOut,
    ) -> None:
        self._way_out = way_out
        self.pools: dict[str, Pool] = {}
        self.scheduler = Scheduler()
        self._loop = loop
        self._home = home
        self._settings = settings
        self._broker = broker
        self._metrics = metrics
        self._nonces = nonces
        self._house = house
        self._startup: Startup | None = None
        self._look: asyncio.TimerHandle | None = None
        self._numbers = itertools.count(1)
        self.terminals = Terminals(loop)

    def add(self, spec: WorkerSpec) -> None:
        """Make the pool of one kind; nothing is started."""
        beat = float(self._settings.get("supervisor.heartbeat_seconds"))
        pool = Pool(
            self._loop,
            spec,
            self._life(spec, beat),
            self._broker,
            self.scheduler,
            self._metrics,
            self._nonces,
            self,
            heartbeat_seconds=beat,
        )
        self.pools[spec.name] = pool
        self._broker.attach(spec.name, pool)

    def _life(self, spec: WorkerSpec, beat: float) -> sv.Life:
        get = self._settings.get
        first = float(get("supervisor.backoff_first"))
        return sv.Life(
            on_demand=spec.on_demand,
            idle_seconds=spec.idle_seconds,
            start_seconds=spec.start_seconds,
            silence_seconds=max(spec.silence_seconds, _BEATS_OF_SILENCE * beat),
            stall_seconds=spec.stall_seconds,
            drain_seconds=float(get("supervisor.drain_seconds")),
            term_seconds=float(get("supervisor.terminate_seconds")),
            max_restarts=int(get("supervisor.restart_limit")),
            window_seconds=float(get("supervisor.restart_window")),
            backoff_floor=first,
            backoff_ceiling=max(first, float(get("supervisor.backoff_limit"))),
        )

    # ---- life

    def start(self) -> None:
        """Start in the order of their needs. Raises DependencyError; nothing is started then."""
        self._startup = Startup(self._needs())
        self._begin(self._startup.begin())

    def _needs(self) -> dict[str, tuple[str, ...]]:
        return {name: pool.spec.depends_on for name, pool in self.pools.items()}

    def _begin(self, names: tuple[str, ...]) -> None:
        for name in names:
            pool = self.pools[name]
            pool.blocked = ""
            pool.start()
            if pool.spec.on_demand and self._startup is not None:
                self._begin(self._startup.ready(name))

    async def stop(self) -> None:
        """Stop all, each before what it needs."""
        self._startup = None
        shutdown = Shutdown(self._needs())

        async def end(name: str) -> None:
            await self.pools[name].stop()
            await asyncio.gather(*map(end, shutdown.stopped(name)))

        await asyncio.gather(*map(end, shutdown.begin()))
        if self._look is not None:
            self._look.cancel()
        self.terminals.close()

    # ---- processes for one call

    @asynccontextmanager
    async def spawn(
        self, kind: str, grants: Grants, destinations: tuple[Destination, ...] = ()
    ) -> AsyncGenerator[str]:
        """A process of `kind` with exactly `grants` and a way to `destinations`, for the time of the block.

        Then it is killed. Yields the target to which its commands go (`InnerCaller.at`). It starts at the
        first of them; one that died fails what it had in hand and starts anew at the next. `grants` hold
        absolute paths, and are held to what the manifest allows. Raises ControlError: denied, not found,
        usage where there is no such kind or it is not spawned, busy where as many run as may, unavailable
        while Garret stops.
        """
        pool = self.pools.get(kind)
        if pool is None or pool.spec.spawn is None:
            raise ControlError(f"There is no worker {kind} to spawn.", code=Code.USAGE)
        if self._startup is None:
            raise ControlError(f"Garret is stopping; no {kind} was started.", code=Code.UNAVAILABLE)
        running = sum(1 for name in self.pools if name != kind and kind_of(name) == kind)
        if running >= pool.spec.spawn.at_once:
            raise ControlError(
                f"{running} processes of {kind} run for one call each, which is all that may. Nothing was "
                "started; try again in a moment.",
                code=Code.BUSY,
            )
        granted = allowed(pool.spec, grants, self._places, self._home.root, destinations)
        spec = spec_of_one(pool.spec, next(self._numbers), granted, destinations)
        self.add(spec)
        mine = self.pools[spec.name]
        mine.start()
        try:
            yield spec.name
        finally:
            await asyncio.shield(self._loop.create_task(self._end_spawned(mine)))

    async def _end_spawned(self, pool: Pool) -> None:
        name = pool.spec.name
        self._broker.detach(name)
        await pool.stop(urgent=True)
        self.pools.pop(name, None)
        self.scheduler.remove_pool(name)

    # ---- what processes hold

    def _look_again(self) -> None:
        """Once a second while there is a process."""
        if self._look is None:
            self._look = self._loop.call_later(_LOOK_SECONDS, self._look_at_memory)

    def _look_at_memory(self) -> None:
        self._look = None
        for pool in self.pools.values():
            for slot in pool.slots:
                slot.look_at_memory()
        if any(pool.pids for pool in self.pools.values()):
            self._look_again()

    def lender_of(self, spec: WorkerSpec, grants: Grants) -> Lender:
        """What a process may borrow that is about to be started."""
        self._look_again()

        def terminal(columns: int, rows: int) -> int:
            opened = self.terminals.open(columns, rows)
            self._house.on_worker_given(spec.name, "a terminal with the person's shell")
            return opened

        return Lender(grants, terminal)

    def worker_of(self, pid: int) -> str:
        """The name of the worker that the process `pid` is or descends from; empty for any other process."""
        owners = {owned: pool.spec.name for pool in self.pools.values() for owned in pool.pids}
        seen: set[int] = set()
        current: int | None = pid
        while current and current not in seen:
            if current in owners:
                return owners[current]
            seen.add(current)
            current = descendants.parent(current)
        return ""

    # ---- what processes are started with

    def launch_of(self, spec: WorkerSpec) -> Launch:
        """What a worker is started with now: its grants with their places filled in, its settings."""
        profile = self._house.profile
        values = {key: self._settings.get(key, profile) for key in spec.settings}
        grants = spec.grants
        filled = Grants(
            read=(*self._places(grants.read), *spec.search_path),
            write=self._places(grants.write),
            execute=tuple(path for path in grants.execute if os.access(path, os.X_OK)),
            devices=tuple(path for path in grants.devices if Path(path).exists()),
            network=bool(spec.destinations),
            local_sockets=grants.local_sockets,
            watch=self._places(grants.watch),
            terminal=grants.terminal,
            memory=grants.memory,
            memory_bytes=grants.memory_bytes,
            open_files=grants.open_files,
            processes=grants.processes,
            file_bytes=grants.file_bytes,
            cpu_seconds=grants.cpu_seconds,
        )
        secrets = {name: value for name in spec.secrets if (value := self._house.secret(name)) is not None}
        for name in secrets:
            self._house.on_worker_given(spec.name, f"the secret {name}")
        reached_by = self._way_out.reached_by if spec.destinations else 0
        return Launch(filled, values, passed_on(spec.environment, os.environ), secrets, reached_by)

    def _places(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        def setting(key: str) -> object:
            return self._settings.get(key, self._house.profile)

        return tuple(fill(paths, home=str(self._home.root), setting=setting, environ=os.environ))

    def instances_of(self, spec: WorkerSpec) -> int:
        if isinstance(spec.instances, int):
            return spec.instances
        return int(self._settings.get(spec.instances)) or max(1, (os.cpu_count() or 2) - 1)

    def spares_of(self, spec: WorkerSpec) -> int:
        if not self._settings.enabled("warm_spares"):
            return 0
        return spec.spares if isinstance(spec.spares, int) else int(self._settings.get(spec.spares))

    # ---- changes

    def setting_changed(self, change: Change) -> None:
        """Replace the processes that were told the old value."""
        if change.profile is None or change.profile == self._house.profile:
            self._replace(lambda key: key == change.key)

    async def replaced(self) -> None:
        """Until every process that was told an old value has given way to one that was told the new.

        At most some seconds: one that takes longer, or does not start, is told of by itself.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REPLACED_SECONDS):
                for pool in list(self.pools.values()):
                    await pool.replaced()

    def secret_changed(self, name: str) -> None:
        """Replace the processes that were told the old value of a secret."""
        for pool in self.pools.values():
            if kind_of(pool.spec.name) == pool.spec.name and name in pool.spec.secrets:
                pool.replace()

    def profile_changed(self, old: str, new: str) -> None:
        """Replace the processes for which the profile now in force has other values."""
        get = self._settings.get
        self._replace(lambda key: get(key, old) != get(key, new))

    def _replace(self, differs: Callable[[str], bool]) -> None:
        for name, pool in self.pools.items():
            if kind_of(name) == name and any(differs(key) for key in _told(pool.spec)):
                pool.replace()

    # ---- the pools' house

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None:
        """A worker's state changed: into the log, to whoever watches, and on to those that need it."""
        level = logging.ERROR if state == sv.State.FAILED else logging.INFO
        _logger.log(level, "%s#%d is %s: %s", name, slot, state, sentence)
        self._house.on_worker_state(name, slot, state, sentence)
        if state == sv.State.STARTING:
            for needed in self.pools[name].spec.depends_on:
                self.pools[needed].warm()
        if self._startup is None:
            return
        if state == sv.State.READY:
            self._begin(self._startup.ready(name))
        elif state == sv.State.FAILED and not self.pools[name].supervisor.available:
            for blocked in sorted(self._startup.failed(name)):
                reason = f"{blocked} is not started, because it needs {name}. {sentence}"
                self.pools[blocked].blocked = reason
                _logger.error("%s", reason)

    def on_worker_line(self, source: str, stream: str, line: str) -> None:
        self._house.on_worker_line(source, stream, line)

    def on_way_out(self, spec: WorkerSpec, listener: int) -> int:
        """A worker's process asks for its connections at `listener`; returns what it is known by there."""
        return self._way_out.serve(spec, listener)

    def on_in_hand(self, way_out: int, pending: Iterable[Pending]) -> None:
        """What a worker's process with a way out has to do from now on."""
        self._way_out.in_hand(way_out, pending)

    def way_out_lost(self) -> None:
        """The egress process ended: what workers have open could be neither counted nor cut any more."""
        for pool in self.pools.values():
            if pool.spec.destinations:
                pool.kill()

    def sweep(self) -> None:
        """End what a killed guardian left behind: children of this process that nobody holds."""
        known = [pid for pool in self.pools.values() for pid in pool.pids]
        ended = sweep_orphans([*known, *self.terminals.pids(), *self._house.other_pids()])
        if ended:
            _logger.warning("%d processes without a guardian were ended", len(ended))


def _told(spec: WorkerSpec) -> Iterator[str]:
    """The keys of all settings that a process of this kind is started with."""
    yield from spec.settings
    yield from (each.setting for each in spec.destinations if each.setting is not None)
    for path in (*spec.grants.read, *spec.grants.write, *spec.grants.watch):
        if path.startswith("{setting:"):
            yield path[9:].partition("}")[0]
