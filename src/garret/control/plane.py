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
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from garret.base import log
from garret.base.build import build_hash
from garret.base.clock import SYSTEM
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.control.access.policy import Policy, declared
from garret.control.background import Background
from garret.control.clients.bus import EventBus
from garret.control.clients.connection import ClientConnection
from garret.control.clients.listener import HomeLock, Listener
from garret.control.clients.porch import PorchKeeper
from garret.control.commands.approval_gate import ApprovalDesk
from garret.control.commands.broker import STOP_SECONDS, Broker
from garret.control.commands.service import Service, Services
from garret.control.derived import Derived
from garret.control.door import Door, HouseDoor
from garret.control.egress.closing import check_rules
from garret.control.egress.egress import Egress
from garret.control.egress.log import EgressLog
from garret.control.egress.wire import Entry, Place
from garret.control.foundation import boot_id, load_object, open_store
from garret.control.jobs.jobs import Jobs
from garret.control.outbox.outbox import Outbox
from garret.control.outside.driver import OutsidePrograms
from garret.control.outside.programs import decode_programs
from garret.control.schedules.schedules import Schedules
from garret.control.secrets.store import DEVICE_KEY, SecretStore
from garret.control.settings.core import CORE_SETTINGS
from garret.control.settings.rows import FlatStore, scoped
from garret.control.settings.settings import Change, Settings
from garret.control.tunnels.tunnels import Tunnels, Wanted
from garret.control.watching.audit_keeper import AuditKeeper
from garret.control.watching.log_pump import LogPump
from garret.control.watching.metrics import Metrics
from garret.control.watching.refusals import Refusals
from garret.control.watching.storage_watch import StorageWatch
from garret.control.watching.watchdog import Watchdog
from garret.control.workers.pools import Pool
from garret.control.workers.workers import Workers
from garret.protocol.contract import CONTROL, Command, Registry
from garret.protocol.envelope import encode_payload
from garret.protocol.handshake import NonceMemory, ServerHandshake
from garret.protocol.manifest import CLIENT_ROLES, Room
from garret.protocol.scope import DEFAULT_WORKSPACE
from garret.storage.ledger_types import Job
from garret.storage.log_store import LogLimit
from garret.storage.objects import KeySigner
from garret.storage.store import Store
from garret.storage.writer_state import Mode
from garret.transport.client import read_secret

_logger = log.get("control.plane")

MAX_CLIENTS: Final = 256
HOUSE: Final = "house"
"""The one room that sees the plane."""
INTERNAL: Final = "house."
"""How the keys begin that the house keeps beside the settings and nobody sets."""
_JOBS_AT_ONCE: Final = 16
_BACKGROUND_SECONDS: Final = 5.0  # at the stop, for what is being finished beside everything else


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
        self.porch = PorchKeeper(asyncio.get_running_loop())
        self._lock: HomeLock | None = lock
        self._loop = asyncio.get_running_loop()
        self._nonces = NonceMemory()
        self._services_built: list[Service] = []
        self._listener: Listener | None = None
        self._stopped = False
        self._boot = boot_id()
        self._background = Background(self._loop)
        self._client_secrets: dict[str, bytes] = {role: read_secret(home, role) for role in CLIENT_ROLES}
        self.registry = Registry(
            (command for room in rooms for command in room.commands),
            (event for room in rooms for event in room.events),
        )
        self.metrics = Metrics()
        self._refusals = Refusals(self.metrics, self._audit, self.spawn)
        self.bus = EventBus()
        self.policy = Policy(declared(self.rooms))
        definitions = [*CORE_SETTINGS, *(setting for room in rooms for setting in room.settings)]
        self.settings = Settings(
            definitions,
            FlatStore(store.settings),
            scoped({key: row for key, row in store.settings.all().items() if not key.startswith(INTERNAL)}),
            checks={"outside.programs": decode_programs, "egress.closed": check_rules},
            has_secret=lambda name: secrets.get(name) is not None,
        )
        self.broker = Broker(self.registry, self.policy, self.metrics, refused=self._refusals.command)
        self.services = Services(self.broker, store.writer.write)
        self.egress = Egress(
            self._loop,
            self,
            self.settings,
            self.policy,
            EgressLog(store.cache_writer, store.cache_readers),
            rooms,
            barred=(str(home.root), str(home.socket.parent)),
        )
        self.workers = Workers(
            self._loop, home, self.settings, self.broker, self.metrics, self._nonces, self, self.egress
        )
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
            stored=lambda command, seconds: self.metrics.record(command, "store", seconds),
        )
        self.outbox = Outbox(store, self._loop, changed=self._outbox_changed)
        self.schedules = Schedules(
            store,
            self._loop,
            jobs=self.jobs,
            bus=self.bus,
            registry=self.registry,
            policy=self.policy,
            attempts=lambda: int(self.settings.get("jobs.attempts")),
            audit=lambda owner, action, outcome, details: self._audit(
                owner.role, owner.profile, action, outcome, details
            ),
        )
        self.approvals = ApprovalDesk(
            self.broker,
            store,
            self._boot,
            lambda: float(self.settings.get("approvals.lifetime_seconds")),
            self.publish,
        )
        self.broker.attach(CONTROL, self.services)
        self.broker.jobs = self.jobs
        self.broker.approvals = self.approvals
        self.signer = KeySigner(secrets.ensure_key(DEVICE_KEY))
        limit = LogLimit(int(self.settings.get("logs.lines")))
        self.log_pump = LogPump(self._loop, store.logs, limit)
        self.derived = Derived(store.derived, rooms, self._make_anew)
        self.outside = OutsidePrograms(self, self.settings)
        self.tunnels = Tunnels(self._loop, self, home.socket.parent / "ways")
        self.watchdog = Watchdog(threshold=self.settings.get("watchdog.stall_milliseconds") / 1000)
        self.storage = StorageWatch(self._loop, store.writer, self._storage_changed)
        self.audit_keeper = AuditKeeper(self._loop, store.audit)

    # ---- life

    @classmethod
    async def open(
        cls, home: Home, rooms: Sequence[Room], *, lock: HomeLock, secrets: SecretStore
    ) -> ControlPlane:
        """Bring everything up, short of letting clients in. Raises GarretError; nothing is then open.

        A damaged database that can be opened is served read-only.
        """
        store = open_store(home, rooms, secrets)
        try:
            plane = cls(home, rooms, lock, secrets, store)
        except BaseException:
            store.close()
            raise
        try:
            await plane._start()
        except BaseException:
            plane.keep_lock()
            await plane.stop()
            raise
        return plane

    async def _start(self) -> None:
        self._loop.set_exception_handler(self._unhandled)
        logging.getLogger("garret").addHandler(self.log_pump)
        _set_level(str(self.settings.get("logs.level")))
        self.settings.subscribe("", self._setting_changed)
        for room in self.rooms:
            for spec in room.workers:
                self.workers.add(spec)
        for room in self.rooms:
            if room.service is not None:
                service = load_object(room.service)(self.door(room.name))
                self._services_built.append(service)
                self.services.add(service, room.name)
        for service in self._services_built:
            await service.start()
        self.workers.start()
        self.watchdog.attach(self._loop)
        self.outside.start()
        await self._audit("owner", self.profile, "house.start", "done", {"process": os.getpid()})
        await self._replay()
        await self.outbox.start()
        await self.schedules.start()
        self.spawn(self.derived.refresh())

    async def _make_anew(self, room: str, workspace: str, command: Command[Any]) -> None:
        """Have a room make anew what it derives from its data."""
        calls = await self.door(room).as_house(f"{command.__meta__.name}, to make it anew", workspace)
        await calls.call(command)

    async def _replay(self) -> None:
        try:
            resumed = await self.jobs.replay()
        except GarretError as error:
            _logger.error("jobs of before wait until the ledger can be written: %s", error.message)
            return
        if resumed:
            text = f"{resumed} jobs that were cut off go on."
            _logger.warning("%s", text)
            self.notices.append(text)

    def serve(self) -> None:
        """Let clients in."""
        self._listener = Listener(
            self._loop,
            self.home,
            limit=MAX_CLIENTS,
            count=lambda: len(self.connections) - len(self.porch),
            worker_of=self.workers.worker_of,
            on_connection=self._connected,
            on_refused=self._refusals.knock,
        )
        _logger.info("ready after %.0f ms", (time.monotonic() - self.started) * 1000)

    def keep_lock(self) -> None:
        """Leave the lock of the home to whoever gave it."""
        self._lock = None

    async def stop(self) -> None:
        """Let nobody in, give running jobs back to the ledger, drain the workers, close storage.

        A step that fails is logged and keeps none of the later ones from being taken. Idempotent.
        """
        if self._stopped:
            return
        self._stopped = True
        if self._listener is not None:
            self._listener.close()
        self.approvals.stop()
        steps: list[Callable[[], Awaitable[None]]] = [
            self.schedules.stop,
            self.outbox.stop,
            lambda: self.jobs.stop(self.services.stop),
            self._close_connections,
            self._stop_services,
            self.outside.stop,
            self.workers.stop,
            self.egress.stop,
            lambda: self._background.end(_BACKGROUND_SECONDS),
            self._end_watching,
        ]
        for step in steps:
            try:
                await step()
            except Exception:
                _logger.exception("a step of stopping failed")
        self._loop.set_exception_handler(None)
        await asyncio.to_thread(self.store.close)
        if self._lock is not None:
            self._lock.close()

    async def _close_connections(self) -> None:
        for connection in list(self.connections):
            connection.channel.close()

    async def _stop_services(self) -> None:
        """Stop the rooms' services, the last one first; one that fails or does not end holds up no other."""
        for service in reversed(self._services_built):
            room = type(service).__name__
            stopping = self._loop.create_task(service.stop())
            _, late = await asyncio.wait((stopping,), timeout=STOP_SECONDS)
            if late:
                stopping.cancel()
                _logger.error("%s did not stop within %g s; Garret stops without it", room, STOP_SECONDS)
            elif not stopping.cancelled() and (error := stopping.exception()) is not None:
                _logger.error("%s failed to stop", room, exc_info=error)

    async def _end_watching(self) -> None:
        self.storage.stop()
        await self.audit_keeper.stop()
        self.watchdog.stop()
        logging.getLogger("garret").removeHandler(self.log_pump)
        await self.log_pump.close_store()

    @property
    def pools(self) -> dict[str, Pool]:
        """The workers, by name."""
        return self.workers.pools

    def door(self, room: str) -> Door:
        """The house as a room's service sees it."""
        return (HouseDoor if room == HOUSE else Door)(room, self)

    # ---- clients

    def _connected(self, connection: socket.socket) -> None:
        handshake = ServerHandshake(
            self._client_secrets,
            build_hash(),
            nonces=self._nonces,
            capabilities=frozenset({"memfd"}),
        )
        self.connections.add(
            ClientConnection(
                self._loop,
                connection,
                handshake,
                self.broker,
                lambda: self.profile,
                self.porch,
                self._disconnected,
            )
        )

    def _disconnected(self, connection: ClientConnection, reason: GarretError) -> None:
        self.connections.discard(connection)
        self.metrics.count("bytes_in", connection.channel.received_bytes)
        self.metrics.count("bytes_out", connection.channel.sent_bytes)
        if not connection.role or reason.code == "invalid":
            self._refusals.knock(reason.message)

    async def _audit(
        self, role: str, profile: str, action: str, outcome: str, details: dict[str, Any]
    ) -> None:
        try:
            await self.store.audit.append(role, profile, action, outcome, details)
        except GarretError as error:
            _logger.error("the audit entry for %s was not written: %s", action, error.message)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine to its end beside everything else; what it raises is logged."""
        self._background.spawn(work)

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Whatever nobody else caught goes to the log instead of being lost."""
        del loop
        error = context.get("exception")
        _logger.error("%s", context.get("message", "an error was not handled"), exc_info=error)

    # ---- the workers' surroundings

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None:
        """Tell whoever watches how a worker or outside program is."""
        self.publish(
            "house.worker_changed", {"name": name, "slot": slot, "state": state, "sentence": sentence}
        )

    def on_worker_line(self, source: str, stream: str, line: str) -> None:
        self.log_pump.worker_line(source, stream, line, SYSTEM.wall())

    def other_pids(self) -> list[int]:
        return [*self.outside.pids(), *self.egress.pids(), *self.tunnels.pids()]

    # ---- the way out

    def on_egress_refused(self, entry: Entry) -> None:
        """A worker was refused a connection: into the log and the audit chain."""
        where = f"{entry.name or entry.address}:{entry.port} ({entry.transport})"
        self._refusals.connection(entry.worker, entry.profile, f"{where}, {entry.reason}")

    def may_leave(self, profile: str) -> bool:
        return self.policy.may_leave(profile)

    def reach(self, place: Place, wanted: Wanted) -> AbstractAsyncContextManager[socket.socket]:
        """The one connection of a tunnel."""
        return self.egress.reach(
            place, "ssh", room=wanted.room, profile=wanted.profile, workspace=wanted.workspace
        )

    def on_egress_lost(self) -> None:
        self.workers.way_out_lost()

    def secret(self, name: str) -> str | None:
        return self.secrets.get_text(name)

    def on_worker_given(self, name: str, what: str) -> None:
        """A worker got something that the audit tells of."""
        _logger.info("the worker %s was given %s", name, what)
        self.spawn(self._audit("worker", self.profile, "house.give", "done", {"worker": name, "what": what}))

    # ---- events

    def publish(
        self,
        name: str,
        fields: dict[str, Any],
        *,
        scope: str | None = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> None:
        """Publish one of the house's own events; `scope` a profile, for what concerns only it."""
        kind = self.registry.event_type(name)
        if kind is None:
            return  # the room that declares it is not part of this house
        self.bus.publish(name, encode_payload(kind(**fields)), scope=scope, workspace=workspace)

    def _job_changed(self, job: Job, state: str, fraction: float, note: str) -> None:
        fields = {"job": job.id, "command": job.command, "state": state, "fraction": fraction, "note": note}
        self.publish("house.job_changed", fields, scope=job.profile, workspace=job.workspace)

    def _outbox_changed(self, entry: str, room: str, destination: str, state: str, profile: str) -> None:
        fields = {"entry": entry, "room": room, "destination": destination, "state": state}
        self.publish("house.outbox_changed", fields, scope=profile)

    def use_profile(self, profile: str) -> None:
        """Put another profile in force; it was checked that this may be."""
        old, self.profile = self.profile, profile
        self.egress.rules_changed()
        self.workers.profile_changed(old, profile)

    def _setting_changed(self, change: Change) -> None:
        text = next(
            value.text for value in self.settings.listing(change.profile) if value.setting.key == change.key
        )
        self.publish("house.setting_changed", {"key": change.key, "value": text}, scope=change.profile)
        self.publish("house.setting_touched", {"key": change.key}, scope=change.profile)
        if change.key == "logs.level":
            _set_level(str(change.new))
        elif change.key == "logs.lines":
            self.log_pump.change_limit(LogLimit(int(change.new)))
        self.workers.setting_changed(change)

    def _storage_changed(self, mode: Mode, sentence: str) -> None:
        """Storage went into its read-only mode or came back; what waited for it goes on."""
        self.publish("house.storage_changed", {"mode": mode.value, "sentence": sentence})
        if mode is Mode.NORMAL:
            self.jobs.resume()
            self.outbox.resume()
            self.schedules.resume()


def _set_level(level: str) -> None:
    logging.getLogger("garret").setLevel(level.upper())
