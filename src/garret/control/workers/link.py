"""One worker process on the other end of a socket pair: boot, handshake, commands, answers.

A link is made for one generation of a slot and dies with its process. It tells its slot what
happened (`LinkEvents`) and answers the broker for the commands it carries. What a worker sends is
checked by type before it goes any further; a worker that breaks the protocol is refused and replaced.
"""

from __future__ import annotations

import asyncio
import os
import socket
from time import monotonic
from typing import Final, Protocol

import msgspec

from garret.base.errors import Code, GarretError
from garret.control.commands.broker import Broker
from garret.control.commands.request import Pending
from garret.control.errors import ControlError
from garret.control.workers.lending import Lender
from garret.protocol.asking import ASK, GIVEN, Ask, AskMemory, Given
from garret.protocol.contract import check_item, check_result
from garret.protocol.envelope import Envelope, decode_error, encode_payload, pack
from garret.protocol.errors import HandshakeRefused, PayloadInvalid, ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import ServerHandshake
from garret.protocol.life import WAY_OUT, Boot, Heartbeat, Progress, Ready
from garret.protocol.streams import MAX_GRANT, Credit
from garret.transport.aio import AsyncChannel
from garret.transport.descriptors import close_all

_ACCEPTED: Final = frozenset(
    {Kind.HELLO, Kind.RESULT, Kind.ERROR, Kind.STREAM, Kind.CREDIT, Kind.HEARTBEAT, Kind.EVENT}
)
_decode_heartbeat: Final = msgspec.msgpack.Decoder(Heartbeat).decode
_decode_credit: Final = msgspec.msgpack.Decoder(Credit).decode
_decode_progress: Final = msgspec.msgpack.Decoder(Progress).decode
_decode_ask: Final = msgspec.msgpack.Decoder(Ask).decode
# Plain ints: a member of an enum costs as much to look up and compare as a small function call.
_COMMAND: Final = int(Kind.COMMAND)
_RESULT: Final = int(Kind.RESULT)
_ERROR: Final = int(Kind.ERROR)
_STREAM: Final = int(Kind.STREAM)
_CREDIT: Final = int(Kind.CREDIT)
_CANCEL: Final = int(Kind.CANCEL)
_HEARTBEAT: Final = int(Kind.HEARTBEAT)
_DRAIN: Final = int(Kind.DRAIN)
_EVENT: Final = int(Kind.EVENT)
_OVER: Final = Given(refusal="This command is over; no memory is lent for it.", code=Code.CANCELLED)


class LinkEvents(Protocol):
    """What a link tells its slot."""

    def on_way_out(self, link: WorkerLink, listener: int) -> None: ...

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
        lender: Lender,
    ) -> None:
        self.lender = lender
        self.generation = generation
        self.calls: dict[int, Pending] = {}
        self.memory_bytes = 0
        self.unenforced: tuple[str, ...] = ()
        self.leaving = False
        self.way_out = 0  # what the egress process knows it by, where it has a way out
        self.heard_at = 0.0  # when anything came last, until the slot has taken note of it
        self.watched: set[int] = set()  # the calls whose progress the supervisor follows
        self._handshake = handshake
        self._broker = broker
        self._events = events
        self._proven = False
        self.channel = AsyncChannel(loop, connection, self._receive, self._closed, _ACCEPTED)
        self.channel.send(pack(Kind.BOOT, 0, encode_payload(boot)))
        self.channel.send(handshake.open())

    # ---- commands

    def start(self, pending: Pending) -> None:
        """Hand a command to the worker; its descriptors go along and are closed here.

        Raises FrameTooLarge or TransportError; the worker then knows nothing of it.
        """
        key, meta, descriptors = pending.key, pending.meta, pending.descriptors
        frame = pack(
            _COMMAND,
            key,
            pending.payload,
            name=meta.name,
            sender=pending.caller.name,
            target=meta.target,
            deadline=pending.deadline,
            trace=pending.trace,
            descriptors=len(descriptors),
        )
        self.channel.send(frame, descriptors)
        self.calls[key] = pending
        pending.handling = self
        if descriptors:
            pending.close_descriptors()
        if pending.inputs is not None:
            pending.hand_over_inputs()

    def drain(self) -> None:
        """Ask the worker to finish what it has and leave."""
        self.leaving = True
        self.channel.send(pack(_DRAIN, 0))

    def cancel(self, pending: Pending) -> None:
        """Ask the worker to stop; the broker sees to it that the caller does not wait in vain."""
        self.channel.send(pack(_CANCEL, pending.key))
        self._broker.expect_end(pending)

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        """Pass an input on; the broker has checked its type and credit."""
        if payload is None:
            self.channel.send(pack(_STREAM, pending.key, name="end"))
        else:
            self.channel.send(pack(_STREAM, pending.key, payload, name="item"))

    def grant(self, pending: Pending, items: int) -> None:
        """Let the worker stream `items` more. Raises ProtocolError when it adds up to nonsense."""
        pending.item_passage().allow(items)
        self.channel.send(pack(_CREDIT, pending.key, encode_payload(Credit(items))))

    # ---- from the worker

    def _receive(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        self.heard_at = monotonic()
        try:
            if envelope.kind == _RESULT and self._proven:
                self._result(envelope, descriptors)
            elif not self._proven:
                self._prove(envelope, descriptors)
            else:
                self._receive_other(envelope)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ProtocolError(f"A worker sent a malformed payload: {error}") from error
        finally:
            if descriptors:
                close_all(descriptors)

    def _receive_other(self, envelope: Envelope) -> None:
        kind = envelope.kind
        if kind == _STREAM:
            self._item(envelope)
        elif kind == _ERROR:
            self._error(envelope)
        elif kind == _CREDIT:
            self._credit(envelope)
        elif kind == _HEARTBEAT:
            beat = _decode_heartbeat(envelope.payload)
            self.memory_bytes = beat.memory_bytes
            self._events.on_heartbeat(self, beat)
        elif kind == _EVENT and envelope.name == ASK:
            self._lend(envelope)
        else:
            raise ProtocolError(f"A worker sent a {Kind(kind).name.lower()} out of place.")

    def _lend(self, envelope: Envelope) -> None:
        question = _decode_ask(envelope.payload)
        answer: Given | None = _OVER
        descriptors: tuple[int, ...] = ()
        # Nothing would take back what was lent for a command that is over.
        if not (isinstance(question, AskMemory) and question.call and question.call not in self.calls):
            answer, descriptors = self.lender.answer(question)
        try:
            if answer is not None:
                payload = encode_payload(answer)
                frame = pack(_EVENT, envelope.id, payload, name=GIVEN, descriptors=len(descriptors))
                self.channel.send(frame, descriptors)
        finally:
            close_all(descriptors)

    def _prove(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        if envelope.kind == Kind.EVENT and envelope.name == WAY_OUT and len(descriptors) == 1:
            if self.way_out:
                raise ProtocolError("A worker has one way out.")
            self._events.on_way_out(self, os.dup(descriptors[0]))
            return
        if envelope.kind == Kind.ERROR:
            error = decode_error(envelope.payload)
            self._events.on_refused(self, error.message, not error.retryable)
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
        pending = self.calls.pop(envelope.id, None)
        if pending is None:
            return
        try:
            check_result(pending.meta, envelope.payload)
        except PayloadInvalid as error:
            self._broker.fail(pending, error)
            self._ended(pending)
            raise
        if self.lender.lent:
            self.lender.hand_over(descriptors)
        # The answer first, the books after: nobody waits for them.
        self._broker.finish(pending, envelope.payload, descriptors)
        self._ended(pending)

    def _error(self, envelope: Envelope) -> None:
        error = decode_error(envelope.payload).to_exception()
        pending = self.calls.pop(envelope.id, None)
        if pending is not None:
            self._broker.fail(pending, error)
            self._ended(pending)

    def _item(self, envelope: Envelope) -> None:
        pending, name = self.calls.get(envelope.id), envelope.name
        if pending is None:
            return
        if name == "item":
            check_item(pending.meta, envelope.payload)
            pending.item_passage().accept()
        elif name == "progress":
            _decode_progress(envelope.payload)
        else:
            raise ProtocolError("A worker streamed something that is neither an item nor progress.")
        if not pending.done:
            pending.caller.on_item(pending.request, name, envelope.payload)

    def _credit(self, envelope: Envelope) -> None:
        items = _decode_credit(envelope.payload).items
        if not 0 < items <= MAX_GRANT:
            raise ProtocolError(f"A credit of {items} items makes no sense.")
        pending = self.calls.get(envelope.id)
        if pending is not None and not pending.done:
            pending.caller.on_credit(pending.request, items)

    def _ended(self, pending: Pending) -> None:
        if self.lender.lent:
            self.lender.end_call(pending.key)
        self._events.on_ended(self, pending)

    # ---- ending

    def _closed(self, reason: GarretError) -> None:
        self._events.on_broken(self, reason)

    def fail_calls(self, reason: str, *, retryable: bool) -> None:
        """Fail what the process had in hand; it is gone for certain."""
        calls, self.calls = list(self.calls.values()), {}
        self.watched.clear()
        for pending in calls:
            error = ControlError(
                f"{pending.meta.name}: {reason}.",
                code=Code.UNAVAILABLE,
                retryable=retryable,
                details={"worker_lost": True},
            )
            self._broker.fail(pending, error)
