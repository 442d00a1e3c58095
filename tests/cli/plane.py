"""A control plane of a few lines for tests: real socket, real handshake, scripted answers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from garret.base.build import build_hash
from garret.base.paths import Home
from garret.protocol.envelope import Envelope
from garret.protocol.frames import Kind
from garret.protocol.handshake import NonceMemory, ServerHandshake
from garret.transport.blocking import BlockingChannel
from garret.transport.client import read_secret
from garret.transport.errors import TransportError

Answer = Callable[[BlockingChannel, Envelope, tuple[int, ...]], bool]
"""Handles one command; False closes the connection without an answer."""


@contextmanager
def scripted_plane(home: Home, answer: Answer) -> Iterator[None]:
    """Serve one connection after another until the block ends."""
    home.create()
    secret = read_secret(home)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(home.socket))
    listener.listen()
    thread = threading.Thread(target=_serve, args=(listener, secret, answer))
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        listener.close()
        home.socket.unlink()
        assert not thread.is_alive()


def _serve(listener: socket.socket, secret: bytes, answer: Answer) -> None:
    nonces = NonceMemory()
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        channel = BlockingChannel(connection)
        try:
            _talk(channel, secret, nonces, answer)
        except TransportError:
            continue
        finally:
            channel.close()


def _talk(channel: BlockingChannel, secret: bytes, nonces: NonceMemory, answer: Answer) -> None:
    handshake = ServerHandshake({"cli": secret}, build_hash(), nonces=nonces)
    channel.send(handshake.open())
    channel.send(handshake.receive(channel.receive()[0]))
    going = True
    while going:
        envelope, descriptors = channel.receive()
        if envelope.kind == Kind.COMMAND:
            going = answer(channel, envelope, descriptors)
        for number in descriptors:
            os.close(number)
