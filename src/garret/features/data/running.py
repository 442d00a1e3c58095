"""Runs: what a person approved, once, in a process of its own, read-only, within its limits.

The approval is the house's: it is bound to the bytes of `data.run`, which name source, query, fingerprint and
limits. Here they are held against what is so now: the source is enabled, its tables are as they were, and the
query is what the guard writes. The process that runs it looks once more.

Neighbours: `drafting` (what is approved), `shelf` (where rows go).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import apsw
import msgspec

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.ids import new_id
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.data import contracts as c
from garret.features.data import store
from garret.features.data.adding import Adding, owner_of
from garret.features.data.connections import Connections, Known, lent
from garret.features.data.contracts.work import Execute, Executed
from garret.features.data.drafting import Drafting
from garret.features.data.judging import Judge, refusal_of
from garret.features.data.shelf import Kept, Shelf
from garret.features.data.snapshots import Held, Snapshots
from garret.features.data.stages import Stages
from garret.protocol.contract import Command, Nothing
from garret.protocol.life import Progress
from garret.protocol.streams import Gap

_ENDING_SECONDS: Final = 0.5
"""How long a cancelled process may take to end its query at the server, before it is killed."""


class Running:
    """Answers `data.run`, and what lets a saved question run unasked."""

    def __init__(
        self,
        door: Door,
        adding: Adding,
        snapshots: Snapshots,
        connections: Connections,
        judge: Judge,
        drafting: Drafting,
        shelf: Shelf,
        stages: Stages,
    ) -> None:
        self._door = door
        self._adding = adding
        self._snapshots = snapshots
        self._connections = connections
        self._judge = judge
        self._drafting = drafting
        self._shelf = shelf
        self._stages = stages
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Run: self._run,
            c.Rerun: self._rerun,
            c.Trust: self._trust,
            c.Distrust: self._distrust,
        }

    # ---- commands

    async def _run(self, command: c.Run, request: Request) -> c.NormalizedResult:
        question: dict[str, Any] = {}
        if command.draft:
            question = await self._question(command.draft, request) or {}
        return await self._execute(command, question, request)

    async def _rerun(self, command: c.Rerun, request: Request) -> c.NormalizedResult:
        question = await self._asked(command.question, request)
        trust = await self._door.store.read(
            lambda each: store.thing(each, store.TRUST, command.question, owner_of(request))
        )
        if trust is None or trust["query"] != question["query"]:
            raise ControlError(
                "This question is not trusted, so each run of it is approved. Nothing was run. Ask it again, "
                "or trust it: `garret data trust`.",
                code=Code.DENIED,
            )
        limits = msgspec.convert(trust["limits"], c.Limits)
        run = c.Run(
            source=trust["source"], query=trust["query"], fingerprint=trust["fingerprint"], limits=limits
        )
        await self._door.audit(request.caller, "data.rerun", "trusted", {"question": command.question})
        return await self._execute(run, question, request)

    async def _trust(self, command: c.Trust, request: Request) -> Nothing:
        question = await self._asked(command.question, request)
        known = await self._adding.usable(request, command.source)
        if (question["query"], question["source"]) != (command.query, known.id):
            raise ControlError(
                "What was to be trusted is not what the question runs. Nothing was kept.", code=Code.CONFLICT
            )
        held = await self._snapshots.of(known, request.calls)
        self._same_tables(known, held, command.fingerprint)
        body: dict[str, Any] = {
            "id": command.question, "source": known.id, "profile": request.caller.profile,
            "query": command.query, "fingerprint": command.fingerprint,
            "limits": store.plain(self._drafting.limits()),
        }  # fmt: skip
        await self._adding.keep(store.TRUST, body, request.workspace)
        await self._door.audit(request.caller, "data.trust", "done", {"question": command.question})
        return Nothing()

    async def _distrust(self, command: c.Distrust, request: Request) -> Nothing:
        question = await self._asked(command.question, request)
        body = {"id": command.question, "source": question["source"], "profile": request.caller.profile}
        await self._adding.keep(store.TRUST, {**body, "gone": True}, request.workspace)
        await self._door.audit(request.caller, "data.distrust", "done", {"question": command.question})
        return Nothing()

    # ---- running

    async def _question(self, identity: str, request: Request) -> dict[str, Any] | None:
        return await self._door.store.read(
            lambda each: store.thing(each, store.QUESTION, identity, owner_of(request))
        )

    async def _asked(self, identity: str, request: Request) -> dict[str, Any]:
        question = await self._question(identity, request)
        if question is None:
            raise ControlError(f"There is no question {identity[:60]!r} in the history.", code=Code.NOT_FOUND)
        return question

    def _same_tables(self, known: Known, held: Held, fingerprint: str) -> None:
        if held.catalogue.fingerprint != fingerprint:
            raise ControlError(
                f"The tables of {known.name} are no longer as they were when this was drafted. Nothing was "
                "run; ask again.",
                code=Code.CONFLICT,
                retryable=False,
            )

    async def _execute(self, run: c.Run, question: dict[str, Any], request: Request) -> c.NormalizedResult:
        known = await self._adding.usable(request, run.source)
        try:
            head, rows = await self._rows(run, known, question, request)
        except CancelledError:
            raise
        except GarretError as error:
            self._adding.problems[known.id] = error.message
            await self._failed(question, error, request)
            raise
        self._adding.problems.pop(known.id, None)
        hints = tuple(question.get("hints", ()))
        self._shelf.put(Kept(head, rows, owner_of(request), hints))
        body = self._answer(question, head) if question else None
        await self._door.audit(
            request.caller,
            "data.run",
            "done",
            {"source": known.name, "query": run.query[:4000], "rows": head.rows},
        )
        if body is not None:
            objects, signer = self._door.store.objects, self._door.signer

            def keep(connection: apsw.Connection) -> None:
                objects.record(
                    connection, signer, store.ANSWER, body, aggregate=body["id"], workspace=request.workspace
                )

            event = c.Answered(question=body["id"], result=head.id, rows=head.rows)
            owner = owner_of(request)
            request.finish(
                keep, lambda: self._door.publish(event, scope=owner.profile, workspace=owner.workspace)
            )
        return head

    def _answer(self, question: dict[str, Any], head: c.NormalizedResult) -> dict[str, Any]:
        return {
            "id": question["id"],
            "source": question["source"],
            "profile": question["profile"],
            "state": "answered",
            "rows": head.rows,
            "seconds": head.timing.execute,
            "result": head.id,
            "message": "",
        }

    async def _failed(self, question: dict[str, Any], error: GarretError, request: Request) -> None:
        details = {"question": question.get("id", ""), "code": str(error.code)}
        await self._door.audit(request.caller, "data.run", "failed", details)
        if question:
            body = {
                "id": question["id"], "source": question["source"], "profile": question["profile"],
                "state": "failed", "rows": 0, "seconds": 0.0, "result": "", "message": error.message,
            }  # fmt: skip
            await self._adding.keep(store.ANSWER, body, request.workspace)

    async def _rows(
        self, run: c.Run, known: Known, question: dict[str, Any], request: Request
    ) -> tuple[c.NormalizedResult, int]:
        held = await self._snapshots.of(known, request.calls)
        self._same_tables(known, held, run.fingerprint)
        checked = await self._checked(run, held, request)
        ran = self._door.clock.wall()
        async with (
            self._connections.for_run(run.draft, known) as target,
            lent(self._connections.keys(known.id)) as keys,
        ):
            order = Execute(
                config=self._connections.config(target, known),
                query=checked.query,
                limits=run.limits,
                cache=self._connections.copies(known),
            )
            asking = self._connections.asking(request.calls, target, known)
            call = asking.start(order, descriptors=(*keys, held.packed))
            async with call:
                try:
                    async for item in call.items():
                        if isinstance(item, Progress):
                            request.progress(item.fraction, item.note)
                        elif not isinstance(item, Gap):
                            request.emit_nowait(item)
                    executed = await call.result()
                except asyncio.CancelledError:
                    await call.end(_ENDING_SECONDS)
                    raise
                (rows,) = call.take_descriptors()
        return self._head(run, known, question, executed, ran), rows

    async def _checked(self, run: c.Run, held: Held, request: Request) -> c.Checked:
        try:
            checked = await self._judge.check(held, run.query, run.limits, request.calls)
        except GarretError as error:
            if (refusal := refusal_of(error)) is not None:
                details = {"rule": refusal.rule, "source": run.source}
                await self._door.audit(request.caller, "data.refuse", "denied", details)
            raise
        if checked.query != run.query:
            raise ControlError(
                "What was approved is not a query as a draft shows it. Nothing was run; make a draft first "
                "(data.draft) and run what it shows.",
                code=Code.DENIED,
            )
        return checked

    def _head(
        self,
        run: c.Run,
        known: Known,
        question: dict[str, Any],
        executed: Executed,
        ran: float,
    ) -> c.NormalizedResult:
        for stage in ("execute", "first_rows", "normalise"):
            self._stages.note(stage, getattr(executed, stage))
        draft = self._drafting.draft(run.draft, known.profile) if run.draft else None
        wait = 0.0
        if draft is not None:
            wait = max(0.0, ran - self._drafting.drafted(draft.id))
            self._stages.note("wait", wait)
        return c.NormalizedResult(
            id=new_id("result"),
            columns=executed.columns,
            rows=executed.rows,
            bytes=executed.bytes,
            truncated=executed.truncated,
            about=draft.estimate.rows if draft is not None and draft.estimate is not None else None,
            notes=executed.notes,
            timing=c.Timing(
                generate=0.0 if draft is None else draft.seconds.get("generate", 0.0),
                validate=0.0 if draft is None else draft.seconds.get("validate", 0.0),
                execute=executed.execute,
                first_rows=executed.first_rows,
                normalise=executed.normalise,
                wait=wait,
            ),
            provenance=c.Provenance(
                source=known.name,
                dialect=c.DIALECTS[known.config.kind],
                query=run.query,
                fingerprint=run.fingerprint,
                ran=ran,
                question=str(question.get("question", "")),
                by=str(question.get("by", "person")),
            ),
        )
