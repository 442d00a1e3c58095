"""When a loop looks once more for news instead of going to sleep.

A process that sleeps has to be woken for each frame, and its core as well where it had nothing else to do: on
a quiet machine of two cores that is 15 to 25 microseconds a hop, more than all that the control plane does
for a command. What answers a frame is mostly there within a few tens of microseconds. So a loop that just
handled one looks again for `SPAN` before it sleeps; it then takes less processor time in all, as well.

Where that does not pay it stops by itself. A look that comes late (`GAP`) while this thread did not compute
shows that somebody else wanted the core; a span that runs out, that nobody answers so soon. Either is a
failure and makes the loop rest, longer each time. What came in time shortens the rest again, and an exchange
whose frames follow each other so quickly that looking would have met them ends it. People and sound, which
come far apart, cost a span every quarter of a second at the most.

`Linger` is pure, without clock or loop; `LoopLinger` drives one for a loop. Neighbour: `aio`, which tells it
of each frame.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, thread_time
from typing import Final

from garret.transport.loop import EventLoop

SPAN: Final = 60e-6
"""Seconds to look for news. A quick command takes a worker 25 to 45 microseconds, waking it included."""

GAP: Final = 40e-6
"""Seconds without the core between two looks that show that somebody else had it; a look takes 1 to 3 us."""

SOON: Final = 2 * SPAN
"""Seconds from frame to frame in an exchange that looking would quicken: an answer, and a wake-up."""

LONGEST_REST: Final = 0.256
"""Seconds without lingering, once it failed again and again."""

_SHORTEST_REST: Final = 0.00025
_MOST_FAILURES: Final = 11  # after which the longest rest is reached
_SAME_READ: Final = SPAN / 4  # frames that are closer came together: no wait to shorten
_PROOF: Final = 8  # frames of an exchange, for each failure there was, that end a rest


class Linger:
    """Decides about one loop. `now` is monotonic; `busy` tells what its thread has computed, both in seconds.

    `busy` costs a call of the system, and is asked once a frame and where a look seems late.
    """

    __slots__ = (
        "_began",
        "_busy",
        "_busy_then",
        "_exchanged",
        "_failures",
        "_heard",
        "_looked",
        "_looking",
        "_resting",
        "_until",
    )

    def __init__(self, busy: Callable[[], float]) -> None:
        self._busy = busy
        self._failures = 0
        self._looking = False
        self._looked = 0.0  # when last, 0 where a frame was handled since
        self._began = self._busy_then = 0.0  # the first look after a frame
        self._resting = 0.0
        self._until = 0.0
        self._heard = 0.0
        self._exchanged = 0  # frames that came soon after another, in this rest

    def heard(self, now: float) -> bool:
        """A frame came; whether to begin to look for the next, which `again` then goes on with."""
        if self._looking:
            if self._looked:
                self._judge(now)
            return False
        if now < self._resting and not self._quick(now):
            return False
        self._looking = True
        self._until = now + SPAN
        self._looked = 0.0
        self._exchanged = 0
        return True

    def again(self, now: float) -> bool:
        """Nothing came since the last look; whether to look once more."""
        if now >= self._until or (self._looked and self._lost_core(now)):
            if self._until:
                self._fail(now)
            self._looking = False
            return False
        if not self._looked:
            self._began, self._busy_then = now, self._busy()
        self._looked = now
        return True

    def _lost_core(self, now: float) -> bool:
        return now - self._looked > GAP and (now - self._began) - (self._busy() - self._busy_then) > GAP

    def _quick(self, now: float) -> bool:
        """Whether an exchange goes on that is worth ending the rest for."""
        since, self._heard = now - self._heard, now
        if since > SOON:
            self._exchanged = 0
        elif since > _SAME_READ:
            self._exchanged += 1
        return self._exchanged >= _PROOF * self._failures

    def _judge(self, now: float) -> None:
        """A frame came while it was looked for: was that in time?"""
        if self._lost_core(now):
            self._fail(now)
            return
        self._failures = max(0, self._failures - 1)
        self._until = now + SPAN
        self._looked = 0.0

    def _fail(self, now: float) -> None:
        self._failures = min(_MOST_FAILURES, self._failures + 1)
        self._resting = now + _SHORTEST_REST * 2 ** (self._failures - 1)
        self._until = 0.0  # the next look is the last


class LoopLinger:
    """Keeps a loop from sleeping for as long as its `Linger` says."""

    __slots__ = ("_linger", "loop")

    def __init__(self, loop: EventLoop) -> None:
        self.loop = loop
        self._linger = Linger(thread_time)

    def heard(self) -> None:
        """A frame is being handled on this loop."""
        if self._linger.heard(monotonic()):
            self.loop.call_soon(self._look)

    def _look(self) -> None:
        """Runs once a turn of the loop, which therefore looks for news before the next and does not sleep."""
        if self._linger.again(monotonic()):
            self.loop.call_soon(self._look)
