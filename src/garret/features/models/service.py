"""The models room in the control plane: who may be asked, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from garret.base.errors import Code
from garret.base.hosts import is_this_machine
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.models import contracts as c
from garret.protocol.contract import Command
from garret.protocol.finding import Findings, ok, warn


class ModelsService:
    """Handles the room's commands."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Complete: self._complete,
            c.GetAvailable: self._available,
            c.Examine: self._examine,
        }

    async def start(self) -> None:
        """Nothing has to be brought up."""

    async def stop(self) -> None:
        """Nothing has to be taken down."""

    def _now(self) -> c.Available:
        provider = str(self._door.setting("models.provider"))
        address, model = str(self._door.setting("models.address")), str(self._door.setting("models.model"))
        if not provider or not address or not model:
            missing = ", ".join(
                key for key, value in
                (("models.provider", provider), ("models.address", address), ("models.model", model))
                if not value
            )  # fmt: skip
            return c.Available(ready=False, why=f"No language model is set up: {missing} is empty.")
        host = urlsplit(address).hostname or ""
        cloud = not is_this_machine(host)
        if cloud and not self._door.setting("models.cloud"):
            why = f"The model is at {host}, beyond this machine, and models.cloud is off."
            return c.Available(ready=False, model=model, where=host, cloud=True, why=why)
        if cloud and urlsplit(address).scheme != "https":
            why = f"The model is at {host}, beyond this machine, and its address is not https."
            return c.Available(ready=False, model=model, where=host, cloud=True, why=why)
        return c.Available(ready=True, model=model, where=host, cloud=cloud)

    async def _available(self, command: c.GetAvailable, request: Request) -> c.Available:
        del command, request
        return self._now()

    async def _complete(self, command: c.Complete, request: Request) -> c.Completion:
        now = self._now()
        if not now.ready:
            raise ControlError(f"{now.why} Nothing was asked.", code=Code.UNAVAILABLE, retryable=False)
        order = c.Generate(
            provider=self._door.setting("models.provider"),
            address=str(self._door.setting("models.address")).rstrip("/"),
            model=now.model,
            messages=command.messages,
            schema=command.schema,
            most_tokens=command.most_tokens,
            temperature=command.temperature,
            seconds=float(self._door.setting("models.seconds")),
        )
        async with request.calls.at("llm", leaves=now.cloud).start(order) as call:
            async for item in call.items():
                if isinstance(item, c.Piece):
                    request.emit_nowait(item)
            return await call.result()

    async def _examine(self, command: c.Examine, request: Request) -> Findings:
        del command, request
        now = self._now()
        if now.ready:
            return Findings(findings=(ok("language model", f"{now.model} at {now.where} is asked."),))
        if not now.model:
            return Findings(findings=(ok("language model", "None is set up; nothing needs one."),))
        remedy = "See `garret settings get models.cloud` and `models.address`."
        return Findings(findings=(warn("language model", now.why, remedy),))
