"""A blocking channel: one connected Unix socket that carries envelopes and descriptors.

Used by workers and command-line clients. Reading is for one thread; sending is safe from many.
"""

from __future__ import annotations

import array
import socket
import threading
from collections import deque
from typing import Final

from garret.protocol.envelope import Envelope, decode_envelope
from garret.protocol.frames import FrameDecoder, Kind
from garret.transport.descriptors import (
    ANCILLARY_BYTES,
    RECEIVE_FLAGS,
    TRUNCATED,
    DescriptorQueue,
    close_all,
    rights,
)
from garret.transport.errors import Disconnected

RECEIVE_BYTES: Final = 65_536
_SHORTEST_TIMEOUT: Final = 0.001  # seconds; zero would mean for ever

Received = tuple[Envelope, tuple[int, ...]]
"""An envelope and the descriptors that came with it, which are now the receiver's to close."""


def connected(path: str, seconds: float) -> socket.socket:
    """A blocking socket, connected to the Unix socket at `path`. Raises OSError, in `seconds` at the latest.

    Where many knock, the kernel lets who waits in by turns. A timeout of Python's makes the socket one that
    does not wait, and that is refused (EAGAIN) at once while the queue is full; so the bound is the kernel's.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bound(connection, socket.SO_SNDTIMEO, seconds)
        connection.connect(path)
        _bound(connection, socket.SO_SNDTIMEO, 0.0)
    except OSError:
        connection.close()
        raise
    return connection


def _bound(connection: socket.socket, option: int, seconds: float) -> None:
    """Set a time limit in the kernel (socket(7)); 0 is none."""
    whole = int(seconds)
    value = array.array("l", [whole, int((seconds - whole) * 1_000_000)])
    connection.setsockopt(socket.SOL_SOCKET, option, value.tobytes())


class BlockingChannel:
    """Sends and receives envelopes on a connected socket, which it owns."""

    def __init__(self, connection: socket.socket, accept: frozenset[Kind] | None = None) -> None:
        connection.setblocking(True)
        self._socket = connection
        self._decoder = FrameDecoder(accept)
        self._ready: deque[Received] = deque()
        self._descriptors = DescriptorQueue()
        self._sending = threading.Lock()
        self._timeout: float | None = None

    def fileno(self) -> int:
        return self._socket.fileno()

    def set_timeout(self, seconds: float | None) -> None:
        """Bound each wait for bytes; None waits for ever. A wait that runs out raises TimeoutError.

        Set in the kernel (SO_RCVTIMEO), which spares the poll that a Python socket timeout costs.
        """
        if seconds == self._timeout:
            return
        self._timeout = seconds
        bound = 0.0 if seconds is None else max(_SHORTEST_TIMEOUT, seconds)
        _bound(self._socket, socket.SO_RCVTIMEO, bound)

    def send(self, frame: bytes, descriptors: tuple[int, ...] = ()) -> None:
        """Send one frame (or several joined ones without descriptors). Raises Disconnected."""
        with self._sending:
            try:
                if descriptors:
                    sent = self._socket.sendmsg([frame], [rights(descriptors)])
                    if sent == len(frame):
                        return
                    frame = frame[sent:]
                self._socket.sendall(frame)
            except OSError as error:
                raise Disconnected("The connection to Garret is closed.") from error

    def receive(self) -> Received:
        """Wait for the next envelope. Raises Disconnected, TimeoutError or ProtocolError."""
        ready = self._ready
        while not ready:
            self._read()
        return ready.popleft()

    @property
    def ready(self) -> int:
        """How many envelopes were read and not yet received."""
        return len(self._ready)

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
            self._descriptors.take_in(ancillary, truncated=bool(flags & TRUNCATED))
        if not data:
            raise Disconnected("The connection to Garret was closed by the other side.")
        for frame in self._decoder.feed(data):
            descriptors = self._descriptors.take(frame[1]) if frame[1] else ()
            try:
                self._ready.append((decode_envelope(frame), descriptors))
            except BaseException:
                close_all(descriptors)
                raise
        if self._descriptors.waiting:
            self._descriptors.check(self._decoder.descriptors_due())

    def shutdown(self) -> None:
        """Wake a blocked reader with the end of the stream; safe from any thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # already closed by the other side
            return

    def close(self) -> None:
        """Close the socket and every descriptor that nobody took."""
        self._descriptors.close()
        while self._ready:
            close_all(self._ready.popleft()[1])
        self._socket.close()
