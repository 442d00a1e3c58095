"""What this kernel lets the egress process do, found out by doing it in a process made for that.

Run as a program, this module cages a child as a worker with a way out, has it connect, and tries all that
answering takes: being asked, reading the address, reaching the socket, comparing it. Nothing is connected.

Neighbours: `process` does the same for workers; the doctor shows the report.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from garret.base.errors import Code
from garret.control.egress import notify, sockaddr
from garret.control.errors import ControlError
from garret.protocol.manifest import Grants
from garret.worker import privileges, sandbox

_TIMEOUT: Final = 30.0  # seconds; it takes a fraction of one
_PLACE: Final = ("127.0.0.1", 9)  # the discard service's port: nothing is sent there


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`asks`: the kernel asks; `reaches`: workers can be reached; `looks`: also those that are not dumpable.

    `yama` is the kernel's ptrace_scope, -1 where it has none; `detail` what failed, in words.
    """

    asks: bool
    reaches: bool
    looks: bool
    yama: int
    detail: str = ""


def trial() -> Trial:
    """Try it in a process of its own. Raises ControlError if that cannot run."""
    command = [sys.executable, "-I", "-m", "garret.control.egress.trial"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=True, env={}
        )
        return msgspec.json.decode(done.stdout, type=Trial)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise ControlError(
            f"What this kernel lets the way out do could not be found out: {error}. Nothing was changed.",
            code=Code.UNAVAILABLE,
        ) from error


def examine() -> Trial:
    """Try everything. Only for a process made for it."""
    looks, yama = privileges.may_look_into_others(), _yama()
    ours, theirs = socket.socketpair()
    house = os.getpid()
    child = os.fork()
    if child == 0:
        ours.close()
        _be_worker(theirs, 0 if looks else house)
    theirs.close()
    try:
        data, descriptors, _flags, _address = socket.recv_fds(ours, 1, 1)
        if not data or not descriptors:
            return Trial(asks=False, reaches=False, looks=looks, yama=yama, detail="it does not ask")
        detail = _answer(descriptors[0])
        return Trial(asks=True, reaches=not detail, looks=looks, yama=yama, detail=detail)
    finally:
        ours.close()
        os.waitpid(child, 0)


def _be_worker(theirs: socket.socket, reached_by: int) -> None:
    """Be caged, hand the listener over and connect. Never returns."""
    try:
        report = sandbox.enforce(Grants(network=True), reached_by=reached_by)
        if report.listener >= 0:
            socket.send_fds(theirs, [b"l"], [report.listener])
            os.close(report.listener)
            theirs.close()
            with contextlib.suppress(OSError), socket.socket() as outside:
                outside.connect(_PLACE)
    finally:
        os._exit(0)


def _answer(listener: int) -> str:
    """Do what an answer takes; what failed of it, in words."""
    question = notify.receive(listener)
    if question is None:
        return "whoever asked was gone"
    try:
        process = notify.process_of(question.thread)
        data = notify.read_memory(question.thread, question.arguments[1], question.arguments[2])
        if sockaddr.decode(data) != sockaddr.decode(_expected()):
            return "another address was read"
        duplicate = notify.descriptor_of(os.pidfd_open(process), question.arguments[0])
        if not notify.same_file(process, question.arguments[0], duplicate):
            return "its descriptors cannot be compared"
        return "" if notify.valid(listener, question) else "it did not wait for the answer"
    except OSError as error:
        return str(error.strerror or error)
    finally:
        notify.answer(listener, question, errno.ECONNREFUSED)


def _expected() -> bytes:
    address, port = _PLACE
    return b"\x02\x00" + port.to_bytes(2, "big") + socket.inet_aton(address)


def _yama() -> int:
    try:
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    except (OSError, ValueError):
        return -1


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(examine()))
