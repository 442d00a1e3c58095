"""A client of the control plane for asyncio: calls are awaited, as many at once as there are tasks.

    async with await AsyncClient.connect(home, role="shell", service="garret-shell") as client:
        status, jobs = await asyncio.gather(client.call(GetStatus()), client.call(ListJobs()))
        async with client.start(Listen(source="push")) as call:
            await call.put(AudioChunk(data=samples))
            async for item in call: ...

Cancelling the task that awaits a call cancels the command. Neighbours: `evented`, which this gives
futures and queues to; `client` is the same for programs without a loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any, Generic, cast

from garret.base.errors import CancelledError, GarretError
from garret.base.paths import Home
from garret.protocol.contract import Command, Event, Registry, ResultT
from garret.protocol.life import Progress
from garret.protocol.streams import Gap
from garret.protocol.subscription import Lost, SubscriptionEnded, SubscriptionReader
from garret.transport.client import not_running, session_for
from garret.transport.descriptors import close_all
from garret.transport.evented import EventedClient


class AsyncClient:
    """One proven connection, for the loop that made it."""

    def __init__(self, evented: EventedClient) -> None:
        self._evented = evented

    @classmethod
    async def connect(
        cls, home: Home, *, role: str, service: str, secret: bytes | None = None
    ) -> AsyncClient:
        """Connect and prove. Raises TransportError when nobody listens, HandshakeRefused otherwise."""
        loop = asyncio.get_running_loop()
        session = session_for(home, role, service, secret)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, str(home.socket))
        except OSError as error:
            connection.close()
            raise not_running(home) from error
        proven: asyncio.Future[None] = loop.create_future()

        def closed(reason: GarretError) -> None:
            if not proven.done():
                proven.set_exception(reason)

        evented = EventedClient(loop, connection, session, lambda: proven.set_result(None), closed)
        try:
            await proven
        except BaseException:
            evented.close()
            raise
        return cls(evented)

    async def call(
        self,
        request: Command[ResultT],
        *,
        descriptors: tuple[int, ...] = (),
        seconds: float | None = None,
        workspace: str = "",
    ) -> ResultT:
        """Send a command and wait for its result, dropping what it streams; its errors are raised."""
        call = self.start(request, descriptors=descriptors, seconds=seconds, workspace=workspace)
        async with call:
            call.drop_items()
            return await call.result()

    def start(
        self,
        request: Command[ResultT],
        *,
        descriptors: tuple[int, ...] = (),
        seconds: float | None = None,
        workspace: str = "",
    ) -> AsyncCall[ResultT]:
        """Send a command and return at once. Raises TransportError where the connection is closed."""
        call: AsyncCall[ResultT] = AsyncCall(self._evented)
        call.number = self._evented.start(
            request, call, descriptors=descriptors, seconds=seconds, workspace=workspace
        )
        return call

    async def subscribe(self, request: Command[SubscriptionEnded], registry: Registry) -> AsyncSubscription:
        """Subscribe, and return once it has begun: what happens from then on is told or counted as lost."""
        subscription = AsyncSubscription(self.start(request), registry)
        await subscription.begin()
        return subscription

    @property
    def closed(self) -> bool:
        return self._evented.closed

    def close(self) -> None:
        """End the connection; what is under way fails."""
        self._evented.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class AsyncCall(Generic[ResultT]):
    """One command under way. Leaving the `async with` block cancels it where it runs.

    Iterating gives what it streams, until it ends. `progress` is the last that was told, `missed` how many
    items of a job passed that this call did not get.
    """

    def __init__(self, evented: EventedClient) -> None:
        self.number = 0
        self.progress: Progress | None = None
        self.missed = 0
        self._evented = evented
        self._done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._items: deque[Any] = deque()
        self._changed = asyncio.Event()
        self._drop = False
        self._descriptors: tuple[int, ...] = ()

    async def __aenter__(self) -> AsyncCall[ResultT]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.abandon()

    def __aiter__(self) -> AsyncCall[ResultT]:
        return self

    async def __anext__(self) -> Any:
        while not self._items:
            if self._done.done():
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        self._evented.consumed(self.number)
        return self._items.popleft()

    async def result(self) -> ResultT:
        """Wait for the result; its error is raised."""
        return cast("ResultT", await asyncio.shield(self._done))

    async def put(self, item: Any) -> None:
        """Stream one item in, once there is credit. Raises CancelledError when the command has ended."""
        while not self._evented.put(self.number, item):
            self._changed.clear()
            await self._changed.wait()

    def end(self) -> None:
        """End what is streamed in."""
        self._evented.end(self.number)

    def cancel(self) -> None:
        """Ask that it ends; `result` raises CancelledError then, unless it was done before."""
        self._evented.cancel(self.number)

    def take_descriptors(self) -> tuple[int, ...]:
        """What came beside the result, from now on the caller's to close."""
        descriptors, self._descriptors = self._descriptors, ()
        return descriptors

    def drop_items(self) -> None:
        """Nobody wants what it streams: use it up as it comes."""
        self._drop = True
        while self._items:
            self._items.popleft()
            self._evented.consumed(self.number)

    def abandon(self) -> None:
        """Whatever it still brings is not wanted; where it runs, it is cancelled. Idempotent."""
        close_all(self.take_descriptors())
        if not self._done.done():
            self._evented.give_up(self.number)
            self.on_error(CancelledError("The call was given up."))

    # ---- the client's Reactions

    def on_result(self, value: Any, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors
        self._done.set_result(value)
        self._changed.set()

    def on_error(self, error: GarretError) -> None:
        self._done.set_exception(error)
        self._done.exception()  # looked at, so that asyncio does not report it where nobody waits
        self._changed.set()

    def on_item(self, item: Any) -> None:
        if self._drop:
            self._evented.consumed(self.number)
            return
        self._items.append(item)
        self._changed.set()

    def on_progress(self, progress: Progress) -> None:
        self.progress = progress

    def on_gap(self, gap: Gap) -> None:
        self.missed += gap.items

    def on_credit(self) -> None:
        self._changed.set()


class AsyncSubscription:
    """The events of one subscription, in order, with `Lost` where there is a gap; iteration waits for them.

    It ends with `ended` saying why, or raises what ended it. `close` unsubscribes.
    """

    def __init__(self, call: AsyncCall[SubscriptionEnded], registry: Registry) -> None:
        self.ended: SubscriptionEnded | None = None
        self._call = call
        self._reader = SubscriptionReader(registry)
        self._ready: deque[Event | Lost] = deque()

    async def begin(self) -> None:
        """Wait until it has begun, for whoever made it. Raises what hindered it."""
        while not self._reader.begun and await self._more():
            pass

    def __aiter__(self) -> AsyncSubscription:
        return self

    async def __anext__(self) -> Event | Lost:
        while not self._ready:
            if not await self._more():
                raise StopAsyncIteration
        return self._ready.popleft()

    def close(self) -> None:
        """Unsubscribe."""
        self._call.abandon()

    async def _more(self) -> bool:
        try:
            item = await anext(self._call)
        except StopAsyncIteration:
            self.ended = await self._call.result()
            return False
        self._ready.extend(self._reader.take(item))
        return True
