"""A client of the control plane for programs with a loop of their own: whatever comes calls back.

It joins a `Session` to a socket on any loop that has the few methods of `EventLoop`: asyncio's has them,
and `qt` gives them to Qt's. Everything here runs on the loop's thread, and nothing blocks.

Neighbours: `protocol.session` has the rules, `aio` the channel; `aio_client` and `qt` are what programs use.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from garret.base.errors import GarretError
from garret.protocol.contract import Command
from garret.protocol.envelope import Envelope
from garret.protocol.life import Progress
from garret.protocol.session import (
    ACCEPTED,
    Credited,
    Failed,
    Finished,
    Item,
    Missed,
    Occurrence,
    Progressed,
    Proven,
    Session,
    Stray,
)
from garret.protocol.streams import Gap
from garret.transport.aio import AsyncChannel
from garret.transport.descriptors import close_all
from garret.transport.errors import TransportError
from garret.transport.loop import EventLoop

HANDSHAKE_SECONDS: Final = 10.0


class Reactions(Protocol):
    """What becomes of one call. What any of these raises ends the connection.

    `on_result` or `on_error` is called once, as the last. The descriptors are the reaction's to close.
    """

    def on_result(self, value: Any, descriptors: tuple[int, ...]) -> None: ...

    def on_error(self, error: GarretError, /) -> None: ...

    def on_item(self, item: Any) -> None:
        """One item came; `EventedClient.consumed` says that it was used up."""
        ...

    def on_progress(self, progress: Progress) -> None: ...

    def on_gap(self, gap: Gap) -> None: ...

    def on_credit(self) -> None:
        """More may be streamed in."""
        ...


class EventedClient:
    """One connection; calls may be made once `on_proven` was called. `on_closed` is called at the end."""

    def __init__(
        self,
        loop: EventLoop,
        connection: socket.socket,
        session: Session,
        on_proven: Callable[[], None],
        on_closed: Callable[[GarretError], None],
    ) -> None:
        """`connection` is connected, and the client's from here on."""
        self._loop = loop
        self._session = session
        self._on_proven = on_proven
        self._on_closed = on_closed
        self._reactions: dict[int, Reactions] = {}
        self._timer: Any = None
        self._timer_at = 0.0
        self._channel = AsyncChannel(loop, connection, self._receive, self._closed, ACCEPTED)
        self._late = loop.call_later(HANDSHAKE_SECONDS, self._too_late)

    # ---- calls

    def start(
        self,
        request: Command[Any],
        reactions: Reactions,
        *,
        descriptors: tuple[int, ...] = (),
        seconds: float | None = None,
        workspace: str = "",
    ) -> int:
        """Send a command; its number. `seconds` is its time, None for the declared one.

        `descriptors` may be closed afterwards. Raises FrameTooLarge, and TransportError where the connection
        is closed; then nothing was sent.
        """
        if self._channel.closed:
            raise TransportError("The connection to Garret is closed. Nothing was sent.")
        seconds = request.__meta__.timeout if seconds is None else seconds
        number, frame = self._session.start(
            request, time.monotonic(), seconds=seconds, descriptors=len(descriptors), workspace=workspace
        )
        self._reactions[number] = reactions
        try:
            self._channel.send(frame, descriptors)
        except TransportError:
            del self._reactions[number]
            self._session.give_up(number)
            raise
        if seconds is not None:
            self._watch_time()
        return number

    def put(self, number: int, item: Any) -> bool:
        """Stream one item in; False where it has to wait for `on_credit`. Raises as `Session.put`."""
        return self._send(self._session.put(number, item))

    def end(self, number: int) -> None:
        """End what is streamed in."""
        self._send(self._session.end(number))

    def consumed(self, number: int) -> None:
        """An item of the call was used up."""
        self._send(self._session.consumed(number))

    def cancel(self, number: int) -> None:
        """Ask for the end of a call, which still calls back."""
        self._send(self._session.cancel(number))

    def give_up(self, number: int) -> None:
        """Cancel a call that calls back no more."""
        self._reactions.pop(number, None)
        self._send(self._session.give_up(number))

    def close(self) -> None:
        """End the connection; what is under way fails. Idempotent."""
        self._channel.close()

    @property
    def closed(self) -> bool:
        return self._channel.closed

    def _send(self, frame: bytes | None) -> bool:
        if frame is not None:
            self._channel.send(frame)
        return frame is not None

    # ---- from the socket

    def _receive(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        try:
            occurrence = self._session.receive(envelope, descriptors)
        except GarretError:
            close_all(descriptors)
            raise
        self._flush()
        if occurrence is not None:
            self._happened(occurrence)

    def _happened(self, occurrence: Occurrence) -> None:
        if isinstance(occurrence, Proven):
            self._late.cancel()
            self._on_proven()
        elif isinstance(occurrence, Stray):
            close_all(occurrence.descriptors)
        elif isinstance(occurrence, Finished):
            self._reactions.pop(occurrence.number).on_result(occurrence.value, occurrence.descriptors)
        elif isinstance(occurrence, Failed):
            self._failed(occurrence)
        else:
            self._reacts(occurrence)

    def _reacts(self, occurrence: Item | Progressed | Missed | Credited) -> None:
        reactions = self._reactions[occurrence.number]
        if isinstance(occurrence, Item):
            reactions.on_item(occurrence.value)
        elif isinstance(occurrence, Credited):
            reactions.on_credit()
        elif isinstance(occurrence, Progressed):
            reactions.on_progress(occurrence.progress)
        else:
            reactions.on_gap(occurrence.gap)

    def _failed(self, failed: Failed) -> None:
        close_all(failed.descriptors)
        self._reactions.pop(failed.number).on_error(failed.error)

    def _flush(self) -> None:
        outgoing = self._session.outgoing
        while outgoing:
            self._channel.send(outgoing.pop(0))

    def _closed(self, reason: GarretError) -> None:
        self._late.cancel()
        if self._timer is not None:
            self._timer.cancel()
        for failed in self._session.close(reason):
            self._failed(failed)
        self._on_closed(reason)

    # ---- time

    def _too_late(self) -> None:
        self._channel.close(TransportError("The running Garret does not answer."))

    def _watch_time(self) -> None:
        due = self._session.next_deadline
        if due is None or (self._timer is not None and self._timer_at <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._expire)

    def _expire(self) -> None:
        self._timer = None
        late = self._session.expire(time.monotonic())
        self._flush()
        for failed in late:
            self._failed(failed)
        self._watch_time()
