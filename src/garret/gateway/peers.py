"""Whose program is on the other end of a loopback connection.

Every user of a machine can connect to its loopback, and a cookie of 127.0.0.1 goes to whatever port there a
browser visits, also one of another user's. So whoever is another user of this machine is turned away before a
byte is read: the kernel names the owner of each socket (proc(5), /proc/net/tcp). The superuser may read
everything anyway, and forwards connections for others' containers and virtual machines.

Neighbour: `guarding`, which asks about each connection.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Final

Address = tuple[str, int]

_TABLES: Final = {socket.AF_INET: "/proc/self/net/tcp", socket.AF_INET6: "/proc/self/net/tcp6"}
_NO_INODE: Final = "0"


def owner(peer: Address, own: Address) -> int | None:
    """The user whose socket is bound to `peer` and connected to `own`; None where that cannot be told.

    One that its program has closed already belongs to nobody, which the table writes as the superuser.
    """
    host = ipaddress.ip_address(peer[0])
    family = socket.AF_INET if host.version == 4 else socket.AF_INET6
    wanted = (_hexadecimal(peer), _hexadecimal(own))
    try:
        with open(_TABLES[family], encoding="ascii") as table:  # noqa: PTH123  read for each connection
            next(table)
            for line in table:
                fields = line.split()
                if (fields[1], fields[2]) == wanted:
                    return int(fields[7]) if fields[9] != _NO_INODE else None
    except OSError:
        return None
    return None


def may_connect(peer: Address, own: Address) -> bool:
    """Whether a loopback connection is this user's, or the superuser's."""
    if sys.platform != "linux":
        return True  # no other system tells; the session is then the only guard
    return owner(peer, own) in (os.getuid(), 0)


def _hexadecimal(address: Address) -> str:
    """As the tables write it: words of 32 bits in the machine's own order, then the port."""
    packed = ipaddress.ip_address(address[0]).packed
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    host = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return f"{host}:{address[1]:04X}"
