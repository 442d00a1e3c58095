"""The event bus: what happened, told to everybody who asked, without anybody waiting for anybody.

Each subscription has a bounded queue. Whoever does not read loses the oldest events and is told how
many with a `Lagged` in front of what is left; publishers and other subscribers never notice.

    subscription = bus.subscribe(("dictate.*",), wake=flag.set, limit=256)
    bus.publish("dictate.partial", payload, scope="user")
    for item in subscription.take(): ...  # Lagged(3), Happened("dictate.partial", payload), ...

`wake` is called when a queue stops being empty, so that a reader can sleep. Publishing costs as much
as there are subscribers of that very name: the patterns are worked out once for each name.

Pure and not thread-safe: it belongs to the control plane's loop. Neighbour: `patterns`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec

from garret.base import log
from garret.base.errors import UsageError
from garret.control.access.patterns import check_pattern, matches
from garret.protocol.scope import DEFAULT_WORKSPACE

_NAMES_REMEMBERED: Final = 4096  # rooms declare far fewer; the limit only keeps a mistake from growing

_logger = log.get("control.bus")


class Happened(msgspec.Struct, frozen=True):
    """One event: its name and whatever was published with it.

    `scope` is the profile it concerns (None: everybody), `workspace` what it is about.
    """

    name: str
    payload: Any
    scope: str | None = None
    workspace: str = DEFAULT_WORKSPACE


Hears: TypeAlias = Callable[[str, str | None], bool]
"""Whether a subscriber may hear of an event: by its name, and the profile it concerns (None: everybody)."""


class Lagged(msgspec.Struct, frozen=True):
    """`count` events were lost here because they were not read in time."""

    count: int


class SubscriptionStatistics(msgspec.Struct, frozen=True):
    """`delivered` counts events put into the queue, `lost` those that fell out of it unread."""

    patterns: tuple[str, ...]
    waiting: int
    delivered: int
    lost: int


class BusStatistics(msgspec.Struct, frozen=True):
    """Counters since the bus was made; `lost` adds up over all subscriptions, past ones too."""

    subscriptions: tuple[SubscriptionStatistics, ...]
    published: int
    delivered: int
    lost: int


class Subscription:
    """Somebody's interest in some events. Made by `EventBus.subscribe`, ended by `close`."""

    __slots__ = (
        "_bus",
        "_delivered",
        "_hears",
        "_limit",
        "_lost",
        "_lost_total",
        "_queue",
        "_wake",
        "patterns",
    )

    def __init__(
        self,
        bus: EventBus,
        patterns: tuple[str, ...],
        limit: int,
        wake: Callable[[], object] | None,
        hears: Hears | None,
    ) -> None:
        self.patterns = patterns
        self._hears = hears
        self._bus: EventBus | None = bus
        self._limit = limit
        self._wake = wake
        self._queue: deque[Happened] = deque()
        self._lost = 0
        self._lost_total = 0
        self._delivered = 0

    def __len__(self) -> int:
        """How many items `take` would return."""
        return len(self._queue) + (1 if self._lost else 0)

    @property
    def closed(self) -> bool:
        return self._bus is None

    def take(self, at_most: int | None = None) -> list[Happened | Lagged]:
        """Take what is there, oldest first, at most `at_most` items; never waits."""
        items: list[Happened | Lagged] = []
        room = len(self) if at_most is None else at_most
        if self._lost and room > 0:
            items.append(Lagged(self._lost))
            self._lost = 0
        while self._queue and len(items) < room:
            items.append(self._queue.popleft())
        return items

    def close(self) -> None:
        """Hear of nothing more. What is in the queue can still be taken. Idempotent."""
        if self._bus is not None:
            self._bus.unsubscribe(self)
            self._bus = None

    def statistics(self) -> SubscriptionStatistics:
        return SubscriptionStatistics(self.patterns, len(self._queue), self._delivered, self._lost_total)

    def put(self, event: Happened) -> bool:
        """Queue an event, for the bus; True when an older one was lost for it."""
        was_empty = not self._queue and not self._lost
        full = len(self._queue) >= self._limit
        if full:
            self._queue.popleft()
            self._lost += 1
            self._lost_total += 1
        self._queue.append(event)
        self._delivered += 1
        if was_empty and self._wake is not None:
            try:
                self._wake()
            except Exception:
                _logger.exception("a subscriber of %s could not be woken", ", ".join(self.patterns))
        return full

    def wants(self, name: str) -> bool:
        """Whether one of its patterns stands for this name."""
        return any(matches(pattern, name) for pattern in self.patterns)

    def may_hear(self, event: Happened) -> bool:
        """Whether its subscriber may hear of an event now."""
        return self._hears is None or self._hears(event.name, event.scope)


class EventBus:
    """All subscriptions of this process."""

    def __init__(self) -> None:
        self._subscriptions: dict[Subscription, None] = {}
        self._routes: dict[str, tuple[Subscription, ...]] = {}
        self._published = self._delivered = self._lost = 0

    def subscribe(
        self,
        patterns: str | Iterable[str],
        *,
        limit: int = 256,
        wake: Callable[[], object] | None = None,
        hears: Hears | None = None,
    ) -> Subscription:
        """Hear of events whose name one of `patterns` stands for, keeping at most `limit` unread.

        With `hears`, only those that it allows when they are published. Raises UsageError for a malformed
        pattern or a limit below one.
        """
        if isinstance(patterns, str):
            patterns = (patterns,)
        chosen = tuple(dict.fromkeys(check_pattern(pattern) for pattern in patterns))
        if limit < 1 or not chosen:
            raise UsageError("A subscription needs a pattern and room for at least one event.")
        subscription = Subscription(self, chosen, limit, wake, hears)
        self._subscriptions[subscription] = None
        self._routes.clear()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription. Idempotent."""
        if self._subscriptions.pop(subscription, _ABSENT) is _ABSENT:
            return
        self._routes.clear()

    def publish(
        self, name: str, payload: Any, *, scope: str | None = None, workspace: str = DEFAULT_WORKSPACE
    ) -> int:
        """Tell of an event; return how many subscriptions heard of it. Never blocks, never raises."""
        self._published += 1
        route = self._routes.get(name)
        if route is None:
            route = self._find_route(name)
        if not route:
            return 0
        event = Happened(name, payload, scope, workspace)
        heard = 0
        for subscription in route:
            # A subscription may be closed by the wake-up of another one on the same route.
            if subscription.closed or not subscription.may_hear(event):
                continue
            heard += 1
            if subscription.put(event):
                self._lost += 1
        self._delivered += heard
        return heard

    def statistics(self) -> BusStatistics:
        each = tuple(subscription.statistics() for subscription in self._subscriptions)
        return BusStatistics(each, self._published, self._delivered, self._lost)

    def _find_route(self, name: str) -> tuple[Subscription, ...]:
        if len(self._routes) >= _NAMES_REMEMBERED:
            self._routes.clear()
        route = tuple(one for one in self._subscriptions if one.wants(name))
        self._routes[name] = route
        return route


_ABSENT: Final = object()
