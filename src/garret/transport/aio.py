"""An asyncio channel: the control plane's end of every connection.

It works on the bare socket with `add_reader`, because the stream classes of asyncio and uvloop
cannot receive descriptors. Frames sent during one turn of the loop leave in one system call.
Everything here runs on the loop's thread.
"""

from __future__ import annotations

import array
import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from garret.base.errors import GarretError
from garret.protocol.envelope import Envelope, decode_envelope
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import FrameDecoder, Kind
from garret.transport.blocking import ANCILLARY_BYTES, RECEIVE_BYTES, RECEIVE_FLAGS, descriptors_of
from garret.transport.errors import Disconnected, PeerTooSlow

OUTPUT_LIMIT: Final = 16 << 20
"""Bytes that may wait for a peer; beyond this it is not reading, and the connection ends."""
_JOIN_BYTES: Final = 262_144

OnEnvelope = Callable[[Envelope, tuple[int, ...]], None]
OnClosed = Callable[[GarretError], None]


class AsyncChannel:
    """Sends and receives envelopes on a connected socket, which it owns.

    `on_envelope` is called for each envelope and owns the descriptors that came with it; a
    GarretError it raises ends the connection. `on_closed` is called once, with the reason.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        on_envelope: OnEnvelope,
        on_closed: OnClosed,
        accept: frozenset[Kind] | None = None,
    ) -> None:
        connection.setblocking(False)
        self._loop = loop
        self._socket = connection
        self._fileno = connection.fileno()
        self.on_envelope = on_envelope
        self._on_closed = on_closed
        self._decoder = FrameDecoder(accept)
        self._descriptors: deque[int] = deque()
        self._output: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._output_bytes = 0
        self._flushing = False
        self._writing = False
        self.closed = False
        self.received_bytes = 0
        self.sent_bytes = 0
        loop.add_reader(self._fileno, self._readable)

    @property
    def waiting_bytes(self) -> int:
        """Bytes queued that the peer has not taken yet."""
        return self._output_bytes

    def accept_kinds(self, accept: frozenset[Kind]) -> None:
        """Narrow what may come from now on (after a handshake). Half-read frames are kept."""
        decoder = FrameDecoder(accept)
        decoder.feed(self._decoder.remainder())
        self._decoder = decoder

    # ---- receiving

    def drain_input(self) -> None:
        """Take what the peer sent before it died, so that no finished work of it is lost."""
        while not self.closed:
            before = self.received_bytes
            self._readable()
            if self.received_bytes == before:
                return

    def _readable(self) -> None:
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(RECEIVE_BYTES, ANCILLARY_BYTES, RECEIVE_FLAGS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.close(Disconnected(f"The connection broke: {error.strerror}."))
            return
        try:
            if ancillary:
                self._descriptors.extend(descriptors_of(ancillary))
            if flags & socket.MSG_CTRUNC:
                raise ProtocolError("More descriptors came than a frame may carry.")
            if not data:
                raise Disconnected("The other side closed the connection.")
            self.received_bytes += len(data)
            handle = self.on_envelope
            for frame in self._decoder.feed(data):
                handle(decode_envelope(frame), self._take(frame[1]) if frame[1] else ())
                if self.closed:
                    return
                handle = self.on_envelope
        except GarretError as error:
            self.close(error)

    def _take(self, count: int) -> tuple[int, ...]:
        if count > len(self._descriptors):
            raise ProtocolError("A frame announces descriptors that did not come.")
        return tuple(self._descriptors.popleft() for _ in range(count))

    # ---- sending

    def send(self, frame: bytes, descriptors: tuple[int, ...] = ()) -> None:
        """Queue one frame; `descriptors` are duplicated now and may be closed by the caller.

        A closed channel drops the frame: its owner was or will be told by `on_closed`.
        """
        if self.closed:
            return
        if descriptors:
            descriptors = tuple(os.dup(number) for number in descriptors)
        self._output.append((frame, descriptors))
        self._output_bytes += len(frame)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self.closed or self._writing:
            if self._output_bytes > OUTPUT_LIMIT:
                self.close(PeerTooSlow("The other side does not read; its connection was closed."))
            return
        self._write()

    def _write(self) -> None:
        output = self._output
        try:
            while output:
                data, descriptors = self._next_piece()
                sent = self._send_piece(data, descriptors)
                self.sent_bytes += sent
                self._output_bytes -= sent
                if sent < len(data):
                    output.appendleft((data[sent:], ()))
        except (BlockingIOError, InterruptedError):
            self._wait_writable()
        except OSError as error:
            self.close(Disconnected(f"The connection broke: {error.strerror}."))
            return
        else:
            if self._writing:
                self._writing = False
                self._loop.remove_writer(self._fileno)

    def _next_piece(self) -> tuple[bytes, tuple[int, ...]]:
        """Take the next frame with descriptors, or as many joined frames without as make one send."""
        output = self._output
        first, descriptors = output.popleft()
        if descriptors or not output or output[0][1] or len(first) >= _JOIN_BYTES:
            return first, descriptors
        pieces, size = [first], len(first)
        while output and not output[0][1] and size < _JOIN_BYTES:
            piece = output.popleft()[0]
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces), ()

    def _send_piece(self, data: bytes, descriptors: tuple[int, ...]) -> int:
        try:
            if not descriptors:
                return self._socket.send(data)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
            sent = self._socket.sendmsg([data], [rights])
        except OSError:
            self._output.appendleft((data, descriptors))
            raise
        for number in descriptors:
            os.close(number)
        return sent

    def _wait_writable(self) -> None:
        if self._output_bytes > OUTPUT_LIMIT:
            self.close(PeerTooSlow("The other side does not read; its connection was closed."))
        elif not self._writing:
            self._writing = True
            self._loop.add_writer(self._fileno, self._write)

    # ---- ending

    def close(self, reason: GarretError | None = None) -> None:
        """Send what can be sent at once, close, and tell the owner why. Idempotent."""
        if self.closed:
            return
        if self._output and not self._writing:
            self._write_last()
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._fileno)
        if self._writing:
            self._loop.remove_writer(self._fileno)
        for _, descriptors in self._output:
            for number in descriptors:
                os.close(number)
        self._output.clear()
        for number in self._descriptors:
            os.close(number)
        self._descriptors.clear()
        self._socket.close()
        self._on_closed(reason or Disconnected("The connection was closed here."))

    def _write_last(self) -> None:
        try:
            while self._output:
                data, descriptors = self._next_piece()
                if self._send_piece(data, descriptors) < len(data):
                    return
        except OSError:  # the peer is gone or does not read: nothing more can be said to it
            return
