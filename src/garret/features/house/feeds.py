"""Events on their way from the bus to whoever subscribed.

A feed is what handles one `house.subscribe`: it streams events as fast as its subscriber gives credit. Behind
one that does not, events wait in the bus's bounded queue, which counts what it drops; a jump in the numbers
tells. What may be heard is asked anew for each event, when it happens and when it is told: each event names
the capability of its own room, and the profile may have changed meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import Final

from garret.base import log
from garret.control.clients.bus import Happened, Lagged, Subscription
from garret.control.commands.request import Caller
from garret.control.commands.service import Request
from garret.control.door import HouseDoor
from garret.protocol.contract import Registry
from garret.protocol.frames import KIB, LIMITS, Kind
from garret.protocol.subscription import BEGUN, SubscriptionEnded, Told

_logger = log.get("house.feeds")

_ENVELOPE_BYTES: Final = 4 * KIB  # more than what surrounds an event takes
_LARGEST: Final = LIMITS[Kind.STREAM] - _ENVELOPE_BYTES


class Feed:
    """One subscription of one caller."""

    def __init__(self, door: HouseDoor, registry: Registry, request: Request) -> None:
        self.caller: Caller = request.caller
        self._door = door
        self._registry = registry
        self._request = request
        self._sequence = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[object] | None = None
        self._over = False

    def hears(self, name: str, scope: str | None) -> bool:
        """Whether the subscriber may hear now of an event that concerns the profile `scope`, or everybody."""
        kind = self._registry.event_type(name)
        if kind is None or not self._door.may(self.caller, kind.__readers__.own):
            return False
        if scope is None or scope == self.caller.profile:
            return True
        return self._door.may(self.caller, kind.__readers__.others)

    async def carry(self, pattern: str) -> SubscriptionEnded:
        """Tell of events until `end` is called; a subscriber that leaves cancels this."""
        self._task = asyncio.current_task()
        subscription = self._door.bus.subscribe([pattern], wake=self._changed.set, hears=self.hears)
        try:
            await self._request.emit(BEGUN)
            await self._tell_all(subscription)
        except asyncio.CancelledError:
            if not self._over or self._task is None:
                raise
            self._task.uncancel()
        finally:
            subscription.close()
        return SubscriptionEnded(reason="profile", sequence=self._sequence)

    def end(self) -> None:
        """The profile in force may not hear of events any more, nor of those that wait."""
        if self._task is not None and not self._over:
            self._over = True
            self._task.cancel()

    async def _tell_all(self, subscription: Subscription) -> None:
        while True:
            # One at a time, with credit: the rest stays in the bounded queue, and is judged when it is told.
            await self._request.takes_more()
            for item in subscription.take(1):
                await self._tell(item)
            if not len(subscription):
                self._changed.clear()
                await self._changed.wait()

    async def _tell(self, item: Happened | Lagged) -> None:
        if isinstance(item, Lagged):
            self._sequence += item.count
        elif len(item.payload) > _LARGEST:
            self._sequence += 1
            _logger.error("%s of %d bytes could not be told", item.name, len(item.payload))
        elif self.hears(item.name, item.scope):
            told = Told(
                sequence=self._sequence + 1, name=item.name, event=item.payload, workspace=item.workspace
            )
            await self._request.emit(told)
            self._sequence += 1
