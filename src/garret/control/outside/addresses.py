"""URLs that Garret is given: which may be used at all, and which stay on this machine.

Plain `http` and `ws` carry everything readable over whatever lies between, so they are allowed to this
machine only; anything else has to be `https` or `wss`. Pure: no name is looked up. A name counts as
this machine only when it cannot be anything else (`localhost`, RFC 6761 section 6.3, and loopback
addresses), so that no resolver decides it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from garret.base.errors import Code
from garret.control.errors import ControlError

_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class AddressRefused(ControlError):
    """A URL is malformed, or would send something readable over a network; nothing was sent."""

    code = Code.USAGE


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a URL that a connection needs. `target` is the path with its query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def secure(self) -> bool:
        """Whether it is spoken over TLS."""
        return self.scheme in ("https", "wss")

    @property
    def local(self) -> bool:
        """Whether it is on this machine, whatever any resolver says."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """What a Host header says (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_address(url: str, schemes: tuple[str, ...] = ("http", "https", "ws", "wss")) -> Address:
    """The parts of `url`. Raises AddressRefused when it is malformed, insecure or of another scheme."""
    if any(character <= " " or character > "~" for character in url):
        raise _refused(url, "it holds spaces or characters that a URL cannot have")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refused(url, "it is no URL") from None
    if parts.scheme not in schemes:
        raise _refused(url, f"it must begin with one of {', '.join(name + '://' for name in schemes)}")
    if not host:
        raise _refused(url, "it names no host")
    if parts.username is not None or parts.password is not None:
        # The URL itself is not repeated: it holds a password.
        raise AddressRefused(
            "A URL must not hold a user name or password; keep them with `garret secrets set`. "
            "Nothing was sent."
        )
    if port == 0:
        raise _refused(url, "port 0 is none")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = Address(parts.scheme, host, port or _PORTS[parts.scheme], target)
    if not address.secure and not address.local:
        safe = {"http": "https", "ws": "wss"}[address.scheme]
        raise _refused(url, f"{address.scheme}:// is for this machine only; use {safe}://")
    return address


def is_loopback(host: str) -> bool:
    """Whether `host` is `localhost` or a loopback address."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(url: str, why: str) -> AddressRefused:
    return AddressRefused(f"The address {url[:200]!a} cannot be used: {why}. Nothing was sent.")
