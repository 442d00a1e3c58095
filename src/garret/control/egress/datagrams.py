"""What a worker has in place of Internet datagram sockets: one end of a pair whose other end is here.

A socket of datagrams may be sent from to anywhere, so a worker never gets one. What it gets takes whole
messages, and after `connect` it is either

    a resolver    connected to port 53 of any address: it answers for the names of the worker's destinations;
    a relay       connected to a destination granted for datagrams: each message goes out by a socket of this
                  process's that is connected to it, and each that comes is handed back.

Before that, and after a refusal, messages go nowhere. Neighbours: `process` makes them, `dns` reads the
queries.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from typing import Final

import msgspec

from garret.control.egress.loop import GONE, READ, Loop
from garret.control.egress.wire import Entry

LONGEST: Final = 65_536
_AT_ONCE: Final = 64  # messages before others have their turn

Answer = Callable[[bytes, Callable[[bytes], None]], None]
"""Answer a query by a callback, now or later."""


class Pair:
    """This process's end. `inode` is that of the worker's end, by which its `connect` is told."""

    def __init__(self, loop: Loop, gone: Callable[[Pair], None]) -> None:
        self.entry: Entry | None = None
        self._loop = loop
        self._gone = gone
        self._answer: Answer | None = None
        self._outside: socket.socket | None = None
        self._began = time.monotonic()
        self._sent = self._received = 0
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self.inode = os.fstat(self.theirs.fileno()).st_ino
        loop.watch(self._ours.fileno(), READ, self._from_worker)

    def resolve(self, answer: Answer) -> None:
        """Be a resolver from now on."""
        self._drop_outside()
        self._answer = answer

    def relay(self, outside: socket.socket, entry: Entry) -> None:
        """Be a relay to where `outside` is connected, from now on."""
        self._drop_outside()
        self._answer = None
        self._outside, self.entry = outside, entry
        self._began = time.monotonic()
        self._sent = self._received = 0
        self._loop.watch(outside.fileno(), READ, self._from_outside)

    def told(self, verdict: str = "open", reason: str = "") -> Entry | None:
        """The relay's entry as it is now."""
        if self.entry is None:
            return None
        return msgspec.structs.replace(
            self.entry,
            sent=self._sent,
            received=self._received,
            seconds=round(time.monotonic() - self._began, 6),
            verdict=verdict,
            reason=reason,
        )

    def close(self) -> None:
        """End it; the worker finds its end closed."""
        self._drop_outside()
        if self._ours.fileno() >= 0:
            self._loop.forget(self._ours.fileno())
            self._ours.close()

    def _drop_outside(self) -> None:
        if self._outside is not None:
            self._loop.forget(self._outside.fileno())
            self._outside.close()
            self._outside = None

    def _from_worker(self, events: int) -> None:
        for _ in range(_AT_ONCE):
            try:
                message = self._ours.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:
                break
            if not message and events & GONE:
                break
            self._take(message)
        else:
            return
        self._gone(self)

    def _take(self, message: bytes) -> None:
        if self._answer is not None:
            self._answer(message, self._back)
        elif self._outside is not None:
            with contextlib.suppress(
                OSError
            ):  # datagrams may be lost, and errors of the network are told by read
                self._sent += self._outside.send(message)

    def _from_outside(self, events: int) -> None:
        del events
        for _ in range(_AT_ONCE):
            if self._outside is None:
                return
            try:
                message = self._outside.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:  # nothing listens there; the worker waits in vain, as it would on a lossy network
                continue
            self._received += len(message)
            self._back(message)

    def _back(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it does not read, or has closed
            self._ours.send(message)
