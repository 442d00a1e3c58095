"""Calls that a service makes: to workers, to its own room, to other rooms' commands.

They pass the same broker and policy as a client's. An inner call takes the role and profile of
whoever the service is working for; what the house does of its own accord runs as `owner`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from typing import Any, Generic

import msgspec

from garret.base.errors import Code, GarretError
from garret.control.broker import Broker
from garret.control.errors import ControlError
from garret.protocol.contract import Command, CommandMeta, ResultT
from garret.protocol.envelope import encode_payload
from garret.protocol.life import Progress
from garret.protocol.streams import ReceiveWindow, SendWindow


class InnerCaller:
    """A service as a caller: hands what comes back to the `InnerCall` it belongs to."""

    def __init__(self, broker: Broker, name: str, role: str = "owner", profile: str = "admin") -> None:
        self.name = name
        self.role = role
        self.profile = profile
        self._broker = broker
        self._ids = itertools.count(1)
        self._calls: dict[int, InnerCall[Any]] = {}

    def start(
        self,
        command: Command[ResultT],
        *,
        deadline: float | None = None,
        trace: str | None = None,
        descriptors: tuple[int, ...] = (),
        priority: int = 0,
    ) -> InnerCall[ResultT]:
        """Start `command` and return at once. `descriptors` are duplicated and stay the caller's."""
        number = next(self._ids)
        call: InnerCall[ResultT] = InnerCall(self, number, command.__meta__)
        self._calls[number] = call
        self._broker.admit(
            self,
            number,
            command.__meta__,
            encode_payload(command),
            deadline=deadline,
            trace=trace,
            descriptors=tuple(os.dup(descriptor) for descriptor in descriptors),
            priority=priority,
        )
        return call

    async def call(self, command: Command[ResultT], **options: Any) -> ResultT:
        """Start `command` and wait for its result, dropping what it streams."""
        async with self.start(command, **options) as call:
            return await call.result()

    # ---- the broker's Caller

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        call = self._calls.pop(request, None)
        if call is not None:
            call.finish(payload, tuple(os.dup(number) for number in descriptors))

    def on_error(self, request: int, error: GarretError) -> None:
        call = self._calls.pop(request, None)
        if call is not None:
            call.fail(error)

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        call = self._calls.get(request)
        if call is not None:
            call.take_item(name, payload)

    def on_credit(self, request: int, items: int) -> None:
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
    """One command a service has under way. Leaving the `async with` block cancels it if it runs."""

    def __init__(self, caller: InnerCaller, request: int, meta: CommandMeta) -> None:
        self._caller = caller
        self._request = request
        self._meta = meta
        self._done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._items: asyncio.Queue[tuple[str, msgspec.Raw] | None] = asyncio.Queue()
        self._receive = ReceiveWindow()
        self._send = SendWindow()
        self._credit = asyncio.Event()
        self._decode_item = msgspec.msgpack.Decoder(meta.items).decode if meta.items else None
        self.result_descriptors: tuple[int, ...] = ()

    async def __aenter__(self) -> InnerCall[ResultT]:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._done.done():
            self._caller.cancel(self._request)
        elif not self._done.cancelled():
            self._done.exception()  # looked at, so that asyncio does not report it as lost

    async def result(self) -> ResultT:
        """Wait for the result; its error is raised. Result descriptors are then the caller's."""
        return await asyncio.shield(self._done)

    @property
    def ended(self) -> bool:
        return self._done.done()

    @property
    def failed(self) -> bool:
        return self._done.done() and not self._done.cancelled() and self._done.exception() is not None

    async def items(self) -> AsyncIterator[Any]:
        """What the handler streams, decoded, until it ends (then look at `result`)."""
        while (entry := await self._items.get()) is not None:
            name, payload = entry
            if name == "progress":
                yield msgspec.msgpack.decode(payload, type=Progress)
                continue
            assert self._decode_item is not None, "the command declares no items"
            try:
                item = self._decode_item(payload)
            except msgspec.MsgspecError as error:
                raise ControlError(f"An item of {self._meta.name} is malformed: {error}") from error
            grant = self._receive.consumed()
            if grant:
                self._caller.grant(self._request, grant)
            yield item

    async def send(self, item: Any) -> None:
        """Stream one input; waits for credit. Raises when the command has ended."""
        while not self._send.take():
            self._credit.clear()
            if self._done.done():
                break
            await self._credit.wait()
        if self._done.done():
            raise ControlError(f"{self._meta.name} has ended; it takes no more input.", code=Code.CANCELLED)
        self._caller.put_input(self._request, encode_payload(item))

    def end_inputs(self) -> None:
        self._caller.put_input(self._request, None)

    def cancel(self) -> None:
        self._caller.cancel(self._request)

    # ---- for InnerCaller

    def finish(self, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        self.result_descriptors = descriptors
        self._done.set_result(self._meta.decode_result(payload))
        self._end()

    def fail(self, error: GarretError) -> None:
        self._done.set_exception(error)
        self._end()

    def take_item(self, name: str, payload: msgspec.Raw) -> None:
        if name == "item":
            self._receive.accept()
        self._items.put_nowait((name, payload))

    def take_credit(self, items: int) -> None:
        self._send.grant(items)
        self._credit.set()

    def _end(self) -> None:
        self._items.put_nowait(None)
        self._credit.set()


