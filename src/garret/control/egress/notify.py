"""The kernel's questions about workers' calls, and how their sockets and memory are reached.

seccomp_unotify(2), pidfd_getfd(2), process_vm_readv(2), kcmp(2), by ctypes: what Python does not wrap. The
structures are those of linux/seccomp.h.

Invariants: nothing here decides; every failure is an OSError. What was read of a process counts only if
`valid` says so afterwards: until then its id may have become another's. Neighbours: `process` drives it,
`garret.worker.connect_filter` makes the kernel ask.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Final, NamedTuple

from garret.worker import kernel

_RECEIVE: Final = 0xC0502100
_SEND: Final = 0xC0182101
_VALID: Final = 0x40082102
_ADD_DESCRIPTOR: Final = 0x40182103
_SET_FLAGS: Final = 0x40082104
_SYNC_WAKE_UP: Final = 1
_ADD_AND_SEND: Final = 2
_QUESTION: Final = struct.Struct("=QIIiIQ6Q")  # id, pid, flags, and seccomp_data
_ANSWER: Final = struct.Struct("=QqiI")  # id, value, error, flags
_ADDED: Final = struct.Struct("=QIIII")  # id, flags, ours, theirs, their flags
_NUMBERS: Final = {
    "x86_64": {"process_vm_readv": 310, "kcmp": 312},
    "aarch64": {"process_vm_readv": 270, "kcmp": 272},
}
_PIDFD_GETFD: Final = 438
_KCMP_FILE: Final = 0
_CALLS: Final = _NUMBERS.get(os.uname().machine, {})
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Question(NamedTuple):
    """One call that waits: `thread` made it, `number` is the system call, then its arguments."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def receive(listener: int) -> Question | None:
    """The next question; None where whoever asked is gone. Waits if there is none: poll first."""
    buffer = bytearray(_QUESTION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    number, thread, _flags, call, _architecture, _pointer, *arguments = _QUESTION.unpack(buffer)
    return Question(number, thread, call, tuple(arguments))


def wake_together(listener: int) -> None:
    """Have the kernel run asker and answerer on one processor, since one waits for the other (Linux 6.6)."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(listener, _SET_FLAGS, struct.pack("=Q", _SYNC_WAKE_UP))


def valid(listener: int, question: Question) -> bool:
    """Whether the call still waits, and so its thread is still the one that asked."""
    try:
        fcntl.ioctl(listener, _VALID, struct.pack("=Q", question.id))
    except OSError:
        return False
    return True


def answer(listener: int, question: Question, error: int = 0) -> bool:
    """Let the call return 0, or fail with `error`; False where nobody waits for it any more."""
    try:
        fcntl.ioctl(listener, _SEND, _ANSWER.pack(question.id, 0, -error, 0))
    except OSError:
        return False
    return True


def answer_with_descriptor(listener: int, question: Question, descriptor: int, *, cloexec: bool) -> bool:
    """Let the call return a new descriptor for what `descriptor` is here; False where nobody waits."""
    flags = os.O_CLOEXEC if cloexec else 0
    try:
        fcntl.ioctl(listener, _ADD_DESCRIPTOR, _ADDED.pack(question.id, _ADD_AND_SEND, descriptor, 0, flags))
    except OSError:
        return False
    return True


def process_of(thread: int) -> int:
    """The process to which a thread belongs. Raises OSError."""
    for line in Path(f"/proc/{thread}/status").read_bytes().splitlines():
        if line.startswith(b"Tgid:"):
            return int(line[5:])
    raise ProcessLookupError(errno.ESRCH, "the thread is gone")


def descriptor_of(pidfd: int, number: int) -> int:
    """A duplicate of another process's descriptor. Raises OSError."""
    return kernel.syscall("pidfd_getfd", _PIDFD_GETFD, pidfd, number, 0)  # it is close-on-exec


def read_memory(process: int, address: int, size: int) -> bytes:
    """What another process has at `address`, at most `size` bytes of it. Raises OSError."""
    buffer = ctypes.create_string_buffer(size)
    ours = _Vector(ctypes.addressof(buffer), size)
    theirs = _Vector(address, size)
    count = kernel.syscall(
        "process_vm_readv",
        _CALLS["process_vm_readv"],
        process,
        ctypes.cast(ctypes.byref(ours), ctypes.c_void_p),
        1,
        ctypes.cast(ctypes.byref(theirs), ctypes.c_void_p),
        1,
        0,
    )
    return buffer.raw[:count]


def same_file(process: int, number: int, descriptor: int) -> bool:
    """Whether another process's descriptor `number` is what `descriptor` is here."""
    try:
        return (
            kernel.syscall("kcmp", _CALLS["kcmp"], process, os.getpid(), _KCMP_FILE, number, descriptor) == 0
        )
    except OSError:
        return False


def disconnect(descriptor: int) -> None:
    """connect(2) to AF_UNSPEC: the kernel resets a connection and throws away what waits to be sent."""
    _LIBC.connect(descriptor, ctypes.create_string_buffer(16), 16)
