"""What browsers on other machines were shown and sent, counted by address, for the log of the way out.

Counted is the content of answers and messages, in both directions, also of what was refused. Not counted are
the heads of requests and answers and what TLS adds, and nothing of browsers on this machine. So many
addresses are told apart until the house has taken the count; what comes from more goes under the last.

Pure but for the callables that it puts around an application's. Neighbours: `gate` counts by it, `attendance`
tells the house.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from garret.features.house import contracts as h

Message: TypeAlias = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ADDRESSES: Final = h.SHOWN_AT_ONCE


class _Tally:
    """One address, since it was last told of."""

    __slots__ = ("at", "last", "port", "received", "sent")

    def __init__(self, at: float) -> None:
        self.at = self.last = at
        self.port = 0
        self.sent = self.received = 0


class Shown:
    """See the module."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._tallies: dict[str, _Tally] = {}

    def count(self, address: str, port: int, *, sent: int = 0, received: int = 0) -> None:
        """Count what went to an address and came from it; that of this machine is none."""
        if ipaddress.ip_address(address).is_loopback:
            return
        now = self._wall()
        tally = self._tallies.get(address)
        if tally is None:
            if len(self._tallies) >= ADDRESSES:
                address = next(reversed(self._tallies))
            tally = self._tallies.setdefault(address, _Tally(now))
        tally.last, tally.port = now, port
        tally.sent += sent
        tally.received += received

    def counted(self, peer: str, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The callables of a request from `peer` (address and port), counted where it is another machine."""
        address, _, port = peer.rpartition(":")
        if not address or ipaddress.ip_address(address).is_loopback:
            return receive, send
        number = int(port)

        async def received() -> Message:
            message = await receive()
            self.count(address, number, received=_size(message))
            return message

        async def sent(message: Message) -> None:
            self.count(address, number, sent=_size(message))
            await send(message)

        return received, sent

    def take(self) -> tuple[h.ShownTo, ...]:
        """What was not told yet; it is taken as told."""
        taken = tuple(
            h.ShownTo(
                at=tally.at,
                address=address,
                port=tally.port,
                sent=tally.sent,
                received=tally.received,
                seconds=max(0.0, tally.last - tally.at),
            )
            for address, tally in self._tallies.items()
        )
        self._tallies.clear()
        return taken

    def put_back(self, taken: tuple[h.ShownTo, ...]) -> None:
        """It could not be told: it is told with what comes."""
        for each in taken:
            self.count(each.address, each.port, sent=each.sent, received=each.received)
            tally = self._tallies.get(each.address)
            if tally is not None:
                tally.at = min(tally.at, each.at)


def _size(message: Message) -> int:
    """The content of one message of an application, in bytes."""
    body = message.get("body") or message.get("bytes")
    return len(body) if body else len(str(message.get("text") or "").encode())
