"""Descriptors that travel beside frames (SCM_RIGHTS, unix(7)): packing, unpacking, and a bounded queue.

Invariants: a received descriptor is close-on-exec from the start, belongs to exactly one frame, and is
closed when its connection ends before anybody took it. A peer that sends descriptors its frames do
not announce is refused before they add up. Neighbours: `blocking` and `aio`.
"""

from __future__ import annotations

import array
import os
import socket
from collections import deque
from collections.abc import Iterable
from typing import Final

from garret.protocol.errors import ProtocolError
from garret.protocol.frames import MAX_DESCRIPTORS

_INT: Final = array.array("i").itemsize
ANCILLARY_BYTES: Final = socket.CMSG_SPACE(MAX_DESCRIPTORS * _INT)
# Plain ints: the operators of enum's flags cost more than the system call they belong to.
RECEIVE_FLAGS: Final = int(getattr(socket, "MSG_CMSG_CLOEXEC", 0))
TRUNCATED: Final = int(socket.MSG_CTRUNC)

Ancillary = tuple[int, int, bytes]


def rights(descriptors: Iterable[int]) -> tuple[int, int, array.array[int]]:
    """The ancillary data that carries `descriptors` in a `sendmsg`."""
    return (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))


def close_all(descriptors: Iterable[int]) -> None:
    """Close every one of `descriptors`."""
    for number in descriptors:
        os.close(number)


class DescriptorQueue:
    """Descriptors that came on one connection and belong to frames that are not complete yet."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take_in(self, ancillary: list[Ancillary], *, truncated: bool) -> None:
        """Queue what a `recvmsg` brought. Raises ProtocolError when there was more than a frame may have."""
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(data[: len(data) - len(data) % _INT])
                self._waiting.extend(numbers)
        if not RECEIVE_FLAGS:
            for number in self._waiting:
                os.set_inheritable(number, False)
        if truncated:
            raise ProtocolError("More descriptors came than a frame may carry.")

    def take(self, count: int) -> tuple[int, ...]:
        """The descriptors of the next frame, now the caller's. Raises ProtocolError when too few came."""
        if count > len(self._waiting):
            raise ProtocolError("A frame announces descriptors that did not come.")
        return tuple(self._waiting.popleft() for _ in range(count))

    def check(self, due: int) -> None:
        """Raise ProtocolError when more wait than the `due` ones of the frame that is incomplete."""
        if len(self._waiting) > due:
            raise ProtocolError("Descriptors came that no frame announces.")

    def close(self) -> None:
        """Close what nobody took."""
        while self._waiting:
            os.close(self._waiting.popleft())
