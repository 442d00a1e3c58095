"""A language model reads a question: it gets the catalogue's words, and its query goes the way of any other.

What the guard refuses is told back to it, a bounded number of times. Where no model is set up, is away, or
has no query, what the built-in translator made of the question stands.

Neighbours: the models room, which knows who may be asked; `prompts` (what is said, how the answer is read).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from garret.base.errors import GarretError
from garret.control.commands.inner import InnerCaller
from garret.features.data import contracts as c
from garret.features.data.contracts.work import MakePrompt
from garret.features.data.judging import Judge, again, refusal_of
from garret.features.data.prompts import SCHEMA, read_answer
from garret.features.data.snapshots import Held
from garret.features.models import contracts as m

_TRIES: Final = 3
_PROBLEM_CHARACTERS: Final = 500


class Question(NamedTuple):
    """What is asked of a model. `samples`: whether it may see values."""

    text: str
    previous: c.Translation | None
    limits: c.Limits
    samples: bool


class Asking:
    """Has the model of the settings read questions."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    async def translation(
        self, own: c.Translation, question: Question, held: Held, calls: InnerCaller
    ) -> tuple[c.Translation, str]:
        """The model's reading, or `own` where it has none; and what a person has to know of it."""
        available = await calls.call(m.GetAvailable())
        if not available.ready:
            return own, ""
        try:
            found = await self._ask(question, held, calls, available.model)
        except GarretError as error:
            return own, f"The language model was asked and did not help: {error.message}"
        place = f" The question and the names of tables went to {available.where}." if available.cloud else ""
        remark = f"{available.model} read this question.{place}"
        return (found, remark) if found.outcome == "query" else (own, f"{remark} {found.message}")

    async def _ask(self, question: Question, held: Held, calls: InnerCaller, model: str) -> c.Translation:
        problem = ""
        found = c.Translation(outcome="abstained", by=model)
        for _ in range(_TRIES):
            order = MakePrompt(
                revision=held.revision,
                question=question.text,
                previous=question.previous,
                problem=problem,
                samples=question.samples,
            )
            answer = await calls.call(await self._complete(order, held, calls))
            found = read_answer(answer.text, model)
            if found.outcome != "query":
                return found
            try:
                await self._judge.check(held, found.query, question.limits, calls)
            except GarretError as error:
                if refusal_of(error) is None:
                    raise
                problem = error.message[:_PROBLEM_CHARACTERS]
                continue
            return found
        # The last query stands refused, so that the person sees which rule it broke.
        return msgspec.structs.replace(found, confidence=0.0)

    async def _complete(self, order: MakePrompt, held: Held, calls: InnerCaller) -> m.Complete:
        prompt = await again(lambda: calls.call(order, descriptors=(held.packed,)))
        messages = (
            m.Message(role="system", text=prompt.system),
            m.Message(role="user", text=prompt.question),
        )
        return m.Complete(messages=messages, schema=SCHEMA)
