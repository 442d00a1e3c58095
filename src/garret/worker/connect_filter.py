"""The filter by which the kernel asks for a worker's connections: user notification (seccomp_unotify(2)).

A worker with a way out has this filter beside that of `seccomp_policy`; the stricter answer of the two holds.

    connect                              the egress process is asked; it connects the socket itself
    socket of datagrams, Internet        the egress process is asked; it gives one end of a pair instead
    socket of TCP                        made as usual: it reaches nobody before `connect`
    any other Internet socket            refused; so are netlink, raw and packet sockets
    listen, accept                       refused
    TCP fast open by a send              refused: it would connect without `connect`
    sendto with an address               refused: no socket of the worker heeds one (but Unix sockets)
    extended errors of datagrams         said to be on, and are not: the C library's resolver insists

No answer lets the call itself go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE is never used), since the memory that
it points to could be another by then. Landlock goes on refusing TCP to the process itself, so that a
connection exists only where the egress process made it. A send needs no question: no socket of the worker
heeds an address that comes with one. The numbers are those of both architectures that `syscall_numbers` has.

Invariants: installed once, by a process with one thread; the descriptor returned is the only place where the
questions arrive. Neighbours: `sandbox` installs it, `control.egress` answers.
"""

from __future__ import annotations

import errno
import os
from typing import Final

from garret.worker import seccomp
from garret.worker.seccomp import Instruction

CALLS: Final[dict[str, dict[str, int]]] = {
    "x86_64": {
        "socket": 41,
        "connect": 42,
        "accept": 43,
        "sendto": 44,
        "sendmsg": 46,
        "listen": 50,
        "setsockopt": 54,
        "accept4": 288,
        "sendmmsg": 307,
    },
    "aarch64": {
        "socket": 198,
        "listen": 201,
        "accept": 202,
        "connect": 203,
        "sendto": 206,
        "setsockopt": 208,
        "sendmsg": 211,
        "accept4": 242,
        "sendmmsg": 269,
    },
}

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_STREAM, _DATAGRAM, _TYPE_MASK = 1, 2, 0xF
_TCP, _UDP = 6, 17
_FAST_OPEN = 0x20000000
_IP_RECVERR, _IPV6_RECVERR = (0, 11), (41, 25)  # level, option: ip(7), ipv6(7)

_LOAD, _EQUAL, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_ALLOW, _NOTIFY, _ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16


def program(architecture: str, *, unix: bool = False) -> list[Instruction]:
    """The filter for one architecture. `unix`: sends to the address of a Unix socket are let pass.

    Raises KeyError for an unknown architecture.
    """
    calls = CALLS[architecture]
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, seccomp.AUDIT_ARCHITECTURES[architecture]),
        _refuse(errno.EPERM),
        (_LOAD, 0, 0, _NUMBER),
    ]
    blocks: list[tuple[str, list[Instruction]]] = [
        ("connect", [(_RETURN, 0, 0, _NOTIFY)]),
        ("socket", _socket()),
        ("setsockopt", _option()),
        ("sendto", [*_fast_open(3)[:-1], *([] if unix else _addressed(4)), _allow()]),
        ("sendmsg", _fast_open(2)),
        ("sendmmsg", _fast_open(3)),
        *((name, [_refuse(errno.EACCES)]) for name in ("listen", "accept", "accept4")),
    ]
    for name, block in blocks:
        code += [(_EQUAL, 0, len(block), calls[name]), *block]
    return [*code, _allow()]


def _allow() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)


def _refuse(error: int) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | error)


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)  # both architectures have the low word first


def _socket() -> list[Instruction]:
    """Unix sockets are the other filter's business; of the Internet's, TCP is made and UDP asked for."""
    stream = [_argument(2), (_EQUAL, 1, 0, 0), (_EQUAL, 0, 1, _TCP), _allow(), _refuse(errno.EACCES)]
    datagram = [
        _argument(2),
        (_EQUAL, 1, 0, 0),
        (_EQUAL, 0, 1, _UDP),
        (_RETURN, 0, 0, _NOTIFY),
        _refuse(errno.EACCES),
    ]
    return [
        _argument(0),
        (_EQUAL, 0, 1, _AF_UNIX),
        _allow(),
        (_EQUAL, 2, 0, _AF_INET),
        (_EQUAL, 1, 0, _AF_INET6),
        _refuse(errno.EAFNOSUPPORT),
        _argument(1),
        (_AND, 0, 0, _TYPE_MASK),
        (_EQUAL, 0, len(stream), _STREAM),
        *stream,
        (_EQUAL, 0, len(datagram), _DATAGRAM),
        *datagram,
        _refuse(errno.EACCES),
    ]


def _option() -> list[Instruction]:
    code: list[Instruction] = []
    for level, option in (_IP_RECVERR, _IPV6_RECVERR):
        code += [_argument(1), (_EQUAL, 0, 3, level), _argument(2), (_EQUAL, 0, 1, option), _refuse(0)]
    return [*code, _allow()]


def _addressed(pointer: int) -> list[Instruction]:
    """Refuse a send that names an address: none of the worker's sockets would heed it."""
    low = _ARGUMENTS + 8 * pointer
    return [
        (_LOAD, 0, 0, low),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, low + 4),
        (_EQUAL, 1, 0, 0),
        _refuse(errno.EACCES),
    ]


def _fast_open(flags: int) -> list[Instruction]:
    return [_argument(flags), (_ANY_BIT, 0, 1, _FAST_OPEN), _refuse(errno.EACCES), _allow()]


def install(*, unix: bool = False) -> int:
    """Apply the filter to this process, for good; returns the descriptor at which questions arrive.

    Needs no_new_privs. Raises OSError where the kernel or the processor does not have it.
    """
    architecture = os.uname().machine
    if architecture not in CALLS:
        raise OSError(errno.ENOSYS, f"no filter for {architecture}")
    code = program(architecture, unix=unix)
    try:
        listener = seccomp.install(code, seccomp.NEW_LISTENER | seccomp.WAIT_KILLABLE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        listener = seccomp.install(code, seccomp.NEW_LISTENER)
    os.set_inheritable(listener, False)
    return listener
