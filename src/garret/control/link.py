"""One worker process on the other end of a socket pair: boot, handshake, commands, answers.

A link is made for one generation of a slot and dies with its process. It tells its slot what
happened (`LinkEvents`) and answers the broker for the commands it carries. What a worker sends is
checked by type before it goes any further; a worker that breaks the protocol is refused and replaced.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Final, Protocol

import msgspec

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.control.broker import Broker
from garret.control.errors import ControlError
from garret.control.request import Pending
from garret.protocol.contract import check_result
from garret.protocol.envelope import Envelope, decode_error, encode_payload, pack
from garret.protocol.errors import HandshakeRefused, PayloadInvalid, ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import ServerHandshake
from garret.protocol.life import Boot, Heartbeat, Ready
from garret.protocol.streams import INITIAL_CREDIT, Credit
from garret.transport.aio import AsyncChannel

_logger = log.get("control.link")
_ACCEPTED: Final = frozenset(
    {Kind.HELLO, Kind.RESULT, Kind.ERROR, Kind.STREAM, Kind.CREDIT, Kind.HEARTBEAT, Kind.EVENT}
)
_decode_heartbeat: Final = msgspec.msgpack.Decoder(Heartbeat).decode
_decode_credit: Final = msgspec.msgpack.Decoder(Credit).decode


class LinkEvents(Protocol):
    """What a link tells its slot."""

    def on_ready(self, link: WorkerLink, ready: Ready) -> None: ...

    def on_refused(self, link: WorkerLink, reason: str, permanent: bool) -> None: ...

    def on_heartbeat(self, link: WorkerLink, beat: Heartbeat) -> None: ...

    def on_ended(self, link: WorkerLink, pending: Pending) -> None: ...

    def on_broken(self, link: WorkerLink, reason: GarretError) -> None: ...


class WorkerLink:
    """The control plane's end of one worker's socket."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        generation: int,
        boot: Boot,
        handshake: ServerHandshake,
        broker: Broker,
        events: LinkEvents,
    ) -> None:
        self.generation = generation
        self.calls: dict[int, Pending] = {}
        self.memory_bytes = 0
        self.unenforced: tuple[str, ...] = ()
        self.leaving = False
        self._inputs_allowed: dict[int, int] = {}
        self._handshake = handshake
        self._broker = broker
        self._events = events
        self._proven = False
        self.channel = AsyncChannel(loop, connection, self._receive, self._closed, _ACCEPTED)
        self.channel.send(pack(Kind.BOOT, 0, encode_payload(boot)))
        self.channel.send(handshake.open())

    # ---- commands

    def start(self, pending: Pending) -> None:
        """Hand a command to the worker. Its descriptors go along and are closed here."""
        key = pending.key
        self.calls[key] = pending
        pending.handling = self
        frame = pack(
            Kind.COMMAND,
            key,
            pending.payload,
            name=pending.meta.name,
            sender=pending.caller.name,
            target=pending.meta.target,
            deadline=pending.deadline,
            trace=pending.trace,
            descriptors=len(pending.descriptors),
        )
        self.channel.send(frame, pending.descriptors)
        if pending.descriptors:
            pending.close_descriptors()

    def drain(self) -> None:
        """Ask the worker to finish what it has and leave."""
        self.leaving = True
        self.channel.send(pack(Kind.DRAIN, 0))

    def cancel(self, pending: Pending) -> None:
        self.channel.send(pack(Kind.CANCEL, pending.key))

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        """Pass an input on. A caller that overruns its credit is refused (ProtocolError)."""
        if pending.meta.inputs is None:
            raise ProtocolError(f"{pending.meta.name} takes no input stream.")
        if payload is None:
            self.channel.send(pack(Kind.STREAM, pending.key, name="end"))
            return
        allowed = self._inputs_allowed.get(pending.key, INITIAL_CREDIT)
        if allowed <= 0:
            raise ProtocolError("A stream item came without credit.")
        self._inputs_allowed[pending.key] = allowed - 1
        self.channel.send(pack(Kind.STREAM, pending.key, payload, name="item"))

    def grant(self, pending: Pending, items: int) -> None:
        if not 0 < items <= 1_000_000:
            raise ProtocolError(f"A credit of {items} items makes no sense.")
        self.channel.send(pack(Kind.CREDIT, pending.key, encode_payload(Credit(items))))

    # ---- from the worker

    def _receive(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        kind = envelope.kind
        try:
            if kind == Kind.RESULT and self._proven:
                self._result(envelope, descriptors)
            elif not self._proven:
                self._prove(envelope)
            elif kind == Kind.STREAM:
                self._item(envelope)
            elif kind == Kind.ERROR:
                self._error(envelope)
            elif kind == Kind.CREDIT:
                self._credit(envelope)
            elif kind == Kind.HEARTBEAT:
                beat = _decode_heartbeat(envelope.payload)
                self.memory_bytes = beat.memory_bytes
                self._events.on_heartbeat(self, beat)
            else:
                raise ProtocolError(f"A worker sent a {Kind(kind).name.lower()} out of place.")
        except msgspec.MsgspecError as error:
            raise ProtocolError(f"A worker sent a malformed payload: {error}") from error
        finally:
            for number in descriptors:
                os.close(number)

    def _prove(self, envelope: Envelope) -> None:
        if envelope.kind == Kind.ERROR:
            error = decode_error(envelope.payload)
            self._events.on_refused(self, error.message, error.code == Code.UNAVAILABLE)
            return
        if envelope.kind == Kind.EVENT and envelope.name == "worker.ready" and self._handshake.peer:
            ready = msgspec.msgpack.decode(envelope.payload, type=Ready)
            self._proven = True
            self.unenforced = ready.missing
            self._events.on_ready(self, ready)
            return
        try:
            self.channel.send(self._handshake.receive(envelope))
        except HandshakeRefused as error:
            self._events.on_refused(self, error.message, error.details.get("reason") == "build")

    def _result(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        pending = self._end(envelope.id)
        if pending is None:
            return
        try:
            check_result(pending.meta, envelope.payload)
        except PayloadInvalid as error:
            self._broker.fail(pending, error)
            raise
        self._broker.finish(pending, envelope.payload, descriptors)

    def _error(self, envelope: Envelope) -> None:
        pending = self._end(envelope.id)
        if pending is not None:
            self._broker.fail(pending, decode_error(envelope.payload).to_exception())

    def _item(self, envelope: Envelope) -> None:
        pending = self.calls.get(envelope.id)
        if pending is not None:
            pending.caller.on_item(pending.request, envelope.name, envelope.payload)

    def _credit(self, envelope: Envelope) -> None:
        pending = self.calls.get(envelope.id)
        if pending is None:
            return
        items = _decode_credit(envelope.payload).items
        allowed = self._inputs_allowed.get(envelope.id, INITIAL_CREDIT)
        self._inputs_allowed[envelope.id] = allowed + items
        pending.caller.on_credit(pending.request, items)

    def _end(self, key: int) -> Pending | None:
        pending = self.calls.pop(key, None)
        if pending is not None:
            self._inputs_allowed.pop(key, None)
            self._events.on_ended(self, pending)
        return pending

    # ---- ending

    def _closed(self, reason: GarretError) -> None:
        self._events.on_broken(self, reason)

    def fail_calls(self, reason: str, *, retryable: bool) -> None:
        """Fail what the process had in hand; it is gone for certain."""
        calls, self.calls = list(self.calls.values()), {}
        for pending in calls:
            error = ControlError(
                f"{pending.meta.name}: {reason}.",
                code=Code.UNAVAILABLE,
                retryable=retryable,
                details={"worker_lost": True},
            )
            self._broker.fail(pending, error)
