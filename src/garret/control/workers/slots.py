"""A slot: one place for a worker process, driven by its state machine.

The machine decides; the slot spawns, boots, drains, terminates and kills, reads what the process
prints, watches its descriptor for its death, and reports back. One slot has one process, or two
while one replaces the other.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from garret.base import log
from garret.base.build import build_hash
from garret.base.clock import SYSTEM
from garret.base.errors import GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Pending
from garret.control.supervision import events as sv
from garret.control.supervision.machine import SupervisorMachine
from garret.control.workers.captured import CapturedOutput
from garret.control.workers.holding import excess, needs_looks
from garret.control.workers.lending import Lender
from garret.control.workers.link import WorkerLink
from garret.control.workers.process import ProcessHandle, environment, spawn
from garret.protocol.envelope import encode_payload, pack
from garret.protocol.frames import Kind
from garret.protocol.handshake import NonceMemory, ServerHandshake
from garret.protocol.life import Boot, Heartbeat, Ready
from garret.protocol.manifest import Grants, WorkerSpec
from garret.transport.errors import Disconnected

_logger = log.get("control.slots")

_ENDING_SECONDS: Final = 0.25
"""A process whose socket has closed may take as long to end by itself, so that its exit code is known."""

_ROLE: Final = "worker"
_BUSY: Final = 0  # stands for whatever the process does; keys of commands begin at 1
_SIGNAL_NAMES: Final = {signal.SIGTERM: "TERM", signal.SIGKILL: "KILL"}


@dataclass(frozen=True)
class Launch:
    """What a worker process is started with; computed anew for each start, so settings are fresh."""

    grants: Grants
    settings: dict[str, object]
    environment: Mapping[str, str]
    secrets: dict[str, str]
    reached_by: int = 0


class SlotOwner(Protocol):
    """The pool a slot belongs to."""

    def on_news(self, slot: WorkerSlot, event: sv.Event) -> None: ...

    def on_route(self, slot: WorkerSlot, link: WorkerLink, *, on: bool) -> None: ...

    def on_call_ended(self, slot: WorkerSlot, pending: Pending) -> None: ...

    def on_lost(self, slot: WorkerSlot, link: WorkerLink, reason: str, *, retryable: bool) -> None: ...

    def on_state(self, slot: WorkerSlot, state: sv.State, sentence: str) -> None: ...

    def launch(self) -> Launch: ...

    def lender(self, grants: Grants) -> Lender: ...

    def on_way_out(self, listener: int) -> int: ...

    def on_in_hand(self, way_out: int, pending: Iterable[Pending]) -> None: ...

    def on_line(self, source: str, stream: str, line: str) -> None: ...

    def on_guardian_lost(self) -> None: ...

    def on_gone(self) -> None: ...


class WorkerSlot:
    """Drives the processes of one slot. Runs on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        spec: WorkerSpec,
        number: int,
        machine: SupervisorMachine,
        owner: SlotOwner,
        broker: Broker,
        nonces: NonceMemory,
        *,
        heartbeat_seconds: float,
    ) -> None:
        self.spec = spec
        self.number = number
        self.label = f"{spec.name}#{number}"
        self._machine = machine
        self.links: dict[int, WorkerLink] = {}
        self._handles: dict[int, ProcessHandle] = {}
        self._loop = loop
        self._owner = owner
        self._broker = broker
        self._nonces = nonces
        self._heartbeat_seconds = heartbeat_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._outputs: dict[int, CapturedOutput] = {}

    # ---- driving the machine

    def handle(self, event: sv.Event) -> None:
        """Report news of this slot's process."""
        self._owner.on_news(self, event)

    def carry_out(self, instruction: sv.Instruction) -> None:
        match instruction:
            case sv.SetTimer():
                self._set_timer(instruction)
            case sv.Notify():
                self._owner.on_state(self, instruction.state, instruction.sentence)
            case sv.Spawn():
                self._spawn(instruction)
            case sv.SendDrain():
                self.links[instruction.generation].drain()
            case sv.SendTerm() | sv.SendKill():
                number = signal.SIGTERM if isinstance(instruction, sv.SendTerm) else signal.SIGKILL
                self._signal(instruction.generation, number)
            case sv.RouteOn() | sv.RouteOff():
                link = self.links[instruction.generation]
                self._owner.on_route(self, link, on=isinstance(instruction, sv.RouteOn))
            case sv.FailJobs():
                self._fail_jobs(instruction)
            case sv.CheckHealth():
                return  # the business of outside programs

    def _tell_machine(self, event: sv.Event, now: float | None = None) -> None:
        """The short way for what happens with every command and never moves a route."""
        for instruction in self._machine.handle(event, SYSTEM.monotonic() if now is None else now):
            self.carry_out(instruction)

    def start_call(self, link: WorkerLink, pending: Pending) -> None:
        """Hand a command to the process behind `link`. Raises GarretError; it then has not got it.

        The machine hears that the process is busy or idle. Which command it is busy with it hears
        from the first heartbeat on, so that the many which are over by then cost next to nothing.
        """
        idle = not link.calls
        if link.way_out:  # told before the worker can act on it
            self._owner.on_in_hand(link.way_out, (*link.calls.values(), pending))
        link.start(pending)
        if idle:
            self._tell_machine(sv.JobStarted(link.generation, _BUSY, None))

    def _watch_calls(self, link: WorkerLink) -> None:
        for key, pending in link.calls.items():
            if key not in link.watched:
                link.watched.add(key)
                # A live exchange stands still while the other side is silent; that is no stall.
                live = pending.meta.inputs is not None
                started = (
                    sv.JobStarted(link.generation, key, None) if live else sv.JobStarted(link.generation, key)
                )
                self._tell_machine(started)

    def look_at_memory(self) -> None:
        """End the processes that hold more than they may, of those that could come by more just now."""
        for generation, link in list(self.links.items()):
            handle = self._handles.get(generation)
            if handle is None or not (link.calls or link.lender.lent or needs_looks(self.spec.grants)):
                continue
            reason = excess(self.spec.grants, handle.pid, link.lender.held_bytes())
            if reason:
                self.handle(sv.Overdrawn(generation, reason))

    @property
    def pids(self) -> list[int]:
        return [handle.pid for handle in self._handles.values()]

    def kill(self) -> None:
        """End its processes now; the machine sees them end, and starts them anew by its rules."""
        for handle in self._handles.values():
            handle.signal_group(signal.SIGKILL)

    # ---- carrying instructions out

    def _spawn(self, instruction: sv.Spawn) -> None:
        generation = instruction.generation
        try:
            boot, environ = self._prepare()
            lender = self._owner.lender(boot.grants)
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except (OSError, GarretError) as error:
            self._not_spawned(generation, error)
            return
        try:
            handle = spawn(
                [sys.executable, "-I", "-m", "garret.worker", str(theirs.fileno())],
                pass_descriptors=(theirs.fileno(),),
                env=environ,
            )
        except (OSError, GarretError) as error:
            ours.close()
            self._not_spawned(generation, error)
            return
        finally:
            theirs.close()
        handshake = ServerHandshake(
            {_ROLE: boot.secret},
            build_hash(),
            nonces=self._nonces,
            capabilities=frozenset({"memfd"}),
            service=self.spec.name,
        )
        self._handles[generation] = handle
        self.links[generation] = WorkerLink(
            self._loop, ours, generation, boot, handshake, self._broker, self, lender
        )
        self._outputs[generation] = CapturedOutput(
            self._loop, handle, lambda stream, line: self._owner.on_line(self.label, stream, line)
        )
        self._loop.add_reader(handle.pidfd, self._exited, generation)
        self._loop.call_soon(self.handle, sv.Spawned(generation, handle.pid))

    def _prepare(self) -> tuple[Boot, dict[str, str]]:
        """What the next process is told, and its environment. Raises FrameTooLarge where that is too much."""
        launch = self._owner.launch()
        boot = Boot(
            self.spec.name,
            self.spec.entry,
            secrets.token_bytes(32),
            build_hash(),
            launch.grants,
            self.spec.concurrency,
            dict(launch.settings),
            self.spec.search_path,
            self._heartbeat_seconds,
            launch.secrets,
            launch.reached_by,
        )
        pack(Kind.BOOT, 0, encode_payload(boot))  # before there is a process that would wait for it
        return boot, environment(launch.environment)

    def _not_spawned(self, generation: int, error: OSError | GarretError) -> None:
        permanent = isinstance(error, GarretError) and not error.retryable
        reason = error.message if isinstance(error, GarretError) else str(error)
        self._loop.call_soon(self.handle, sv.SpawnFailed(generation, reason, permanent))

    def _signal(self, generation: int, number: signal.Signals) -> None:
        handle = self._handles.get(generation)
        if handle is not None:
            _logger.warning("%s: sending %s to process %d", self.label, _SIGNAL_NAMES[number], handle.pid)
            handle.signal_group(number)

    def _set_timer(self, instruction: sv.SetTimer) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if instruction.at is not None:
            self._timer = self._loop.call_at(instruction.at, self._tick)

    def _tick(self) -> None:
        """The machine's timer: what came over the links since the last one counts as signs of life."""
        for link in self.links.values():
            if link.heard_at:
                self._tell_machine(sv.Heartbeat(link.generation), link.heard_at)
                link.heard_at = 0.0
        self.handle(sv.Tick())

    def _fail_jobs(self, instruction: sv.FailJobs) -> None:
        link = self.links.get(instruction.generation)
        if link is not None:
            # Where it is not started again, what to do about that is in the machine's sentence.
            reason = instruction.reason if instruction.retryable else self._machine.sentence.rstrip(".")
            self._owner.on_lost(self, link, reason, retryable=instruction.retryable)

    def _exited(self, generation: int) -> None:
        handle = self._handles.pop(generation)
        self._loop.remove_reader(handle.pidfd)
        status = handle.reap()
        assert status is not None, "its descriptor said that it has ended"
        link = self.links[generation]
        link.channel.drain_input()
        self._outputs.pop(generation).finish()
        if self.spec.grants.execute and status.signal is not None:
            self._owner.on_guardian_lost()
        self.handle(sv.Exited(generation, status.words))
        del self.links[generation]
        link.channel.close()
        link.lender.close()
        handle.close()
        self._owner.on_gone()

    # ---- what links tell

    def on_ready(self, link: WorkerLink, ready: Ready) -> None:
        for missing in ready.missing:
            _logger.warning("%s runs without %s", self.label, missing)
        _logger.info("%s is ready after %.0f ms", self.label, ready.start_seconds * 1000)
        self.handle(sv.Handshaken(link.generation))

    def on_way_out(self, link: WorkerLink, listener: int) -> None:
        """Its connections are asked for at `listener`, which is this one's to close."""
        if self.spec.destinations:
            link.way_out = self._owner.on_way_out(listener)
        else:
            os.close(listener)

    def on_refused(self, link: WorkerLink, reason: str, permanent: bool) -> None:
        self.handle(sv.HandshakeRefused(link.generation, reason, permanent))

    def on_heartbeat(self, link: WorkerLink, beat: Heartbeat) -> None:
        self._watch_calls(link)
        self._tell_machine(sv.Heartbeat(link.generation, beat.progress))

    def on_ended(self, link: WorkerLink, pending: Pending) -> None:
        if pending.key in link.watched:
            link.watched.discard(pending.key)
            self._tell_machine(sv.JobEnded(link.generation, pending.key))
        if link.way_out:
            self._owner.on_in_hand(link.way_out, link.calls.values())
        self._owner.on_call_ended(self, pending)
        if not link.calls:  # what waited would have taken its place by now
            self._tell_machine(sv.JobEnded(link.generation, _BUSY))

    def on_broken(self, link: WorkerLink, reason: GarretError) -> None:
        """The socket ended. A process that is ending says how; one that broke the protocol is killed."""
        handle = self._handles.get(link.generation)
        if handle is None or link.leaving:
            return
        _logger.debug("%s: %s", self.label, reason.message)
        if isinstance(reason, Disconnected):
            self._loop.call_later(_ENDING_SECONDS, self._kill_if_there, link.generation, handle)
        else:
            handle.signal_group(signal.SIGKILL)

    def _kill_if_there(self, generation: int, handle: ProcessHandle) -> None:
        if self._handles.get(generation) is handle:
            handle.signal_group(signal.SIGKILL)
