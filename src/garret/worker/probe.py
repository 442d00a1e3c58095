"""What this kernel can enforce on a worker, found out by trying it in a process made for that.

`probe` starts a Python process that cages itself with no grants at all and then attempts what each mechanism
should refuse. The caller's own process is left as it is. Run as a program, this module is that process.

Invariants: a mechanism counts as available only if the forbidden thing was refused. Neighbours: `sandbox`
is what is tried; the doctor shows the report.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import msgspec

from garret.base.errors import Code
from garret.protocol.manifest import Grants
from garret.worker import descendants, kernel, landlock, limits, sandbox

_TIMEOUT = 30.0  # seconds; the process takes a tenth of one
_MEMORY = 256 * limits.MIB


class Mechanism(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of the cage: its name in reports, what it does, whether it works here, and why not."""

    name: str
    purpose: str
    available: bool
    detail: str


class KernelReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """This system, its Landlock version (0: none), and every mechanism."""

    system: str
    landlock: int
    mechanisms: tuple[Mechanism, ...]


def probe() -> KernelReport:
    """Try every mechanism in a process of its own, about 0.1 s. Raises SandboxError if that cannot run."""
    command = [sys.executable, "-I", "-m", "garret.worker.probe"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=True, env={}
        )
        return msgspec.json.decode(done.stdout, type=KernelReport)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise sandbox.SandboxError(
            f"What this kernel can enforce could not be found out: {error}. Nothing was changed; workers "
            "cage themselves as far as they can all the same.",
            code=Code.UNAVAILABLE,
        ) from error


_PURPOSES = {
    "files": "a worker opens only the files and folders it was granted",
    "file-truncation": "a worker cannot empty files it was not granted",
    "device-ioctl": "a worker controls only the devices it was granted",
    "tcp": "a worker makes no TCP connection",
    "abstract-sockets": "a worker reaches no local service by an abstract socket",
    "signals": "a worker signals no other program",
    "system-calls": "a worker makes no sockets, starts no programs and cannot look into others",
    "metadata": "a worker changes no mode, owner, time or attribute of any file",
    "listening": "a worker waits for no connections, whatever it was granted",
    "undoing": "a worker cannot take back what its cage set",
    "no-new-privileges": "nothing a worker does gives it more rights",
    "capabilities": "a worker has no rights of the system administrator",
    "not-dumpable": "your other programs cannot read a worker's memory",
    "memory-limit": "a worker that allocates without end fails by itself",
    "file-limits": "a worker cannot fill the disk with one file or open files without end",
    "dies-with-parent": "a worker ends with Garret",
    "first-out-of-memory": "when memory runs out, a worker goes before your programs",
    "guardian": "what a worker starts ends with it",
    "process-limit": "a worker that may run programs cannot start them without end",
}


def _refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except (PermissionError, MemoryError):
        return True
    except OSError:
        return False
    return False


def _refused_for_now(action: Callable[[], object]) -> bool:
    try:
        action()
    except BlockingIOError:
        return True
    return False


def _own_status(field: str) -> str:
    with open("/proc/self/status", encoding="ascii") as file:
        return dict(line.split(":", 1) for line in file.read().splitlines())[field].strip()


def _tcp_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def _listen() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.listen()


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


_PROOFS: dict[str, Callable[[], bool]] = {
    "files": lambda: _refused(lambda: os.listdir("/")),
    "tcp": lambda: _refused(_tcp_socket),
    "system-calls": lambda: _refused(_tcp_socket) and _refused(_fork),
    "metadata": lambda: _refused(lambda: os.utime("/dev/null")),
    "listening": lambda: _refused(_listen),
    "undoing": lambda: _refused(lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 1)),
    "signals": lambda: _refused(lambda: os.kill(os.getppid(), 0)),
    "no-new-privileges": lambda: _own_status("NoNewPrivs") == "1",
    "capabilities": lambda: int(_own_status("CapEff"), 16) == 0,
    "not-dumpable": lambda: kernel.prctl(kernel.PR_GET_DUMPABLE) == 0,
    "memory-limit": lambda: _refused(lambda: bytearray(2 * _MEMORY)),
}


def _guardian() -> Mechanism:
    detail = ""
    try:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        os.close(os.pidfd_open(os.getpid()))
        if os.getpid() not in descendants.children(os.getppid()):
            detail = "the children of a process cannot be listed here"
    except (OSError, AttributeError) as error:
        detail = str(error)
    return Mechanism("guardian", _PURPOSES["guardian"], not detail, detail)


def _process_limit() -> Mechanism:
    """Try it in a child, since what has to be given up for it is given up for good."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, _unlimited().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        detail = told.read().decode(errors="replace")
    os.waitpid(child, 0)
    return Mechanism("process-limit", _PURPOSES["process-limit"], not detail, detail)


def _unlimited() -> str:
    """Why this process can start others beyond its limit; empty where it cannot."""
    try:
        limits.limit_processes(0)
        kernel.capset_only(0)  # as in a cage: an administrator's capabilities go beyond any such limit
        # Somebody else's user id is shared with programs that may have ended meanwhile.
        if os.getuid() != os.geteuid() and not _refused_for_now(_fork):
            return "it was switched on, and another process could be started all the same"
    except OSError as error:
        return error.strerror or str(error)
    return ""


def examine() -> KernelReport:
    """Cage this process and try every mechanism. Only for a process made for it."""
    mechanisms = [_guardian(), _process_limit()]
    version = landlock.abi()
    report = sandbox.enforce(Grants(memory_bytes=_MEMORY))
    missing = {entry.what: entry.why for entry in report.missing}
    for name in (*report.enforced, *missing):
        if name not in _PURPOSES:
            continue
        detail = missing.get(name, "")
        if not detail and name in _PROOFS and not _PROOFS[name]():
            detail = "it was switched on, and what it forbids was possible all the same"
        mechanisms.append(Mechanism(name, _PURPOSES[name], not detail, detail))
    system = f"{os.uname().sysname} {os.uname().release} {os.uname().machine}"
    order = list(_PURPOSES)
    return KernelReport(system, version, tuple(sorted(mechanisms, key=lambda one: order.index(one.name))))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(examine()))
