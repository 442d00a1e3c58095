"""A channel on a loop: the control plane's end of every connection, and that of clients with a loop.

It works on the bare socket, because the stream classes of asyncio and uvloop cannot receive descriptors, and
hears of news by `watch`, because uvloop does not tell of errors. Everything here runs on the loop's thread.

What one frame leads to leaves at once, which spares a command its wait for the loop's next turn;
what several frames of one read lead to, or anything sent at another time, is joined and leaves in
one system call at the end of the turn. Which of the two it is never changes the order of frames.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from garret.base import log
from garret.base.errors import Code, GarretError
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
from garret.transport.errors import Disconnected, PeerTooSlow, TransportError
from garret.transport.linger import LoopLinger
from garret.transport.loop import EventLoop
from garret.transport.watch import Watch

OUTPUT_LIMIT: Final = 16 << 20
"""Bytes that may wait for a peer; beyond this it is not reading, and the connection ends."""

RECEIVE_BYTES: Final = 65_536
_JOIN_BYTES: Final = 262_144

_logger = log.get("transport.aio")

OnEnvelope = Callable[[Envelope, tuple[int, ...]], None]
OnClosed = Callable[[GarretError], None]


class _Turn:
    """What the channels of a loop share: whether what is sent now answers a single frame; watch, linger."""

    __slots__ = ("at_once", "heard", "loop", "watch")

    def __init__(self, loop: EventLoop) -> None:
        self.at_once = False
        self.loop = loop
        self.watch = Watch(loop)
        self.heard = LoopLinger(loop).heard


_turns: list[_Turn] = []


def _turn_of(loop: EventLoop) -> _Turn:
    """That of `loop`; of one loop at a time, as there is but one in a process."""
    if not _turns or _turns[0].loop is not loop:
        _turns[:] = [_Turn(loop)]
    return _turns[0]


class AsyncChannel:
    """Sends and receives envelopes on a connected socket, which it owns.

    `on_envelope` is called for each envelope and owns the descriptors that came with it; what it
    raises ends the connection. `on_closed` is called once, with the reason, never from `send`.
    """

    def __init__(
        self,
        loop: EventLoop,
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
        self._descriptors = DescriptorQueue()
        self._output: deque[tuple[bytes | memoryview, tuple[int, ...]]] = deque()
        self._output_bytes = 0
        self._flushing = False
        self._writing = False
        self.closed = False
        self.received_bytes = 0
        self.sent_bytes = 0
        self._turn = _turn_of(loop)
        self._turn.watch.add(self._fileno, self)

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
            self.on_readable()
            if self.received_bytes == before:
                return

    def on_readable(self) -> None:
        """For the watch: read once, and hand on what is complete."""
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(RECEIVE_BYTES, ANCILLARY_BYTES, RECEIVE_FLAGS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.close(Disconnected(f"The connection broke: {error.strerror}."))
            return
        try:
            if ancillary:
                self._descriptors.take_in(ancillary, truncated=bool(flags & TRUNCATED))
            if not data:
                raise Disconnected("The other side closed the connection.")
            self._turn.heard()
            self.received_bytes += len(data)
            frames = self._decoder.feed(data)
            self._turn.at_once = len(frames) == 1
            for frame in frames:
                envelope = decode_envelope(frame)
                self.on_envelope(envelope, self._descriptors.take(frame[1]) if frame[1] else ())
                if self.closed:
                    return
            if self._descriptors.waiting:
                self._descriptors.check(self._decoder.descriptors_due())
        except GarretError as error:
            self.close(error)
        except Exception as error:
            # The frames after this one are lost, so the connection has no sound point to go on from.
            _logger.exception("a frame could not be handled")
            self.close(
                TransportError(f"A frame could not be handled: {type(error).__name__}.", code=Code.FAILED)
            )
        finally:
            self._turn.at_once = False

    # ---- sending

    def send(self, frame: bytes, descriptors: tuple[int, ...] = ()) -> None:
        """Send one frame, or queue it; `descriptors` may be closed by the caller afterwards.

        A closed channel drops the frame: its owner was or will be told by `on_closed`. Raises
        TransportError where the system has no more descriptors; nothing is sent then.
        """
        if self.closed:
            return
        if self._turn.at_once and not self._output:
            sent = self._try_send(frame, descriptors)
            if sent == len(frame):
                return
            if sent:
                frame, descriptors = frame[sent:], ()
        if descriptors:
            try:
                descriptors = tuple(os.dup(number) for number in descriptors)
            except OSError as error:
                raise TransportError(f"A descriptor cannot be passed on: {error.strerror}.") from error
        self._output.append((frame, descriptors))
        self._output_bytes += len(frame)
        self._flush_soon()

    def _try_send(self, frame: bytes, descriptors: tuple[int, ...]) -> int:
        """Send now; how much the peer took. A broken connection is left to the next flush to find."""
        try:
            if descriptors:
                sent = self._socket.sendmsg([frame], [rights(descriptors)])
            else:
                sent = self._socket.send(frame)
        except OSError:
            return 0
        self.sent_bytes += sent
        return sent

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self.closed:
            return
        if not self._writing:
            self._write()
        elif self._output_bytes > OUTPUT_LIMIT:
            self._give_up()

    def on_writable(self) -> None:
        """For the watch: the peer takes more."""
        if self._writing:
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
                    output.appendleft((memoryview(data)[sent:], ()))
        except (BlockingIOError, InterruptedError):
            self._wait_writable()
        except OSError as error:
            self.close(Disconnected(f"The connection broke: {error.strerror}."))
        else:
            if self._writing:
                self._writing = False
                self._turn.watch.want_writable(self._fileno, False)

    def _next_piece(self) -> tuple[bytes | memoryview, tuple[int, ...]]:
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

    def _send_piece(self, data: bytes | memoryview, descriptors: tuple[int, ...]) -> int:
        try:
            if not descriptors:
                return self._socket.send(data)
            sent = self._socket.sendmsg([data], [rights(descriptors)])
        except OSError:
            self._output.appendleft((data, descriptors))
            raise
        close_all(descriptors)
        return sent

    def _wait_writable(self) -> None:
        if self._output_bytes > OUTPUT_LIMIT:
            self._give_up()
        elif not self._writing:
            self._writing = True
            self._turn.watch.want_writable(self._fileno, True)

    def _give_up(self) -> None:
        self.close(PeerTooSlow("The other side does not read; its connection was closed."))

    # ---- ending

    def close(self, reason: GarretError | None = None) -> None:
        """Send what can be sent at once, close, and tell the owner why. Idempotent."""
        if self.closed:
            return
        self.closed = True
        if not self._writing:
            self._write_last()
        self._turn.watch.remove(self._fileno)
        for _, descriptors in self._output:
            close_all(descriptors)
        self._output.clear()
        self._output_bytes = 0
        self._descriptors.close()
        self._socket.close()
        self._on_closed(reason or Disconnected("The connection was closed here."))

    def _write_last(self) -> None:
        try:
            while self._output:
                data, descriptors = self._next_piece()
                sent = self._send_piece(data, descriptors)
                self.sent_bytes += sent
                if sent < len(data):
                    return
        except OSError:  # the peer is gone or does not read: nothing more can be said to it
            return
