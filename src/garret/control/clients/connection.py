"""One client's connection to the control socket: its handshake, then its commands.

A client is untrusted input. Whatever it sends that is not the protocol ends its connection; its
name, role and profile come from the handshake and the control plane, never from its envelopes.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import msgspec

from garret.base.errors import GarretError
from garret.control.clients.listener import peer_process
from garret.control.clients.porch import PorchKeeper
from garret.control.commands.broker import Broker
from garret.protocol.envelope import Envelope, encode_payload, pack, pack_error
from garret.protocol.errors import HandshakeRefused, PayloadInvalid, ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import ServerHandshake
from garret.protocol.scope import DEFAULT_WORKSPACE
from garret.protocol.streams import Credit
from garret.transport.aio import AsyncChannel
from garret.transport.descriptors import close_all

_UNPROVEN: Final = frozenset({Kind.HELLO})
_PROVEN: Final = frozenset({Kind.COMMAND, Kind.CANCEL, Kind.STREAM, Kind.CREDIT})
_PROGRESS_BYTES: Final = 1 << 20  # waiting for a client; beyond it, it hears of no more progress
# Plain ints: a member of an enum costs as much to look up and compare as a small function call.
_COMMAND: Final = int(Kind.COMMAND)
_RESULT: Final = int(Kind.RESULT)
_STREAM: Final = int(Kind.STREAM)
_CREDIT: Final = int(Kind.CREDIT)
_decode_credit: Final = msgspec.msgpack.Decoder(Credit).decode


class ClientConnection:
    """A caller on the other end of a socket. `on_ended` is called once, proven or not."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        handshake: ServerHandshake,
        broker: Broker,
        profile: Callable[[], str],
        porch: PorchKeeper,
        on_ended: Callable[[ClientConnection, GarretError], None],
    ) -> None:
        self.name = "unproven"
        self.role = ""
        self.workspace = DEFAULT_WORKSPACE
        self._profile = profile
        self._handshake = handshake
        self._broker = broker
        self._porch = porch
        self._on_ended = on_ended
        self.channel = AsyncChannel(loop, connection, self._prove, self._closed, _UNPROVEN)
        self.channel.send(handshake.open())
        porch.arrive(self, peer_process(connection))

    @property
    def profile(self) -> str:
        """The profile in force now: switching it changes what an open connection may do."""
        return self._profile()

    # ---- from the socket

    def _prove(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        close_all(descriptors)
        try:
            answer = self._handshake.receive(envelope)
        except HandshakeRefused as error:
            self.channel.send(pack_error(0, error))
            raise
        self._porch.leave(self)
        peer = self._handshake.peer
        assert peer is not None
        self.name, self.role = peer.service, peer.role
        self.channel.send(answer)
        self.channel.accept_kinds(_PROVEN)
        self.channel.on_envelope = self._receive

    def show_out(self, reason: GarretError | None) -> None:
        """End it before it proved itself: for `reason`, or because its time is over."""
        error = self._handshake.too_late() if reason is None else reason
        self.channel.send(pack_error(0, error))
        self.channel.close(error)

    def _receive(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        if envelope.kind == _COMMAND:
            try:
                self._broker.command(self, envelope, descriptors)
            except GarretError as error:
                self.channel.send(pack_error(envelope.id, error))
                if isinstance(error, ProtocolError):
                    raise  # what it sends is not to be trusted any more
            return
        if descriptors:
            close_all(descriptors)
            raise ProtocolError("Descriptors came beside something that is no command.")
        if envelope.kind == _STREAM:
            self._broker.put_input(self, envelope.id, _input_of(envelope))
        elif envelope.kind == _CREDIT:
            self._broker.grant(self, envelope.id, _credit_of(envelope))
        else:
            self._broker.cancel(self, envelope.id)

    def _closed(self, reason: GarretError) -> None:
        self._porch.leave(self)
        self._broker.drop_caller(self)
        self._on_ended(self, reason)

    # ---- to the client (the broker's Caller)

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        try:
            self.channel.send(pack(_RESULT, request, payload, descriptors=len(descriptors)), descriptors)
        except GarretError as error:
            self.on_error(request, error)

    def on_error(self, request: int, error: GarretError) -> None:
        self.channel.send(pack_error(request, error))

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        if name == "progress" and self.channel.waiting_bytes > _PROGRESS_BYTES:
            return  # it costs no credit, and the client is behind
        self.channel.send(pack(_STREAM, request, payload, name=name))

    def on_credit(self, request: int, items: int) -> None:
        self._broker.add_credit(self, request, items)
        self.channel.send(pack(_CREDIT, request, encode_payload(Credit(items))))


def _credit_of(envelope: Envelope) -> int:
    try:
        return _decode_credit(envelope.payload).items
    except msgspec.MsgspecError as error:
        raise PayloadInvalid(f"A credit does not have its form: {error}") from error


def _input_of(envelope: Envelope) -> msgspec.Raw | None:
    if envelope.name == "item":
        return envelope.payload
    if envelope.name != "end":
        raise ProtocolError("A client streams items, and then that this was the end.")
    return None
