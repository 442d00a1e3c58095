"""Where approvals are given and spent: the driver of `approvals` over the durable file.

A command that needs an approval carries its token in a field `approval`. What was approved is the
command with that field empty, byte for byte, for this requester's role and profile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from garret.base import log
from garret.base.clock import SYSTEM
from garret.base.errors import Code, GarretError
from garret.control.access import approvals
from garret.control.commands.broker import Broker
from garret.control.commands.request import Caller, Pending
from garret.control.errors import ControlError
from garret.protocol.contract import Command, CommandMeta, check_payload
from garret.protocol.envelope import encode_payload
from garret.storage.store import Store

_logger = log.get("control.approvals")


class ApprovalDesk:
    """Issues approvals, and lets commands through that carry one."""

    def __init__(self, broker: Broker, store: Store, boot: str, lifetime: Callable[[], float]) -> None:
        self._broker = broker
        self._store = store
        self._boot = boot
        self._lifetime = lifetime
        self._tasks: set[asyncio.Task[None]] = set()

    async def issue(self, caller: Caller, meta: CommandMeta, payload: bytes) -> approvals.Approval:
        """Approve one command for `caller`. Raises PayloadInvalid for what is no such command."""
        command = check_payload(meta, msgspec.Raw(payload))
        approval = approvals.issue(
            self._request(caller, meta, command), self._moment(), lifetime=self._lifetime()
        )
        moment = self._moment()

        def keep(connection: approvals.Connection) -> None:
            approvals.sweep(connection, moment)  # the table holds what may still be spent, and no more
            approvals.store(connection, approval)

        await self._store.writer.write(keep)
        return approval

    def spend(self, pending: Pending, command: Any, proceed: Callable[[Pending, Any], None]) -> None:
        """Spend the approval that `command` carries, then go on; without a good one it is denied."""
        task = asyncio.get_running_loop().create_task(self._spend(pending, command, proceed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _spend(self, pending: Pending, command: Any, proceed: Callable[[Pending, Any], None]) -> None:
        try:
            await self._check(pending, command)
        except GarretError as error:
            self._broker.fail(pending, error)
            return
        except Exception as error:
            _logger.exception("the approval of %s could not be looked at", pending.meta.name)
            message = f"The approval of {pending.meta.name} could not be looked at: {type(error).__name__}."
            self._broker.fail(pending, ControlError(f"{message} Nothing was done."))
            return
        if not pending.done:
            proceed(pending, command)

    async def _check(self, pending: Pending, command: Any) -> None:
        caller, meta = pending.caller, pending.meta
        token = getattr(command, "approval", "")
        details = {"command": meta.name, "needs_approval": True}
        if not token:
            raise ControlError(
                f"{meta.name} needs your approval. Nothing was done.", code=Code.DENIED, details=details
            )
        digest = approvals.digest_of(self._request(caller, meta, command))
        hashed, moment = approvals.token_hash(token), self._moment()
        spent = await self._store.writer.write(
            lambda connection: approvals.consume(connection, hashed, digest, moment)
        )
        await self._store.audit.append(
            caller.role,
            caller.profile,
            "approvals.spend",
            "done" if spent else "denied",
            {"command": meta.name},
        )
        if not spent:
            with self._store.readers.read() as connection:
                verdict = approvals.explain(connection, hashed, digest)
            raise ControlError(approvals.SENTENCES[verdict], code=Code.DENIED, details=details)

    def _request(self, caller: Caller, meta: CommandMeta, command: Command[Any]) -> approvals.Request:
        blank = msgspec.structs.replace(command, approval="") if hasattr(command, "approval") else command
        return approvals.Request(meta.name, bytes(encode_payload(blank)), caller.role, caller.profile)

    def _moment(self) -> approvals.Moment:
        return approvals.Moment(SYSTEM.monotonic(), SYSTEM.wall(), self._boot)
