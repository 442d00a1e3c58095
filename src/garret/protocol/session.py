"""A client's side of one connection, without I/O: handshake, many calls at once, streams, deadlines.

A binding feeds it the envelopes that came and sends the frames that it is given; it owns no socket, loop,
thread or clock. Each envelope leads to at most one `Occurrence` for whoever made the call:

    session = Session(PeerHandshake(...), "garret-cli")
    number, frame = session.start(GetStatus(), now)        # send `frame`
    match session.receive(envelope, descriptors):          # then send what is in `session.outgoing`
        case Finished(number=number, value=status): ...

Invariants: a call ends in exactly one `Finished` or `Failed`, unless it was given up. Items come within the
credit that was granted, and inputs leave within the credit that was received. Descriptors are opaque numbers
here: they belong to the `Finished`, `Failed` or `Stray` that names them, and to the binding where `receive`
raises. What `receive` raises ends the connection; then `close` tells every call.

Not thread-safe. Neighbours: `handshake`, `streams`, `contract`; `transport.client` (blocking),
`transport.evented` (loops of asyncio and Qt).
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any, Final, TypeAlias

import msgspec

from garret.base.errors import CancelledError, DeadlineError, GarretError, UsageError
from garret.protocol.contract import Command, CommandMeta, check_item, check_result
from garret.protocol.envelope import Envelope, decode_error, encode_payload, pack
from garret.protocol.errors import PayloadInvalid, ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.life import Progress
from garret.protocol.streams import FAST_CREDIT, Credit, Gap, ReceiveWindow, SendWindow
from garret.protocol.trace import new_trace

ACCEPTED: Final = frozenset({Kind.CHALLENGE, Kind.WELCOME, Kind.RESULT, Kind.ERROR, Kind.STREAM, Kind.CREDIT})
"""What a client may be sent."""

GRACE: Final = 5.0
"""Seconds the control plane has to answer after a deadline, before the session gives the call up itself."""

# Plain ints: a member of an enum costs as much to look up and compare as a small function call.
_COMMAND: Final = int(Kind.COMMAND)
_RESULT: Final = int(Kind.RESULT)
_ERROR: Final = int(Kind.ERROR)
_STREAM: Final = int(Kind.STREAM)
_CREDIT: Final = int(Kind.CREDIT)
_CANCEL: Final = int(Kind.CANCEL)

_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)

_decode_credit: Final = msgspec.msgpack.Decoder(Credit).decode
_decode_gap: Final = msgspec.msgpack.Decoder(Gap).decode
_decode_progress: Final = msgspec.msgpack.Decoder(Progress).decode


class Proven(msgspec.Struct, frozen=True):
    """Both sides proved themselves: calls may be made."""


class Finished(msgspec.Struct, frozen=True):
    """A call's result, and the descriptors that came beside it."""

    number: int
    value: Any
    descriptors: tuple[int, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """A call's error; `descriptors` came beside an answer that cannot be used, and are to be closed."""

    number: int
    error: GarretError
    descriptors: tuple[int, ...] = ()


class Item(msgspec.Struct, frozen=True):
    """Something that a call streams back; `consumed` says when it is used up."""

    number: int
    value: Any


class Progressed(msgspec.Struct, frozen=True):
    """How far a call has come."""

    number: int
    progress: Progress


class Missed(msgspec.Struct, frozen=True):
    """Items passed that this call did not get."""

    number: int
    gap: Gap


class Credited(msgspec.Struct, frozen=True):
    """A call may stream in `available` items now."""

    number: int
    available: int


class Stray(msgspec.Struct, frozen=True):
    """Descriptors of a call that was given up; to be closed."""

    descriptors: tuple[int, ...]


Occurrence: TypeAlias = Proven | Finished | Failed | Item | Progressed | Missed | Credited | Stray
CallOccurrence: TypeAlias = Finished | Failed | Item | Progressed | Missed | Credited
"""What concerns one call."""


class _Call:
    """A call under way; the windows are made when something streams."""

    __slots__ = ("deadline", "meta", "received", "sent", "sizes")

    def __init__(self, meta: CommandMeta, deadline: float | None) -> None:
        self.meta = meta
        self.deadline = deadline
        self.sent: SendWindow | None = None
        self.received: ReceiveWindow | None = None
        self.sizes: deque[int] = deque()  # bytes of the items that are not used up yet


class Session:
    """See the module. Frames to be sent that no method returned are in `outgoing`, in order."""

    def __init__(self, handshake: PeerHandshake, name: str) -> None:
        self.outgoing: list[bytes] = []
        self.proven = False
        self._handshake = handshake
        self._name = name
        self._numbers = itertools.count(1)
        self._calls: dict[int, _Call] = {}

    # ---- what the client does

    def start(
        self,
        request: Command[Any],
        now: float,
        *,
        seconds: float | None = None,
        descriptors: int = 0,
        workspace: str = "",
    ) -> tuple[int, bytes]:
        """Begin a call: its number and the frame to send, with `descriptors` of them beside it.

        `seconds` is how long it may take, counted from `now` (monotonic seconds); None means that it runs
        until done or cancelled. `workspace` is what it is about, empty for the default one. Raises
        FrameTooLarge, and then there is no call.
        """
        if not self.proven:
            raise ProtocolError("A call was made before the handshake was done.")
        meta = request.__meta__
        number = next(self._numbers)
        deadline = None if seconds is None else now + seconds
        frame = pack(
            _COMMAND,
            number,
            encode_payload(request),
            name=meta.name,
            sender=self._name,
            deadline=deadline,
            trace=new_trace(),
            workspace=workspace,
            descriptors=descriptors,
        )
        self._calls[number] = _Call(meta, deadline)
        return number, frame

    def put(self, number: int, item: Any) -> bytes | None:
        """The frame that streams `item` in; None where there is no credit: wait for `Credited`.

        Raises UsageError where the command takes no input, CancelledError where the call is over, and
        FrameTooLarge, which leaves the credit as it was.
        """
        window = self._inputs_of(number)
        if not window.available:
            return None
        frame = pack(_STREAM, number, encode_payload(item), name="item")
        window.take()
        return frame

    def end(self, number: int) -> bytes:
        """The frame that ends what is streamed in. Raises as `put` does."""
        self._inputs_of(number)
        return pack(_STREAM, number, name="end")

    def consumed(self, number: int) -> bytes | None:
        """An item was used up: the frame that allows more, where it is time for one."""
        call = self._calls.get(number)
        if call is None or call.received is None:
            return None  # it was over before its items were used up
        grant = call.received.consumed(call.sizes.popleft())
        return pack(_CREDIT, number, encode_payload(Credit(grant))) if grant else None

    def cancel(self, number: int) -> bytes | None:
        """The frame that asks for the end of a call, which is still answered; None where it is over."""
        return pack(_CANCEL, number) if number in self._calls else None

    def give_up(self, number: int) -> bytes | None:
        """As `cancel`, and nothing of the call occurs any more."""
        return None if self._calls.pop(number, None) is None else pack(_CANCEL, number)

    # ---- time and the end

    @property
    def next_deadline(self) -> float | None:
        """When `expire` has something to do next, in monotonic seconds; None for never."""
        return min(
            (call.deadline + GRACE for call in self._calls.values() if call.deadline is not None),
            default=None,
        )

    def expire(self, now: float) -> list[Failed]:
        """Give up the calls that were not answered within `GRACE` of their deadline."""
        late = [
            number
            for number, call in self._calls.items()
            if call.deadline is not None and call.deadline + GRACE <= now
        ]
        for number in late:
            del self._calls[number]
            self.outgoing.append(pack(_CANCEL, number))
        return [Failed(number, DeadlineError("Garret did not answer in time.")) for number in late]

    def close(self, reason: GarretError) -> list[Failed]:
        """The connection is gone: every call that is under way fails with `reason`."""
        calls, self._calls = self._calls, {}
        return [Failed(number, reason) for number in calls]

    # ---- what the control plane sends

    def receive(self, envelope: Envelope, descriptors: tuple[int, ...] = ()) -> Occurrence | None:
        """Take one envelope; None where it concerns nobody. Raises ProtocolError or HandshakeRefused."""
        if not self.proven:
            return self._prove(envelope, descriptors)
        number, kind = envelope.id, envelope.kind
        call = self._calls.get(number)
        if call is None:
            return self._unclaimed(envelope, descriptors)
        if kind == _RESULT:
            del self._calls[number]
            try:
                return Finished(number, check_result(call.meta, envelope.payload), descriptors)
            except PayloadInvalid as error:
                return Failed(number, error, descriptors)
        if descriptors:
            raise ProtocolError("Descriptors came beside something that is no result.")
        if kind == _STREAM:
            return self._streamed(call, envelope)
        if kind == _ERROR:
            del self._calls[number]
            return Failed(number, decode_error(envelope.payload).to_exception())
        if kind == _CREDIT:
            return self._credited(call, envelope)
        raise ProtocolError(f"A {Kind(kind).name.lower()} came after the handshake.")

    def _prove(self, envelope: Envelope, descriptors: tuple[int, ...]) -> Proven | None:
        if descriptors:
            raise ProtocolError("Descriptors came during the handshake.")
        answer = self._handshake.receive(envelope)
        if answer is not None:
            self.outgoing.append(answer)
        if self._handshake.capabilities is None:
            return None
        self.proven = True
        return Proven()

    def _unclaimed(self, envelope: Envelope, descriptors: tuple[int, ...]) -> Stray | None:
        """The rest of a call that was given up, or the reason for which the connection is about to end."""
        if envelope.kind == _ERROR and envelope.id == 0:
            raise decode_error(envelope.payload).to_exception()
        return Stray(descriptors) if descriptors else None

    def _streamed(self, call: _Call, envelope: Envelope) -> Item | Progressed | Missed | Failed:
        number = envelope.id
        if envelope.name != "item":
            return _beside(envelope)
        if call.received is None:
            call.received = ReceiveWindow(most=FAST_CREDIT)
        call.received.accept()
        call.sizes.append(len(envelope.payload))
        try:
            return Item(number, check_item(call.meta, envelope.payload))
        except PayloadInvalid as error:
            del self._calls[number]
            self.outgoing.append(pack(_CANCEL, number))
            return Failed(number, error)

    def _credited(self, call: _Call, envelope: Envelope) -> Credited:
        try:
            items = _decode_credit(envelope.payload).items
        except _UNDECODABLE as error:
            raise ProtocolError(f"A credit does not have its form: {error}") from error
        if call.meta.inputs is None:
            raise ProtocolError(f"Credit came for {call.meta.name}, which takes no input stream.")
        if call.sent is None:
            call.sent = SendWindow()
        call.sent.grant(items)
        return Credited(envelope.id, call.sent.available)

    def _inputs_of(self, number: int) -> SendWindow:
        call = self._calls.get(number)
        if call is None:
            raise CancelledError("The call has ended; it takes no more input.")
        if call.meta.inputs is None:
            raise UsageError(f"{call.meta.name} takes no input stream.")
        if call.sent is None:
            call.sent = SendWindow()
        return call.sent


def _beside(envelope: Envelope) -> Progressed | Missed:
    """What travels in a stream beside its items."""
    try:
        if envelope.name == "progress":
            return Progressed(envelope.id, _decode_progress(envelope.payload))
        if envelope.name == "gap":
            return Missed(envelope.id, _decode_gap(envelope.payload))
    except _UNDECODABLE as error:
        raise ProtocolError(f"A {envelope.name} does not have its form: {error}") from error
    raise ProtocolError(f"A stream carries {envelope.name[:40]!r}.")
