"""What the gateway is to serve, as data: `Plan` from whoever starts it, `Boot` for the caged process.

Pure. Neighbours: `garret serve` writes a plan (as JSON, the one argument of the keeper), `keeper` makes a
boot message of it.
"""

from __future__ import annotations

import ipaddress
from typing import Final

import msgspec

UNSPECIFIED: Final = ("0.0.0.0", "::")


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to serve. `names` are the hosts that browsers may ask for besides the address itself."""

    home: str
    host: str = "127.0.0.1"
    port: int = 0
    names: tuple[str, ...] = ()
    tls_cert: str = ""
    tls_key: str = ""
    background: bool = False
    as_json: bool = False

    @property
    def tls(self) -> bool:
        return bool(self.tls_cert)

    @property
    def lan(self) -> bool:
        """Whether others than this machine can reach it."""
        return not ipaddress.ip_address(self.host).is_loopback


class Boot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the caged process is told: the plan, the port that was bound, its role's secret, its keeper."""

    plan: Plan
    port: int
    secret: bytes
    keeper: int


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ready"):
    """It serves at `address`; `link` lets the first browser in. `missing` is what the kernel cannot hold."""

    address: str
    link: str
    seconds: float
    missing: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="failure"):
    """It cannot serve, or not any more."""

    code: str
    message: str


def origins(plan: Plan, port: int) -> tuple[str, ...]:
    """The origins under which browsers may ask for it (RFC 6454), the one of its links first."""
    scheme = "https" if plan.tls else "http"
    hosts = list(plan.names)
    if plan.host not in UNSPECIFIED:
        hosts.append(f"[{plan.host}]" if ":" in plan.host else plan.host)
    if not plan.lan:
        hosts = [*hosts, "localhost"]
    suffix = "" if port == (443 if plan.tls else 80) else f":{port}"
    return tuple(dict.fromkeys(f"{scheme}://{host.lower()}{suffix}" for host in hosts))
