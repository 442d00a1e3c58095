"""The control socket: one control plane a home, clients of the same user only.

A lock file held with flock(2) decides who is the control plane; a socket left by one that died is
therefore known to be stale and replaced. Each connection is checked by its peer credentials
(SO_PEERCRED, unix(7)) before a byte of it is read: only this user may, and none of the house's own workers,
some of which can make Unix sockets. A process that has ended by then is refused too, since it can no longer
be told whose it was.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import select
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
_PID_WIDTH: Final = 32
_WORK_WIDTH: Final = 32
_PAUSE_SECONDS: Final = 0.5  # after running out of descriptors; the backlog keeps who knocks meanwhile
_UCRED: Final = struct.Struct("3i")  # pid, uid, gid
_SO_PEERPIDFD: Final = 77  # asm-generic/socket.h; socket(7)


class HomeTaken(ControlError):
    """A control plane runs in this home, or is about to; whoever wanted to start one can talk to it."""

    code = Code.CONFLICT


class HomeLock:
    """The right to be the control plane of a home, held while this object is open.

    The file says who holds it: the process's number in its first 32 bytes, and in the next 32 what it does
    there, where it is no control plane.
    """

    def __init__(self, path: Path, work: str = "") -> None:
        """`work` completes "this home is being ...", for who is no control plane and serves nobody.

        Raises HomeTaken when a control plane holds it, ControlError (busy) when somebody works on the home,
        and ControlError (read only) when it cannot be made.
        """
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
            refusal = self._refusal(path)
            os.close(self._descriptor)
            raise refusal from error
        try:
            # Over what is there, and not cut off first: a full disk might not give the block back.
            noted = f"{os.getpid():<{_PID_WIDTH}}{work:<{_WORK_WIDTH}}"
            os.pwrite(self._descriptor, noted.encode(), 0)
        except OSError as error:
            _logger.warning("the lock is held; its holder's number could not be noted: %s", error.strerror)

    def _refusal(self, path: Path) -> ControlError:
        said = os.pread(self._descriptor, _PID_WIDTH + _WORK_WIDTH, 0).decode(errors="replace")
        holder, work = said[:_PID_WIDTH].strip(), said[_PID_WIDTH:].strip()
        if work:
            return ControlError(
                f"{path.parent} is being {work} (process {holder}). Nothing was changed; try again when that "
                "has ended.",
                code=Code.BUSY,
            )
        return HomeTaken(
            f"Garret is already running in {path.parent} (process {holder or 'unknown'}). "
            "Nothing was changed; `garret status` talks to it.",
            details={"pid": holder},
        )

    def close(self) -> None:
        os.close(self._descriptor)


class Listener:
    """Accepts connections of this user. `on_connection` owns the socket; `on_refused` hears why not.

    `worker_of` names the worker that the process with that id belongs to; it is empty for any other.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        home: Home,
        *,
        limit: int,
        count: Callable[[], int],
        worker_of: Callable[[int], str],
        on_connection: Callable[[socket.socket], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._path = home.socket
        self._limit = limit
        self._count = count
        self._worker_of = worker_of
        self._on_connection = on_connection
        self._on_refused = on_refused
        self._resting: asyncio.TimerHandle | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.unlink(missing_ok=True)  # stale: the lock is ours
            self._socket.bind(str(self._path))
            self._path.chmod(0o600)  # nobody can connect before `listen`
        except OSError as error:
            self._socket.close()
            raise ControlError(
                f"The socket {self._path} cannot be made: {error.strerror}. Garret did not start; everything "
                "kept is as it was.",
                code=Code.READ_ONLY,
            ) from error
        self._socket.listen(_BACKLOG)
        self._socket.setblocking(False)
        loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # no descriptors left, and the socket stays readable
            _logger.error("a connection could not be accepted now and has to wait: %s", error)
            self._loop.remove_reader(self._socket.fileno())
            self._resting = self._loop.call_later(_PAUSE_SECONDS, self._go_on)
            return
        refusal = self._refusal(connection)
        if refusal:
            self._on_refused(refusal)
            connection.close()
        else:
            self._on_connection(connection)

    def _refusal(self, connection: socket.socket) -> str:
        """Why this connection is not let in; empty where it is."""
        process, owner = peer_process(connection), peer_user(connection)
        if owner != os.getuid():
            return f"a process of user {owner} knocked"
        if process and (worker := self._worker_of(process)):
            return f"the worker {worker} knocked, which may not be a client (process {process})"
        if process and ended(connection, process):
            return "a process knocked that has ended"
        if self._count() >= self._limit:
            return "too many clients are connected"
        return ""

    def _go_on(self) -> None:
        self._resting = None
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Let nobody in any more. Idempotent."""
        if self._socket.fileno() < 0:
            return
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)


def peer_user(connection: socket.socket) -> int:
    """The user id of the process on the other end, or -1 where the system does not tell."""
    known = _peer(connection)
    return os.getuid() if known is None else known[1]  # the socket's folder (0700) is then the only guard


def peer_process(connection: socket.socket) -> int:
    """The process on the other end, or 0 where the system does not tell: they are all one then."""
    known = _peer(connection)
    return 0 if known is None else known[0]


def _peer(connection: socket.socket) -> tuple[int, int] | None:
    """Process and user on the other end, as they were when it connected (unix(7))."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    process, user, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))
    return int(process), int(user)


def ended(connection: socket.socket, process: int) -> bool:
    """Whether the process that connected has ended; since Linux 6.5 also where another has its id by now."""
    try:
        held = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError as error:
        if error.errno not in (errno.ENOPROTOOPT, errno.EOPNOTSUPP):
            return True  # it was reaped
        return not Path(f"/proc/{process}").exists()  # an older kernel
    try:
        waiting = select.poll()
        waiting.register(held, select.POLLIN)
        return bool(waiting.poll(0))
    finally:
        os.close(held)
