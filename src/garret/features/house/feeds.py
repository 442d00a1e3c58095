"""Events on their way from the bus to a client that subscribed."""

from __future__ import annotations

import asyncio
from typing import Final

from garret.base import log
from garret.control.clients.bus import Lagged, Subscription
from garret.control.clients.connection import ClientConnection
from garret.control.door import HouseDoor
from garret.features.house import contracts as c
from garret.protocol.envelope import encode_payload
from garret.protocol.errors import FrameTooLarge

_logger = log.get("house.feeds")
_BEHIND_BYTES: Final = 1 << 20  # waiting for the client; the bus's bounded queue then takes over
_BEHIND_SECONDS: Final = 0.5


class Feed:
    """Carries events from a subscription to a client, as fast as the client reads."""

    def __init__(self, context: HouseDoor, connection: ClientConnection) -> None:
        self.connection = connection
        self.subscription: Subscription | None = None
        self._context = context

    def scopes(self) -> tuple[str, ...] | None:
        """The profiles whose events this client may hear of; None for all."""
        return None if self._context.may(self.connection, "dictate.read") else (self.connection.profile,)

    def close(self) -> None:
        """Hear of nothing more, not of what waits either."""
        subscription, self.subscription = self.subscription, None
        if subscription is not None:
            subscription.close()

    def wake(self) -> None:
        asyncio.get_running_loop().call_soon(self._pass_on)

    def _pass_on(self) -> None:
        if self.subscription is None or self.connection.channel.closed:
            return
        if self.connection.channel.waiting_bytes > _BEHIND_BYTES:
            # It does not keep up: leave the events in the bounded queue, which counts what it drops.
            asyncio.get_running_loop().call_later(_BEHIND_SECONDS, self._pass_on)
            return
        for item in self.subscription.take():
            if isinstance(item, Lagged):
                self._tell_lost(item.count)
                continue
            if not self._may_hear(item.name):
                continue
            try:
                self.connection.send_event(item.name, item.payload)
            except FrameTooLarge as error:
                _logger.error("%s could not be told: %s", item.name, error.message)
                self._tell_lost(1)

    def _may_hear(self, name: str) -> bool:
        """Some events are for those only who may do something about them."""
        kind = self._context.plane.registry.event_type(name)
        return kind is not None and self._context.may(self.connection, kind.__readers__.own)

    def _tell_lost(self, count: int) -> None:
        self.connection.send_event("house.events_lost", encode_payload(c.EventsLost(count=count)))
