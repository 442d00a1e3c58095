"""What waits: the outbox, as a person looks after it.

Neighbours: `control.outbox` does the work, `contracts.waiting` has the commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from garret.base.errors import Code, UsageError
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.context import Context
from garret.control.errors import ControlError
from garret.control.outbox.entries import Kept
from garret.features.house import contracts as c
from garret.protocol.contract import Command, Nothing

_STATES: Final = ("", "waiting", "dead", "delivered")


class LaterDesk:
    """Answers the commands about what waits. A profile that may see only its own sees no other's."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._outbox = context.plane.outbox
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.ListOutbox: self._list,
            c.GetOutboxEntry: self._get,
            c.RetryOutboxEntry: self._retry,
            c.DiscardOutboxEntry: self._discard,
        }

    async def _list(self, command: c.ListOutbox, request: Request) -> c.OutboxEntries:
        if command.state not in _STATES:
            raise UsageError(f"A state is one of {', '.join(_STATES[1:])}, not '{command.state[:20]}'.")
        everybody = self._context.may(request.caller, "outbox.read")
        found = await self._outbox.entries(
            state=command.state,
            profile=None if everybody else request.caller.profile,
            limit=min(max(command.limit, 1), 1000),
        )
        return c.OutboxEntries(entries=tuple(self._row(kept) for kept in found))

    async def _get(self, command: c.GetOutboxEntry, request: Request) -> c.OutboxEntry:
        return self._row(await self._find(request.caller, command.entry, "outbox.read"))

    async def _retry(self, command: c.RetryOutboxEntry, request: Request) -> c.OutboxEntry:
        await self._find(request.caller, command.entry, "outbox.change")
        return self._row(await self._outbox.retry(command.entry))

    async def _discard(self, command: c.DiscardOutboxEntry, request: Request) -> Nothing:
        await self._find(request.caller, command.entry, "outbox.change")
        kept = await self._outbox.discard(command.entry)
        details = {"entry": kept.id, "room": kept.room, "destination": kept.destination}
        await self._context.audit(request.caller, "outbox.discard", "done", details)
        return Nothing()

    async def _find(self, caller: Caller, entry: str, capability: str) -> Kept:
        kept = await self._outbox.entry(entry)
        if kept.profile != caller.profile and not self._context.may(caller, capability):
            raise ControlError(f"There is no entry {kept.id} in the outbox.", code=Code.NOT_FOUND)
        return kept

    def _row(self, kept: Kept) -> c.OutboxEntry:
        breaker = self._outbox.breaker(kept)
        held = (
            f"{kept.destination} was out of reach {breaker.failures} times in a row."
            if breaker.opened
            else ""
        )
        return c.OutboxEntry(
            id=kept.id,
            room=kept.room,
            destination=kept.destination,
            state=kept.state,
            created=kept.created,
            attempts=kept.attempts,
            due=kept.due,
            until=kept.until,
            key=kept.key,
            reason=kept.reason,
            held=held if kept.state == "waiting" else "",
            cause=kept.cause or "",
            profile=kept.profile,
            workspace=kept.workspace,
        )
