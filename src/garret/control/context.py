"""What a room's service gets: the house's parts, as far as a service may use them.

A service is built once, with a `Context`; it must not keep threads, and reaches everything outside
its room through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.paths import Home
from garret.control.access.policy import Policy
from garret.control.clients.bus import EventBus
from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Caller
from garret.control.jobs.jobs import Jobs
from garret.control.outbox.outbox import RoomOutbox
from garret.control.schedules.schedules import RoomSchedules
from garret.control.secrets.store import SecretStore
from garret.control.settings.settings import Settings
from garret.protocol.contract import Event
from garret.protocol.envelope import encode_payload
from garret.storage.errors import StorageError
from garret.storage.objects import KeySigner
from garret.storage.store import Store

if TYPE_CHECKING:
    from garret.control.plane import ControlPlane

_logger = log.get("control.context")


@dataclass(frozen=True)
class Context:
    """The parts of the house, for one room."""

    room: str
    home: Home
    store: Store
    settings: Settings
    secrets: SecretStore
    policy: Policy
    bus: EventBus
    jobs: Jobs
    calls: InnerCaller
    signer: KeySigner
    outbox: RoomOutbox
    schedules: RoomSchedules
    plane: ControlPlane
    clock: Clock = SYSTEM

    def setting(self, key: str) -> Any:
        """A setting's value under the profile in force."""
        return self.settings.get(key, self.plane.profile)

    def publish(self, event: Event, *, scope: str | None = None) -> None:
        """Tell everybody who subscribed; `scope` a profile, for what concerns only it."""
        self.bus.publish(event.__event__, encode_payload(event), scope=scope)

    async def audit(
        self, caller: Caller, action: str, outcome: str, details: dict[str, Any] | None = None
    ) -> None:
        """Put an entry into the audit chain; durable when this returns."""
        await self.store.audit.append(caller.role, caller.profile, action, outcome, details)

    async def audit_if_possible(
        self, caller: Caller, action: str, outcome: str, details: dict[str, Any] | None = None
    ) -> None:
        """As `audit`, for what must be possible in a home that takes no writes: then the log alone has it."""
        try:
            await self.audit(caller, action, outcome, details)
        except StorageError as error:
            _logger.warning("%s by %s is not in the audit chain: %s", action, caller.role, error.message)

    def may(self, caller: Caller, capability: str) -> bool:
        """Whether the caller's role and profile grant a capability beyond that of its command."""
        return self.policy.grants(caller.role, caller.profile, capability)
