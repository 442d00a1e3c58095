"""Several slots of one kind: so many serve, and so many more are kept warm beside them.

A slot serves when its process has the route. A spare is started and proven but has no route until
a serving one is lost or more are needed; then it takes over at once, without the wait of a start,
and the lost one comes back as a spare.

    pool = SupervisorPool("tts", life, serving=1, spares=1, random=random.random)
    for slot, instruction in pool.handle(None, Start(), now): ...  # to the pool as a whole
    for slot, instruction in pool.handle(0, Spawned(1, pid), now): ...  # news of one slot's process

In an `on_demand` pool as many serve as `Demand` asked for, and stop when idle; its spares stay warm.
Invariant: no more slots than `serving` have a route. Neighbour: `machine`, one a slot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from garret.base.errors import UsageError
from garret.control.supervision.events import (
    Demand,
    Event,
    GoalChanged,
    Instruction,
    Life,
    RouteOff,
    RouteOn,
    SetTimer,
    Start,
    State,
    Statistics,
    Stop,
)
from garret.control.supervision.machine import SupervisorMachine

Step = tuple[int, Instruction]

_READINESS: Final = {
    # Who is soonest able to serve. One that waits after a failure comes after one that starts afresh.
    State.READY: 0,
    State.BUSY: 0,
    State.STARTING: 1,
    State.STOPPED: 2,
    State.BACKOFF: 3,
    State.DRAINING: 4,
    State.FAILED: 5,
}


class SupervisorPool:
    """`serving` slots with a route at most, and `spares` warm ones. `random` gives numbers in [0, 1)."""

    def __init__(
        self,
        name: str,
        life: Life,
        *,
        serving: int = 1,
        spares: int = 0,
        launch: str = "",
        random: Callable[[], float],
    ) -> None:
        if serving < 1 or spares < 0:
            raise UsageError(f"{name} needs at least one serving slot and no negative number of spares.")
        self.name = name
        self.serving = serving
        self.spares = spares
        several = serving + spares > 1
        self.slots = tuple(
            SupervisorMachine(f"{name}#{number}" if several else name, life, launch=launch, random=random)
            for number in range(serving + spares)
        )
        self._on_demand = life.on_demand
        self._modes = [life.on_demand] * len(self.slots)  # the policy each slot was told
        self._enabled = False
        self._target = 0  # how many should serve
        self._serving: set[int] = set()  # slots that serve, or will as soon as they are ready
        self._standby: dict[int, int] = {}  # slot and generation of those ready without a route
        self._routed: dict[int, int] = {}  # slot and generation of those with one

    @property
    def available(self) -> bool:
        """False when waiting for any of the slots is in vain."""
        return any(slot.available for slot in self.slots)

    @property
    def replacing(self) -> bool:
        """Whether a slot is served by a process that a newer one is to replace."""
        return any(slot.replacing for slot in self.slots)

    @property
    def sentence(self) -> str:
        """What a person should read when the pool is not available."""
        failed = [slot.sentence for slot in self.slots if slot.state is State.FAILED]
        return failed[0] if failed else self.slots[0].sentence

    @property
    def routed(self) -> Mapping[int, int]:
        """The generation that has the route, by slot."""
        return MappingProxyType(self._routed)

    def next_deadline(self) -> float | None:
        """The earliest time at which anything is due in any slot."""
        times = [at for slot in self.slots if (at := slot.next_deadline()) is not None]
        return min(times, default=None)

    def story(self, now: float) -> list[str]:
        """How every slot came to its state."""
        return [f"{slot.name}: {line}" for slot in self.slots for line in slot.story(now)]

    def statistics(self) -> tuple[Statistics, ...]:
        return tuple(slot.statistics() for slot in self.slots)

    def validate(self) -> None:
        """Raise AssertionError where an invariant does not hold; for tests and debugging."""
        assert len(self._routed) <= self.serving, "more routes than may serve"
        assert set(self._routed) <= self._serving, "a route to a slot that does not serve"
        assert not (set(self._standby) & set(self._routed)), "a slot serves and stands by"
        for slot in self.slots:
            slot.validate()

    def handle(self, slot: int | None, event: Event, now: float) -> list[Step]:
        """Take an event of one slot, or of the whole pool (None); return steps of (slot, instruction)."""
        out: list[Step] = []
        if slot is not None:
            if not self._feed(slot, event, now, out):
                return out  # jobs and heartbeats, the many, change nothing here
        elif isinstance(event, Demand):
            if self._enabled:
                self._target = max(self._target, min(self.serving, len(self._routed) + event.slots))
        else:
            self._take_goal(event)
            for number in range(len(self.slots)):
                self._feed(number, event, now, out)
        self._balance(now, out)
        # Timers first: carrying out the rest may lead to a nearer one, which has to last.
        out.sort(key=lambda step: not isinstance(step[1], SetTimer))
        return out

    def _take_goal(self, event: Event) -> None:
        if isinstance(event, GoalChanged):
            self._on_demand = event.on_demand
            self._modes = [event.on_demand] * len(self.slots)
        elif isinstance(event, Start):
            self._enabled = True
        elif isinstance(event, Stop):
            self._enabled = False
            self._serving.clear()
            self._serving.update(self._routed)
            self._target = 0

    def _feed(self, number: int, event: Event, now: float, out: list[Step]) -> bool:
        """Hand an event to a slot, keeping back the routes of spares; True when it led to anything."""
        steps = self.slots[number].handle(event, now)
        for step in steps:
            if isinstance(step, RouteOn):
                if number in self._serving:
                    self._routed[number] = step.generation
                    out.append((number, step))
                else:
                    self._standby[number] = step.generation
            elif isinstance(step, RouteOff):
                self._unroute(number, step, out)
            else:
                out.append((number, step))
        return bool(steps)

    def _unroute(self, number: int, step: RouteOff, out: list[Step]) -> None:
        if self._standby.get(number) == step.generation:
            del self._standby[number]
        elif number in self._serving:
            out.append((number, step))
            # During a swap the slot's new process has the route already, and the slot goes on serving.
            if self._routed.get(number) == step.generation:
                del self._routed[number]
                self._serving.discard(number)
                # It went idle, or what it did is asked for again: either way `Demand` will tell.
                self._target = max(0, self._target - 1) if self._on_demand else self._target

    def _balance(self, now: float, out: list[Step]) -> None:
        if not self._enabled:
            return
        if not self._on_demand:
            self._target = self.serving
        for number in tuple(self._serving - self._routed.keys()):
            # Somebody else may be ready sooner than one that failed while it was starting.
            if _READINESS[self.slots[number].state] > _READINESS[State.STARTING]:
                self._serving.discard(number)
        for number in self._candidates(self._serving)[: max(0, self._target - len(self._serving))]:
            self._serving.add(number)
            self._set_mode(number, self._on_demand, now, out)
            if number in self._standby:
                self._routed[number] = self._standby.pop(number)
                out.append((number, RouteOn(self._routed[number])))
            elif self._on_demand:
                self._feed(number, Demand(), now, out)
        rest = self._candidates(self._serving)
        for number in rest[: self.spares]:
            self._set_mode(number, False, now, out)
        for number in rest[self.spares :]:
            self._set_mode(number, self._on_demand, now, out)

    def _candidates(self, taken: set[int]) -> list[int]:
        """The other slots that may still come to serve, the readiest first."""
        free = [n for n, slot in enumerate(self.slots) if n not in taken and slot.available]
        return sorted(free, key=lambda n: (n not in self._standby, _READINESS[self.slots[n].state], n))

    def _set_mode(self, number: int, on_demand: bool, now: float, out: list[Step]) -> None:
        if self._modes[number] != on_demand:
            self._modes[number] = on_demand
            self._feed(number, GoalChanged(on_demand), now, out)
