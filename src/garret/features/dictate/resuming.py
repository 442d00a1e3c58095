"""A live dictation that goes on after the control plane was started anew.

What was captured before is in the spool, and what was heard of it in the store. The end of the spool is
listened to again together with what comes now; whatever of the rest was found but not heard in time is
found here, beside the listening. Neighbours: `listening` goes on, `service` decides that it may.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from garret.base import log
from garret.base.errors import GarretError
from garret.control.commands.service import Request
from garret.control.door import Door
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.recognition import SAMPLE_RATE, Recognition

_logger = log.get("dictate.resuming")
_AGAIN_LIMIT: Final = 30 * SAMPLE_RATE
"""Samples at the end of a spool that are listened to again at most; finding speech in them takes 0.7 s."""
_SHORTEST: Final = SAMPLE_RATE // 4
"""Samples; what lies between two segments and is shorter than any speech is their padding."""
_TRIES: Final = 5


class Resumption:
    """What an earlier attempt at one dictation left behind. Made before anything is added to the spool."""

    def __init__(
        self,
        door: Door,
        request: Request,
        known: dict[tuple[int, int], c.Hypothesis],
        spool: int,
        *,
        paused: bool = False,
    ) -> None:
        """What was `paused` had ended where it ended: all of it is found, and nothing listened to again."""
        self.known = known
        state = os.fstat(spool)
        self.samples = state.st_size // 2
        self.silent_seconds = max(0.0, door.clock.wall() - state.st_mtime)
        """How long nothing was captured; what a clock that jumped makes of it."""
        heard = max((end for _, end in self.known if end <= self.samples), default=0)
        self.border = self.samples if paused else max(heard, self.samples - _AGAIN_LIMIT, 0)
        """From here on the spool is listened to again; speech before it is found by `find`."""
        self._door = door
        self._request = request
        self._spool = spool

    @classmethod
    async def look(
        cls, door: Door, request: Request, utterance: str, run: str, spool: int, *, paused: bool
    ) -> Resumption:
        """Look at the spool and at what was heard of it. Raises StorageError."""
        known = await door.store.read(lambda connection: store.heard(connection, utterance, run))
        return cls(door, request, known, spool, paused=paused)

    async def find(self, recognition: Recognition) -> None:
        """Begin what was heard before, and what else was said before the border. Raises GarretError."""
        for start, end in self.known:
            recognition.begin(start, end)
        if not self.border:
            return
        found = await self._rescued()
        said = [(segment.start, segment.end) for segment in found.segments]
        for start, end in uncovered(said, self.known):
            recognition.begin(start, end)

    async def _rescued(self) -> c.Rescued:
        tried = 0
        while True:
            try:
                return await self._request.calls.call(
                    c.Rescue(upto=self.border), descriptors=(self._spool,), priority=1
                )
            except GarretError as error:
                tried += 1
                if not error.details.get("worker_lost") or tried == _TRIES:
                    raise
                _logger.warning("what was said before is looked for again: %s", error.message)


def uncovered(said: Iterable[tuple[int, int]], heard: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of the stretches `said` that lie in none of `heard`; samples, both sorted by their start.

    Where a worker was lost, stretches were cut elsewhere than one pass over the whole would cut them.
    """
    left: list[tuple[int, int]] = []
    known = list(heard)
    first = 0
    for begin, end in said:
        while first < len(known) and known[first][1] <= begin:
            first += 1
        place, following = begin, first
        while following < len(known) and known[following][0] < end:
            known_start, known_end = known[following]
            if known_start - place >= _SHORTEST:
                left.append((place, known_start))
            place = max(place, known_end)
            following += 1
        if end - place >= _SHORTEST:
            left.append((place, end))
    return left
