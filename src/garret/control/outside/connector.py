"""Connections for health checks: made by the egress process, handed back as asyncio streams.

They reach this machine only. Neighbours: `health` uses them, `control.egress` dials.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from socket import socket
from typing import Protocol

from garret.control.egress.places import places_of
from garret.control.egress.wire import Place
from garret.control.outside.addresses import Address, AddressRefused
from garret.control.outside.health import HEAD_LIMIT, Connector, Streams
from garret.protocol.manifest import Destination


class Dials(Protocol):
    """What dials: `control.egress.egress`."""

    def dial(self, place: Place, worker: str) -> AbstractAsyncContextManager[socket]: ...


def connector_for(program: str, dials: Callable[[], Dials]) -> Connector:
    """What connects for the checks of an outside program, and is told of under its name."""

    @asynccontextmanager
    async def connect(address: Address) -> AsyncGenerator[Streams, None]:
        if not address.local:
            raise AddressRefused(f"{address.host} is not this machine. Nothing was sent.")
        wanted = Destination(address.host.rstrip(".").lower(), (address.port,), "a health check", local=True)
        async with dials().dial(places_of((wanted,), lambda _key: "")[0], program) as connected:
            reader, writer = await _streams(connected, address)
            try:
                yield reader, writer
            finally:
                writer.close()  # and not waited for: the peer may never read or close

    return connect


async def _streams(connected: socket, address: Address) -> Streams:
    """Streams on a duplicate: the dialled socket stays the egress process's to count."""
    context = ssl.create_default_context() if address.secure else None
    return await asyncio.open_connection(
        sock=connected.dup(),
        limit=HEAD_LIMIT,
        ssl=context,
        server_hostname=address.host if context is not None else None,
    )
