"""Pools of workers: the broker's destinations for everything that is computed.

A pool is all slots of one kind of worker with the scheduler's queue before them. It starts slots as
work asks for them, keeps spares warm, replaces processes when a setting they were started with
changes, and answers commands whose worker will not come back.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable
from typing import Protocol

import msgspec

from garret.base.errors import CancelledError, Code, GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Pending
from garret.control.errors import ControlError
from garret.control.supervision import events as sv
from garret.control.supervision.placement import Admitted, Busy, Item, Running
from garret.control.supervision.pool import SupervisorPool
from garret.control.supervision.scheduler import Scheduler
from garret.control.watching.metrics import Metrics
from garret.control.workers.lending import Lender
from garret.control.workers.link import WorkerLink
from garret.control.workers.slots import Launch, WorkerSlot
from garret.protocol.handshake import NonceMemory
from garret.protocol.manifest import Grants, WorkerSpec, kind_of


class House(Protocol):
    """What a pool needs of the control plane around it."""

    def launch_of(self, spec: WorkerSpec) -> Launch: ...

    def lender_of(self, spec: WorkerSpec, grants: Grants) -> Lender: ...

    def instances_of(self, spec: WorkerSpec) -> int: ...

    def spares_of(self, spec: WorkerSpec) -> int: ...

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None: ...

    def on_way_out(self, spec: WorkerSpec, listener: int) -> int: ...

    def on_in_hand(self, way_out: int, pending: Iterable[Pending]) -> None: ...

    def on_worker_line(self, source: str, stream: str, line: str) -> None: ...

    def sweep(self) -> None: ...


class Pool:
    """All workers of one kind."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        spec: WorkerSpec,
        life: sv.Life,
        broker: Broker,
        scheduler: Scheduler,
        metrics: Metrics,
        nonces: NonceMemory,
        house: House,
        *,
        heartbeat_seconds: float,
    ) -> None:
        self.spec = spec
        self.slots: list[WorkerSlot] = []
        self.blocked = ""  # why it was not started, where what it needs failed
        self._broker = broker
        self._scheduler = scheduler
        self._metrics = metrics
        self._house = house
        self._routes: dict[str, tuple[WorkerSlot, WorkerLink]] = {}
        self._queued: dict[int, Pending] = {}
        self._stopped = False
        self._all_ended = asyncio.Event()
        self._news = asyncio.Event()
        self.supervisor = SupervisorPool(
            spec.name,
            life,
            serving=house.instances_of(spec),
            spares=house.spares_of(spec),
            random=random.random,
        )
        self.slots = [
            WorkerSlot(loop, spec, number, machine, self, broker, nonces, heartbeat_seconds=heartbeat_seconds)
            for number, machine in enumerate(self.supervisor.slots)
        ]
        scheduler.add_pool(spec.name, queue_limit=spec.queue_limit)

    # ---- life

    def start(self) -> None:
        """Enable the slots; those that are not on demand, and the spares, start now."""
        self._handle(None, sv.Start())

    @property
    def ready(self) -> bool:
        """Whether a process is there that takes commands."""
        return bool(self._routes)

    @property
    def pids(self) -> list[int]:
        """The ids of its processes, each not reaped yet."""
        return [pid for slot in self.slots for pid in slot.pids]

    @property
    def available(self) -> bool:
        """False when waiting for a process is in vain: its circuit is open."""
        return self.supervisor.available

    @property
    def serving(self) -> int:
        """How many processes there are to be."""
        return self.supervisor.serving

    def warm(self, processes: int = 1) -> None:
        """Start what is missing of so many processes now, because work is about to come."""
        missing = min(processes, self.supervisor.serving) - len(self._routes)
        if missing > 0:
            self._handle(None, sv.Demand(missing))

    def replace(self) -> None:
        """Start every running process anew, new one first; also closes an open circuit."""
        self._handle(None, sv.Reset())
        if any(slot.links for slot in self.slots):
            self._handle(None, sv.Swap(""))
        if self._queued:
            self._demand()

    async def replaced(self) -> None:
        """Until no process serves that `replace` is replacing: the new one is ready, or has failed."""
        while self.supervisor.replacing and not self._stopped:
            self._news.clear()
            await self._news.wait()

    def kill(self) -> None:
        """End every process now; what they had in hand fails as with any that dies."""
        for slot in self.slots:
            slot.kill()

    async def stop(self, *, urgent: bool = False) -> None:
        """Drain, terminate and kill until no process is left; `urgent` waits for nothing that it does."""
        self._stopped = True
        for pending in list(self._queued.values()):
            self.cancel(pending)
        self._handle(None, sv.Stop(urgent))
        while any(slot.links for slot in self.slots):
            self._all_ended.clear()
            await self._all_ended.wait()

    def _handle(self, number: int | None, event: sv.Event) -> None:
        for slot, instruction in self.supervisor.handle(number, event, time.monotonic()):
            self.slots[slot].carry_out(instruction)
        self._news.set()

    # ---- the broker's Destination and Handling

    def submit(self, pending: Pending) -> None:
        """Send a command to a free worker, or queue it. Raises ControlError (busy, unavailable)."""
        item = Item(pending.key, self.spec.name, pending.caller.name, pending.priority, pending.deadline)
        answer = self._scheduler.submit(item, pending.admitted)
        if type(answer) is Admitted:
            self._send(pending, answer.worker)
        elif isinstance(answer, Busy):
            raise ControlError(
                f"The {self.spec.name} worker has {answer.waiting} commands waiting; nothing was started. "
                "Try again in a moment.",
                code=Code.BUSY,
            )
        else:
            self._queued[pending.key] = pending
            pending.handling = self
            self._demand()

    def _send(self, pending: Pending, worker: str) -> None:
        """Hand a command to a worker that has a place for it; what cannot be sent is answered."""
        slot, link = self._routes[worker]
        pending.started = time.monotonic()
        try:
            slot.start_call(link, pending)
        except GarretError as error:
            self._broker.fail(pending, error)
            self._send_all(self._scheduler.done(pending.key, pending.started))

    def _send_all(self, admitted: tuple[Admitted, ...]) -> None:
        for answer in admitted:
            pending = self._queued.pop(int(str(answer.id)))
            self._send(pending, answer.worker)

    def _demand(self) -> None:
        """Ask for as many processes as there is work waiting."""
        if not self.supervisor.available:
            self._give_up()
            return
        if len(self._routes) >= self.supervisor.serving:
            return  # all are there already, and busy
        self._handle(None, sv.Demand(min(len(self._queued), self.supervisor.serving)))

    def _give_up(self) -> None:
        sentence = self.blocked or self.supervisor.sentence
        for key in self._scheduler.clear(self.spec.name):
            pending = self._queued.pop(int(str(key)), None)
            if pending is not None:
                self._broker.fail(pending, ControlError(sentence, code=Code.UNAVAILABLE, retryable=False))

    def cancel(self, pending: Pending) -> None:
        """Withdraw a command that waits."""
        if isinstance(self._scheduler.cancel(pending.key), Running):
            return
        self._queued.pop(pending.key, None)
        self._broker.fail(pending, pending.waiting_cancel or CancelledError("Cancelled while waiting."))

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        """Keep input for a command that still waits; its caller's credit bounds it."""
        pending.keep_input(payload)

    def grant(self, pending: Pending, items: int) -> None:
        del pending, items  # nothing streams back before the command has started

    # ---- the slots' owner

    def on_news(self, slot: WorkerSlot, event: sv.Event) -> None:
        self._handle(slot.number, event)

    def launch(self) -> Launch:
        return self._house.launch_of(self.spec)

    def lender(self, grants: Grants) -> Lender:
        """What its next process may borrow, for a process that is about to be started."""
        return self._house.lender_of(self.spec, grants)

    def on_way_out(self, listener: int) -> int:
        return self._house.on_way_out(self.spec, listener)

    def on_in_hand(self, way_out: int, pending: Iterable[Pending]) -> None:
        self._house.on_in_hand(way_out, pending)

    def on_route(self, slot: WorkerSlot, link: WorkerLink, *, on: bool) -> None:
        worker = f"{slot.label}.{link.generation}"
        if on:
            self._routes[worker] = (slot, link)
            self._send_all(
                self._scheduler.add_slot(self.spec.name, worker, self.spec.concurrency, time.monotonic())
            )
        else:
            self._scheduler.close_slot(worker)
            if not link.calls:
                self._routes.pop(worker, None)

    def on_call_ended(self, slot: WorkerSlot, pending: Pending) -> None:
        del slot
        admitted = self._scheduler.done(pending.key, time.monotonic())
        if admitted:
            self._send_all(admitted)

    def on_lost(self, slot: WorkerSlot, link: WorkerLink, reason: str, *, retryable: bool) -> None:
        worker = f"{slot.label}.{link.generation}"
        self._routes.pop(worker, None)
        self._scheduler.remove_slot(worker)
        link.fail_calls(reason, retryable=retryable)

    def on_state(self, slot: WorkerSlot, state: sv.State, sentence: str) -> None:
        if state in (sv.State.BACKOFF, sv.State.FAILED):
            self._metrics.count("restarts", part=kind_of(self.spec.name))
        self._house.on_worker_state(self.spec.name, slot.number, state, sentence)
        if not self._stopped and self._queued and state in (sv.State.FAILED, sv.State.STOPPED):
            asyncio.get_running_loop().call_soon(self._demand)

    def on_gone(self) -> None:
        self._all_ended.set()

    def on_line(self, source: str, stream: str, line: str) -> None:
        self._house.on_worker_line(source, stream, line)

    def on_guardian_lost(self) -> None:
        """What a killed guardian could not end any more is this process's to end."""
        self._house.sweep()
