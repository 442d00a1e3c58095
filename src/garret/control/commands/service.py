"""Services: the part of a room that runs in the control plane.

A service is a class built with a `Context`; `handlers` maps its commands to coroutines that get the
decoded command and a `Request`. Services reach workers, storage, settings and other rooms' commands
only through the context, and compute nothing heavy.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import apsw
import msgspec

from garret.base import log
from garret.base.errors import CancelledError, Code, GarretError
from garret.control.commands.broker import STOP_SECONDS, Broker
from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Caller, Ending, Pending, Resumable
from garret.control.errors import ControlError
from garret.protocol.contract import Command, check_input
from garret.protocol.envelope import encode_payload
from garret.protocol.life import Progress
from garret.protocol.streams import ReceivingEnd, SendingEnd
from garret.storage.ledger_types import Lease
from garret.transport.descriptors import close_all

_logger = log.get("control.service")

ServiceHandler = Callable[[Any, "Request"], Awaitable[Any]]
Write = Callable[[Callable[[apsw.Connection], Any]], Awaitable[Any]]
_MAX_TASKS: Final = 1024


class Service(Protocol):
    """What a room's service class looks like once built."""

    handlers: Mapping[type[Command[Any]], ServiceHandler]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Request:
    """One command being handled by a service: who asked, what streams in and out.

    Cancelling is asyncio's: the handler's task is cancelled, and what it was doing for the caller
    (commands it sent to workers) is cancelled with it. `result_descriptors`, where a handler sets
    them, go beside its result and are closed here afterwards. `calls` asks others on behalf of whoever asked
    for this: with their role, profile and workspace, within the deadline, as part of the job.
    """

    def __init__(self, pending: Pending, calls: InnerCaller) -> None:
        self._pending = pending
        self.calls = calls
        self._output = SendingEnd()
        self._input: ReceivingEnd[msgspec.Raw] = ReceivingEnd()
        self._changed = asyncio.Event()
        self.result_descriptors: tuple[int, ...] = ()

    @property
    def caller(self) -> Caller:
        return self._pending.caller

    @property
    def workspace(self) -> str:
        """What this is about."""
        return self._pending.workspace

    def finish(self, write: Callable[[apsw.Connection], object], *events: Callable[[], None]) -> None:
        """Have `write` done in one transaction with the end of this command, and only with it.

        Where it is a job, its result and what is written are durable together: after a crash both are there
        or neither. `events` are called once they are. A handler that fails or is cancelled afterwards writes
        nothing. May be called several times; the writes keep their order.
        """
        ending = self._pending.ending = self._pending.ending or Ending()
        ending.writes.append(write)
        ending.told.extend(events)

    @property
    def lease(self) -> Lease | None:
        """The lease under which this runs, where it is a job."""
        return self._pending.lease

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What came with the command: open until it ends; duplicate what has to live longer."""
        return self._pending.descriptors

    @property
    def trace(self) -> str | None:
        return self._pending.trace

    @property
    def deadline(self) -> float | None:
        return self._pending.deadline

    async def asked_for(self, seconds: float) -> bool:
        """Whether somebody asked for this since Garret started; where nobody did, they get `seconds` to.

        A job goes on after a restart without those who asked for it. What makes no sense without them, as
        opening a microphone does, asks first.
        """
        run = self._pending.caller
        if isinstance(run, Resumable):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(run.asked_for.wait(), seconds)
            return run.asked_for.is_set()
        return True

    async def takes_more(self) -> None:
        """Wait until the caller has credit for one more item."""
        while not self._output.available:
            await self._wait()

    async def emit(self, item: Any) -> None:
        """Stream one item to the caller; waits for its credit."""
        while not self._output.take():
            await self._wait()
        self._pending.caller.on_item(self._pending.request, "item", encode_payload(item))

    def emit_nowait(self, item: Any) -> bool:
        """Stream one item if the caller has room for it; False when it has not."""
        if not self._output.take():
            return False
        self._pending.caller.on_item(self._pending.request, "item", encode_payload(item))
        return True

    def progress(self, fraction: float, note: str = "") -> None:
        """Tell the caller (and, where this is a job, thereby the ledger) how far the work has come."""
        payload = encode_payload(Progress(fraction, note))
        self._pending.caller.on_item(self._pending.request, "progress", payload)

    async def inputs(self) -> AsyncIterator[Any]:
        """What the caller streams in, decoded, until it ends its stream or is gone."""
        while True:
            while not self._input.ready:
                await self._wait()
            raw = self._input.take()
            if raw is None:
                return
            grant = self._input.consumed()
            if grant:
                self._pending.caller.on_credit(self._pending.request, grant)
            yield check_input(self._pending.meta, raw)

    # ---- for the broker

    def take_input(self, payload: msgspec.Raw | None) -> None:
        if payload is None:
            self._input.end()
        else:
            self._input.put(payload)
        self._changed.set()

    def take_grant(self, items: int) -> None:
        self._output.grant(items)
        self._changed.set()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class Services:
    """The broker's destination for commands that the control plane handles itself."""

    def __init__(self, broker: Broker, write: Write) -> None:
        """`write` runs a function over the durable file's connection, in one transaction."""
        self._broker = broker
        self._write = write
        self._handlers: dict[str, tuple[ServiceHandler, str]] = {}
        self._running: dict[int, tuple[asyncio.Task[None], Request, Pending]] = {}

    def add(self, service: Service, room: str) -> None:
        for kind, handler in service.handlers.items():
            name = kind.__meta__.name
            if name in self._handlers:
                raise ValueError(f"two services handle {name}")
            self._handlers[name] = handler, f"service:{room}"

    def submit(self, pending: Pending) -> None:
        found = self._handlers.get(pending.meta.name)
        if found is None:
            raise ControlError(f"Nothing handles {pending.meta.name}.", code=Code.UNAVAILABLE)
        if len(self._running) >= _MAX_TASKS:
            raise ControlError("Too much is under way; nothing was started.", code=Code.BUSY)
        handler, name = found
        self.run(pending, handler, Request(pending, InnerCaller(self._broker, name, pending.identity)))

    def run(self, pending: Pending, handler: ServiceHandler, request: Request) -> None:
        """Start a handler's task for `pending`; its outcome goes to the broker."""
        pending.handling = self
        task = asyncio.get_running_loop().create_task(self._run(pending, handler, request))
        self._running[pending.key] = (task, request, pending)
        task.add_done_callback(lambda _: self._ended(pending, request))
        pending.hand_over_inputs()

    async def _run(self, pending: Pending, handler: ServiceHandler, request: Request) -> None:
        meta = pending.meta
        try:
            result = await handler(meta.decode(pending.payload), request)
            if not isinstance(result, meta.result):
                raise ControlError(
                    f"{meta.name} gave a {type(result).__name__}, not a {meta.result.__name__}."
                )
            if pending.ending is not None and pending.lease is None:  # a job ends in the ledger
                await self._commit(pending.ending)
            self._broker.finish(pending, encode_payload(result), request.result_descriptors)
        except asyncio.CancelledError:
            self._broker.fail(pending, CancelledError(f"{meta.name} was cancelled."))
        except GarretError as error:
            self._broker.fail(pending, error)
        except Exception as error:
            _logger.exception("the handler of %s failed", meta.name)
            message = log.REDACTOR.clean(f"{meta.name} failed: {type(error).__name__}: {error}")
            self._broker.fail(pending, ControlError(message))

    async def _commit(self, ending: Ending) -> None:
        def write(connection: apsw.Connection) -> None:
            for one in ending.writes:
                one(connection)

        await self._write(write)
        for tell in ending.told:
            tell()

    def _ended(self, pending: Pending, request: Request) -> None:
        self._running.pop(pending.key, None)
        close_all(request.result_descriptors)
        # A task that is cancelled before its first step never enters its coroutine.
        self._broker.fail(pending, CancelledError(f"{pending.meta.name} was cancelled."))

    # ---- the broker's Handling

    def cancel(self, pending: Pending) -> None:
        running = self._running.get(pending.key)
        if running is not None:
            running[0].cancel()

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        running = self._running.get(pending.key)
        if running is not None:
            running[1].take_input(payload)

    def grant(self, pending: Pending, items: int) -> None:
        running = self._running.get(pending.key)
        if running is not None:
            running[1].take_grant(items)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Cancel everything that runs and wait until it has ended, for `seconds` at most.

        A handler that does not end when it is cancelled is named in the log and left behind. Its caller is
        answered, and where it is a job the ledger gets it back.
        """
        running = {task: pending for task, _, pending in self._running.values()}
        if not running:
            return
        for task in running:
            task.cancel()
        _, late = await asyncio.wait(running, timeout=seconds)
        for task in late:
            pending = running[task]
            _logger.error(
                "the handler of %s did not end within %g s of being cancelled; Garret stops without it",
                pending.meta.name,
                seconds,
            )
            self._broker.fail(pending, CancelledError(f"{pending.meta.name} was cancelled."))
