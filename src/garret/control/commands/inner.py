"""Calls that a service makes: to workers, to its own room, to other rooms' commands.

They pass the same broker and policy as a client's, and keep whoever the service is working for: role,
profile, workspace, deadline, trace and parent job (`Identity`). What the house does of its own accord runs as
`owner`.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic, cast

import msgspec

from garret.base.errors import Code, GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Identity
from garret.control.errors import ControlError
from garret.protocol.contract import Command, CommandMeta, ResultT, check_item, check_result
from garret.protocol.envelope import encode_payload
from garret.protocol.errors import PayloadInvalid
from garret.protocol.life import Progress
from garret.protocol.manifest import kind_of
from garret.protocol.streams import Gap, ReceivingEnd, SendingEnd
from garret.transport.descriptors import close_all


class InnerCaller:
    """A service as a caller: hands what comes back to the `InnerCall` it belongs to."""

    def __init__(self, broker: Broker, name: str, identity: Identity) -> None:
        self.name = name
        self.role = identity.role
        self.profile = identity.profile
        self.workspace = identity.workspace
        self.identity = identity
        self._broker = broker
        self._ids = itertools.count(1)
        self._calls: dict[int, InnerCall[Any]] = {}
        self._target = ""
        self._leaves = False

    def start(
        self,
        command: Command[ResultT],
        *,
        deadline: float | None = None,
        trace: str | None = None,
        descriptors: tuple[int, ...] = (),
        priority: int = 0,
    ) -> InnerCall[ResultT]:
        """Start `command` and return at once. `descriptors` are duplicated and stay the caller's.

        It ends at `deadline` (monotonic seconds) or that of the request it is part of, whichever is nearer.
        """
        return self._start(
            command, deadline=deadline, trace=trace, descriptors=descriptors, priority=priority, drop=False
        )

    async def call(
        self,
        command: Command[ResultT],
        *,
        deadline: float | None = None,
        trace: str | None = None,
        descriptors: tuple[int, ...] = (),
        priority: int = 0,
    ) -> ResultT:
        """Start `command` and wait for its result, dropping what it streams and hands over."""
        call = self._start(
            command, deadline=deadline, trace=trace, descriptors=descriptors, priority=priority, drop=True
        )
        async with call:
            return await call.result()

    def at(self, target: str, *, leaves: bool = False) -> InnerCaller:
        """The same caller, for the process `target` that was spawned (`Workers.spawn`) to do its work.

        Commands for its kind of worker go to that process; any other goes where it always goes. `leaves` says
        that they leave the machine, which depends on what was set: policy judges them as such commands, and
        egress lets nothing but loopback through without it.
        """
        caller = copy.copy(self)
        caller._leaves = leaves
        caller._ids = itertools.count(1)
        caller._calls = {}
        caller._target = target
        return caller

    async def ask(self, name: str, plain: Mapping[str, Any]) -> Any:
        """Ask for a command by its name, with plain data, as a client would; the result is plain data, too.

        For what is chosen at run time: by an assistant, a sentence, a schedule. It is validated by the
        registry, judged by policy and approved like anything else. Raises UsageError for an unknown name,
        PayloadInvalid for data that do not fit, and what the command ends with.
        """
        meta = self._broker.registry.find(name)
        try:
            command = msgspec.convert(plain, meta.type)
        except msgspec.ValidationError as error:
            raise PayloadInvalid(f"{name}: {error}", details={"command": name}) from error
        return msgspec.to_builtins(await self.call(command))

    def after(self) -> InnerCaller:
        """The same caller for work that goes on when the request is answered: no deadline, no parent job."""
        return InnerCaller(
            self._broker, self.name, msgspec.structs.replace(self.identity, job=None, deadline=None)
        )

    def _start(
        self,
        command: Command[ResultT],
        *,
        deadline: float | None,
        trace: str | None,
        descriptors: tuple[int, ...],
        priority: int,
        drop: bool,
    ) -> InnerCall[ResultT]:
        number = next(self._ids)
        meta = command.__meta__
        if self._target and meta.target == kind_of(self._target):
            leaves = meta.leaves_machine or self._leaves
            meta = msgspec.structs.replace(meta, target=self._target, leaves_machine=leaves)
        call: InnerCall[ResultT] = InnerCall(self, number, meta, drop=drop)
        self._calls[number] = call
        try:
            self._broker.admit(
                self,
                number,
                meta,
                encode_payload(command),
                deadline=_nearer(deadline, self.identity.deadline),
                trace=trace or self.identity.trace,
                descriptors=duplicates(descriptors),
                priority=priority,
                workspace=self.workspace,
                parent=self.identity.job,
                through=self.name,
            )
        except BaseException:
            del self._calls[number]
            raise
        return call

    # ---- the broker's Caller

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        call = self._calls.pop(request, None)
        if call is not None:
            call.finish(payload, descriptors)

    def on_error(self, request: int, error: GarretError) -> None:
        call = self._calls.pop(request, None)
        if call is not None:
            call.fail(error)

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        call = self._calls.get(request)
        if call is not None:
            call.take_item(name, payload)

    def on_credit(self, request: int, items: int) -> None:
        self._broker.add_credit(self, request, items)
        call = self._calls.get(request)
        if call is not None:
            call.take_credit(items)

    # ---- for InnerCall

    def cancel(self, request: int) -> None:
        self._broker.cancel(self, request)

    def put_input(self, request: int, payload: msgspec.Raw | None) -> None:
        self._broker.put_input(self, request, payload)

    def grant(self, request: int, items: int) -> None:
        self._broker.grant(self, request, items)


class InnerCall(Generic[ResultT]):
    """One command a service has under way. Leaving the `async with` block cancels it if it runs.

    Descriptors that come with the result are closed then, too, unless `take_descriptors` was called.
    """

    def __init__(self, caller: InnerCaller, request: int, meta: CommandMeta, *, drop: bool = False) -> None:
        self._caller = caller
        self._request = request
        self._meta = meta
        self._done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._input: ReceivingEnd[tuple[str, msgspec.Raw]] = ReceivingEnd()
        self._output = SendingEnd()
        self._changed = asyncio.Event()
        self._drop = False
        if drop:
            self._drop_all()
        self._descriptors: tuple[int, ...] = ()

    async def __aenter__(self) -> InnerCall[ResultT]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._drop_all()
        close_all(self.take_descriptors())
        if not self._done.done():
            self._caller.cancel(self._request)

    async def end(self, seconds: float) -> None:
        """Cancel it where it runs, and wait for its end, but no longer than `seconds`.

        What a worker began elsewhere, such as a query at a server, it can end only while its process lives.
        """
        if not self._done.done():
            self._caller.cancel(self._request)
            await asyncio.wait([self._done], timeout=seconds)

    async def result(self) -> ResultT:
        """Wait for the result; its error is raised."""
        return cast("ResultT", await asyncio.shield(self._done))

    def take_descriptors(self) -> tuple[int, ...]:
        """What came beside the result, from now on the caller's to close."""
        descriptors, self._descriptors = self._descriptors, ()
        return descriptors

    @property
    def ended(self) -> bool:
        return self._done.done()

    @property
    def failed(self) -> bool:
        return self._done.done() and not self._done.cancelled() and self._done.exception() is not None

    async def items(self) -> AsyncIterator[Any]:
        """What the handler streams, decoded, until it ends (then look at `result`)."""
        while True:
            while not self._input.ready:
                await self._wait()
            entry = self._input.take()
            if entry is None:
                return
            name, payload = entry
            if name == "progress":
                yield msgspec.msgpack.decode(payload, type=Progress)
                continue
            if name == "gap":  # of a job that others watch, too
                yield msgspec.msgpack.decode(payload, type=Gap)
                continue
            item = check_item(self._meta, payload)
            self._grant(self._input.consumed())
            yield item

    async def send(self, item: Any) -> None:
        """Stream one input; waits for credit. Raises when the command has ended."""
        while not self._done.done() and not self._output.ended and not self._output.take():
            await self._wait()
        if self._done.done() or self._output.ended:
            raise ControlError(f"{self._meta.name} has ended; it takes no more input.", code=Code.CANCELLED)
        self._caller.put_input(self._request, encode_payload(item))

    def end_inputs(self) -> None:
        if self._output.end():
            self._caller.put_input(self._request, None)

    def cancel(self) -> None:
        """Ask that it ends; nothing of what it still streams or hands over is kept."""
        self._drop_all()
        self._caller.cancel(self._request)

    def _drop_all(self) -> None:
        """Nobody wants what it streams and hands over."""
        self._drop = True
        self._grant(self._input.drop())

    def _grant(self, items: int) -> None:
        if items:
            self._caller.grant(self._request, items)

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    # ---- for InnerCaller

    def finish(self, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        """The result is there. `descriptors` are the broker's and are duplicated where they are wanted."""
        try:
            if descriptors and not self._drop:
                self._descriptors = duplicates(descriptors)
            self._done.set_result(check_result(self._meta, payload))
        except GarretError as error:
            self.fail(error)
            return
        self._end()

    def fail(self, error: GarretError) -> None:
        self._done.set_exception(error)
        self._done.exception()  # looked at, so that asyncio does not report it where nobody waits
        self._end()

    def take_item(self, name: str, payload: msgspec.Raw) -> None:
        """Queue what streams in; where nobody wants it, only make room for more."""
        self._grant(self._input.put((name, payload), free=name == "progress"))
        self._changed.set()

    def take_credit(self, items: int) -> None:
        self._output.grant(items)
        self._changed.set()

    def _end(self) -> None:
        self._input.end()
        self._changed.set()


def _nearer(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)


def duplicates(descriptors: tuple[int, ...]) -> tuple[int, ...]:
    """Duplicates of `descriptors`. Raises ControlError, leaving none, where the system has no more."""
    made: list[int] = []
    try:
        for number in descriptors:
            made.append(os.dup(number))
    except OSError as error:
        close_all(made)
        raise ControlError(f"A file cannot be passed on: {error.strerror}.", code=Code.UNAVAILABLE) from error
    return tuple(made)
