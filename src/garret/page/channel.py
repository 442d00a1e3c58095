"""One page: what it sends is checked and carried out, and it is told what comes of it. Without I/O and loop.

A message that is no page message, repeats a number, goes beyond its credit or is too large ends the channel
(`PageViolation` to `refused`): our own page never sends such. A command that does not exist or whose
payload is not of its type is answered with an error, told to `refused` and changes nothing. Whether the
role may do what it asks is decided by the control plane alone.

Belongs to its loop's thread. Neighbours: `messages`, `line`, `passing`, `local`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec

from garret.base.errors import Code, GarretError, UsageError
from garret.page import messages as m
from garret.page.errors import PageError, PageViolation
from garret.page.line import Line
from garret.page.local import LocalCommands
from garret.page.passing import Tickets
from garret.protocol.contract import Command, CommandMeta, Registry
from garret.protocol.envelope import WireError
from garret.protocol.life import Progress
from garret.protocol.streams import Gap
from garret.protocol.subscription import Told
from garret.transport.descriptors import close_all
from garret.transport.evented import EventedClient

LOCAL_PREFIX: Final = "window."
_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

Refused = Callable[[GarretError], None]


class Channel:
    """See the module. `send` takes a text for the page, `refused` what is to be logged and audited."""

    def __init__(
        self,
        line: Line,
        registry: Registry,
        local: LocalCommands,
        send: Callable[[str], None],
        refused: Refused,
        up: Tickets | None = None,
    ) -> None:
        """`up` is where files that were put up wait; where several pages share it, its maker closes it."""
        self.down = Tickets()
        """Files that wait for the page."""
        self.up = Tickets() if up is None else up
        """Files that the page put up."""
        self._own_up = up is None
        self.closed = False
        self._line = line
        self._registry = registry
        self._local = local
        self._write = send
        self._refused = refused
        self._calls: dict[int, _Call] = {}
        self._last = -1
        self._unlisten = line.listen(self.send)

    def begin(self, role: str, build: str) -> None:
        """Greet the page: it is loaded and hears."""
        self.send(m.Hello(version=m.VERSION, role=role, build=build, local=self._local.names))
        self.send(self._line.state)

    def receive(self, text: str) -> None:
        """Take one message of the page. Raises PageViolation, and is closed then."""
        if self.closed:
            return
        try:
            self._receive(text)
        except PageViolation as error:
            self.close()
            self._refused(error)
            raise

    def send(self, message: m.ToPage) -> None:
        """Tell the page."""
        if not self.closed:
            self._write(m.encode(message).decode())

    def close(self) -> None:
        """The page is gone: what it asked for is cancelled where it is no job. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self._unlisten()
        for call in list(self._calls.values()):
            call.abandon()
        self._calls.clear()
        self.down.close()
        if self._own_up:
            self.up.close()

    # ---- from the page

    def _receive(self, text: str) -> None:
        if len(text) > m.TEXT_LIMIT:
            raise PageViolation(f"A message of {len(text)} characters came; {m.TEXT_LIMIT} are allowed.")
        try:
            message = m.decode(text)
        except _UNDECODABLE as error:
            raise PageViolation(f"A message that is none: {error}") from error
        if isinstance(message, m.Call):
            self._begin(message)
            return
        call = self._calls.get(message.id)
        if call is None:
            if not 0 <= message.id <= self._last:
                raise PageViolation(f"A message came for call {message.id}, which was never made.")
            return  # it crossed the call's end on its way
        if isinstance(message, m.Input):
            call.input(message.value)
        elif isinstance(message, m.InputEnd):
            call.end()
        elif isinstance(message, m.Used):
            call.used(message.count)
        else:
            call.cancel()

    def _begin(self, message: m.Call) -> None:
        if message.id <= self._last:
            raise PageViolation(f"Call {message.id} came after call {self._last}.")
        if message.id > 1 << 53:
            raise PageViolation(f"{message.id} is no number of a call.")
        self._last = message.id
        descriptors: tuple[int, ...] = ()
        try:
            if len(self._calls) >= m.OPEN_CALLS:
                raise PageError(
                    f"{m.OPEN_CALLS} calls are under way already; nothing was begun.", code=Code.BUSY
                )
            descriptors = self._taken(message.files)
            if message.name.startswith(LOCAL_PREFIX):
                self._begin_local(message)
            else:
                self._begin_call(message, descriptors)
        except GarretError as error:
            self._failed(message.id, error)
        finally:
            close_all(descriptors)

    def _begin_local(self, message: m.Call) -> None:
        meta, handler = self._find_local(message.name)
        request = self._payload(meta, message.payload)
        call = _LocalCall(self, message.id)
        self._calls[message.id] = call
        try:
            handler(request, call)
        except GarretError as error:
            call.error(error)

    def _find_local(self, name: str) -> tuple[CommandMeta, Any]:
        try:
            return self._local.find(name)
        except UsageError as error:
            self._refused(error)
            raise

    def _begin_call(self, message: m.Call, descriptors: tuple[int, ...]) -> None:
        try:
            meta = self._registry.find(message.name)
        except UsageError as error:
            self._refused(error)
            raise
        request = self._payload(meta, message.payload)
        call = _HouseCall(self, message.id, meta, self._registry)
        call.client, call.number = self._line.start(
            request, call, descriptors=descriptors, seconds=message.seconds, workspace=message.workspace
        )
        self._calls[message.id] = call
        if meta.inputs is not None:
            self.send(m.Room(id=message.id, count=m.INPUT_CREDIT))

    def _payload(self, meta: CommandMeta, payload: msgspec.Raw) -> Command[Any]:
        try:
            request: Command[Any] = msgspec.json.decode(payload, type=meta.type)
        except _UNDECODABLE as error:
            wrong = PageError(f"{meta.name}: {error}", code=Code.INVALID, details={"command": meta.name})
            self._refused(wrong)
            raise wrong from error
        return request

    def _taken(self, tickets: tuple[str, ...]) -> tuple[int, ...]:
        taken: list[int] = []
        try:
            for ticket in tickets:
                taken.append(self.up.take(ticket))
        except PageError:
            close_all(tuple(taken))
            raise
        return tuple(taken)

    # ---- from the calls

    def result(self, number: int, value: Any, descriptors: tuple[int, ...] = ()) -> None:
        """A call is done; the descriptors are the channel's."""
        if self._calls.pop(number, None) is None:
            close_all(descriptors)
            return
        files = tuple(
            m.File(size=os.fstat(each).st_size, ticket=self.down.offer(each)) for each in descriptors
        )
        self.send(m.Result(id=number, value=value, files=files))

    def failed(self, number: int, error: GarretError) -> None:
        """A call failed."""
        if self._calls.pop(number, None) is not None:
            self._failed(number, error)

    def _failed(self, number: int, error: GarretError) -> None:
        self.send(m.Failed(id=number, error=WireError.of(error)))


class _Call:
    """One call under way, as the page's messages meet it."""

    def __init__(self, channel: Channel, number: int) -> None:
        self._channel = channel
        self._id = number

    def input(self, value: msgspec.Raw) -> None:
        raise PageViolation("Something was streamed into a command that takes nothing.")

    def end(self) -> None:
        raise PageViolation("Something was streamed into a command that takes nothing.")

    def used(self, count: int) -> None:
        raise PageViolation(f"{count} items were used of a command that streams none.")

    def cancel(self) -> None:
        """The page wants it to end."""

    def abandon(self) -> None:
        """Nobody hears any more."""


class _LocalCall(_Call):
    """A command that the host answers itself; it is an `Answer`."""

    def result(self, value: Any) -> None:
        self._channel.result(self._id, value)

    def error(self, error: GarretError) -> None:
        self._channel.failed(self._id, error)


class _HouseCall(_Call):
    """A command under way in the control plane; it is the connection's `Reactions`."""

    def __init__(self, channel: Channel, number: int, meta: CommandMeta, registry: Registry) -> None:
        super().__init__(channel, number)
        self.client: EventedClient | None = None
        self.number = 0
        self._meta = meta
        self._registry = registry
        self._unused = 0
        self._items: deque[Any] = deque()
        self._inputs: deque[Any] = deque()
        self._room = m.INPUT_CREDIT
        self._ended = False
        self._end_passed = False

    # ---- from the page

    def input(self, value: msgspec.Raw) -> None:
        kind = self._meta.inputs
        if kind is None or self._ended or self._room <= 0:
            raise PageViolation(f"{self._meta.name} took nothing more, and something was streamed in.")
        self._room -= 1
        try:
            self._inputs.append(msgspec.json.decode(value, type=kind))
        except _UNDECODABLE as error:
            raise PageViolation(f"An input of {self._meta.name}: {error}") from error
        self._pass_on()

    def end(self) -> None:
        if self._meta.inputs is None or self._ended:
            raise PageViolation(f"{self._meta.name} was ended twice, or takes nothing.")
        self._ended = True
        self._pass_on()

    def used(self, count: int) -> None:
        if not 0 < count <= self._unused:
            raise PageViolation(f"{count} items of {self._meta.name} were used; {self._unused} were sent.")
        self._unused -= count
        self._tell_items()

    def cancel(self) -> None:
        if self.client is not None and not self.client.closed:
            self.client.cancel(self.number)

    def abandon(self) -> None:
        if self.client is not None and not self.client.closed:
            self.client.give_up(self.number)

    # ---- from the house

    def on_result(self, value: Any, descriptors: tuple[int, ...]) -> None:
        self._tell_rest()
        self._channel.result(self._id, value, descriptors)

    def on_error(self, error: GarretError, /) -> None:
        self._tell_rest()
        self._channel.failed(self._id, error)

    def on_item(self, item: Any) -> None:
        self._items.append(item)
        self._tell_items()

    def on_progress(self, progress: Progress) -> None:
        self._channel.send(m.Progressed(id=self._id, value=progress))

    def on_gap(self, gap: Gap) -> None:
        self._channel.send(m.Missed(id=self._id, items=gap.items))

    def on_credit(self) -> None:
        self._pass_on()

    # ---- streams

    def _pass_on(self) -> None:
        client = self.client
        if client is None or client.closed:
            return
        passed = 0
        while self._inputs and client.put(self.number, self._inputs[0]):
            self._inputs.popleft()
            passed += 1
        if passed and not self._ended:
            self._room += passed
            self._channel.send(m.Room(id=self._id, count=passed))
        if self._ended and not self._inputs and not self._end_passed:
            self._end_passed = True
            client.end(self.number)

    def _tell_items(self) -> None:
        while self._items and self._unused < m.ITEM_CREDIT:
            self._tell(self._items.popleft())
            if self.client is not None and not self.client.closed:
                self.client.consumed(self.number)

    def _tell_rest(self) -> None:
        """What waits for credit is told before the end: it is bounded by the connection's own window."""
        while self._items:
            self._tell(self._items.popleft())

    def _tell(self, item: Any) -> None:
        self._unused += 1
        self._channel.send(m.Item(id=self._id, value=self._plain(item)))

    def _plain(self, item: Any) -> Any:
        """An event comes as msgpack within its item: what the page is told is plain."""
        if not isinstance(item, Told):
            return item
        kind = self._registry.event_type(item.name)
        event = msgspec.msgpack.decode(item.event, type=kind) if kind is not None else None
        return {
            "sequence": item.sequence,
            "name": item.name,
            "event": event,
            "workspace": item.workspace,
        }
