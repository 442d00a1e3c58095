"""How often a slot may be started again, and how long it waits before: a window and a backoff.

The wait grows exponentially and is drawn at random from its whole range ("full jitter", M. Brooker,
"Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that slots that died together do
not come back together. It never falls below the floor, which keeps a start loop from spinning.

Invariant: no window holds more than `max_restarts` restarts. Neighbour: `machine`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from garret.control.supervision.events import Life

_MOST_DOUBLINGS = 30  # beyond this the ceiling has been reached for any sensible floor


class RestartBudget:
    """Counts failures and restarts of one slot. `random` gives numbers in [0, 1)."""

    def __init__(self, life: Life, random: Callable[[], float]) -> None:
        self._life = life
        self._random = random
        self._restarts: deque[float] = deque()
        self.attempts = 0
        """Failures since the last long run; a start while this is above zero is a restart."""
        self.total_restarts = 0

    def spawned(self, now: float) -> None:
        """A process is being started at `now`."""
        if self.attempts:
            self._restarts.append(now)
            self.total_restarts += 1

    def settle(self, ready_seconds: float) -> None:
        """A process ended after it had been ready for this long; a long run forgives what was before."""
        if ready_seconds >= self._life.quiet_seconds:
            self.attempts = 0

    def fail(self, now: float) -> float | None:
        """Count a failure; return the seconds to wait before the next start, or None for none."""
        self.attempts += 1
        while self._restarts and self._restarts[0] <= now - self._life.window_seconds:
            self._restarts.popleft()
        if len(self._restarts) >= self._life.max_restarts:
            return None
        floor = self._life.backoff_floor
        highest = min(self._life.backoff_ceiling, floor * 2.0 ** min(self.attempts, _MOST_DOUBLINGS))
        return floor + self._random() * (highest - floor)

    def reset(self) -> None:
        """Forget every failure, as a person asked."""
        self.attempts = 0
        self._restarts.clear()
