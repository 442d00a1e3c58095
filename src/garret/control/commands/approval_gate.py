"""Where approvals are given, waited for and spent: the driver of `access.approvals` and its queue.

A command that needs an approval may carry its token in a field `approval`: then somebody consented already.
One that comes without leaves a request in the durable queue, which those who may grant approvals are told of,
and waits there as long as its deadline lets it. Once granted it goes on by itself. What was approved is the
command with that field empty, byte for byte, for this requester, profile and workspace.

A request outlives the control plane and a client that is cut off: whoever asks again with the same bytes
waits on, or finds the decision. One that was cancelled is withdrawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.clock import SYSTEM
from garret.base.errors import Code, GarretError
from garret.control.access import approval_requests, approvals
from garret.control.access.approval_requests import Row, State, Wanted
from garret.control.commands.broker import Broker
from garret.control.commands.request import GONE, Caller, Pending
from garret.control.errors import ControlError
from garret.protocol.contract import Command, CommandMeta, check_payload
from garret.protocol.envelope import encode_payload
from garret.protocol.life import Progress
from garret.storage.store import Store

_logger = log.get("control.approvals")

Proceed = Callable[[Pending, Any], None]
Told = Callable[[str, dict[str, Any]], None]
"""Publishes an event of the house: its name and fields."""

_UNTOLD: Final = -1.0  # a fraction that says how far it is to nobody


class ApprovalDesk:
    """Issues approvals, lets commands through that carry one, and keeps those that wait for one."""

    def __init__(
        self, broker: Broker, store: Store, boot: str, lifetime: Callable[[], float], tell: Told
    ) -> None:
        self._broker = broker
        self._store = store
        self._boot = boot
        self._lifetime = lifetime
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, asyncio.Future[bool | None]] = {}
        self._asking = asyncio.Lock()
        self._stopping = False

    # ---- consent that is given before the command is sent

    async def issue(self, caller: Caller, meta: CommandMeta, payload: bytes) -> approvals.Approval:
        """Approve one command for `caller`. Raises PayloadInvalid for what is no such command."""
        command = check_payload(meta, msgspec.Raw(payload))
        approval = approvals.issue(
            _request(caller, caller.workspace, meta, command), self._moment(), lifetime=self._lifetime()
        )
        moment = self._moment()

        def keep(connection: approvals.Connection) -> None:
            approvals.sweep(connection, moment)  # the table holds what may still be spent, and no more
            approvals.store(connection, approval)

        await self._store.writer.write(keep)
        return approval

    # ---- consent that is waited for

    def waiting(self) -> list[Row]:
        """The requests that wait for a decision, oldest first. Reads the file: call it in a thread."""
        moment, present = self._moment(), frozenset(self._waiting)
        with self._store.readers.read() as connection:
            return approval_requests.waiting(connection, moment, present)

    async def decide(self, request: str, *, granted: bool) -> Row:
        """Grant or deny a request, durable when this returns. Raises ControlError (not found)."""
        moment, lifetime, present = self._moment(), self._lifetime(), frozenset(self._waiting)
        row = await self._store.writer.write(
            lambda connection: approval_requests.decide(
                connection, request, moment, lifetime, granted=granted, present=present
            )
        )
        if row is None:
            raise ControlError(
                f"No request {request[:80]!r} waits for an approval: it was decided or withdrawn, or its "
                "time is over. Nothing was changed.",
                code=Code.NOT_FOUND,
            )
        self._tell(
            "house.approval_decided",
            {"request": row.id, "command": row.command, "name": row.name, "granted": granted},
        )
        self._answer(row.id, granted)
        return row

    def stop(self) -> None:
        """From now on what ends because Garret stops keeps its request."""
        self._stopping = True

    # ---- the broker's gate

    def spend(self, pending: Pending, command: Any, proceed: Proceed) -> None:
        """Spend the approval that `command` carries, or wait for one, then go on; where denied, say so."""
        self._spawn(self._pass(pending, command, proceed))

    async def _pass(self, pending: Pending, command: Any, proceed: Proceed) -> None:
        try:
            wanted = _wanted(pending, command)
            token = getattr(command, "approval", "")
            if not token or not await self._check(pending, wanted, token):
                await self._wait(pending, wanted)
        except GarretError as error:
            self._broker.fail(pending, error)
            return
        except Exception as error:
            _logger.exception("the approval of %s could not be looked at", pending.meta.name)
            message = f"The approval of {pending.meta.name} could not be looked at: {type(error).__name__}."
            self._broker.fail(pending, ControlError(f"{message} Nothing was done."))
            return
        proceed(pending, command)  # the broker sees whether it ended meanwhile

    async def _check(self, pending: Pending, wanted: Wanted, token: str) -> bool:
        """Spend the token that came with the command. Raises where it is not good.

        False where it is a job's that came to its turn too late, or begins anew: that may yet be approved. A
        token that was given for something else is refused in any case.
        """
        digest, hashed = approvals.digest_of(wanted.request), approvals.token_hash(token)
        moment = self._moment()

        def consume(connection: approvals.Connection) -> bool:
            good = approvals.consume(connection, hashed, digest, moment)
            if good and wanted.job is not None:
                approval_requests.keep_spent(connection, wanted, moment)
            return good

        if await self._store.writer.write(consume):
            await self._note(pending, "done")
            return True
        verdict = await asyncio.to_thread(self._explain, hashed, digest)
        if wanted.job is not None and verdict is not approvals.Verdict.OTHER_COMMAND:
            return False
        await self._note(pending, "denied")
        raise _denied(pending, approvals.SENTENCES[verdict])

    def _explain(self, hashed: bytes, digest: bytes) -> approvals.Verdict:
        with self._store.readers.read() as connection:
            return approvals.explain(connection, hashed, digest)

    async def _wait(self, pending: Pending, wanted: Wanted) -> None:
        """Leave a request, or find the one that was left, and wait until it is decided."""
        moment = self._moment()
        seconds = approval_requests.LONGEST_SECONDS
        if pending.deadline is not None:
            seconds = min(seconds, pending.deadline - moment.monotonic)
        until = moment.wall + seconds
        async with self._asking:  # of two that ask the same at once, the second must know of the first
            present = frozenset(self._waiting)
            asked = await self._store.writer.write(
                lambda connection: approval_requests.ask(connection, wanted, moment, until, present=present)
            )
            if asked.state is State.WAITING:
                self._waiting[asked.id] = asyncio.get_running_loop().create_future()
        granted: bool | None = asked.state is State.GRANTED
        if asked.state is State.WAITING:
            granted = await self._decision(pending, asked.id, until)
        if granted is None:
            return  # its end was told already
        await self._note(pending, "done" if granted else "denied")
        if not granted:
            raise _denied(pending, f"The approval of {pending.meta.name} was refused. Nothing was done.")

    async def _decision(self, pending: Pending, number: str, until: float) -> bool | None:
        """What was decided about a request; None where its command ended before."""
        pending.on_done = lambda _: self._answer(number, None)
        waits = self._broker.lend_place(pending)
        try:
            if pending.done:  # while the request was being written
                self._answer(number, None)
            else:
                self._announce(pending, number, until)
            granted = await self._waiting[number]
        finally:
            del self._waiting[number]
            waits()
        if granted is None:
            if self._is_withdrawn(pending):
                await self._store.writer.write(lambda each: approval_requests.withdraw(each, number))
            return None
        pending.on_done = None
        return await self._carry_out(number, granted=granted)

    async def _carry_out(self, number: str, *, granted: bool) -> bool:
        moment = self._moment()
        if granted:
            return await self._store.writer.write(
                lambda connection: approval_requests.take(connection, number, moment)
            )
        await self._store.writer.write(lambda connection: approval_requests.withdraw(connection, number))
        return False

    def _is_withdrawn(self, pending: Pending) -> bool:
        """Whether its requester wants it no more, and is not just cut off."""
        reason = pending.waiting_cancel
        return reason is not None and not self._stopping and GONE not in reason.details

    def _announce(self, pending: Pending, number: str, until: float) -> None:
        caller = pending.caller
        note = f"waits for an approval: `garret approvals show {number}`"
        caller.on_item(pending.request, "progress", encode_payload(Progress(_UNTOLD, note)))
        fields: dict[str, Any] = {"request": number, "command": pending.meta.name, "role": caller.role}
        fields |= {"name": caller.name, "profile": caller.profile, "workspace": pending.workspace}
        self._tell("house.approval_requested", {**fields, "until": until})

    def _answer(self, request: str, granted: bool | None) -> None:
        decided = self._waiting.get(request)
        if decided is not None and not decided.done():
            decided.set_result(granted)

    async def _note(self, pending: Pending, outcome: str) -> None:
        caller = pending.caller
        details = {"command": pending.meta.name}
        await self._store.audit.append(caller.role, caller.profile, "approvals.spend", outcome, details)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _moment(self) -> approvals.Moment:
        return approvals.Moment(SYSTEM.monotonic(), SYSTEM.wall(), self._boot)


def _wanted(pending: Pending, command: Command[Any]) -> Wanted:
    caller, job = pending.caller, None if pending.lease is None else pending.lease.job
    return Wanted(_request(caller, pending.workspace, pending.meta, command), caller.role, caller.name, job)


def _request(caller: Caller, workspace: str, meta: CommandMeta, command: Command[Any]) -> approvals.Request:
    blank = msgspec.structs.replace(command, approval="") if hasattr(command, "approval") else command
    # A job goes on without whoever asked for it, under a name of its own.
    requester = caller.role if meta.job else f"{caller.role}:{caller.name}"
    return approvals.Request(meta.name, bytes(encode_payload(blank)), requester, caller.profile, workspace)


def _denied(pending: Pending, sentence: str) -> ControlError:
    details = {"command": pending.meta.name, "needs_approval": True}
    return ControlError(sentence, code=Code.DENIED, details=details)
