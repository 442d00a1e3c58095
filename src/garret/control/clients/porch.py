"""Who has connected and not proven itself yet: few places, little time, and the last turn.

Any program of this user can open the control socket, and one without the secret could open it hundreds of
times and say nothing. It must not keep those out who can prove themselves, which takes them a millisecond or
two. So the unproven have `PLACES` of their own, whatever the number of clients, and nobody is turned away at
the door: for one too many, one that has waited is shown out, the longest waiting of the process that holds
the most places. A process alone with its one connection is therefore never shown out for a single other one,
however many that one opens. The fuller the porch is, the less time each has.

`Porch` is pure; times are monotonic seconds. `PorchKeeper` keeps the clock for it. Neighbours: `listener`,
which lets them in, and `connection`, which leaves the porch once it proved itself or is gone.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

from garret.base.errors import Code, GarretError
from garret.control.errors import ControlError
from garret.protocol.handshake import TIMEOUT

T = TypeVar("T")

PLACES: Final = 16
"""Unproven connections at a time."""

LEAST_SECONDS: Final = 0.25
"""What each has in a full porch; a handshake between busy processes takes a few milliseconds."""


class Porch(Generic[T]):
    """The unproven, in the order in which they came; each belongs to a process."""

    def __init__(self, places: int, seconds: float) -> None:
        self._places = places
        self._seconds = seconds
        self._waiting: dict[T, tuple[int, float]] = {}  # its process, and when it came

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def patience(self) -> float:
        """Seconds that each has now."""
        free = 1.0 - len(self._waiting) / self._places
        return max(min(LEAST_SECONDS, self._seconds), self._seconds * free)

    def arrive(self, who: T, process: int, now: float) -> T | None:
        """Give `who` a place; return whom it takes it from, who has none any more."""
        out = self._least_deserving(process) if len(self._waiting) >= self._places else None
        if out is not None:
            del self._waiting[out]
        self._waiting[who] = (process, now)
        return out

    def leave(self, who: T) -> None:
        """It proved itself, or is gone. Idempotent."""
        self._waiting.pop(who, None)

    def next_end(self) -> float | None:
        """When somebody's time will be over; None where nobody waits."""
        for _, came in self._waiting.values():
            return came + self.patience
        return None

    def overdue(self, now: float) -> list[T]:
        """Those whose time is over, in the order in which they came; they have no place any more."""
        limit = now - self.patience
        late = [who for who, (_, came) in self._waiting.items() if came <= limit]
        for who in late:
            del self._waiting[who]
        return late

    def _least_deserving(self, process: int) -> T:
        """The oldest of the process that would hold the most places, `process` with one more."""
        held: dict[int, int] = {process: 1}
        for owner, _ in self._waiting.values():
            held[owner] = held.get(owner, 0) + 1
        most = max(held.values())
        return next(who for who, (owner, _) in self._waiting.items() if held[owner] == most)


class Waiting(Protocol):
    """A connection on the porch."""

    def show_out(self, reason: GarretError | None) -> None:
        """End it, for `reason`, or because its time is over."""
        ...


class PorchKeeper:
    """The porch of one control plane: shows out whom it has to, with one timer for all."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._porch: Porch[Waiting] = Porch(PLACES, TIMEOUT)
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._porch)

    def arrive(self, who: Waiting, process: int) -> None:
        """`who` has connected. Somebody else may be shown out for it before this returns."""
        out = self._porch.arrive(who, process, monotonic())
        if out is not None:
            out.show_out(
                ControlError(
                    "Too many programs are connecting and have not proven themselves. Nothing was done; try "
                    "again.",
                    code=Code.BUSY,
                )
            )
        self._set_timer()

    def leave(self, who: Waiting) -> None:
        """`who` has proven itself or is gone. Idempotent."""
        self._porch.leave(who)
        if not len(self._porch) and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        end = self._porch.next_end()
        self._timer = None if end is None else self._loop.call_at(end, self._look)

    def _look(self) -> None:
        self._timer = None
        for late in self._porch.overdue(monotonic()):
            late.show_out(None)
        self._set_timer()
