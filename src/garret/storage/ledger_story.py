"""How a job came to its state, in plain sentences. Pure: events in, text out.

Neighbours: `ledger_rows` reads the events, `garret jobs story` prints the sentences.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from garret.storage.ledger_machine import Kind, State
from garret.storage.ledger_types import Event, Job

_SENTENCES: dict[Kind, str] = {
    Kind.ENQUEUED: "{who} asked for it, and it was queued.",
    Kind.LEASED: "{who} started it: attempt {attempt}, lease epoch {epoch}.",
    Kind.FINISHED: "{who} finished it.",
    Kind.FAILED: "It failed: {detail}. No further attempt was made.",
    Kind.FAILED_ONCE: "Attempt {attempt} failed: {detail}. It was queued again.",
    Kind.REQUEUED: "{who} gave it back before trying: {detail}. The attempt does not count.",
    Kind.CANCELLED: "{who} cancelled it.",
    Kind.RETRIED: "{who} asked to try it again.",
    Kind.REPLAYED: "Garret had been stopped while {who} ran it. It was queued again, and no attempt counted.",
    Kind.ABANDONED: "Garret had been stopped while {who} ran it, and no attempt was left. It failed.",
}


def local_time(at: float) -> str:
    """`at` (wall-clock seconds) as local date and time with milliseconds."""
    milliseconds = int(at * 1000) % 1000
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))}.{milliseconds:03d}"


def tell(job: Job, events: Sequence[Event], stamp: Callable[[float], str] = local_time) -> list[str]:
    """One line for each event, and a last one for where the job stands now."""
    lines = [f"{stamp(event.at)}  {_sentence(event)}" for event in events]
    lines.append(_standing(job))
    return lines


def _sentence(event: Event) -> str:
    detail = (event.detail or "no reason given").rstrip(".")
    return _SENTENCES[event.kind].format(
        who=event.who or "A worker", attempt=event.attempt, epoch=event.epoch, detail=detail
    )


def _standing(job: Job) -> str:
    if job.state is State.QUEUED:
        return f"Now it waits in the queue with priority {job.priority}."
    if job.state is State.RUNNING:
        note = f", {job.note}" if job.note else ""
        return f"Now {job.owner} runs it: {job.fraction:.0%}{note}."
    if job.state is State.DONE:
        return "It is done."
    if job.state is State.CANCELLED:
        return "It is cancelled. 'garret jobs retry' starts it again."
    return "It has failed. 'garret jobs retry' starts it again."
