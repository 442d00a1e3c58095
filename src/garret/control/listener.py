"""The control socket: one control plane a home, clients of the same user only.

A lock file held with flock(2) decides who is the control plane; a socket left by one that died is
therefore known to be stale and replaced. Each connection is checked by its peer credentials
(SO_PEERCRED, unix(7)) before a byte of it is read.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from garret.base import log
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.errors import ControlError

_logger = log.get("control.listener")
_BACKLOG: Final = 128
_UCRED: Final = struct.Struct("3i")  # pid, uid, gid


class HomeLock:
    """The right to be the control plane of a home, held while this object is open."""

    def __init__(self, path: Path) -> None:
        """Raises ControlError (conflict) when another control plane holds it, or when it cannot be made."""
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ControlError(
                f"{path} cannot be written: {error.strerror}. Garret did not start; nothing was changed.",
                code=Code.READ_ONLY,
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise ControlError(
                f"Garret is already running in {path.parent} (process {holder or 'unknown'}). "
                "Nothing was changed; `garret status` talks to it.",
                code=Code.CONFLICT,
                details={"pid": holder},
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        os.close(self._descriptor)


class Listener:
    """Accepts connections of this user. `on_connection` owns the socket; `on_refused` hears why not."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        home: Home,
        *,
        limit: int,
        count: Callable[[], int],
        on_connection: Callable[[socket.socket], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._path = home.socket
        self._limit = limit
        self._count = count
        self._on_connection = on_connection
        self._on_refused = on_refused
        self._path.unlink(missing_ok=True)  # stale: the lock is ours
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        previous = os.umask(0o177)
        try:
            self._socket.bind(str(self._path))
        except OSError as error:
            self._socket.close()
            raise ControlError(
                f"The socket {self._path} cannot be made: {error.strerror}. Garret did not start.",
                code=Code.READ_ONLY,
            ) from error
        finally:
            os.umask(previous)
        self._socket.listen(_BACKLOG)
        self._socket.setblocking(False)
        loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # no descriptors left; the client will try again
            _logger.error("a connection could not be accepted: %s", error)
            return
        owner = peer_user(connection)
        if owner != os.getuid():
            self._on_refused(f"a process of user {owner} knocked")
            connection.close()
        elif self._count() >= self._limit:
            self._on_refused("too many clients are connected")
            connection.close()
        else:
            self._on_connection(connection)

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)


def peer_user(connection: socket.socket) -> int:
    """The user id of the process on the other end, or -1 where the system does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return os.getuid()  # the socket's folder (0700) is then the only guard
    return int(_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))[1])
