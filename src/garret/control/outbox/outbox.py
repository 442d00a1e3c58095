"""The outbox's driver: lets the rooms' handlers deliver what is due, and keeps what came of it.

An entry is enqueued inside the transaction of what causes it, so that either both are kept or neither is.
It is delivered at least once: where Garret ends between a delivery and its acknowledgement, the handler gets
the same letter with the same id again, and the receiver knows by the id that it has it. What the letter
means, and by which protocol it goes, is the handler's business.

One loop timer waits for the nearest due time. Whether an outcome is kept comes before whatever follows from
it: while the disk takes no writes, an entry that was delivered holds its line and is not delivered again.

Neighbours: `machine` decides, `rows` is the SQL, `control.plane` starts it when the rooms have registered
their handlers, rooms reach it as a `RoomOutbox`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import apsw

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.errors import Code, GarretError
from garret.control.outbox import rows
from garret.control.outbox.entries import (
    BreakerRow,
    Entry,
    Handler,
    Kept,
    Letter,
    OutboxError,
    Outcome,
    Refused,
    Retry,
)
from garret.control.outbox.machine import (
    OPEN_LIMIT_SECONDS,
    Breaker,
    OutboxMachine,
    Settled,
    Waiting,
)
from garret.storage.errors import QueueFull, StorageError
from garret.storage.store import Store
from garret.storage.writer_state import Mode

_logger = log.get("control.outbox")

ATTEMPT_SECONDS: Final = 120.0
"""How long a handler may take for one attempt; then it counts as failed and is cancelled."""
_AGAIN_SECONDS: Final = 1.0  # until storage is asked once more
_REASON_CHARACTERS: Final = 500

T = TypeVar("T")

Changed = Callable[[str, str, str, str, str], None]
"""An entry's id, room, destination, new state and its owner's profile."""


class RoomOutbox:
    """The outbox as one room sees it: it enqueues for its own handlers only."""

    def __init__(self, outbox: Outbox, room: str) -> None:
        self._outbox = outbox
        self._room = room

    def handle(self, name: str, handler: Handler) -> None:
        """Let `handler` deliver this room's entries that name it. To be called while the room is built.

        It is a coroutine function that takes a `Letter` and answers `Delivered`, `Retry` or `Refused`. A
        GarretError that it raises is one of the last two, by whether it is retryable; anything else is a
        retry. It may be cancelled at any time and gets the letter again.
        """
        self._outbox.register(self._room, name, handler)

    def enqueue(self, connection: apsw.Connection, entry: Entry) -> str:
        """Keep an entry in the transaction of `connection` and return its id; for operations of the writer.

        Raises UsageError and OutboxFull, which end the operation that it is part of.
        """
        return self._outbox.enqueue(connection, self._room, entry)

    async def put(self, entry: Entry) -> str:
        """`enqueue` in a transaction of its own. Raises StorageError, too."""
        return await self._outbox.put(self._room, entry)


class Outbox:
    """Everything that has to go out, of all rooms."""

    def __init__(
        self,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        *,
        changed: Changed,
        clock: Clock = SYSTEM,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._store = store
        self._loop = loop
        self._changed = changed
        self._clock = clock
        self._attempt_seconds = attempt_seconds
        self._machine = OutboxMachine()
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._seen = 0
        self._reading = asyncio.Lock()
        self._look_pending = False
        self._running = False

    def __len__(self) -> int:
        """How many entries wait or are under way."""
        return len(self._machine)

    def room(self, name: str) -> RoomOutbox:
        """The outbox for one room."""
        return RoomOutbox(self, name)

    def register(self, room: str, name: str, handler: Handler) -> None:
        """See `RoomOutbox.handle`. Raises ValueError where there is a handler of that name."""
        if (room, name) in self._handlers:
            raise ValueError(f"{room} has two handlers called {name}")
        self._handlers[room, name] = handler
        self._machine.allow(room, name)

    # ---- life

    async def start(self) -> None:
        """Take up what was kept, and deliver from now on. Where storage takes no writes, from `resume` on."""
        self._running = True
        for row in await asyncio.to_thread(self._read, rows.breakers):
            pause = row.open_until - self._clock.wall()
            if pause > OPEN_LIMIT_SECONDS:
                pause = 0.0  # the wall clock went back meanwhile
            until = self._clock.monotonic() + pause
            self._machine.set_breaker((row.room, row.destination), row.failures, row.opened, until)
        await self._take_up_again()

    def resume(self) -> None:
        """Storage takes writes again: take up what could not be."""
        self._look_for_new()

    async def stop(self) -> None:
        """Deliver no more: what is under way is cancelled and delivered again after the next start."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- what comes in

    def enqueue(self, connection: apsw.Connection, room: str, entry: Entry) -> str:
        """See `RoomOutbox.enqueue`; runs in the thread of the writer."""
        number = rows.enqueue(connection, room, entry, self._clock.wall())
        try:
            self._loop.call_soon_threadsafe(self._look_for_new)
        except RuntimeError:
            _logger.debug("the loop has ended; %s goes out after the next start", number)
        return number

    async def put(self, room: str, entry: Entry) -> str:
        """See `RoomOutbox.put`."""
        return await self._store.writer.write(lambda connection: self.enqueue(connection, room, entry))

    def _look_for_new(self) -> None:
        if self._running and not self._look_pending:
            self._look_pending = True
            self._spawn(self._take_up_again())

    async def _take_up_again(self) -> None:
        try:
            await self._take_up()
        except QueueFull:
            self._loop.call_later(_AGAIN_SECONDS, self._look_for_new)
        except StorageError as error:
            _logger.warning("the outbox waits until storage takes writes: %s", error.message)

    async def _take_up(self) -> None:
        """Hear of everything that was committed since the last time.

        Asking the writer, and not a reader, orders this behind the transaction that enqueued.
        """
        async with self._reading:
            self._look_pending = False  # whatever is enqueued from here on is looked for once more
            seen = self._seen
            found = await self._store.writer.write(lambda connection: rows.waiting_after(connection, seen))
            for kept in found:
                self._seen = max(self._seen, kept.seq)
                self._machine.add(self._waiting(kept))
        self._go_on()

    def _waiting(self, kept: Kept) -> Waiting:
        # A wall clock that went back since then lets it wait for its pause once more, and no longer.
        pause = kept.due - max(self._clock.wall(), kept.updated)
        due = self._clock.monotonic() + max(0.0, pause)
        return Waiting(
            kept.seq, kept.id, kept.room, kept.handler, kept.destination, kept.key, kept.attempts, due,
            kept.until, kept.profile,
        )  # fmt: skip

    # ---- what goes out

    def _go_on(self) -> None:
        """Start what is due, and have the loop wake up for what is due next."""
        if not self._running:
            return
        taken = self._machine.take(self._clock.monotonic(), self._clock.wall())
        for waiting in taken.ready:
            self._spawn(self._attempt(waiting))
        for waiting in taken.expired:
            self._spawn(self._bury(waiting))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.monotonic()
        due = self._machine.next_look(now, self._clock.wall())
        if due is not None:
            self._timer = self._loop.call_later(max(0.0, due - now), self._go_on)

    async def _attempt(self, waiting: Waiting) -> None:
        try:
            letter = await asyncio.to_thread(
                self._read, lambda connection: rows.letter(connection, waiting.id)
            )
        except StorageError as error:
            _logger.warning("%s could not be read: %s", waiting.id, error.message)
            self._machine.put_back(waiting.id, self._clock.monotonic() + _AGAIN_SECONDS)
            self._go_on()
            return
        outcome = await self._deliver(waiting, letter)
        wall = self._clock.wall()
        settled = self._machine.settle(waiting.id, outcome, self._clock.monotonic(), wall, random.random())
        due = wall + max(0.0, settled.due - self._clock.monotonic())
        breaker = self._breaker_row(waiting, settled.breaker)
        await self._keep(lambda connection: _write(connection, waiting, settled, due, breaker, wall))
        self._machine.release(waiting.id, settled.state)
        if settled.state == "dead":
            _logger.warning("%s for %s is given up: %s", waiting.id, waiting.destination, settled.reason)
        self._changed(waiting.id, waiting.room, waiting.destination, settled.state, waiting.profile)
        self._go_on()

    async def _deliver(self, waiting: Waiting, letter: Letter) -> Outcome:
        handler = self._handlers[waiting.room, waiting.handler]
        try:
            async with asyncio.timeout(self._attempt_seconds):
                return await handler(letter)
        except TimeoutError:
            return Retry(f"There was no answer within {self._attempt_seconds:g} s.")
        except GarretError as error:
            return Retry(error.message) if error.retryable else Refused(error.message)
        except Exception as error:
            _logger.exception("the handler %s of %s failed", waiting.handler, waiting.room)
            return Retry(log.REDACTOR.clean(f"The handler failed: {type(error).__name__}: {error}"))

    async def _bury(self, waiting: Waiting) -> None:
        """An entry whose time is over leaves as a dead letter."""
        wall = self._clock.wall()
        reason = "It could not be delivered in the time that it had."
        await self._keep(lambda connection: rows.dead(connection, waiting.id, waiting.attempts, reason, wall))
        _logger.warning("%s for %s is given up: %s", waiting.id, waiting.destination, reason)
        self._changed(waiting.id, waiting.room, waiting.destination, "dead", waiting.profile)

    def _breaker_row(self, waiting: Waiting, breaker: Breaker | None) -> BreakerRow | None:
        if breaker is None:
            return None
        until = self._clock.wall() + max(0.0, breaker.open_until - self._clock.monotonic())
        return BreakerRow(waiting.room, waiting.destination, breaker.failures, breaker.opened, until)

    async def _keep(self, operation: Callable[[apsw.Connection], None]) -> None:
        """Write what came of an entry, again and again while storage takes nothing."""
        while True:
            try:
                await self._store.writer.write(operation)
                return
            except StorageError as error:
                if not self._running or error.details.get("mode") == Mode.DAMAGED.value:
                    raise
                _logger.warning("what came of an outbox entry waits for storage: %s", error.message)
                await asyncio.sleep(_AGAIN_SECONDS)

    # ---- what a person says

    async def entries(self, *, state: str = "", profile: str | None = None, limit: int = 100) -> list[Kept]:
        """Entries, newest first: those that wait or are dead, or those in `state`."""
        return await asyncio.to_thread(
            self._read, lambda connection: rows.select(connection, state=state, profile=profile, limit=limit)
        )

    async def entry(self, number: str) -> Kept:
        """One entry. Raises OutboxError where there is none."""
        return await asyncio.to_thread(self._read, lambda connection: rows.get(connection, number))

    def breaker(self, kept: Kept) -> Breaker:
        """How the destination of an entry is."""
        return self._machine.breaker((kept.room, kept.destination))

    async def retry(self, number: str) -> Kept:
        """Try an entry at once that waits or is dead, with all its time anew.

        Raises OutboxError (also while it is being delivered) and StorageError.
        """
        wall = self._clock.wall()
        kept = await self._change(number, lambda connection: rows.revive(connection, number, wall))
        self._machine.add(self._waiting(kept))
        self._machine.hasten(number, self._clock.monotonic())
        self._go_on()
        return kept

    async def discard(self, number: str) -> Kept:
        """Forget an entry for good. Raises OutboxError (also while it is being delivered), StorageError."""
        kept = await self._change(number, lambda connection: rows.discard(connection, number))
        self._go_on()
        return kept

    async def _change(self, number: str, operation: Callable[[apsw.Connection], Kept]) -> Kept:
        """Change an entry on the disk while the machine does not have it, so that nothing delivers it then.

        Where the disk does not take the change, the machine has it again.
        """
        waiting = self._machine.get(number)
        if waiting is not None and not self._machine.withdraw(number):
            raise OutboxError(
                f"{number} is being delivered at this moment. Nothing was changed; look again afterwards.",
                code=Code.BUSY,
            )
        try:
            return await self._store.writer.write(operation)
        except GarretError:
            if waiting is not None:
                self._machine.add(waiting)
                self._go_on()
            raise

    # ---- tools

    def _read(self, operation: Callable[[apsw.Connection], T]) -> T:
        with self._store.readers.read() as connection:
            return operation(connection)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and self._running:
            _logger.error("an entry of the outbox stays where it is until the next start", exc_info=error)


def _write(
    connection: apsw.Connection,
    waiting: Waiting,
    settled: Settled,
    due: float,
    breaker: BreakerRow | None,
    now: float,
) -> None:
    """Keep what came of an entry, and how its destination is, in one transaction."""
    if breaker is not None:
        rows.put_breaker(connection, breaker)
    if settled.state == "delivered":
        rows.delivered(connection, waiting.id, settled.attempts, now)
    elif settled.state == "dead":
        rows.dead(connection, waiting.id, settled.attempts, settled.reason[:_REASON_CHARACTERS], now)
    else:
        reason = settled.reason[:_REASON_CHARACTERS]
        rows.postponed(connection, waiting.id, settled.attempts, due, reason, now)
