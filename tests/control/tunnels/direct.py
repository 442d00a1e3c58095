"""A house for tunnels without a control plane: it connects by itself, and remembers where to."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from garret.control.egress.wire import Place
from garret.control.tunnels.tunnels import Wanted


class House:
    """Connects at once, for whoever may leave this machine."""

    def __init__(self, *, leaves: bool = True) -> None:
        self.leaves = leaves
        self.asked: list[Place] = []

    def may_leave(self, profile: str) -> bool:
        return self.leaves and profile == "admin"

    @asynccontextmanager
    async def reach(self, place: Place, wanted: Wanted) -> AsyncIterator[socket.socket]:
        self.asked.append(place)
        with socket.create_connection((place.host, place.ports[0])) as connected:
            yield connected
