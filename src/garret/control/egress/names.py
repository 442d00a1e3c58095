"""Which addresses stand for the names that were granted, and for how long. Pure: the caller resolves.

Answers are pinned: for so many seconds after it was resolved a name stands for the addresses found then, and
a connection is judged by them alone, whatever a name server says next. A public name never stands for a
private address (loopback, private, link-local, shared ranges; ipaddress's `is_global`), so that no name
server can point a worker at this machine or the network around it (DNS rebinding); a destination declared
local may.

Invariants: an address allows only the host and ports of the place it was resolved for. Neighbour: `process`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from garret.control.egress.sockaddr import Address, plain
from garret.control.egress.wire import Place

_LOOPBACK_NAME: Final = "localhost"
_LOOPBACKS: Final[tuple[Address, ...]] = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))


class Verdict(NamedTuple):
    """What became of an address: the place that allows it, or the names to be resolved before it is known.

    Where neither is there it is refused. `reason` says why in words.
    """

    place: Place | None
    unresolved: tuple[str, ...] = ()
    reason: str = ""


class _Pinned(NamedTuple):
    addresses: frozenset[Address]
    private: frozenset[Address]
    until: float


class Names:
    """The pinned answers. Times are monotonic seconds, given by the caller."""

    def __init__(self) -> None:
        self._pinned: dict[str, _Pinned] = {}

    def pin(self, host: str, found: Iterable[Address], until: float) -> None:
        """`host` stands for what was found, until then. Nothing found is pinned as well."""
        addresses = frozenset(plain(address) for address in found)
        private = frozenset(address for address in addresses if not address.is_global)
        self._pinned[host] = _Pinned(addresses - private, private, until)

    def fresh(self, host: str, now: float) -> bool:
        """Whether `host` need not be resolved now."""
        pinned = self._pinned.get(host)
        return host == _LOOPBACK_NAME or (pinned is not None and now < pinned.until)

    def seconds_left(self, host: str, now: float) -> float:
        """How long the answer for `host` will hold."""
        pinned = self._pinned.get(host)
        return 0.0 if pinned is None else max(0.0, pinned.until - now)

    def addresses(self, place: Place) -> list[Address]:
        """What the host of `place` stands for, as far as it was resolved; IPv4 first."""
        if place.literal:
            return [plain(ipaddress.ip_address(place.host))]
        if place.host == _LOOPBACK_NAME:
            return list(_LOOPBACKS)
        pinned = self._pinned.get(place.host)
        if pinned is None:
            return []
        found = pinned.addresses | pinned.private if place.local else pinned.addresses
        return sorted(found, key=lambda address: (address.version, int(address)))

    def judge(
        self, places: Sequence[Place], transport: str, address: Address, port: int, now: float
    ) -> Verdict:
        """Whether one of `places` allows the address and port."""
        address = plain(address)
        asked = [place for place in places if place.transport == transport and port in place.ports]
        for place in asked:
            if (place.literal or self.fresh(place.host, now)) and address in self.addresses(place):
                return Verdict(place)
        stale = tuple(place.host for place in asked if not place.literal and not self.fresh(place.host, now))
        if stale:
            return Verdict(None, stale)
        hidden = next((place.host for place in asked if self._rebound(place, address)), None)
        if hidden is not None:
            return Verdict(None, (), f"{hidden} is a public name, and this is a private address")
        return Verdict(None, (), "it is none of the worker's destinations")

    def _rebound(self, place: Place, address: Address) -> bool:
        pinned = self._pinned.get(place.host)
        return pinned is not None and not place.local and address in pinned.private
