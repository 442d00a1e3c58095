"""The few Linux calls that Python does not wrap: raw system calls and prctl, by ctypes.

Invariants: nothing here keeps state; every failure is an OSError carrying errno. On other systems the
functions raise OSError(ENOSYS), so callers need a single path for "this kernel cannot do it".
Neighbours: `privileges`, `landlock`, `seccomp` and `guardian` call it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
PR_SET_PTRACER = 0x59616D61

_LIBC: ctypes.CDLL = ctypes.CDLL(None, use_errno=True)
_HERE = sys.platform.startswith("linux")


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: int | ctypes.c_void_p | None) -> int:
    """Make system call `number`; `name` is for the error text. Raises OSError with the kernel's errno.

    Integers are passed as 64-bit values, since a C int would leave the upper half undefined.
    """
    if not _HERE:
        raise OSError(errno.ENOSYS, f"{name}: only Linux has it")
    words = [ctypes.c_ulong(word) if isinstance(word, int) else word for word in arguments]
    _LIBC.syscall.restype = ctypes.c_long
    return _checked(int(_LIBC.syscall(ctypes.c_long(number), *words)), name)


def prctl(option: int, *arguments: int) -> int:
    """prctl(2). Raises OSError."""
    if not _HERE:
        raise OSError(errno.ENOSYS, "prctl: only Linux has it")
    words = [ctypes.c_ulong(word) for word in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(int(_LIBC.prctl(ctypes.c_int(option), *words)), f"prctl({option})")


def capset_nothing() -> None:
    """Give up every capability of this thread: effective, permitted and inheritable. Raises OSError."""
    capset_only(0)


def capset_only(mask: int) -> None:
    """Keep the capabilities whose numbers are the bits of `mask`, below 32, and give up all others.

    None is inheritable. Raises OSError, also where one of them is not there to be kept.
    """
    if not _HERE:
        raise OSError(errno.ENOSYS, "capset: only Linux has it")
    # _LINUX_CAPABILITY_VERSION_3 with two 32-bit words for each of the three sets (capset(2)).
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, 0, 0, 0, 0)
    _checked(int(_LIBC.capset(header, sets)), "capset")


def inotify_add_watch(number: int, descriptor: int, path: str, mask: int) -> int:
    """inotify_add_watch(2), whose system call is `number`. Raises OSError."""
    text = ctypes.create_string_buffer(os.fsencode(path))
    pointer = ctypes.cast(text, ctypes.c_void_p)
    return syscall("inotify_add_watch", number, descriptor, pointer, mask)
