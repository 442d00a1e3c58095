"""The gateway's first process: it holds what cannot be held to a grant, and lends it to the caged one.

It binds the address, reads the secret of its role, starts `serving` and hands both over. Then it answers
what that asks for: a connection to the control socket, which a system call filter cannot tell from any other
Unix socket, and an unlinked file in the home, which a path could not be told from others that lie there. It
never reads a byte of what browsers send. It ends the caged process when it is asked to end, and ends when
that has ended.

`garret serve` becomes this process; started with a plan in the background, it says on standard output what it
has to say in one line of JSON.

Neighbours: `lent` is the other end, `plan` what it is told.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO, Final

import msgspec

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.base.visible import visible
from garret.gateway import lent
from garret.gateway.errors import GatewayError
from garret.gateway.peers import diagnosis
from garret.gateway.plan import Boot, Failure, Plan
from garret.transport.client import read_secret
from garret.transport.descriptors import rights

_BACKLOG: Final = 128
_END_SECONDS: Final = 10.0
_PASSED_ON: Final = ("LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ")
_EXIT_CODES: Final = {Code.USAGE: 2, Code.DENIED: 3, Code.BUSY: 4, Code.UNAVAILABLE: 4, Code.CONFLICT: 4}


def main(text: str) -> int:
    """Keep the gateway of a plan (JSON) until it ends; the exit code."""
    plan = msgspec.json.decode(text, type=Plan)
    try:
        return Keeper(plan).run()
    except GarretError as error:
        return _failed(plan, error.code, error.message)


def bind(plan: Plan) -> socket.socket:
    """A listening socket at the plan's address. Raises GatewayError."""
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((plan.host, plan.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        advice = " `--port 0` takes one that is free." if error.errno == errno.EADDRINUSE else ""
        raise GatewayError(
            f"Port {plan.port} of {plan.host} cannot be used: {error.strerror}. Nothing was started.{advice}",
            code=Code.UNAVAILABLE,
        ) from error
    return listening


class Keeper:
    """See the module."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._home = Home(Path(plan.home))
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._was_ready = False
        self._failure: Failure | None = None

    def run(self) -> int:
        """Serve until it ends. Raises GatewayError where it could not begin."""
        secret = read_secret(self._home, "gateway")
        listening = bind(self._plan)
        own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with own:
            with listening, other:
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, self._end)
                self._child = child = _start(other.fileno())
                boot = Boot(self._plan, listening.getsockname()[1], secret, os.getpid())
                self._hand_over(own, boot, listening)
            self._lend(own)
        try:
            child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        return self._outcome(child.returncode)

    def _hand_over(self, own: socket.socket, boot: Boot, listening: socket.socket) -> None:
        """The boot message, the listening socket, and what tells whose connections are."""
        asking = diagnosis()
        handed = [listening] if asking is None else [listening, asking]
        own.sendmsg([lent.encode(boot)], [rights([each.fileno() for each in handed])])
        if asking is not None:
            asking.close()

    def _end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        child = self._child
        if child is None:
            self._asked = True
        elif self._asked:
            child.kill()
        else:
            self._asked = True
            child.terminate()

    def _lend(self, own: socket.socket) -> None:
        """Answer until the other end is gone."""
        while True:
            try:
                asked = own.recv(lent.MESSAGE_BYTES)
            except ConnectionResetError:
                return
            if not asked:
                return
            if asked == lent.CONNECTION:
                self._answer(own, self._connection)
            elif asked == lent.FILE:
                self._answer(own, self._file)
            else:
                self._told(asked)

    def _answer(self, own: socket.socket, make: Callable[[], socket.socket | IO[bytes]]) -> None:
        try:
            made = make()
        except OSError as error:
            own.send(lent.ERROR.pack(error.errno or errno.EIO))
            return
        with made:
            own.sendmsg([lent.CONNECTION], [rights([made.fileno()])])

    def _connection(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(str(self._home.socket))  # of a Unix socket done at once or not at all
        except OSError:
            connection.close()
            raise
        return connection

    def _file(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._home.root, buffering=0)

    # ---- what is said

    def _told(self, message: bytes) -> None:
        told = lent.decode_told(message)
        if isinstance(told, Failure):
            self._failure = told
            return
        self._was_ready = True
        if self._plan.background or self._plan.as_json:
            _say({"address": told.address, "link": told.link, "seconds": told.seconds, "pid": os.getpid()})
            if self._plan.background:
                os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())
        else:
            sys.stdout.write(
                f"Garret's pages are at {told.address}. Ctrl-C ends this.\n"
                f"This link lets one browser in, once, within {told.seconds / 60:.0f} minutes:\n\n"
                f"    {told.link}\n\n"
            )
            sys.stdout.flush()
        for part in told.missing:
            sys.stderr.write(
                f"This kernel does not hold the gateway's process to all of its cage: {visible(part)}\n"
            )

    def _outcome(self, status: int) -> int:
        if self._failure is not None:
            return _failed(self._plan, Code(self._failure.code), self._failure.message, told=self._was_ready)
        if status != 0 and not self._asked:
            return _failed(
                self._plan,
                Code.FAILED,
                f"The gateway's process ended unexpectedly ({_words(status)}). Its sessions are gone; "
                "nothing else is lost. `garret serve` starts it again.",
                told=self._was_ready,
            )
        return 0


def _start(descriptor: int) -> subprocess.Popen[bytes]:
    """The caged process: with an environment of its own, in a session that Ctrl-C does not reach."""
    return subprocess.Popen(
        [sys.executable, "-I", "-m", "garret.gateway.serving", str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        pass_fds=(descriptor,),
        start_new_session=True,
    )


def _failed(plan: Plan, code: Code, message: str, *, told: bool = False) -> int:
    if plan.background and not told:
        _say({"code": code.value, "message": message})
    else:
        sys.stderr.write(f"garret: {visible(message)}\n")
    return _EXIT_CODES.get(code, 1)


def _say(value: dict[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def _words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
