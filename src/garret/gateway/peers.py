"""Whose program is on the other end of a loopback connection.

Every user of a machine can connect to its loopback, and a cookie of 127.0.0.1 goes to whatever port there a
browser visits, also one of another user's. So whoever is another user of this machine is turned away before a
byte is read. The superuser may read everything anyway, and forwards connections for others' containers and
virtual machines.

The kernel is asked about the one connection (sock_diag(7)), by a socket that the keeper made, since the caged
process makes none. Where it does not answer so, its table of all is read (proc(5), /proc/net/tcp). The table
comes in pieces, and may lack a row when others come and go meanwhile: who is not found is looked for again.

Neighbours: `guarding`, which asks about each connection; `keeper`, which makes the socket.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
import sys
from typing import Final, Literal, TypeAlias

Address = tuple[str, int]
Whose: TypeAlias = Literal["ours", "other", "nobody"]
"""`nobody`: its program has closed it already, or it cannot be told."""

_TABLES: Final = {socket.AF_INET: "/proc/self/net/tcp", socket.AF_INET6: "/proc/self/net/tcp6"}
_NO_INODE: Final = "0"
_LOOKS: Final = 3

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_HEADER: Final = struct.Struct("=IHHII")
_QUESTION: Final = struct.Struct("=BBBBI")
_PORTS: Final = struct.Struct(">HH")
_ANY: Final = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # any interface, any cookie
_OWNER: Final = struct.Struct("=II")
_OWNER_AT: Final = _HEADER.size + 4 + 48 + 12  # behind state, addresses and the queues
_ALL_STATES: Final = 0xFFFFFFFF
_ANSWER_BYTES: Final = 8192


def diagnosis() -> socket.socket | None:
    """What the kernel is asked by; None where there is no such thing."""
    if sys.platform != "linux":
        return None
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    try:
        return socket.socket(socket.AF_NETLINK, kind, _SOCK_DIAG)
    except OSError:
        return None


class Owners:
    """Tells the owners of connections. `asking` is a `diagnosis`, if there is one."""

    def __init__(self, asking: socket.socket | None) -> None:
        self._asking = asking

    def whose(self, peer: Address, own: Address) -> Whose:
        """Whose the loopback connection is; the superuser's are ours."""
        if sys.platform != "linux":
            return "ours"  # no other system tells; the session is then the only guard
        found = self.owner(peer, own)
        if found is None:
            return "nobody"
        return "ours" if found in (os.getuid(), 0) else "other"

    def owner(self, peer: Address, own: Address) -> int | None:
        """The user whose socket is bound to `peer` and connected to `own`; None where that cannot be told.

        One that its program has closed already belongs to nobody, which the kernel tells as the superuser.
        """
        if self._asking is not None:
            with contextlib.suppress(OSError):
                uid = _ask(self._asking, peer, own)
                if uid is not None:
                    return uid
        for _ in range(_LOOKS):
            with contextlib.suppress(OSError):
                uid = _look(peer, own)
                if uid is not None:
                    return uid
        return None


def _ask(asking: socket.socket, peer: Address, own: Address) -> int | None:
    """One question about one connection; the answer is there when it was sent."""
    family = _family(peer)
    ends = _PORTS.pack(peer[1], own[1]) + b"".join(
        ipaddress.ip_address(each[0]).packed.ljust(16, b"\0") for each in (peer, own)
    )
    question = _QUESTION.pack(family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES) + ends + _ANY
    asking.send(_HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 0, 0) + question)
    answer = asking.recv(_ANSWER_BYTES)
    if len(answer) < _OWNER_AT + _OWNER.size or _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None  # there is no such connection, or nothing here tells
    uid, inode = _OWNER.unpack_from(answer, _OWNER_AT)
    return int(uid) if inode else None


def _look(peer: Address, own: Address) -> int | None:
    wanted = (_hexadecimal(peer), _hexadecimal(own))
    with open(_TABLES[_family(peer)], encoding="ascii") as table:  # noqa: PTH123  read for a connection
        next(table)
        for line in table:
            fields = line.split()
            if (fields[1], fields[2]) == wanted:
                return int(fields[7]) if fields[9] != _NO_INODE else None
    return None


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if ipaddress.ip_address(address[0]).version == 4 else socket.AF_INET6


def _hexadecimal(address: Address) -> str:
    """As the tables write it: words of 32 bits in the machine's own order, then the port."""
    packed = ipaddress.ip_address(address[0]).packed
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    host = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return f"{host}:{address[1]:04X}"
