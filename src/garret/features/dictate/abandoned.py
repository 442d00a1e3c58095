"""Utterances that are shown as under way and that nobody is going to end.

Work on an utterance belongs to a job. A backup that was made amid a dictation, a job that was cancelled
before its turn, or one for which no attempt was left leave work behind whose job has ended: it is noted as
cut off, so that the history says so and a retry is possible.

Neighbour: `service` asks for it, soon after a start and hourly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import apsw

from garret.base import log
from garret.control.door import Door
from garret.features.dictate import store
from garret.storage.errors import NotFound
from garret.storage.ledger_machine import ACTIVE

_logger = log.get("dictate.abandoned")
_CUT_OFF: Final = "It was cut off, and nothing goes on with it."


def job_of(work: store.Underway) -> str:
    """The job that is to end the work; empty where somebody has yet to ask for one.

    A live dictation is named after its job, whose name is not in the row before the sound has ended.
    """
    if work.job or work.state not in ("capturing", "paused"):
        return work.job
    return f"job_{work.utterance.rpartition('_')[2]}"


async def end_abandoned(door: Door, busy: Callable[[str], bool]) -> int:
    """Note as cut off what no job works on any more, and `busy` knows nothing of; how many it were.

    Raises StorageError.
    """
    ended = 0
    for work in await door.store.read(store.underway):
        job = job_of(work)
        if not job or busy(work.utterance) or await asyncio.to_thread(_is_active, door, job):
            continue
        await _end(door, work)
        ended += 1
        _logger.warning("%s was %s, and its job %s is over", work.utterance, work.state, job)
    return ended


def _is_active(door: Door, job: str) -> bool:
    try:
        return door.store.ledger.get(job).state in ACTIVE
    except NotFound:
        return False


async def _end(door: Door, work: store.Underway) -> None:
    now = door.clock.wall()
    captured = (door.spool / f"{work.utterance}.pcm").exists()

    def note(connection: apsw.Connection) -> None:
        if work not in store.underway(connection):
            return  # somebody took it up meanwhile
        kept = captured or store.find(connection, work.utterance).audio is not None
        way = (
            f"`garret history retry {work.utterance}` makes its text." if kept else "No sound of it is here."
        )
        store.set_work(connection, work.utterance, "captured", now, error=f"{_CUT_OFF} {way}")

    await door.store.writer.write(note)
