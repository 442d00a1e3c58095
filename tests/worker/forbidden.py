"""A worker that tries everything forbidden, and says what became of each attempt.

    python forbidden.py caged|free FOLDER VICTIM PORT

Run caged it first closes the cage; run free it shows that each attempt would have worked without one. It
prints one JSON object: attempt -> "done", or the name of the error that refused it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import garret
from garret.protocol.manifest import Grants
from garret.worker import sandbox
from garret.worker.syscall_numbers import NUMBERS

MIB = 1 << 20
GRANTED_MEMORY = 256 * MIB
GRANTED_FILE = MIB
GRANTED_DESCRIPTORS = 64

CAGED = sys.argv[1] == "caged"
FOLDER = Path(sys.argv[2])
VICTIM = int(sys.argv[3])
PORT = int(sys.argv[4])
NAME = ctypes.create_string_buffer(b"caged")
LIBC = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: int) -> None:
    """A raw system call; any answer but EPERM, EACCES and ENOSYS means that it got past the cage."""
    result = LIBC.syscall(
        ctypes.c_long(NUMBERS[os.uname().machine][name]), *[ctypes.c_long(a) for a in arguments]
    )
    if result < 0 and ctypes.get_errno() in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        raise OSError(ctypes.get_errno(), name)


def listing(folder: str | Path) -> list[Path]:
    return list(Path(folder).iterdir())


def reach(path: Path, mode: str) -> None:
    with path.open(mode):
        pass


def make_socket(family: int, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> None:
    socket.socket(family, kind, protocol).close()


def connect_loopback() -> None:
    with socket.socket() as made:
        made.connect(("127.0.0.1", PORT))


def bind_loopback() -> None:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))


def stream_pair() -> None:
    for end in socket.socketpair():
        end.close()


def datagram_pair() -> None:
    for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM):
        end.close()


def fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def execute() -> None:
    with contextlib.suppress(FileNotFoundError):  # got past the cage; nothing is there to run
        os.execv("/nowhere/program", ["program"])


def threads(count: int) -> None:
    stop = threading.Event()
    try:
        for _ in range(count):
            threading.Thread(target=stop.wait).start()
    finally:
        stop.set()


def memory_without_end() -> None:
    held: list[bytearray] = []
    while len(held) < 24:
        held.append(bytearray(16 * MIB))


def file_without_end() -> None:
    with (FOLDER / "write" / "bomb").open("wb", buffering=0) as file:
        for _ in range(4):
            file.write(bytes(MIB))


def room_beyond_the_end() -> None:
    with (FOLDER / "write" / "room").open("wb") as file:
        call("fallocate", file.fileno(), 1, 0, 4 * GRANTED_FILE)  # FALLOC_FL_KEEP_SIZE


def room_by_control() -> None:
    with (FOLDER / "write" / "room").open("wb") as file:
        try:
            fcntl.ioctl(
                file, 0x4030582A, struct.pack("hhqqiiqqqq", 0, 0, 0, GRANTED_FILE, 0, 0, 0, 0, 0, 0)[:48]
            )
        except OSError as error:
            if error.errno == errno.EPERM:
                raise


def descriptors_without_end() -> None:
    held: list[int] = []
    try:
        for _ in range(4 * GRANTED_DESCRIPTORS):
            held.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for fd in held:
            os.close(fd)


def terminal_injection() -> None:
    try:
        fcntl.ioctl(0, 0x5412, b"x")
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def control_process(option: int, value: int) -> None:
    if LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "prctl")


OUTSIDE = FOLDER / "outside"
ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file outside the grants": (OUTSIDE / "secret").read_bytes,
    "write a file outside the grants": lambda: (OUTSIDE / "secret").write_bytes(b"changed"),
    "make a file outside the grants": (OUTSIDE / "new").touch,
    "truncate a file outside the grants": lambda: os.truncate(OUTSIDE / "secret", 0),
    "change the mode of a file outside the grants": lambda: (OUTSIDE / "secret").chmod(0o644),
    "change the owner of a file outside the grants": lambda: os.chown(OUTSIDE / "secret", os.getuid(), -1),
    "set an attribute of a file outside the grants": lambda: call("setxattr", 0, 0, 0, 0, 0),
    "move a file out of the grants": lambda: (FOLDER / "write" / "movable").rename(OUTSIDE / "moved"),
    "delete a file outside the grants": (OUTSIDE / "victim").unlink,
    "list a folder outside the grants": lambda: listing(OUTSIDE),
    "list the root": lambda: listing("/"),
    "write to a file granted for reading": lambda: (FOLDER / "read" / "note").write_bytes(b"changed"),
    "make a symbolic link": lambda: (FOLDER / "write" / "link").symlink_to("/etc"),
    "make a named pipe": lambda: os.mkfifo(FOLDER / "write" / "fifo"),
    "write to its own program": lambda: reach(Path(garret.__file__), "ab"),
    "watch another folder": lambda: call("inotify_init1", 0),
    "make a TCP socket": lambda: make_socket(socket.AF_INET),
    "make an IPv6 socket": lambda: make_socket(socket.AF_INET6),
    "make a UDP socket": lambda: make_socket(socket.AF_INET, socket.SOCK_DGRAM),
    "make a Unix socket": lambda: make_socket(socket.AF_UNIX),
    "make a netlink socket": lambda: make_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "make a raw socket": lambda: make_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "make a packet socket": lambda: make_socket(socket.AF_PACKET, socket.SOCK_RAW),
    "make a socket to the host of this machine": lambda: make_socket(socket.AF_VSOCK),
    "make a datagram pair": datagram_pair,
    "connect to loopback": connect_loopback,
    "bind a port": bind_loopback,
    "start a program": lambda: subprocess.run(["/bin/true"], check=True),
    "become a program": execute,
    "fork": fork,
    "leave its process group": lambda: os.setpgid(0, 0),
    "be traced": lambda: call("ptrace", 0, 0, 0, 0),
    "signal another process": lambda: os.kill(VICTIM, 0),
    "signal its process group": lambda: os.killpg(0, 0),
    "take hold of another process": lambda: os.close(os.pidfd_open(VICTIM)),
    "read the environment of another process": Path(f"/proc/{VICTIM}/environ").read_bytes,
    "open the memory of another process": lambda: reach(Path(f"/proc/{VICTIM}/mem"), "rb"),
    "list the processes": lambda: listing("/proc"),
    "read the memory of another process": lambda: call("process_vm_readv", VICTIM, 0, 0, 0, 0, 1),
    "set a limit": lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)
    ),
    "mount": lambda: call("mount", 0, 0, 0, 0, 0),
    "open a mount tree": lambda: call("open_tree", -1, 0, 0),
    "leave its namespaces": lambda: call("unshare", 0),
    "enter a namespace": lambda: call("setns", -1, 0),
    "set up io_uring": lambda: call("io_uring_setup", 0, 0),
    "use the keyring": lambda: call("keyctl", 9999, 0, 0, 0, 0),
    "take a descriptor of another process": lambda: call("pidfd_getfd", -1, 0, 0),
    "make a memory file": lambda: os.close(os.memfd_create("bulk", os.MFD_ALLOW_SEALING)),
    "map memory that is shared": lambda: mmap.mmap(-1, MIB).close(),
    "set the times of a file outside the grants": lambda: os.utime(OUTSIDE / "secret", (1, 1)),
    "set the times of a folder granted for writing": lambda: os.utime(FOLDER / "write", (1, 1)),
    "take over orphans": lambda: control_process(36, 1),
    "make System V shared memory": lambda: call("shmget", 0, 0, 0),
    "change its identity": lambda: os.setuid(os.getuid()),
    "type into a terminal": terminal_injection,
    "become dumpable": lambda: control_process(4, 1),
    "outlive its parent": lambda: control_process(1, 0),
    "allocate at once": lambda: bytearray(2 * GRANTED_MEMORY),
    "allocate without end": memory_without_end,
    "start threads without end": lambda: threads(100),
    "ask for room beyond the end of a file": room_beyond_the_end,
    "ask for room by device control": room_by_control,
    "write without end": file_without_end,
    "open files without end": descriptors_without_end,
}

# What a worker does every day.
ALLOWED: dict[str, Callable[[], object]] = {
    "read a granted file": (FOLDER / "read" / "note").read_bytes,
    "list a granted folder": lambda: listing(FOLDER / "read"),
    "write into a granted folder": lambda: (FOLDER / "write" / "mine").write_bytes(b"text"),
    "rename within a granted folder": lambda: (FOLDER / "write" / "mine").rename(
        FOLDER / "write" / "sub" / "yours"
    ),
    "start a thread": lambda: threads(2),
    "make a socket pair": stream_pair,
    "map private memory": lambda: mmap.mmap(-1, MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close(),
    "name a thread": lambda: control_process(15, ctypes.addressof(NAME)),
    "signal itself": lambda: os.kill(os.getpid(), 0),
    "raise a signal in a thread": lambda: signal.pthread_kill(threading.get_ident(), 0),
    "import more of Python": lambda: __import__("xml.etree.ElementTree"),
    "draw random bytes from the device": lambda: reach(Path("/dev/urandom"), "rb"),
    "read its own limits": lambda: resource.getrlimit(resource.RLIMIT_DATA),
}


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (OSError, MemoryError, RuntimeError, ValueError) as error:  # resource turns EPERM into ValueError
        name = errno.errorcode.get(error.errno or 0, "?") if isinstance(error, OSError) else ""
        return f"{type(error).__name__} {name}".strip()
    return "done"


def main() -> None:
    report: sandbox.SandboxReport | None = None
    if CAGED:
        report = sandbox.enforce(
            Grants(
                read=(str(FOLDER / "read"),),
                write=(str(FOLDER / "write"),),
                memory_bytes=GRANTED_MEMORY,
                file_bytes=GRANTED_FILE,
                open_files=GRANTED_DESCRIPTORS,
            )
        )
    allowed = {name: outcome(attempt) for name, attempt in ALLOWED.items()}
    attempts = {name: outcome(attempt) for name, attempt in ATTEMPTS.items()}
    missing = [part.what for part in report.missing] if report else []
    print(json.dumps({"allowed": allowed, "attempts": attempts, "missing": missing}))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # being traced, it would otherwise stop at its last signal
