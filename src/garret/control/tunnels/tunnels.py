"""Tunnels by the system's ssh: a Unix socket here leads to a server that another machine can reach.

Who does what:

    ssh               the person's own program with the person's keys; it runs uncaged, under a guardian, and
                      never asks, never learns a host's key, forwards nothing but the one place
    egress process    makes ssh's one connection, and judges, counts, logs and cuts it like any other
    handing           the program that ssh runs in place of connecting; it hands ssh that connection
    whoever asked     gets a folder that only this user may enter, with the socket in it

Invariants: nothing listens on TCP; a tunnel is killed when its block is left, and with the control plane; ssh
starts only once the connection is allowed and there. Neighbours: `ways` (what is said to and by ssh), `ssh`
(the process), `control.egress`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shlex
import shutil
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from garret.base import log
from garret.base.errors import Code
from garret.base.hosts import is_this_machine
from garret.control.egress.places import places_of
from garret.control.egress.wire import Place
from garret.control.tunnels import handing
from garret.control.tunnels.ssh import SshProcess
from garret.control.tunnels.ways import (
    Machine,
    TunnelError,
    Way,
    machine_of,
    question_of,
    read_way,
    tunnel_of,
    why_not,
)
from garret.protocol.manifest import Destination

_logger = log.get("control.tunnels")

CONNECT_SECONDS: Final = 15.0
LOGIN_SECONDS: Final = 30.0
_LONGEST: Final = 107  # bytes of a Unix socket's path (unix(7))


class Wanted(NamedTuple):
    """What a tunnel is for: `host` and `port` as the machine at `way` sees them, and the name of the socket.

    `settings` is a file of ssh's configuration in place of the person's own; `why` is told of the connection,
    with the room, profile and workspace that it is for.
    """

    way: str
    host: str
    port: int
    socket: str
    settings: str
    why: str
    room: str
    profile: str
    workspace: str


class House(Protocol):
    """What tunnels need of the control plane around them."""

    def may_leave(self, profile: str) -> bool: ...

    def reach(self, place: Place, wanted: Wanted) -> AbstractAsyncContextManager[socket.socket]: ...


class Tunnels:
    """All that are open; `folder` is made when it is needed, and holds nothing else."""

    def __init__(self, loop: asyncio.AbstractEventLoop, house: House, folder: Path) -> None:
        self._loop = loop
        self._house = house
        self._folder = folder
        self._running: set[SshProcess] = set()
        shutil.rmtree(folder, ignore_errors=True)  # of a control plane that was killed

    def pids(self) -> list[int]:
        """The processes that run now."""
        return [each.pid for each in self._running if not each.ended.done()]

    @asynccontextmanager
    async def open(self, wanted: Wanted) -> AsyncGenerator[Path]:
        """A folder with the socket in it, for as long as the block lasts. Raises TunnelError, UsageError."""
        way = read_way(wanted.way)
        program = shutil.which("ssh", path="/usr/local/bin:/usr/bin:/bin")
        if program is None:
            raise TunnelError(
                "There is no ssh on this machine, so nothing was asked. Install OpenSSH's client.",
                retryable=False,
            )
        machine = await self._ask(program, way, wanted.settings)
        self._check(way, machine, wanted)
        async with AsyncExitStack() as stack:
            place = self._place(stack, wanted)
            connected = await self._connect(stack, machine, wanted)
            words = tunnel_of(
                program, machine, connect=_handing(), socket=str(place), host=wanted.host, port=wanted.port
            )
            process = self._start(words, connected)
            stack.push_async_callback(self._end, process)
            connected.close()  # ssh has it, and the egress process counts it
            await self._opened(process, way)
            yield place.parent

    def _check(self, way: Way, machine: Machine, wanted: Wanted) -> None:
        if is_this_machine(machine.host):
            return
        if is_this_machine(way.host):
            raise TunnelError(
                f"ssh's configuration leads from {way.host} to {machine.host}, which is not this machine. "
                "Nothing was sent; name it by its own name.",
                code=Code.DENIED,
                retryable=False,
            )
        if not self._house.may_leave(wanted.profile):
            raise TunnelError(
                f"Nothing of the profile {wanted.profile} may leave this machine. Nothing was sent.",
                code=Code.DENIED,
                retryable=False,
            )

    def _place(self, stack: AsyncExitStack, wanted: Wanted) -> Path:
        folder = self._folder / secrets.token_hex(3)
        place = folder / wanted.socket
        if len(os.fsencode(place)) > _LONGEST:
            raise TunnelError(
                f"The folder for sockets {self._folder} has too long a name. Nothing was sent.",
                code=Code.FAILED,
                retryable=False,
            )
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return place

    async def _connect(self, stack: AsyncExitStack, machine: Machine, wanted: Wanted) -> socket.socket:
        where = Destination(machine.host, (machine.port,), wanted.why, local=True)
        (place,) = places_of((where,), lambda _key: "")
        name = f"{machine.host}, port {machine.port}"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await stack.enter_async_context(self._house.reach(place, wanted))
        except TimeoutError:
            raise TunnelError(
                f"{name}, did not answer within {CONNECT_SECONDS:.0f} seconds. Nothing was asked."
            ) from None
        except OSError as error:
            if error.errno == errno.EACCES:
                raise TunnelError(
                    f"The way out to {name}, is closed: {error.strerror}. Nothing was sent; see "
                    "`garret egress`.",
                    code=Code.DENIED,
                ) from None
            raise TunnelError(
                f"{name}, cannot be reached by ssh: {error.strerror}. Look whether the machine runs and "
                "whether its name and port are right. Nothing was asked."
            ) from None

    # ---- the process

    async def _ask(self, program: str, way: Way, settings: str) -> Machine:
        process = self._start(question_of(program, way, settings))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                well = await asyncio.shield(process.ended)
        except TimeoutError:
            raise TunnelError("ssh did not say what its configuration has. Nothing was sent.") from None
        finally:
            await self._end(process)
        if not well:
            raise why_not(process.errors, way)
        return machine_of(process.output, way)

    def _start(self, words: list[str], carried: socket.socket | None = None) -> SshProcess:
        process = SshProcess(self._loop, words, carried)
        self._running.add(process)
        return process

    async def _end(self, process: SshProcess) -> None:
        try:
            await process.end()
        finally:
            self._running.discard(process)
        if said := process.errors.strip():
            _logger.info("ssh said: %s", said[-2_000:])

    async def _opened(self, process: SshProcess, way: Way) -> None:
        """Once ssh has logged in and listens. Raises TunnelError."""
        await asyncio.wait(
            (process.spoke, process.ended), timeout=LOGIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if process.ended.done():
            raise why_not(process.errors, way)
        if not process.spoke.done():
            raise TunnelError(
                f"{way.host} did not finish the login by ssh within {LOGIN_SECONDS:.0f} seconds. "
                "Nothing was asked."
            )


def _handing() -> str:
    """The command by which ssh gets its connection; ssh reads % as the beginning of a name of its own."""
    words = [sys.executable, "-I", "-S", str(Path(handing.__file__))]
    return shlex.join(words).replace("%", "%%")
