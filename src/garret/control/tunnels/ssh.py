"""One ssh process under a guardian: what it prints, and its end. Belongs to the loop's thread.

Neighbour: `tunnels`, which says what it is started for.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from garret.control.workers.process import ProcessHandle, guarded, spawn

_PASSED_ON: Final = ("HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "LANG", "LC_ALL")
_MOST: Final = 64 * 1024
_PIECE: Final = 16 * 1024


def environment_of(environ: Mapping[str, str]) -> dict[str, str]:
    """What ssh gets: where the person's keys are, and a plain shell for what it runs."""
    found = {name: environ[name] for name in _PASSED_ON if name in environ}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/sh", **found}


class SshProcess:
    """`carried`, where it is given, waits in standard error for what ssh runs (`handing`)."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, words: Sequence[str], carried: socket.socket | None = None
    ) -> None:
        self._loop = loop
        self._texts = {"output": b"", "errors": b""}
        self.spoke: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[bool] = loop.create_future()
        self._errors, theirs = socket.socketpair()
        try:
            self._errors.setblocking(False)
            if carried is not None:
                socket.send_fds(self._errors, [b"\0"], [carried.fileno()])
            self._handle: ProcessHandle = spawn(
                guarded(words), env=environment_of(os.environ), errors=theirs.fileno()
            )
        except BaseException:
            self._errors.close()
            raise
        finally:
            theirs.close()
        self._sources = {"output": self._handle.stdout_fd, "errors": self._errors.fileno()}
        for name, descriptor in self._sources.items():
            loop.add_reader(descriptor, self._heard, name)
        loop.add_reader(self._handle.pidfd, self._exited)

    @property
    def pid(self) -> int:
        return self._handle.pid

    @property
    def output(self) -> str:
        return self._texts["output"].decode(errors="replace")

    @property
    def errors(self) -> str:
        return self._texts["errors"].decode(errors="replace")

    def _heard(self, name: str) -> None:
        if not self._read(name):
            self._loop.remove_reader(self._sources[name])
        if name == "output" and self._texts[name] and not self.spoke.done():
            self.spoke.set_result(None)

    def _read(self, name: str) -> bool:
        """Take what there is, of a flood the end; False at its end."""
        try:
            piece = os.read(self._sources[name], _PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._texts[name] = (self._texts[name] + piece)[-_MOST:]
        return bool(piece)

    def _exited(self) -> None:
        for name, descriptor in self._sources.items():
            self._loop.remove_reader(descriptor)
            before = -1
            while before != len(self._texts[name]):
                before = len(self._texts[name])
                self._read(name)
        self._loop.remove_reader(self._handle.pidfd)
        status = self._handle.reap()
        self._handle.close()
        self._errors.close()
        self.ended.set_result(status is not None and status.ok)

    async def end(self) -> None:
        """Kill it and all below it; it is gone when this returns or raises, whoever cancels meanwhile."""
        self._handle.signal_group(signal.SIGKILL)
        cancelled = False
        while not self.ended.done():
            try:
                await asyncio.shield(self.ended)
            except asyncio.CancelledError:
                cancelled = True
        if cancelled:
            raise asyncio.CancelledError
