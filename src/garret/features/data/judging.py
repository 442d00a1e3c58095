"""The worker `asking` as the room uses it: what a question means, and whether a query may run.

A worker that is lost is replaced, and the same is asked again: neither changes anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeVar

from garret.base.errors import Code, GarretError
from garret.control.commands.inner import InnerCaller
from garret.control.door import Door
from garret.features.data import contracts as c
from garret.features.data.contracts.work import Check, Translate
from garret.features.data.snapshots import Held

T = TypeVar("T")
_TRIES: Final = 3


class Judge:
    """Reads questions, and has the guard look at queries."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def translate(
        self, held: Held, question: str, previous: c.Translation | None, calls: InnerCaller
    ) -> c.Translation:
        """What a question means over a catalogue."""
        today = datetime.fromtimestamp(self._door.clock.wall()).astimezone().date().isoformat()
        order = Translate(revision=held.revision, question=question, today=today, previous=previous)
        return await again(lambda: calls.call(order, descriptors=(held.packed,)))

    async def check(self, held: Held, query: str, limits: c.Limits, calls: InnerCaller) -> c.Checked:
        """The query as it may run. Raises GarretError with `rule` among its details where it may not."""
        order = Check(revision=held.revision, query=query, dialect=held.catalogue.dialect, limits=limits)
        return await again(lambda: calls.call(order, descriptors=(held.packed,)))


def refusal_of(error: GarretError) -> c.Refusal | None:
    """What the guard said, where it was the guard."""
    rule = error.details.get("rule")
    if error.code != Code.DENIED or not isinstance(rule, str):
        return None
    return c.Refusal(rule=rule, message=error.message, allowed=str(error.details.get("allowed", "")))


async def again(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask a worker, and once more where it was lost meanwhile; for what changes nothing."""
    tried = 0
    while True:
        try:
            return await ask()
        except GarretError as error:
            tried += 1
            if not error.details.get("worker_lost") or tried == _TRIES:
                raise
