"""When an entry of the outbox is tried, and what its outcome leads to: a pure machine.

    waiting --take--> under way --settle--> delivered, dead, or waiting again with a later due time

- Entries of one line (room, destination, key) are under way one at a time, in the order of `seq`. One that is
  dead has left the line; those behind it go on.
- A destination has so many places, and a breaker: after FAILURES retries in a row it opens, and nothing is
  tried until its pause is over. Then exactly one entry is tried. Its success closes the breaker; another
  failure opens it for twice as long.
- A destination never waits for another one: there is no place that two of them share.

`now` is monotonic seconds, `wall` seconds since 1970: pauses must not jump with the wall clock, and only
`until` is a promise to people. Neighbours: `outbox` drives it, `rows` keeps what it decides.
"""

from __future__ import annotations

import heapq
from bisect import insort
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from garret.control.outbox.entries import DAY, Delivered, Outcome, Refused, Retry

PLACES: Final = 4
"""Entries under way at one destination at once."""
FAILURES: Final = 5
BASE_SECONDS: Final = 1.0
LIMIT_SECONDS: Final = 3_600.0
AFTER_LIMIT_SECONDS: Final = 7 * DAY
"""No Retry-After is taken for longer than this."""
OPEN_SECONDS: Final = 30.0
OPEN_LIMIT_SECONDS: Final = 900.0
_STALE_UNTILS: Final = 64
_DOUBLINGS: Final = 20  # more would only overflow what the limits cut off

Place = tuple[str, str]
"""A room's destination."""
Line = tuple[str, str, str]


def retry_seconds(attempts: int, random: float) -> float:
    """How long an entry waits after its `attempts`th failure; `random` from 0 to 1 spreads it over a half.

    Exponential with "equal jitter" (Brooker, Exponential Backoff and Jitter, 2015): never less than half.
    """
    whole = min(LIMIT_SECONDS, BASE_SECONDS * 2.0 ** min(attempts - 1, _DOUBLINGS))
    return whole * (0.5 + 0.5 * random)


def open_seconds(opened: int, random: float) -> float:
    """How long a breaker stays open that opened `opened` times in a row."""
    whole = min(OPEN_LIMIT_SECONDS, OPEN_SECONDS * 2.0 ** min(opened - 1, _DOUBLINGS))
    return whole * (0.5 + 0.5 * random)


@dataclass(eq=False)
class Waiting:
    """An entry that is not over. `due` is monotonic, `until` wall-clock seconds."""

    seq: int
    id: str
    room: str
    handler: str
    destination: str
    key: str
    attempts: int
    due: float
    until: float
    profile: str
    running: bool = False

    @property
    def place(self) -> Place:
        return self.room, self.destination

    @property
    def line(self) -> Line:
        """Those without a key stand in no line: each is one of its own."""
        return self.room, self.destination, f"key {self.key}" if self.key else self.id


@dataclass
class Breaker:
    """`opened` counts how often in a row it opened; 0 is closed. `probe` is the entry that tries for all."""

    failures: int = 0
    opened: int = 0
    open_until: float = 0.0
    probe: str = ""


@dataclass
class Destination:
    """Whoever is reached or not. `heads` holds (due, seq, id) of first entries; stale ones are skipped."""

    breaker: Breaker = field(default_factory=Breaker)
    running: int = 0
    heads: list[tuple[float, int, str]] = field(default_factory=list[tuple[float, int, str]])


class Settled(NamedTuple):
    """What an outcome led to: `state` is delivered, waiting or dead; `due` monotonic, for waiting ones."""

    state: str
    attempts: int
    due: float
    reason: str
    breaker: Breaker | None
    """The destination's breaker where it changed."""


class Taken(NamedTuple):
    """Entries to be tried now, which count as under way, and those whose time is over."""

    ready: list[Waiting]
    expired: list[Waiting]


class OutboxMachine:
    """Everything that waits in the outbox of this home."""

    def __init__(self) -> None:
        self._entries: dict[str, Waiting] = {}
        self._lines: dict[Line, list[tuple[int, str]]] = {}
        self._destinations: dict[Place, Destination] = {}
        self._handlers: set[Place] = set()
        self._parked: dict[Place, set[str]] = {}
        self._untils: list[tuple[float, str]] = []
        self._busy: set[Line] = set()

    def __len__(self) -> int:
        """How many entries wait or are under way."""
        return len(self._entries)

    def get(self, entry: str) -> Waiting | None:
        return self._entries.get(entry)

    def breaker(self, place: Place) -> Breaker:
        """The breaker of a destination, for those who show it."""
        known = self._destinations.get(place)
        return Breaker() if known is None else known.breaker

    # ---- what comes in

    def allow(self, room: str, handler: str) -> None:
        """There is somebody now who delivers for this handler's entries."""
        self._handlers.add((room, handler))
        for entry in sorted(self._parked.pop((room, handler), ())):
            if entry in self._entries:
                self._offer(self._entries[entry].line)

    def add(self, entry: Waiting) -> None:
        """Put an entry into its line, by its `seq`. One that is there already stays as it is."""
        if entry.id in self._entries:
            return
        self._entries[entry.id] = entry
        order = self._lines.setdefault(entry.line, [])
        insort(order, (entry.seq, entry.id))
        heapq.heappush(self._untils, (entry.until, entry.id))
        if order[0][1] == entry.id:
            self._offer(entry.line)

    def set_breaker(self, place: Place, failures: int, opened: int, open_until: float) -> None:
        """Take up a breaker as it was kept."""
        self._destination(place).breaker = Breaker(failures, opened, open_until)

    def hasten(self, entry: str, now: float) -> None:
        """A person wants it tried at once, before all others: no pause and no open breaker holds it up."""
        waiting = self._entries[entry]
        waiting.due = 0.0
        breaker = self._destination(waiting.place).breaker
        breaker.open_until = min(breaker.open_until, now)
        self._offer(waiting.line)

    def withdraw(self, entry: str) -> bool:
        """Forget an entry; False where it is under way and so cannot be called back."""
        waiting = self._entries.get(entry)
        if waiting is None:
            return True
        if waiting.running:
            return False
        self._remove(waiting)
        return True

    # ---- whose turn it is

    def take(self, now: float, wall: float) -> Taken:
        """Whatever may be tried now, in the order it is due; and what ran out of time."""
        expired: list[Waiting] = []
        while self._untils and self._untils[0][0] <= wall:
            until, number = heapq.heappop(self._untils)
            waiting = self._entries.get(number)
            if waiting is not None and waiting.until == until and not waiting.running:
                expired.append(waiting)
                self._remove(waiting)
        ready: list[Waiting] = []
        for destination in self._destinations.values():
            while (waiting := self._first(destination, now)) is not None:
                heapq.heappop(destination.heads)
                waiting.running = True
                self._busy.add(waiting.line)
                destination.running += 1
                if destination.breaker.opened:
                    destination.breaker.probe = waiting.id
                ready.append(waiting)
        return Taken(ready, expired)

    def next_look(self, now: float, wall: float) -> float | None:
        """When (monotonic) something may be due that is not now; None while only an outcome can change it."""
        times: list[float] = []
        if self._untils:
            times.append(now + max(0.0, self._untils[0][0] - wall))
        for destination in self._destinations.values():
            if destination.running < PLACES and not destination.breaker.probe:
                self._skip_stale(destination)
                if destination.heads:
                    held = destination.breaker.open_until if destination.breaker.opened else 0.0
                    times.append(max(destination.heads[0][0], held))
        return min(times, default=None)

    def _first(self, destination: Destination, now: float) -> Waiting | None:
        """The entry of a destination whose turn it is, if it has a place and its breaker lets it."""
        breaker = destination.breaker
        if destination.running >= PLACES or breaker.probe or (breaker.opened and now < breaker.open_until):
            return None
        while self._skip_stale(destination):
            due, _, number = destination.heads[0]
            if due > now:
                return None
            waiting = self._entries[number]
            if (waiting.room, waiting.handler) in self._handlers:
                return waiting
            heapq.heappop(destination.heads)
            self._parked.setdefault((waiting.room, waiting.handler), set()).add(number)
        return None

    def _skip_stale(self, destination: Destination) -> bool:
        """Drop what is not at the head of its line any more; False where nothing is left."""
        heads = destination.heads
        while heads:
            due, _, number = heads[0]
            waiting = self._entries.get(number)
            if (
                waiting is not None
                and waiting.line not in self._busy
                and waiting.due == due
                and self._lines[waiting.line][0][1] == number
            ):
                return True
            heapq.heappop(heads)
        return False

    # ---- what comes back

    def settle(self, entry: str, outcome: Outcome, now: float, wall: float, random: float) -> Settled:
        """Judge an outcome. The entry holds its line and its place until `release`: the disk comes first."""
        waiting = self._entries[entry]
        breaker = self._destination(waiting.place).breaker
        before = (breaker.failures, breaker.opened)
        waiting.attempts += 1
        if isinstance(outcome, Retry):
            self._failed(breaker, entry, now, random)
            pause = retry_seconds(waiting.attempts, random)
            if outcome.after is not None:
                pause = max(pause, min(outcome.after, AFTER_LIMIT_SECONDS))
            waiting.due = now + pause
            state = "dead" if wall + pause >= waiting.until else "waiting"
        else:
            breaker.failures, breaker.opened, breaker.open_until, breaker.probe = 0, 0, 0.0, ""
            state = "delivered" if isinstance(outcome, Delivered) else "dead"
        changed = breaker if (breaker.failures, breaker.opened) != before else None
        reason = outcome.reason if isinstance(outcome, (Retry, Refused)) else ""
        return Settled(state, waiting.attempts, waiting.due, reason, changed)

    def release(self, entry: str, state: str) -> None:
        """What became of the entry is on the disk: its line and its place are free."""
        waiting = self._entries[entry]
        destination = self._destination(waiting.place)
        destination.running -= 1
        if destination.breaker.probe == entry:
            destination.breaker.probe = ""  # where what it was meant to find out was never found out
        waiting.running = False
        self._busy.discard(waiting.line)
        if state == "waiting":
            heapq.heappush(self._untils, (waiting.until, entry))
            self._offer(waiting.line)
        else:
            self._remove(waiting)

    def put_back(self, entry: str, due: float) -> None:
        """It could not even be tried: that is not its destination's fault, and is tried again at `due`."""
        self._entries[entry].due = due
        self.release(entry, "waiting")

    @staticmethod
    def _failed(breaker: Breaker, entry: str, now: float, random: float) -> None:
        if breaker.opened and breaker.probe != entry:
            return  # it was under way before the breaker opened, and says nothing new
        breaker.failures += 1
        if breaker.opened or breaker.failures >= FAILURES:
            breaker.opened += 1
            breaker.open_until = now + open_seconds(breaker.opened, random)
            breaker.probe = ""

    # ---- lines

    def _destination(self, place: Place) -> Destination:
        return self._destinations.setdefault(place, Destination())

    def _offer(self, line: Line) -> None:
        """Put the first of a line among those that may be tried, unless one of the line is under way."""
        order = self._lines.get(line)
        if not order or line in self._busy:
            return
        first = self._entries[order[0][1]]
        heapq.heappush(self._destination(first.place).heads, (first.due, first.seq, first.id))

    def _remove(self, waiting: Waiting) -> None:
        line = waiting.line
        order = self._lines[line]
        order.remove((waiting.seq, waiting.id))
        del self._entries[waiting.id]
        if len(self._untils) > 2 * len(self._entries) + _STALE_UNTILS:
            self._untils = [(one.until, one.id) for one in self._entries.values() if not one.running]
            heapq.heapify(self._untils)
        if order:
            self._offer(line)
        else:
            del self._lines[line]
            self._forget_place(waiting.place)

    def _forget_place(self, place: Place) -> None:
        """A destination that is well, and for which nothing waits, is remembered no more."""
        destination = self._destination(place)
        well = not destination.breaker.opened and not destination.breaker.failures
        if well and not destination.running and not self._skip_stale(destination):
            del self._destinations[place]
