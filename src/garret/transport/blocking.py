"""A blocking channel: one connected Unix socket that carries envelopes and descriptors.

Used by workers and command-line clients. Reading is for one thread; sending is safe from many.
"""

from __future__ import annotations

import array
import os
import socket
import threading
from collections import deque
from typing import Final

from garret.protocol.envelope import Envelope, decode_envelope
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import MAX_DESCRIPTORS, FrameDecoder, Kind
from garret.transport.errors import Disconnected

RECEIVE_BYTES: Final = 65_536
ANCILLARY_BYTES: Final = socket.CMSG_SPACE(MAX_DESCRIPTORS * array.array("i").itemsize)
_INT: Final = array.array("i").itemsize
RECEIVE_FLAGS: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def descriptors_of(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors in the ancillary data of a `recvmsg`, close-on-exec where the flag did not do it."""
    found: list[int] = []
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers = array.array("i")
            numbers.frombytes(data[: len(data) - len(data) % _INT])
            found.extend(numbers)
    if not RECEIVE_FLAGS:
        for number in found:
            os.set_inheritable(number, False)
    return found


Received = tuple[Envelope, tuple[int, ...]]
"""An envelope and the descriptors that came with it, which are now the receiver's to close."""


class BlockingChannel:
    """Sends and receives envelopes on a connected socket, which it owns."""

    def __init__(self, connection: socket.socket, accept: frozenset[Kind] | None = None) -> None:
        connection.setblocking(True)
        self._socket = connection
        self._decoder = FrameDecoder(accept)
        self._ready: deque[Received] = deque()
        self._descriptors: deque[int] = deque()
        self._sending = threading.Lock()

    def fileno(self) -> int:
        return self._socket.fileno()

    def set_timeout(self, seconds: float | None) -> None:
        """Bound each wait for bytes; None waits for ever. A wait that runs out raises TimeoutError.

        Set in the kernel (SO_RCVTIMEO), which spares the poll that a Python socket timeout costs.
        """
        whole = int(seconds or 0)
        value = array.array("l", [whole, int(((seconds or 0) - whole) * 1_000_000)])
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value.tobytes())

    def send(self, frame: bytes, descriptors: tuple[int, ...] = ()) -> None:
        """Send one frame (or several joined ones without descriptors). Raises Disconnected."""
        with self._sending:
            try:
                if descriptors:
                    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
                    sent = self._socket.sendmsg([frame], [rights])
                    frame = frame[sent:]
                if frame:
                    self._socket.sendall(frame)
            except OSError as error:
                raise Disconnected("The connection to Garret is closed.") from error

    def receive(self) -> Received:
        """Wait for the next envelope. Raises Disconnected, TimeoutError or ProtocolError."""
        ready = self._ready
        while not ready:
            self._read()
        return ready.popleft()

    def receive_ready(self) -> Received | None:
        """The next envelope that was already read, without touching the socket."""
        return self._ready.popleft() if self._ready else None

    def _read(self) -> None:
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(RECEIVE_BYTES, ANCILLARY_BYTES, RECEIVE_FLAGS)
        except BlockingIOError as error:
            raise TimeoutError("no answer in time") from error
        except OSError as error:
            raise Disconnected("The connection to Garret is closed.") from error
        if ancillary:
            self._descriptors.extend(descriptors_of(ancillary))
        if flags & socket.MSG_CTRUNC:
            raise ProtocolError("More descriptors came than a frame may carry.")
        if not data:
            raise Disconnected("The connection to Garret was closed by the other side.")
        for frame in self._decoder.feed(data):
            self._ready.append((decode_envelope(frame), self._take(frame[1])))

    def _take(self, count: int) -> tuple[int, ...]:
        if count > len(self._descriptors):
            raise ProtocolError("A frame announces descriptors that did not come.")
        return tuple(self._descriptors.popleft() for _ in range(count))

    def shutdown(self) -> None:
        """Wake a blocked reader with the end of the stream; safe from any thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # already closed by the other side
            return

    def close(self) -> None:
        for number in self._descriptors:
            os.close(number)
        self._descriptors.clear()
        while self._ready:
            for number in self._ready.popleft()[1]:
                os.close(number)
        self._socket.close()
