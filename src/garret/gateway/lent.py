"""What the caged process asks its keeper for: connections to the control plane, and files to write to.

It may make no sockets and open no files for writing. Each question is one byte on a socket pair, answered by
one message with the descriptor beside it, or an error's number. The keeper answers within microseconds; it
does nothing else, so that waiting for it on the loop holds nobody up.

Neighbours: `keeper` is the other end.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import IO, Final

import msgspec

from garret.gateway.plan import Boot, Failure, Ready
from garret.transport.descriptors import ANCILLARY_BYTES, RECEIVE_FLAGS, DescriptorQueue

CONNECTION: Final = b"c"
FILE: Final = b"f"
MESSAGE_BYTES: Final = 65_536
ERROR: Final = struct.Struct("<i")

_ANSWER_SECONDS: Final = 10.0

encode: Final = msgspec.msgpack.Encoder().encode
decode_boot: Final = msgspec.msgpack.Decoder(Boot).decode
decode_told: Final = msgspec.msgpack.Decoder(Ready | Failure).decode


class Lender:
    """The caged end."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.settimeout(_ANSWER_SECONDS)

    def fileno(self) -> int:
        return self._socket.fileno()

    def boot(self) -> tuple[Boot, socket.socket, socket.socket | None]:
        """The first message: what to serve, the listening socket, and what tells whose connections are."""
        data, descriptors = self._receive()
        listening = socket.socket(fileno=descriptors.take(1)[0])
        asking = socket.socket(fileno=descriptors.take(1)[0]) if descriptors.waiting else None
        return decode_boot(data), listening, asking

    def tell(self, told: Ready | Failure) -> None:
        """Say that it serves, or why not any more."""
        self._socket.send(encode(told))

    def connection(self) -> socket.socket:
        """One connected to the control plane. Raises OSError."""
        connection = socket.socket(fileno=self._ask(CONNECTION))
        connection.setblocking(False)
        return connection

    def file(self) -> IO[bytes]:
        """An empty file without a name. Raises OSError."""
        return os.fdopen(self._ask(FILE), "r+b", buffering=0)

    def _ask(self, what: bytes) -> int:
        self._socket.send(what)
        data, descriptors = self._receive()
        if not descriptors.waiting:
            number = ERROR.unpack(data)[0] if len(data) == ERROR.size else 0
            raise OSError(number, os.strerror(number))
        return descriptors.take(1)[0]

    def _receive(self) -> tuple[bytes, DescriptorQueue]:
        data, ancillary, _, _ = self._socket.recvmsg(MESSAGE_BYTES, ANCILLARY_BYTES, RECEIVE_FLAGS)
        descriptors = DescriptorQueue()
        descriptors.take_in(ancillary, truncated=False)
        if not data:
            raise OSError("the keeper is gone")
        return data, descriptors
