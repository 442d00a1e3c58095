"""Writing what becomes of a job into the ledger, also when storage takes no writes for a while.

A transition that a full or vanished disk refuses is tried again until it is taken; meanwhile whoever waits
for the job is told that it is kept. A damaged database takes nothing any more, so its refusal is passed on.

Neighbours: `jobs` asks for transitions, `storage.ledger` takes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

from garret.base import log
from garret.base.errors import GarretError
from garret.control.errors import ControlError
from garret.control.jobs.run import JobRun
from garret.storage.errors import DiskFull, InputOutput, Locked, QueueFull, ReadOnly, StorageError
from garret.storage.ledger import Ledger

_logger = log.get("control.jobs")

T = TypeVar("T")

_AGAIN_SECONDS: Final = 1.0  # the storage writer tries a full disk no more often
_AGAIN_LIMIT_SECONDS: Final = 10.0


class JobBooks:
    """`stored` hears of every transition: the command, and the seconds until it was durable."""

    def __init__(self, ledger: Ledger, stored: Callable[[str, float], None]) -> None:
        self._ledger = ledger
        self._stored = stored
        self._pauses: set[asyncio.Future[None]] = set()
        self._stopping = False

    async def record(
        self, run: JobRun, write: Callable[[], Awaitable[T]], held: Callable[[JobRun, GarretError], None]
    ) -> T:
        """Take a transition; `held` is told why it has to wait, if it has to.

        Raises what the ledger raises, and when Garret stops what storage said: the next start sorts it out.
        """
        pause = _AGAIN_SECONDS
        while True:
            began = monotonic()
            try:
                result = await write()
            except StorageError as error:
                if self._stopping or not passes(error):
                    raise
                self._hold(run, error, held)
                await self._sleep(pause)
                pause = min(pause * 2, _AGAIN_LIMIT_SECONDS)
            else:
                self._stored(run.job.command, monotonic() - began)
                if run.held is not None:
                    run.held = None
                    run.settled.clear()
                return result

    def _hold(self, run: JobRun, error: GarretError, held: Callable[[JobRun, GarretError], None]) -> None:
        if run.held is None:
            _logger.warning("job %s waits for storage: %s", run.job.id, error.message)
        message = (
            f"{error.message} The job {run.job.id} is kept and goes on by itself: `garret jobs` shows it."
        )
        details = {**error.details, "job": run.job.id}
        run.held = ControlError(message, code=error.code, retryable=True, details=details)
        held(run, run.held)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or until storage is back, or until Garret stops."""
        pause: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pauses.add(pause)
        try:
            await asyncio.wait((pause,), timeout=seconds)
        finally:
            self._pauses.discard(pause)

    async def progress(self, job: str, epoch: int, fraction: float, note: str) -> None:
        """Note how far a job is. It is worth no failure: one that cannot be kept is dropped."""
        try:
            await self._ledger.progress(job, epoch, fraction, note)
        except GarretError as error:
            _logger.debug("progress of %s was not kept: %s", job, error.message)

    def resume(self) -> None:
        """Try at once what is waiting: storage takes writes again."""
        for pause in self._pauses:
            if not pause.done():
                pause.set_result(None)

    def stop(self) -> None:
        """Try once more what is waiting, and give up on what is refused."""
        self._stopping = True
        self.resume()


def passes(error: StorageError) -> bool:
    """Whether the same write may succeed later by itself: the disk is full, busy or away, not damaged."""
    gone = (DiskFull, ReadOnly, InputOutput, QueueFull, Locked)
    return isinstance(error, gone) and error.details.get("mode") != "damaged"
