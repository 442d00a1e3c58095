"""One connection being made for a worker, on the worker's own socket.

A socket that waits gets its answer when the connection is there or has failed; one that does not wait gets
EINPROGRESS and finds out by itself, as from the kernel. Through a proxy (RFC 9110, section 9.3.6, CONNECT)
both get their answer when the proxy has let the connection through, since what a worker wrote before would
go to the proxy itself.

Invariants: the address used is a copy that was checked, never the worker's memory; the call is answered once.
Neighbours: `process` starts it, `connections` follows what comes of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
from collections.abc import Callable
from typing import Any, Final

from garret.control.egress import counting, notify
from garret.control.egress.loop import READ, WRITE, Loop
from garret.control.egress.sockaddr import Internet

_HEAD_LIMIT: Final = 8_192
_IN_PROGRESS: Final = frozenset({errno.EINPROGRESS, errno.EALREADY})


class Refused(Exception):
    """The proxy did not let it through; in words."""


class Attempt:
    """`done` gets an error number (0 for a connection), words, and the bytes sent to and got of a proxy."""

    def __init__(
        self,
        loop: Loop,
        connecting: socket.socket,
        target: Internet,
        *,
        through: str = "",
        done: Callable[[int, str, tuple[int, int]], None],
    ) -> None:
        self._loop = loop
        self._socket = connecting
        self._target = target
        self._through = through  # the authority to ask a proxy for
        self._done = done
        self._flags = fcntl.fcntl(connecting, fcntl.F_GETFL)
        self._finished = False

    @property
    def waits(self) -> bool:
        """Whether the worker waits in its call until the connection is there."""
        return not self._flags & os.O_NONBLOCK

    def start(self) -> None:
        """Connect. `done` may be called before this returns."""
        if self.waits:
            fcntl.fcntl(self._socket, fcntl.F_SETFL, self._flags | os.O_NONBLOCK)
        try:
            code = self._socket.connect_ex(_python_address(self._socket, self._target))
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code in _IN_PROGRESS:
            if not (self.waits or self._through):
                self._finish(errno.EINPROGRESS)
            elif _settled(self._socket.fileno()):
                self._connected(WRITE)
            else:
                self._loop.watch(self._socket.fileno(), WRITE, self._connected)
        elif code == 0 and self._through:
            self._ask_proxy()
        else:
            self._finish(code)

    def give_up(self, reason: str) -> None:
        """End it: whom it was for is gone, or it was closed meanwhile."""
        if not self._finished:
            notify.disconnect(self._socket.fileno())
            self._finish(errno.EACCES, reason)

    def _connected(self, events: int) -> None:
        del events
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0 and self._through:
            self._ask_proxy()
        else:
            self._finish(code)

    def _ask_proxy(self) -> None:
        request = f"CONNECT {self._through} HTTP/1.1\r\nHost: {self._through}\r\n\r\n"
        try:
            self._socket.sendall(request.encode("ascii"))
        except OSError as error:
            self._finish(error.errno or errno.EIO)
            return
        self._loop.watch(self._socket.fileno(), READ, self._proxy_answered)

    def _proxy_answered(self, events: int) -> None:
        """Look at the answer before taking it: what follows its head is the worker's."""
        del events
        try:
            head = self._socket.recv(_HEAD_LIMIT, socket.MSG_PEEK)
            end = head.find(b"\r\n\r\n")
            if end < 0:
                if not head or len(head) == _HEAD_LIMIT:
                    raise Refused("the proxy gave no answer that ends")
                # The same bytes would wake it again and again: take them, and wait for the rest.
                self._loop.later(0.005, self._look_again)
                self._loop.forget(self._socket.fileno())
                return
            self._socket.recv(end + 4)
            status = head.split(b" ", 2)[1:2]
            if status != [b"200"]:
                raise Refused(f"the proxy answered {head[:60].splitlines()[0].decode('latin-1')!r}")
        except (OSError, Refused) as error:
            self._finish(errno.ECONNREFUSED, str(error))
            return
        self._finish(0)

    def _look_again(self) -> None:
        if not self._finished:
            self._loop.watch(self._socket.fileno(), READ, self._proxy_answered)

    def _finish(self, code: int, reason: str = "") -> None:
        self._finished = True
        self._loop.forget(self._socket.fileno())
        if self.waits:
            fcntl.fcntl(self._socket, fcntl.F_SETFL, self._flags)
        overhead = (0, 0)
        if self._through and code == 0:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, counting.SIZE)
            sent, received = counting.count(info)
            waiting = fcntl.ioctl(self._socket, 0x541B, b"\0" * 4)  # FIONREAD: behind the head, the worker's
            overhead = (sent, received - int.from_bytes(waiting, "little"))
        self._done(code, reason or (os.strerror(code) if code else ""), overhead)


def _settled(descriptor: int) -> bool:
    """Whether it is decided already, as over loopback: that saves a turn of the loop."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def _python_address(connecting: socket.socket, target: Internet) -> Any:
    address = str(target.address)
    if connecting.family == socket.AF_INET6:
        if target.address.version == 4:
            address = f"::ffff:{address}"
        return (address, target.port, 0, target.scope)
    return (address, target.port)
