"""The control plane: the one trusted process, put together from its parts.

It opens no TCP socket and computes nothing heavy. `ControlPlane.open` brings up storage, secrets,
settings and the rooms' services; `serve` lets clients in; `stop` drains and closes in the reverse
order. Everything runs on one event loop; the storage writer has a thread of its own.

Neighbours: the parts of this package, `storage`, and `daemon`, which runs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from garret.base import log
from garret.base.build import build_hash
from garret.base.clock import SYSTEM
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.control import supervisor_events as sv
from garret.control.approval_gate import ApprovalDesk
from garret.control.broker import Broker
from garret.control.bus import EventBus
from garret.control.connection import ClientConnection
from garret.control.context import Context
from garret.control.core_settings import CORE_SETTINGS
from garret.control.inner import InnerCaller
from garret.control.jobs import Jobs
from garret.control.listener import HomeLock, Listener
from garret.control.log_pump import LogPump
from garret.control.metrics import Metrics
from garret.control.outside import decode_programs
from garret.control.outside_driver import OutsidePrograms
from garret.control.places import fill, passed_on
from garret.control.policy import Policy
from garret.control.pools import Pool
from garret.control.process import sweep_orphans
from garret.control.request import Caller
from garret.control.scheduler import Scheduler
from garret.control.secrets import DATABASE_KEY, DEVICE_KEY, SecretStore
from garret.control.service import Service, Services
from garret.control.setting_rows import FlatStore, scoped
from garret.control.settings import Settings
from garret.control.slots import Launch
from garret.control.watchdog import Watchdog
from garret.protocol.contract import CONTROL, CommandMeta, Registry
from garret.protocol.envelope import encode_payload
from garret.protocol.handshake import NonceMemory, ServerHandshake
from garret.protocol.manifest import Grants, Room, WorkerSpec
from garret.storage.log_store import LogLimit
from garret.storage.objects import KeySigner
from garret.storage.store import Keys, RoomTables, Store
from garret.transport.client import read_secret

_logger = log.get("control.plane")

MAX_CLIENTS: Final = 256
CLIENT_ROLES: Final = frozenset({"cli", "shell", "gateway"})
_JOBS_AT_ONCE: Final = 16


class ControlPlane:
    """Everything that runs in the control plane's process."""

    def __init__(
        self, home: Home, rooms: Sequence[Room], lock: HomeLock, secrets: SecretStore, store: Store
    ) -> None:
        self.home = home
        self.rooms = tuple(rooms)
        self.secrets = secrets
        self.store = store
        self.started = time.monotonic()
        self.profile = "admin"
        self.stopping = asyncio.Event()
        self.notices: list[str] = []
        self.connections: set[ClientConnection] = set()
        self.pools: dict[str, Pool] = {}
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._nonces = NonceMemory()
        self._services_built: list[Service] = []
        self._listener: Listener | None = None
        self._boot = boot_id()
        self._client_secret = read_secret(home)
        self.registry = Registry(
            (command for room in rooms for command in room.commands),
            (event for room in rooms for event in room.events),
        )
        self.metrics = Metrics()
        self.bus = EventBus()
        self.policy = Policy({meta.capability for meta in self.registry.commands()})
        definitions = [*CORE_SETTINGS, *(setting for room in rooms for setting in room.settings)]
        self.settings = Settings(
            definitions,
            FlatStore(store.settings),
            scoped(store.settings.all()),
            checks={"outside.programs": decode_programs},
            has_secret=lambda name: secrets.get(name) is not None,
        )
        self.broker = Broker(self.registry, self.policy, self.metrics, refused=self._refused)
        self.services = Services(self.broker)
        self.scheduler = Scheduler()
        self.jobs = Jobs(
            self.broker,
            self.registry,
            store.ledger,
            limit=_JOBS_AT_ONCE,
            attempts=lambda: int(self.settings.get("jobs.attempts")),
            accepted=lambda caller, job: self._audit(
                caller.role, caller.profile, job.command, "accepted", {"job": job.id}
            ),
            changed=self._job_changed,
        )
        self.approvals = ApprovalDesk(
            self.broker, store, self._boot, lambda: float(self.settings.get("approvals.lifetime_seconds"))
        )
        self.broker.attach(CONTROL, self.services)
        self.broker.jobs = self.jobs
        self.broker.approvals = self.approvals
        self.signer = KeySigner(secrets.ensure_key(DEVICE_KEY))
        limit = LogLimit(int(self.settings.get("logs.lines")))
        self.log_pump = LogPump(self._loop, store.logs, limit)
        self.outside = OutsidePrograms(self)
        self.watchdog = Watchdog(threshold=self.settings.get("watchdog.stall_milliseconds") / 1000)

    # ---- life

    @classmethod
    async def open(
        cls, home: Home, rooms: Sequence[Room], *, lock: HomeLock, secrets: SecretStore
    ) -> ControlPlane:
        """Bring everything up, short of letting clients in. Raises GarretError; nothing is then open."""
        keys = Keys(secrets.ensure_key(DATABASE_KEY), secrets.ensure_key(f"{DATABASE_KEY}.cache"))
        store = Store.open(home, keys, [_tables_of(room) for room in rooms] + [_OWN_TABLES])
        try:
            plane = cls(home, rooms, lock, secrets, store)
            await plane._start()
        except BaseException:
            store.close()
            raise
        return plane

    async def _start(self) -> None:
        logging.getLogger("garret").addHandler(self.log_pump)
        logging.getLogger("garret").setLevel(str(self.settings.get("logs.level")).upper())
        self.settings.subscribe("logs.level", lambda change: _set_level(str(change.new)))
        self.settings.subscribe("", self._setting_changed)
        for room in self.rooms:
            for spec in room.workers:
                self._add_pool(spec)
        for room in self.rooms:
            if room.service is not None:
                service = _load(room.service)(self.context(room.name))
                self._services_built.append(service)
                self.services.add(service)
        for service in self._services_built:
            await service.start()
        for pool in self.pools.values():
            pool.start()
        self.watchdog.attach(self._loop)
        self.outside.start()
        await self._audit("owner", self.profile, "house.start", "done", {"process": os.getpid()})
        resumed, failed = await self.jobs.replay()
        if resumed or failed:
            text = f"{resumed} jobs that were cut off go on; {failed} could not."
            _logger.warning("%s", text)
            self.notices.append(text)

    def serve(self) -> None:
        """Let clients in."""
        self._listener = Listener(
            self._loop,
            self.home,
            limit=MAX_CLIENTS,
            count=lambda: len(self.connections),
            on_connection=self._connected,
            on_refused=self._knock_refused,
        )
        _logger.info("ready after %.0f ms", (time.monotonic() - self.started) * 1000)

    async def stop(self) -> None:
        """Let nobody in, give running jobs back to the ledger, drain the workers, close storage."""
        if self._listener is not None:
            self._listener.close()
        await self.jobs.stop(self.services.stop)
        for service in reversed(self._services_built):
            await service.stop()
        await asyncio.gather(self.outside.stop(), *(pool.stop() for pool in self.pools.values()))
        for connection in list(self.connections):
            connection.channel.close()
        self.watchdog.stop()
        logging.getLogger("garret").removeHandler(self.log_pump)
        await self.log_pump.write_out()
        await asyncio.to_thread(self.store.close)
        self._lock.close()

    def context(self, room: str) -> Context:
        """The house as a room's service sees it."""
        return Context(
            room,
            self.home,
            self.store,
            self.settings,
            self.secrets,
            self.policy,
            self.bus,
            self.jobs,
            InnerCaller(self.broker, f"service:{room}"),
            self.signer,
            self,
        )

    # ---- clients

    def _connected(self, connection: socket.socket) -> None:
        handshake = ServerHandshake(
            self._client_secret,
            build_hash(),
            roles=CLIENT_ROLES,
            nonces=self._nonces,
            capabilities=frozenset({"memfd"}),
        )
        self.connections.add(
            ClientConnection(
                self._loop, connection, handshake, self.broker, lambda: self.profile, self._disconnected
            )
        )

    def _disconnected(self, connection: ClientConnection, reason: GarretError) -> None:
        self.connections.discard(connection)
        self.metrics.count("bytes_in", connection.channel.received_bytes)
        self.metrics.count("bytes_out", connection.channel.sent_bytes)
        if not connection.role or reason.code == "invalid":
            self._knock_refused(reason.message)

    def _knock_refused(self, reason: str) -> None:
        self.metrics.count("refusals", part="connection")
        _logger.warning("a connection was refused: %s", reason)
        self.spawn(self._audit("unknown", "", "connect", "refused", {"reason": reason}))

    def _refused(self, caller: Caller, meta: CommandMeta, reason: str) -> None:
        _logger.warning("%s was denied to %s (%s)", meta.name, caller.name, caller.profile)
        self.spawn(self._audit(caller.role, caller.profile, meta.name, "denied", {"reason": reason}))

    async def _audit(
        self, role: str, profile: str, action: str, outcome: str, details: dict[str, Any]
    ) -> None:
        try:
            await self.store.audit.append(role, profile, action, outcome, details)
        except GarretError as error:
            _logger.error("the audit entry for %s was not written: %s", action, error.message)

    def spawn(self, work: Any) -> None:
        """Run a coroutine to its end beside everything else."""
        task = self._loop.create_task(work)
        _BACKGROUND.add(task)
        task.add_done_callback(_BACKGROUND.discard)

    # ---- workers

    def _add_pool(self, spec: WorkerSpec) -> None:
        get = self.settings.get
        life = sv.Life(
            on_demand=spec.on_demand,
            idle_seconds=spec.idle_seconds,
            start_seconds=spec.start_seconds,
            silence_seconds=spec.silence_seconds,
            stall_seconds=spec.stall_seconds,
            drain_seconds=float(get("supervisor.drain_seconds")),
            term_seconds=float(get("supervisor.terminate_seconds")),
            max_restarts=int(get("supervisor.restart_limit")),
            window_seconds=float(get("supervisor.restart_window")),
            backoff_floor=float(get("supervisor.backoff_first")),
            backoff_ceiling=float(get("supervisor.backoff_limit")),
        )
        pool = Pool(
            self._loop,
            spec,
            life,
            self.broker,
            self.scheduler,
            self.metrics,
            self._nonces,
            self,
            heartbeat_seconds=float(get("supervisor.heartbeat_seconds")),
        )
        self.pools[spec.name] = pool
        self.broker.attach(spec.name, pool)

    def launch_of(self, spec: WorkerSpec) -> Launch:
        """What a worker is started with now: its grants with their places filled in, its settings."""
        values = {key: self.settings.get(key) for key in spec.settings}
        grants = spec.grants
        filled = Grants(
            read=(*self._places(grants.read), *spec.search_path),
            write=self._places(grants.write),
            execute=tuple(path for path in grants.execute if os.access(path, os.X_OK)),
            devices=tuple(path for path in grants.devices if Path(path).exists()),
            network=grants.network,
            local_sockets=grants.local_sockets,
            memory_bytes=grants.memory_bytes,
            open_files=grants.open_files,
            processes=grants.processes,
            file_bytes=grants.file_bytes,
            cpu_seconds=grants.cpu_seconds,
        )
        return Launch(filled, values, passed_on(spec.environment, os.environ))

    def _places(self, paths: Sequence[str]) -> tuple[str, ...]:
        home, setting = str(self.home.root), self.settings.get
        return tuple(fill(paths, home=home, setting=setting, environ=os.environ))

    def instances_of(self, spec: WorkerSpec) -> int:
        if isinstance(spec.instances, int):
            return spec.instances
        return int(self.settings.get(spec.instances)) or max(1, (os.cpu_count() or 2) - 1)

    def spares_of(self, spec: WorkerSpec) -> int:
        if not self.settings.enabled("warm_spares"):
            return 0
        return spec.spares if isinstance(spec.spares, int) else int(self.settings.get(spec.spares))

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None:
        """A worker's state changed: into the log, and to whoever watches."""
        level = logging.ERROR if state == sv.State.FAILED else logging.INFO
        _logger.log(level, "%s#%d is %s: %s", name, slot, state, sentence)
        self.publish("house.worker_changed", {"name": name, "slot": slot, "state": state, "sentence": sentence})

    def on_worker_line(self, source: str, stream: str, line: str) -> None:
        self.log_pump.worker_line(source, stream, line, SYSTEM.wall())

    def sweep(self) -> None:
        """End what a killed guardian left behind: children of this process that nobody holds."""
        known = [pid for pool in self.pools.values() for slot in pool.slots for pid in slot.pids]
        ended = sweep_orphans([*known, *self.outside.pids()])
        if ended:
            _logger.warning("%d processes without a guardian were ended", len(ended))

    # ---- events

    def publish(self, name: str, fields: dict[str, Any]) -> None:
        """Publish one of the house's own events."""
        kind = self.registry.event_type(name)
        if kind is None:
            return  # the room that declares it is not part of this house
        self.bus.publish(name, encode_payload(kind(**fields)))

    def _job_changed(self, job: str, command: str, state: str, fraction: float, note: str) -> None:
        fields = {"job": job, "command": command, "state": state, "fraction": fraction, "note": note}
        self.publish("house.job_changed", fields)

    def _setting_changed(self, change: Any) -> None:
        text = next(value.text for value in self.settings.listing() if value.setting.key == change.key)
        self.publish("house.setting_changed", {"key": change.key, "value": text})
        for pool in self.pools.values():
            if change.key in pool.spec.settings or f"{{setting:{change.key}}}" in pool.spec.grants.read:
                pool.replace()


_BACKGROUND: Final[set[asyncio.Task[Any]]] = set()
_OWN_TABLES: Final = RoomTables("control", durable="garret.control.migrations")


def boot_id() -> str:
    """A name for this boot of the machine, for what is measured on its monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux: the monotonic clock then vouches for itself
        return f"{SYSTEM.wall() - SYSTEM.monotonic():.0f}"


def _set_level(level: str) -> None:
    logging.getLogger("garret").setLevel(level.upper())


def _tables_of(room: Room) -> RoomTables:
    projection = _load(room.projection) if room.projection is not None else None
    return RoomTables(room.name, durable=room.migrations, projection=projection)


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
