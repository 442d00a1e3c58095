"""Landlock: files, TCP ports, abstract sockets and signals, restricted by the kernel for good.

Landlock works on what a path leads to at the moment it is granted, needs no privilege, is inherited by
every child and can only be tightened. Its parts came with ABI versions (landlock(7)): 1 files, 2 moving
between folders, 3 truncation, 4 TCP bind and connect, 5 device ioctl, 6 abstract sockets and signals.
It never restricts stat, chmod, chown, times or extended attributes: `seccomp_policy` refuses all but stat.

Invariants: no process state is touched before `Ruleset.restrict`. Neighbours: `sandbox` decides what to
grant; this module only knows how.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from enum import IntFlag

from garret.worker import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_QUERY = 1
_RULE_PATH_BENEATH = 1
NEWEST_ABI = 7  # the newest version this module knows; a newer kernel is used as this one

_NET_BIND_TCP, _NET_CONNECT_TCP = 1, 2
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2


class Access(IntFlag):
    """File rights, in the kernel's numbering (linux/landlock.h)."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.READ_FILE | Access.READ_DIR
# No symbolic links, sockets, pipes or device nodes: a link planted in a shared folder could lead a
# more trusted reader astray.
WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.TRUNCATE
    | Access.MAKE_REG
    | Access.MAKE_DIR
    | Access.REMOVE_FILE
    | Access.REMOVE_DIR
    | Access.REFER
)
EXECUTE = READ | Access.EXECUTE
DEVICE = READ | Access.WRITE_FILE | Access.IOCTL_DEV
_FOR_FILES = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
_ALL = Access((1 << 16) - 1)


def abi() -> int:
    """The kernel's Landlock version, 0 where there is none or it is switched off."""
    try:
        return kernel.syscall("landlock_create_ruleset", _CREATE_RULESET, None, 0, _VERSION_QUERY)
    except OSError:
        return 0


def handled(version: int) -> Access:
    """The file rights that Landlock of this version can refuse."""
    without = Access(0)
    if version < 2:
        without |= Access.REFER
    if version < 3:
        without |= Access.TRUNCATE
    if version < 5:
        without |= Access.IOCTL_DEV
    return _ALL & ~without


class _RulesetAttribute(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttribute(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class Ruleset:
    """A set of grants under construction. Raises OSError(EOPNOTSUPP) where there is no Landlock.

    `tcp` True leaves connecting by TCP unrestricted; binding a port is refused in any case. Everything that
    is not granted by `allow` is refused once `restrict` has run.
    """

    def __init__(self, *, tcp: bool, version: int | None = None) -> None:
        self.version = min(abi() if version is None else version, NEWEST_ABI)
        if self.version < 1:
            raise OSError(errno.EOPNOTSUPP, "this kernel has no Landlock, or it is switched off")
        self._handled = handled(self.version)
        network = _NET_BIND_TCP if tcp else _NET_BIND_TCP | _NET_CONNECT_TCP
        if self.version < 4:
            network = 0
        scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if self.version >= 6 else 0
        attribute = _RulesetAttribute(int(self._handled), network, scoped)
        # The kernel refuses a structure longer than it knows if the unknown part is not zero; the
        # size is what an older kernel knows.
        size = 8 if self.version < 4 else 16 if self.version < 6 else 24
        self._fd = kernel.syscall(
            "landlock_create_ruleset",
            _CREATE_RULESET,
            ctypes.cast(ctypes.byref(attribute), ctypes.c_void_p),
            size,
            0,
        )

    def allow(self, path: str, access: Access) -> bool:
        """Grant `access` on `path` and, for a folder, on all below it. False when it is not there for us.

        Rights that make sense only for folders are left out for a file. Raises OSError for anything
        but a path that does not exist or cannot be reached, where there is nothing to grant.
        """
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return False
        try:
            folder = stat.S_ISDIR(os.fstat(fd).st_mode)
            granted = access & self._handled & (_ALL if folder else _FOR_FILES)
            attribute = _PathBeneathAttribute(int(granted), fd)
            kernel.syscall(
                "landlock_add_rule",
                _ADD_RULE,
                self._fd,
                _RULE_PATH_BENEATH,
                ctypes.cast(ctypes.byref(attribute), ctypes.c_void_p),
                0,
            )
        finally:
            os.close(fd)
        return True

    def restrict(self) -> None:
        """Apply to the calling thread and all it starts, for good. Needs no_new_privs. Raises OSError."""
        try:
            kernel.syscall("landlock_restrict_self", _RESTRICT_SELF, self._fd, 0)
        finally:
            self.close()

    def close(self) -> None:
        """Forget the rules without applying them. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
