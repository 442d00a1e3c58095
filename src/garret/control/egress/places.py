"""A worker's destinations with what they refer to filled in. Pure: settings are asked, no name is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from garret.base.errors import Code
from garret.control.egress.wire import Place
from garret.control.errors import ControlError
from garret.protocol.manifest import Destination

_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\Z")
_PORTS: Final = {
    "amqp": 5672,
    "amqps": 5671,
    "http": 80,
    "https": 443,
    "mongodb": 27017,
    "mysql": 3306,
    "nats": 4222,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "ws": 80,
    "wss": 443,
}


class PlaceInvalid(ControlError):
    """A destination names nothing that can be connected to; the worker is not let there."""

    code = Code.USAGE


def places_of(destinations: Iterable[Destination], setting: Callable[[str], object]) -> tuple[Place, ...]:
    """The places of `destinations`; one whose setting is empty is none. Raises PlaceInvalid."""
    found: list[Place] = []
    for destination in destinations:
        text = destination.host
        if destination.setting is not None:
            text = str(setting(destination.setting) or "")
            if not text:
                continue
        found.append(_place(destination, text))
    return tuple(found)


def _place(destination: Destination, text: str) -> Place:
    host, port = host_and_port(text)
    ports = tuple(dict.fromkeys((*((port,) if port else ()), *destination.ports)))
    if not ports:
        raise PlaceInvalid(f"The address {text[:200]!a} names no port. Nothing was connected.")
    literal = _literal(host)
    local = destination.local or host == "localhost"
    return Place(host, ports, destination.why, destination.transport, local, literal)


def host_and_port(text: str) -> tuple[str, int]:
    """The host in a host, `host:port` or URL, and its port, 0 where it has none. Raises PlaceInvalid."""
    try:
        if _literal(text.strip()):
            return str(ipaddress.ip_address(text.strip())), 0
        parts = urlsplit(text.strip() if "://" in text else f"//{text.strip()}")
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port = "", 0
    if _literal(host):
        return str(ipaddress.ip_address(host)), port
    try:
        host = host.encode("idna").decode("ascii") if host and not host.isascii() else host
    except UnicodeError:
        host = ""
    if not _NAME.match(host):
        # The text itself may hold a password.
        raise PlaceInvalid(
            "A destination's address has no host that can be looked up. Nothing was connected."
        )
    return host, port


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
