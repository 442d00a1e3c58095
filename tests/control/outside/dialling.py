"""Connections on this machine for tests of health checks, without an egress process."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from garret.control.egress.wire import Place
from garret.control.outside.connector import connector_for
from garret.control.outside.health import Connector


class Dialler:
    """Dials by itself, at each address of this machine."""

    @asynccontextmanager
    async def dial(self, place: Place, worker: str) -> AsyncIterator[socket.socket]:
        hosts = ("127.0.0.1", "::1") if place.host == "localhost" else (place.host,)
        last: OSError | None = None
        for host in hosts:
            try:
                connected = socket.create_connection((host, place.ports[0]))
            except OSError as error:
                last = error
                continue
            with connected:
                yield connected
            return
        assert last is not None
        raise last


def connect_here() -> Connector:
    """What the checks of a program are handed."""
    return connector_for("checked", Dialler)
