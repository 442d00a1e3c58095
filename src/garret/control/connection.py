"""One client's connection to the control socket: its handshake, then its commands.

A client is untrusted input. Whatever it sends that is not the protocol ends its connection; its
name, role and profile come from the handshake and the control plane, never from its envelopes.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Final

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.control.broker import Broker
from garret.protocol.envelope import Envelope, encode_payload, pack, pack_error
from garret.protocol.errors import FrameTooLarge, HandshakeRefused, PayloadInvalid
from garret.protocol.frames import Kind
from garret.protocol.handshake import TIMEOUT, ServerHandshake
from garret.protocol.streams import Credit
from garret.transport.aio import AsyncChannel

_logger = log.get("control.connection")

_UNPROVEN: Final = frozenset({Kind.HELLO})
_PROVEN: Final = frozenset({Kind.COMMAND, Kind.CANCEL, Kind.STREAM, Kind.CREDIT})
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
        on_ended: Callable[[ClientConnection, GarretError], None],
    ) -> None:
        self.name = "unproven"
        self.role = ""
        self._profile = profile
        self._handshake = handshake
        self._broker = broker
        self._on_ended = on_ended
        self.on_subscription_end: list[Callable[[], None]] = []
        self.channel = AsyncChannel(loop, connection, self._prove, self._closed, _UNPROVEN)
        self.channel.send(handshake.open())
        self._late = loop.call_later(TIMEOUT, self._too_late)

    @property
    def profile(self) -> str:
        """The profile in force now: switching it changes what an open connection may do."""
        return self._profile()

    # ---- from the socket

    def _prove(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        _close_all(descriptors)
        try:
            answer = self._handshake.receive(envelope)
        except HandshakeRefused as error:
            self.channel.send(pack_error(0, error))
            raise
        self._late.cancel()
        peer = self._handshake.peer
        assert peer is not None
        self.name, self.role = peer.service, peer.role
        self.channel.send(answer)
        self.channel.accept_kinds(_PROVEN)
        self.channel.on_envelope = self._receive

    def _too_late(self) -> None:
        error = HandshakeRefused("The peer did not prove itself in time.", details={"reason": "late"})
        self.channel.send(pack_error(0, error))
        self.channel.close(error)

    def _receive(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        kind = envelope.kind
        if kind == Kind.COMMAND:
            try:
                self._broker.command(self, envelope, descriptors)
            except PayloadInvalid as error:
                self.channel.send(pack_error(envelope.id, error))
                raise
            except GarretError as error:
                _close_all(descriptors)
                self.channel.send(pack_error(envelope.id, error))
            return
        _close_all(descriptors)
        if kind == Kind.CANCEL:
            self._broker.cancel(self, envelope.id)
        elif kind == Kind.CREDIT:
            self._broker.grant(self, envelope.id, _credit_of(envelope))
        else:
            payload = envelope.payload if envelope.name == "item" else None
            self._broker.put_input(self, envelope.id, payload)

    def _closed(self, reason: GarretError) -> None:
        self._late.cancel()
        for end in self.on_subscription_end:
            end()
        self._broker.drop_caller(self)
        self._on_ended(self, reason)

    # ---- to the client (the broker's Caller)

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        try:
            frame = pack(Kind.RESULT, request, payload, descriptors=len(descriptors))
        except FrameTooLarge as error:
            self.on_error(request, error)
            return
        self.channel.send(frame, descriptors)

    def on_error(self, request: int, error: GarretError) -> None:
        self.channel.send(pack_error(request, error))

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        self.channel.send(pack(Kind.STREAM, request, payload, name=name))

    def on_credit(self, request: int, items: int) -> None:
        self.channel.send(pack(Kind.CREDIT, request, encode_payload(Credit(items))))

    def send_event(self, name: str, payload: msgspec.Raw) -> None:
        self.channel.send(pack(Kind.EVENT, 0, payload, name=name))


def _credit_of(envelope: Envelope) -> int:
    try:
        return _decode_credit(envelope.payload).items
    except msgspec.MsgspecError as error:
        raise PayloadInvalid(f"A credit does not have its form: {error}") from error


def _close_all(descriptors: tuple[int, ...]) -> None:
    for number in descriptors:
        os.close(number)
