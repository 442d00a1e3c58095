"""The room's door: everything that a room's service has of the house, and nothing else.

A service is built once, with its `Door`. What is asked of others goes through a request's own `calls`, which
keep the caller; what the house does of its own accord goes through `as_house`, which is named and audited. A
test pins the names that this class shows. Only the room `house` gets the `HouseDoor`, which shows the plane.

Neighbours: `commands.inner` (calls), `commands.service` (requests), `plane`, which makes a door for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.access.policy import Limits, Policy
from garret.control.clients.bus import EventBus, Happened, Lagged
from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Caller, Identity
from garret.control.derived import RoomDerived
from garret.control.errors import ControlError
from garret.control.jobs.jobs import Jobs
from garret.control.outbox.outbox import RoomOutbox
from garret.control.schedules.schedules import RoomSchedules
from garret.control.secrets.store import SecretStore
from garret.control.settings.settings import Settings
from garret.control.tunnels.tunnels import Wanted
from garret.protocol.contract import Event
from garret.protocol.envelope import encode_payload
from garret.protocol.manifest import Destination, Grants
from garret.protocol.scope import DEFAULT_WORKSPACE
from garret.storage.errors import StorageError
from garret.storage.objects import Signer
from garret.storage.store import Store

if TYPE_CHECKING:
    from garret.control.plane import ControlPlane

_logger = log.get("control.door")

EventT = TypeVar("EventT", bound=Event)

_HOUSE = Identity("owner", "admin")


class Concerned(NamedTuple):
    """Whom an event concerns: a profile, or everybody (None), and the workspace it is about."""

    profile: str | None
    workspace: str


Hear: TypeAlias = Callable[[EventT, Concerned], Awaitable[None]]


class WorkerView(Protocol):
    """One of the room's own workers, as far as its service may look after it."""

    @property
    def ready(self) -> bool:
        """Whether a process of it takes commands now."""
        ...

    @property
    def available(self) -> bool:
        """False when waiting for it is in vain: it is not started any more."""
        ...

    @property
    def serving(self) -> int:
        """How many processes of it there are to be."""
        ...

    def warm(self, processes: int = 1) -> None:
        """Have so many processes started that are not there yet: they are needed in a moment."""
        ...


class Door:
    """The house, for one room."""

    def __init__(self, room: str, plane: ControlPlane, *, clock: Clock = SYSTEM) -> None:
        self.room = room
        self.clock = clock
        self.store: Store = plane.store
        self.signer: Signer = plane.signer
        self.derived = RoomDerived(room, plane.derived)
        self.outbox: RoomOutbox = plane.outbox.room(room)
        self.schedules: RoomSchedules = plane.schedules.room(room)
        self._plane = plane

    # ---- acting

    async def as_house(self, purpose: str, workspace: str = DEFAULT_WORKSPACE) -> InnerCaller:
        """Calls that the house makes of its own accord, for nobody: role `owner`, profile `admin`.

        `purpose` names why, in a few words; that this was begun is in the audit chain when this returns, or,
        where storage takes no writes, in the log.
        """
        name = f"house:{self.room}"
        details = {"room": self.room, "purpose": purpose}
        try:
            await self.store.audit.append(_HOUSE.role, _HOUSE.profile, "house.act", "done", details)
        except StorageError as error:
            _logger.warning("%s acts as the house (%s); not in the chain: %s", name, purpose, error.message)
        identity = msgspec.structs.replace(_HOUSE, workspace=workspace)
        return InnerCaller(self._plane.broker, name, identity)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine to its end beside everything else; what it raises is logged."""
        self._plane.spawn(work)

    @property
    def stopping(self) -> bool:
        """Whether Garret is about to stop: what is cancelled now was not cancelled by a person."""
        return self._plane.stopping.is_set()

    def worker(self, name: str) -> WorkerView:
        """One of the workers that this room's manifest declares. Raises ControlError for any other."""
        room = next(room for room in self._plane.rooms if room.name == self.room)
        if name not in {spec.name for spec in room.workers}:
            raise ControlError(f"The room {self.room} declares no worker {name!r}.", code=Code.DENIED)
        return self._plane.pools[name]

    def worker_with(
        self, name: str, grants: Grants, *destinations: Destination
    ) -> AbstractAsyncContextManager[str]:
        """A process of one of the room's own workers with exactly `grants`, killed when the block is left.

        It may connect to `destinations` besides, through egress like any other. The manifest says what may
        be granted (`WorkerSpec.spawn`); paths are absolute. The block gets the
        target for `calls.at(target)`. Raises ControlError: denied, not found, usage, busy, unavailable.
        """
        self.worker(name)
        return self._plane.workers.spawn(name, grants, destinations)

    def tunnel(
        self, way: str, host: str, port: int, socket: str, *, settings: str, profile: str, workspace: str
    ) -> AbstractAsyncContextManager[Path]:
        """A folder with the Unix `socket` that leads to `host` and `port` as the machine at `way` sees them.

        It is made by the system's ssh (`control.tunnels`) and gone when the block is left. `settings` is a
        file of ssh's configuration in place of the person's own. Raises TunnelError, UsageError.
        """
        why = f"reaching {host}, port {port}, by ssh"
        wanted = Wanted(way, host, port, socket, settings, why, self.room, profile, workspace)
        return self._plane.tunnels.open(wanted)

    # ---- what is set and allowed

    def setting(self, key: str) -> Any:
        """A setting's value under the profile in force."""
        return self._plane.settings.get(key, self._plane.profile)

    def check_setting(self, key: str, check: Callable[[Any], object]) -> None:
        """Have `check` look at every value that one of the room's settings is to get; GarretError refuses it.

        It is not asked of what is stored already: what went away since is told where it is missed.
        """
        if not key.startswith(f"{self.room}."):
            raise ControlError(f"{key[:80]!r} is no setting of the room {self.room}.", code=Code.DENIED)
        self._plane.settings.check_changes(key, check)

    def secret(self, name: str) -> str | None:
        """One of the room's own secrets, named `ROOM.NAME`; None where it is not set. Raises ControlError."""
        if not name.startswith(f"{self.room}."):
            raise ControlError(f"{name[:80]!r} is no secret of the room {self.room}.", code=Code.DENIED)
        return self._plane.secrets.get_text(name)

    def may(self, caller: Caller, capability: str) -> bool:
        """Whether the caller's role and profile grant a capability beyond that of its command."""
        return self._plane.policy.grants(caller.role, caller.profile, capability)

    def limits(self, profile: str) -> Limits:
        """How much a profile may use."""
        return self._plane.policy.limits(profile)

    async def keep_secret(self, name: str, value: str | None) -> None:
        """Keep one of the room's own secrets, or with None let it go; durable then. Raises SecretsError."""
        if not name.startswith(f"{self.room}."):
            raise ControlError(f"{name[:80]!r} is no secret of the room {self.room}.", code=Code.DENIED)
        if value is not None:
            await asyncio.to_thread(self._plane.secrets.set, name, value)
        elif self._plane.secrets.get_text(name) is not None:
            await asyncio.to_thread(self._plane.secrets.delete, name)

    # ---- events

    def publish(self, event: Event, *, scope: str | None = None, workspace: str = DEFAULT_WORKSPACE) -> None:
        """Tell everybody who subscribed; `scope` a profile, for what concerns only it."""
        self._plane.bus.publish(event.__event__, encode_payload(event), scope=scope, workspace=workspace)

    def on(self, kind: type[EventT], hear: Hear[EventT]) -> Callable[[], None]:
        """Hear of an event and whom it concerns, one after another, whatever room tells it.

        Returns what ends that.

        What `hear` raises is logged, and the next one is heard. Of a flood the oldest are lost, and counted
        in the log.
        """
        return _Hearing(self._plane, kind, hear).close

    # ---- the audit chain

    async def audit(
        self, caller: Caller, action: str, outcome: str, details: dict[str, Any] | None = None
    ) -> None:
        """Put an entry into the audit chain; durable when this returns."""
        await self.store.audit.append(caller.role, caller.profile, action, outcome, details)

    # ---- files

    @property
    def models(self) -> Path:
        """The folder of the models in this home; see `garret.models.shelf`."""
        return self._plane.home.models

    @property
    def copies(self) -> Path:
        """The room's folder of files that its workers make and can make again, `{home}/copies/ROOM`."""
        return self._plane.home.copies / self.room

    @property
    def spool(self) -> Path:
        """The folder of what is being captured or worked on, on the home's own disk."""
        return self._plane.home.spool


class HouseDoor(Door):
    """The door of the room that looks after the house itself: it alone sees the plane."""

    def __init__(self, room: str, plane: ControlPlane, *, clock: Clock = SYSTEM) -> None:
        super().__init__(room, plane, clock=clock)
        self.plane = plane
        self.home: Home = plane.home
        self.settings: Settings = plane.settings
        self.secrets: SecretStore = plane.secrets
        self.policy: Policy = plane.policy
        self.bus: EventBus = plane.bus
        self.jobs: Jobs = plane.jobs

    async def audit_if_possible(
        self, caller: Caller, action: str, outcome: str, details: dict[str, Any] | None = None
    ) -> None:
        """As `audit`, for what must be possible in a home that takes no writes: then the log alone has it."""
        try:
            await self.audit(caller, action, outcome, details)
        except StorageError as error:
            _logger.warning("%s by %s is not in the audit chain: %s", action, caller.role, error.message)


class _Hearing:
    """A subscription of a room: hands events over one after another, and reads on when that is done."""

    def __init__(self, plane: ControlPlane, kind: type[EventT], hear: Hear[EventT]) -> None:
        self._plane = plane
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._hear: Hear[Any] = hear
        self._name = kind.__event__
        self._running = False
        self._subscription = plane.bus.subscribe(self._name, wake=self._wake)

    def close(self) -> None:
        self._subscription.close()

    def _wake(self) -> None:
        if not self._running:
            self._running = True
            self._plane.spawn(self._run())

    async def _run(self) -> None:
        try:
            while items := self._subscription.take(1):
                for item in items:
                    if isinstance(item, Lagged):
                        _logger.error("%d of %s were not heard: too many at once", item.count, self._name)
                    else:
                        await self._tell(item)
        finally:
            self._running = False

    async def _tell(self, item: Happened) -> None:
        try:
            await self._hear(self._decode(item.payload), Concerned(item.scope, item.workspace))
        except asyncio.CancelledError:
            raise
        except Exception:
            _logger.exception("whoever hears of %s failed", self._name)
