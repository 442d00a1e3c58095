"""The sound that is kept of utterances: opened when it is what it was, and looked through for what is not.

A kept file is named by its content. One that is cut short, exchanged or gone is told with the utterance it
belongs to; it is never handed to a client or a worker. Neighbours: `storage.blobs` compares, `service` and
`transcription` open, `examination` looks through all.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from garret.base.errors import Code
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import store
from garret.protocol.finding import Finding, fail, ok
from garret.storage.blobs import Blobs
from garret.storage.errors import Cancelled, Corrupt, NotFound

RECORDINGS = "dictation recordings"

_NAMED = 10  # utterances in one sentence at most
_WAY = (
    "A backup that has it can be restored into another home (`garret restore FILE --home FOLDER`) and its "
    "sound exported there; `garret history delete` lets go of it here."
)


async def open_sound(door: Door, row: store.Row) -> int:
    """A descriptor of the sound kept of an utterance, compared with its name; the caller closes it.

    Raises ControlError: not found where it is kept no more, corrupt where it is not what was kept.
    """
    if row.audio is None:
        raise ControlError(f"The sound of {row.id} is not kept any more; its text is.", code=Code.NOT_FOUND)
    opening = asyncio.get_running_loop().run_in_executor(None, door.store.blobs.open, row.audio)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)  # nobody else will
        raise
    except (Corrupt, NotFound) as error:
        how = "gone" if isinstance(error, NotFound) else "not what it was"
        raise ControlError(
            f"The kept sound of {row.id} is {how}: something else than Garret changed it. It was not used; "
            f"its text, where it has one, is as it was. {_WAY}",
            code=Code.CORRUPT,
            details={"utterance": row.id, "blob": row.audio},
        ) from error


def _close(opening: asyncio.Future[int]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())


class Looked(NamedTuple):
    """What looking through kept sound found: how many of them were compared, and what was wrong."""

    compared: int
    wrong: dict[str, str]


def look_through(
    blobs: Blobs, kept: Sequence[tuple[str, str]], seconds: float, ended: threading.Event
) -> Looked:
    """Compare utterances' blobs with their names for at most `seconds`, or until `ended`. Blocks."""
    deadline = time.monotonic() + seconds

    def over() -> bool:
        return ended.is_set() or time.monotonic() >= deadline

    wrong: dict[str, str] = {}
    compared = 0
    for utterance, blob in kept:
        if over():
            break
        try:
            os.close(blobs.open(blob, stop=over))
        except Cancelled:
            break
        except NotFound:
            wrong[utterance] = "gone"
        except Corrupt:
            wrong[utterance] = "not what it was"
        compared += 1
    return Looked(compared, wrong)


def finding_of(kept: int, looked: Looked) -> Finding:
    """What the doctor is told of `kept` recordings."""
    if looked.wrong:
        named = ", ".join(f"{utterance} ({how})" for utterance, how in list(looked.wrong.items())[:_NAMED])
        more = f" and {len(looked.wrong) - _NAMED} more" if len(looked.wrong) > _NAMED else ""
        return fail(RECORDINGS, f"The kept sound cannot be trusted of {named}{more}. Texts are kept.", _WAY)
    if looked.compared < kept:
        return ok(
            RECORDINGS,
            f"{looked.compared} of {kept} recordings were compared and are what they were; the rest follow "
            "in quiet moments.",
        )
    return ok(RECORDINGS, f"All {kept} recordings are what they were.")


async def examine_kept(door: Door, seconds: float) -> Finding:
    """Look through the sound of all utterances, the newest first, for at most `seconds`."""
    kept = await door.store.read(store.kept_sound)
    ended = threading.Event()
    try:
        looked = await asyncio.to_thread(look_through, door.store.blobs, kept, seconds, ended)
    finally:
        ended.set()  # the doctor waits no longer, and the thread has nobody to tell
    return finding_of(len(kept), looked)
