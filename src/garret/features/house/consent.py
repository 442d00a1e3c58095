"""Approvals: the commands by which a person consents to a command, or refuses it.

Two ways lead there. Whoever sits in front of a client consents before it sends the command, and the command
carries the token (`Approve`). What comes without one waits in the queue of the control plane, where anybody
who may grant approvals decides for the one who asked. Nobody consents to what they may not do themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from garret.base.errors import Code, UsageError
from garret.control.access.approval_requests import Row
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.errors import ControlError
from garret.features.house import contracts as c
from garret.protocol.contract import Command, CommandMeta


class ConsentDesk:
    """Lists what waits for a consent, and takes the decisions down."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self._plane = door.plane
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Approve: self._approve,
            c.ListApprovals: self._list,
            c.GrantApproval: self._grant,
            c.DenyApproval: self._deny,
        }

    async def _approve(self, command: c.Approve, request: Request) -> c.ApprovalToken:
        meta = self._plane.registry.find(command.command)
        self._check_may(request.caller, meta)
        approval = await self._plane.approvals.issue(request.caller, meta, command.payload)
        await self._door.audit(
            request.caller, "approvals.grant", "done", {"command": meta.name, "digest": approval.digest.hex()}
        )
        return c.ApprovalToken(token=approval.token, expires=approval.expires_wall)

    async def _list(self, command: c.ListApprovals, request: Request) -> c.ApprovalRequests:
        del command, request
        rows = await asyncio.to_thread(self._plane.approvals.waiting)
        return c.ApprovalRequests(requests=tuple(self._shown(row) for row in rows))

    async def _grant(self, command: c.GrantApproval, request: Request) -> c.ApprovalRequest:
        rows = await asyncio.to_thread(self._plane.approvals.waiting)
        for row in rows:
            if row.id == command.request:
                self._check_may(request.caller, self._plane.registry.find(row.command))
        return await self._decide(request.caller, command.request, granted=True)

    async def _deny(self, command: c.DenyApproval, request: Request) -> c.ApprovalRequest:
        return await self._decide(request.caller, command.request, granted=False)

    async def _decide(self, caller: Caller, request: str, *, granted: bool) -> c.ApprovalRequest:
        row = await self._plane.approvals.decide(request, granted=granted)
        await self._door.audit(
            caller,
            "approvals.grant" if granted else "approvals.deny",
            "done",
            {"command": row.command, "request": row.id, "for": f"{row.role} {row.name}", "of": row.profile},
        )
        return self._shown(row)

    def _check_may(self, caller: Caller, meta: CommandMeta) -> None:
        decision = self._door.policy.check(caller.role, caller.profile, meta)
        if not decision.allowed:
            raise ControlError(decision.reason, code=Code.DENIED)

    def _shown(self, row: Row) -> c.ApprovalRequest:
        try:
            summary = self._plane.registry.find(row.command).summary
        except UsageError:  # of a room that is not there any more
            summary = ""
        arguments = msgspec.msgpack.decode(row.payload, type=dict[str, Any])
        arguments.pop("approval", None)
        return c.ApprovalRequest(
            id=row.id,
            command=row.command,
            summary=summary,
            arguments=arguments,
            payload=row.payload,
            role=row.role,
            name=row.name,
            profile=row.profile,
            workspace=row.workspace,
            job=row.job or "",
            asked=row.asked,
            until=row.until,
        )
