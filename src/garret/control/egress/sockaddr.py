"""Socket addresses as the kernel takes them (struct sockaddr and its kinds), to values and back. Pure."""

from __future__ import annotations

import ipaddress
import struct
from typing import Final, NamedTuple, TypeAlias

AF_UNSPEC: Final = 0
AF_UNIX: Final = 1
AF_INET: Final = 2
AF_INET6: Final = 10
LONGEST: Final = 128  # struct sockaddr_storage

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class Internet(NamedTuple):
    """An Internet address; `scope` is the interface of a link-local one."""

    address: Address
    port: int
    scope: int = 0


class Local(NamedTuple):
    """A Unix socket by its path; an abstract name begins with a NUL."""

    path: bytes


class Nothing(NamedTuple):
    """AF_UNSPEC: to be connected to nothing any more."""


Target: TypeAlias = Internet | Local | Nothing


def decode(data: bytes) -> Target | None:
    """What `data` names; None for a kind that is not known, or one cut short."""
    if len(data) < 2:
        return None
    family = int.from_bytes(data[:2], "little")
    if family == AF_UNSPEC:
        return Nothing()
    if family == AF_INET and len(data) >= 8:
        return Internet(ipaddress.IPv4Address(data[4:8]), int.from_bytes(data[2:4], "big"))
    if family == AF_INET6 and len(data) >= 24:
        scope = int.from_bytes(data[24:28], "little") if len(data) >= 28 else 0
        return Internet(ipaddress.IPv6Address(data[8:24]), int.from_bytes(data[2:4], "big"), scope)
    if family == AF_UNIX and len(data) > 2:
        path = data[2:]
        return Local(path if path[:1] == b"\0" else path.split(b"\0", 1)[0])
    return None


def encode(target: Internet) -> bytes:
    """The structure for an Internet address."""
    if target.address.version == 4:
        return struct.pack("<H", AF_INET) + struct.pack("!H4s8x", target.port, target.address.packed)
    return (
        struct.pack("<H", AF_INET6)
        + struct.pack("!HI16s", target.port, 0, target.address.packed)
        + struct.pack("<I", target.scope)
    )


def plain(address: Address) -> Address:
    """An IPv4 address that was written as an IPv6 one, as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped
