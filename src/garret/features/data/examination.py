"""The doctor's look at the data room: which drivers are there, and which sources had a problem."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any, Final

from garret.control.commands.service import Request, ServiceHandler
from garret.features.data import contracts as c
from garret.features.data.adding import Adding, owner_of
from garret.protocol.contract import Command
from garret.protocol.finding import Finding, Findings, ok, warn

_DRIVERS: Final = {
    "PostgreSQL": ("adbc_driver_postgresql", "psycopg"),
    "MySQL": ("pyarrow", "pymysql"),
    "MongoDB": ("pymongo",),
    "Trino": ("pyarrow", "trino"),
    "Neo4j": ("neo4j", "pyarrow"),
    "Qdrant": ("qdrant_client",),
}


class Examination:
    """Answers the doctor."""

    def __init__(self, adding: Adding) -> None:
        self._adding = adding
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.Examine: self._examine}

    async def _examine(self, command: c.Examine, request: Request) -> Findings:
        del command
        found = [_drivers()]
        for known in await self._adding.all(owner_of(request)):
            problem = self._adding.problems.get(known.id)
            if problem is not None and known.enabled:
                remedy = f"Try it: `garret data test {known.name}`."
                found.append(warn(f"source {known.name}", f"It had a problem: {problem}", remedy))
        return Findings(findings=tuple(found))


def _drivers() -> Finding:
    missing = [
        engine
        for engine, modules in _DRIVERS.items()
        if not all(importlib.util.find_spec(module) for module in modules)
    ]
    if not missing:
        return ok("data", "Files and all database servers can be asked.")
    if len(missing) == len(_DRIVERS):
        return ok("data", "Files can be asked; for database servers there is `make setup-data`.")
    return warn("data", f"No driver for {', '.join(missing)}.", "Install them: `make setup-data`.")
