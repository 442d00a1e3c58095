"""The data room in the control plane: its parts, joined.

It computes nothing: reading questions and judging queries is the worker `asking`'s, reaching sources that of
processes spawned for one source each, and pages, charts and files of results the worker `results`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.features.data import contracts as c
from garret.features.data.adding import Adding
from garret.features.data.clearing import Clearing
from garret.features.data.connections import Connections
from garret.features.data.drafting import Drafting
from garret.features.data.examination import Examination
from garret.features.data.judging import Judge
from garret.features.data.keeping import Keeping
from garret.features.data.running import Running
from garret.features.data.shelf import Shelf
from garret.features.data.snapshots import Snapshots
from garret.features.data.stages import Stages
from garret.protocol.contract import Command


class DataService:
    """Handles the room's commands."""

    def __init__(self, door: Door) -> None:
        self._stages = Stages()
        self._connections = Connections(door)
        self._snapshots = Snapshots(door, self._connections)
        self._shelf = Shelf(door, self._stages)
        self._clearing = Clearing(door, self._connections, self._snapshots, self._shelf)
        judge = Judge(door)
        adding = Adding(door, self._connections, self._snapshots, judge)
        drafting = Drafting(door, adding, self._snapshots, self._connections, judge, self._stages)
        running = Running(
            door, adding, self._snapshots, self._connections, judge, drafting, self._shelf, self._stages
        )
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            **adding.handlers,
            **drafting.handlers,
            **running.handlers,
            **self._shelf.handlers,
            **Keeping(door, adding, self._shelf).handlers,
            **Examination(adding).handlers,
            **self._clearing.handlers,
            c.GetStages: self._figures,
        }

    async def start(self) -> None:
        """Grace times end from now on."""
        self._clearing.begin()

    async def stop(self) -> None:
        self._clearing.stop()
        await self._connections.close()
        self._snapshots.close()
        self._shelf.close()

    async def _figures(self, command: c.GetStages, request: Request) -> c.Stages:
        del command, request
        return self._stages.figures()
