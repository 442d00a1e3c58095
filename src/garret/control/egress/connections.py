"""The connections that workers have, each with a duplicate of its socket: counted, watched for its end, cut.

A duplicate keeps a connection open after the worker has closed it, so the worker is looked at: soon after
there was traffic, and more seldom the longer there was none (an eighth of the pause, between 5 ms and a
second; also when a process of it ends). A socket that the worker still has under another number, or in a
process that it started, is found in /proc. When nobody has it any more the last count is taken and the
duplicate closed, which tells the other side.

Invariants: every connection is told of once when it begins and once when it ends. Neighbours: `process` makes
them, `counting` reads the counts.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from garret.control.egress import counting, notify
from garret.control.egress.loop import BROKEN, GONE, ONCE_CHANGED, WRITE, Loop
from garret.control.egress.wire import Entry
from garret.worker import descendants

_SOONEST: Final = 0.005
_LATEST: Final = 1.0
_SHARE: Final = 0.125
_EACH: Final = 0.0002  # seconds added for each that is open, so that looking takes no more than a tenth


class Connection:
    """One TCP connection. `holder` is the process and the number under which the worker has it."""

    def __init__(
        self, entry: Entry, connected: socket.socket, holder: tuple[int, int], *, programs: bool = False
    ) -> None:
        self.programs = programs  # whether the worker may have given it to one that it started
        self.entry = entry
        self.socket = connected
        self.holder = holder
        self.inode = os.fstat(connected.fileno()).st_ino
        self.began = time.monotonic()
        self.changed = self.began
        self.seen: tuple[int, int] = (0, 0)
        self.overhead: tuple[int, int] = (
            0,
            0,
        )  # what was said to a proxy before the worker had its connection
        self.broken = False
        self.early = False  # it was over before it was seen to be there
        self.established = False

    @property
    def over(self) -> bool:
        """Whether it ended without having been seen to be there."""
        return (self.broken or self.early) and not self.established

    def count(self, *, purged: bool = False) -> tuple[int, int]:
        """The worker's own bytes so far: sent, received."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, counting.SIZE)
        sent, received = counting.count(info, broken=self.broken, purged=purged)
        return max(0, sent - self.overhead[0]), max(0, received - self.overhead[1])

    def told(self, verdict: str = "open", reason: str = "", *, purged: bool = False) -> Entry:
        """The entry with the bytes and the time as they are now."""
        sent, received = self.count(purged=purged)
        return msgspec.structs.replace(
            self.entry,
            sent=sent,
            received=received,
            seconds=round(time.monotonic() - self.began, 6),
            verdict=verdict,
            reason=reason,
        )


class Connections:
    """All that are open. `tell` gets an entry when one begins and when it ends."""

    def __init__(self, loop: Loop, tell: Callable[[Entry], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._open: dict[int, Connection] = {}
        self._by_inode: dict[int, Connection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._open.values()))

    def numbered(self, number: int) -> Connection | None:
        """The connection with this number, while it is open."""
        return self._open.get(number)

    def of_socket(self, inode: int) -> Connection | None:
        """The connection whose socket this is."""
        return self._by_inode.get(inode)

    def add(self, connection: Connection) -> None:
        """Follow a connection that begins. One without a holder ends when whoever has it says so."""
        number = connection.entry.connection
        self._open[number] = connection
        self._by_inode[connection.inode] = connection
        self._tell(connection.entry)
        self._loop.watch(
            connection.socket.fileno(),
            WRITE | ONCE_CHANGED,
            lambda events: self._happened(connection, events),
        )
        if connection.holder[0]:
            self._loop.later(_SOONEST, lambda: self._look(number))

    @staticmethod
    def _happened(connection: Connection, events: int) -> None:
        if events & BROKEN:
            connection.broken = True
        elif not events & GONE:
            connection.established = True
        elif not connection.established:  # and the worker has taken the error by now
            connection.early = True

    def _look(self, number: int) -> None:
        """Whether somebody still has it; then when to look again."""
        connection = self._open.get(number)
        if connection is None or self._ended(connection):
            return
        now = time.monotonic()
        count = connection.count()
        if count != connection.seen:
            connection.seen, connection.changed = count, now
        pause = max(_SOONEST, (now - connection.changed) * _SHARE, len(self._open) * _EACH)
        self._loop.later(min(_LATEST, pause), lambda: self._look(number))

    def _ended(self, connection: Connection) -> bool:
        """End a connection that no process of its worker has any more; whether it did."""
        process, number = connection.holder
        if notify.same_file(process, number, connection.socket.fileno()):
            return False
        elsewhere = _find(_tree(process) if connection.programs else [process], connection.inode)
        if elsewhere is not None:
            connection.holder = elsewhere
            return False
        never = connection.over and connection.count() == (0, 0)
        self.end(connection, *(("failed", "nothing answered") if never else ("closed", "")))
        return True

    def end(self, connection: Connection, verdict: str = "closed", reason: str = "") -> None:
        """Take the last count, let the socket go and tell."""
        self._let_go(connection, connection.told(verdict, reason))

    def cut(self, connection: Connection, reason: str) -> None:
        """End it now, whoever has it: nothing more goes either way, what waits to be sent neither."""
        with contextlib.suppress(OSError):  # it had ended by itself
            connection.socket.shutdown(socket.SHUT_RDWR)
        # Counted before, since to disconnect empties the kernel's counts.
        entry = connection.told("cut", reason, purged=True)
        notify.disconnect(connection.socket.fileno())
        self._let_go(connection, entry)

    def _let_go(self, connection: Connection, entry: Entry) -> None:
        self._open.pop(connection.entry.connection, None)
        self._by_inode.pop(connection.inode, None)
        self._loop.forget(connection.socket.fileno())
        connection.socket.close()
        self._tell(entry)

    def cut_all(self, reason: str) -> None:
        """Cut everything that somebody still has."""
        for connection in self:
            if not self._ended(connection):
                self.cut(connection, reason)

    def look_at(self, process: int) -> None:
        """A process ended: what it had may be nobody's by now."""
        for connection in self:
            if connection.holder[0] == process:
                self._ended(connection)


def _find(processes: list[int], inode: int) -> tuple[int, int] | None:
    """Which of a worker's processes has a socket, and under which number."""
    link = f"socket:[{inode}]"
    for candidate in processes:
        with contextlib.suppress(OSError):  # it ended while being looked at
            folder = os.open(f"/proc/{candidate}/fd", os.O_RDONLY | os.O_DIRECTORY)
            try:
                for number in os.listdir(folder):
                    if os.readlink(number, dir_fd=folder) == link:
                        return candidate, int(number)
            finally:
                os.close(folder)
    return None


def _tree(process: int) -> list[int]:
    """A process, and all of its worker's: those below the control plane's child that it belongs to."""
    top, house = process, os.getppid()
    while (above := descendants.parent(top)) is not None and above not in (0, 1, house):
        top = above
    found: dict[int, None] = {process: None}
    queue = [top]
    while queue:
        one = queue.pop()
        if one not in found or one == process:
            found[one] = None
            queue += [child for child in descendants.children(one) if child not in found]
    return list(found)
