"""Drafts: a question is read, judged, estimated and shown; nothing runs.

Every question is in the history, whatever became of it, and one that was refused in the audit as well. A
draft that may run keeps its process, so that the run begins at once.

Neighbours: `judging` (the worker that reads and judges), `running` (what becomes of an approved draft).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from garret.base.errors import GarretError, UsageError
from garret.base.ids import new_id
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.features.data import contracts as c
from garret.features.data import reach, store
from garret.features.data.adding import Adding
from garret.features.data.connections import Connections, Known, lent
from garret.features.data.contracts.work import Explain
from garret.features.data.judging import Judge, refusal_of
from garret.features.data.modelling import Asking, Question
from garret.features.data.snapshots import Held, Snapshots
from garret.features.data.stages import Stages
from garret.protocol.contract import Command

_DRAFTS: Final = 500
_EXPLAIN_SECONDS: Final = 10.0


class Drafting:
    """Answers `data.draft`, and remembers drafts for whoever goes on from them."""

    def __init__(
        self,
        door: Door,
        adding: Adding,
        snapshots: Snapshots,
        connections: Connections,
        judge: Judge,
        stages: Stages,
    ) -> None:
        self._door = door
        self._adding = adding
        self._snapshots = snapshots
        self._connections = connections
        self._judge = judge
        self._models = Asking(judge)
        self._stages = stages
        self._drafts: OrderedDict[str, tuple[str, c.Draft, float]] = OrderedDict()
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.DraftQuery: self._draft}

    def draft(self, identity: str, profile: str) -> c.Draft | None:
        """A draft that is remembered, if it is this profile's."""
        remembered = self._drafts.get(identity)
        return remembered[1] if remembered is not None and remembered[0] == profile else None

    def drafted(self, identity: str) -> float:
        """When a draft that is remembered was made, in seconds since 1970."""
        return self._drafts[identity][2]

    def limits(self) -> c.Limits:
        """As they are set."""
        return c.Limits(
            rows=int(self._door.setting("data.rows")),
            bytes=int(self._door.setting("data.megabytes")) * 1024 * 1024,
            seconds=float(self._door.setting("data.seconds")),
        )

    async def _draft(self, command: c.DraftQuery, request: Request) -> c.Draft:
        _check(command)
        known = await self._adding.usable(request, command.source)
        profile = request.caller.profile
        limits = self._within(command.limits)
        held = await self._snapshots.of(known, request.calls)
        seconds: dict[str, float] = {}
        began = time.perf_counter()
        translation, remark = await self._translation(command, known, held, limits, request)
        seconds["generate"] = time.perf_counter() - began
        draft = c.Draft(
            id=new_id("question"),
            source=known.id,
            question=question_of(command, self.draft(command.previous, profile)),
            translation=translation,
            limits=limits,
            fingerprint=held.catalogue.fingerprint,
            where=reach.where(known.config),
            notes=(*held.catalogue.notes, remark) if remark else held.catalogue.notes,
        )
        if translation.outcome == "query":
            draft = await self._judged(draft, known, held, request, seconds)
        draft = msgspec.structs.replace(
            draft, seconds={stage: round(value, 6) for stage, value in seconds.items()}
        )
        for stage, value in seconds.items():
            self._stages.note(stage, value)
        await self._keep(draft, request)
        return draft

    async def _translation(
        self, command: c.DraftQuery, known: Known, held: Held, limits: c.Limits, request: Request
    ) -> tuple[c.Translation, str]:
        """What the question means, and what has to be said of how that was found."""
        draft = self.draft(command.previous, request.caller.profile) if command.previous else None
        if command.query:
            return given_query(command.query, draft), ""
        previous = draft.translation if draft else None
        own = await self._judge.translate(held, command.question, previous, request.calls)
        wanted = self._door.setting("data.model")
        if wanted == "off" or (wanted == "unsure" and own.outcome == "query"):
            return own, ""
        question = Question(command.question, previous, limits, known.samples)
        return await self._models.translation(own, question, held, request.calls)

    async def _judged(
        self, draft: c.Draft, known: Known, held: Held, request: Request, seconds: dict[str, float]
    ) -> c.Draft:
        began = time.perf_counter()
        try:
            checked = await self._judge.check(held, draft.translation.query, draft.limits, request.calls)
        except GarretError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            details = {"source": known.name, "rule": refusal.rule, "by": draft.translation.by}
            await self._door.audit(request.caller, "data.refuse", "denied", details)
            return msgspec.structs.replace(draft, refusal=refusal)
        finally:
            seconds["validate"] = time.perf_counter() - began
        estimate, note = await self._estimate(draft.id, known, checked, draft.limits, request)
        notes = (*draft.notes, note) if note else draft.notes
        return msgspec.structs.replace(draft, checked=checked, estimate=estimate, notes=notes)

    async def _estimate(
        self, draft: str, known: Known, checked: c.Checked, limits: c.Limits, request: Request
    ) -> tuple[c.Estimate | None, str]:
        """What the engine expects. A source that does not say it may still be asked."""
        deadline = time.monotonic() + _EXPLAIN_SECONDS
        try:
            async with (
                self._connections.for_plan(draft, known) as target,
                lent(self._connections.keys(known.id)) as keys,
            ):
                order = Explain(
                    config=self._connections.config(target, known),
                    checked=checked,
                    limits=limits,
                    cache=self._connections.copies(known),
                )
                asking = self._connections.asking(request.calls, target, known)
                found = await asking.call(order, descriptors=keys, deadline=deadline)
        except GarretError as error:
            return None, f"What this will cost is not known: {error.message}"
        return found, ""

    def _within(self, asked: c.Limits | None) -> c.Limits:
        """The limits of a run: what was asked for, within what is set."""
        most = self.limits()
        if asked is None:
            return most
        if asked.rows < 1 or asked.bytes < 1 or asked.seconds <= 0:
            raise UsageError("Limits are above nothing. Nothing was asked.")
        return c.Limits(
            rows=min(asked.rows, most.rows),
            bytes=min(asked.bytes, most.bytes),
            seconds=min(asked.seconds, most.seconds),
        )

    async def _keep(self, draft: c.Draft, request: Request) -> None:
        profile = request.caller.profile
        self._drafts[draft.id] = profile, draft, self._door.clock.wall()
        while len(self._drafts) > _DRAFTS:
            self._drafts.popitem(last=False)
        translation = draft.translation
        state = "drafted" if draft.checked else "refused" if draft.refusal else translation.outcome
        body: dict[str, Any] = {
            "id": draft.id,
            "source": draft.source,
            "profile": profile,
            "question": draft.question,
            "query": draft.checked.query if draft.checked else translation.query,
            "reading": translation.reading,
            "by": translation.by,
            "state": state,
            "message": draft.refusal.message if draft.refusal else translation.message,
            "hints": list(translation.hints),
            "asked": self._door.clock.wall(),
        }
        await self._adding.keep(store.QUESTION, body, request.workspace)


def given_query(query: str, previous: c.Draft | None) -> c.Translation:
    """A query that came as one: a person's own, or another reading of the question before that they chose."""
    chosen = _chosen(query, previous)
    if chosen is None or previous is None:
        return c.Translation(outcome="query", query=query, confidence=1.0, by="person")
    before = previous.translation
    return msgspec.structs.replace(
        before,
        outcome="query",
        query=query,
        reading=chosen.reading,
        message="",
        confidence=1.0,
        alternatives=tuple(each for each in before.alternatives if each.query != query),
    )


def question_of(command: c.DraftQuery, previous: c.Draft | None) -> str:
    """The question that a draft answers; of a reading that was chosen, the one that it is a reading of."""
    if previous is not None and _chosen(command.query, previous) is not None:
        return previous.question
    return command.question


def _chosen(query: str, previous: c.Draft | None) -> c.Alternative | None:
    alternatives = previous.translation.alternatives if previous is not None else ()
    return next((each for each in alternatives if each.query == query), None)


def _check(command: c.DraftQuery) -> None:
    if bool(command.question.strip()) == bool(command.query.strip()):
        raise UsageError("Ask a question or give a query, one of the two. Nothing was asked.")
    if len(command.question) > c.QUESTION_CHARACTERS:
        raise UsageError(
            f"The question has {len(command.question):,} characters; {c.QUESTION_CHARACTERS:,} are read. "
            "Nothing was asked."
        )
    if len(command.query) > c.QUERY_CHARACTERS:
        raise UsageError(
            f"The query has {len(command.query):,} characters; at most {c.QUERY_CHARACTERS:,} are read. "
            "Nothing was asked."
        )
