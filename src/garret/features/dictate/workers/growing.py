"""A segment that is still being spoken: its samples go to a recognizer as they come, partial texts come back.

Neighbours: the `stt` worker, whose segments these are; `engines.contract` for recognizers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from garret.features.dictate import contracts as c
from garret.features.dictate.audio import spool
from garret.features.dictate.engines.contract import Recognizer
from garret.worker.call import Call

_PARTIAL_SECONDS: Final = 0.25
_BLOCK: Final = spool.SAMPLE_RATE // 2


class Hearing:
    """Gives a recognizer the samples as they become known, and the caller partial texts."""

    def __init__(self, recognizer: Recognizer, command: c.Recognize, call: Call) -> None:
        self._recognizer = recognizer
        self._call = call
        self._partials = command.partials
        self._position = command.start
        self._told, self._told_at = "", 0.0

    def take(self, available: c.Available) -> None:
        """Accept what is there beyond what was accepted. Raises as the recognizer, and SourceFailedError."""
        while self._position < available.upto:
            count = min(_BLOCK, available.upto - self._position)
            samples = spool.read(self._call.descriptors[0], self._position, count)
            if not len(samples):
                return
            self._recognizer.accept(samples)
            self._position += len(samples)
            # Once all is there, a partial text would only keep the whole one waiting.
            if not (available.final or available.maybe_final):
                self._show()

    def _show(self) -> None:
        now = time.monotonic()
        if not self._partials or now - self._told_at < _PARTIAL_SECONDS:
            return
        self._told_at = now
        partial = self._recognizer.partial()
        if partial != self._told and self._call.emit_nowait(c.Partial(text=partial)):
            self._told = partial


def arrivals(command: c.Recognize, call: Call) -> Iterator[tuple[c.Available, float]]:
    """How far the segment can be read now, until it is whole, and the seconds waited for each."""
    if command.end:
        yield c.Available(upto=command.end), 0.0  # partial texts are of use where nobody waits
        yield c.Available(upto=command.end, final=True, cut=command.cut), 0.0
        return
    inputs = call.inputs()
    while True:
        began = time.monotonic()
        item = next(inputs, None)
        if item is None:
            return
        yield item, time.monotonic() - began
        if item.final:
            return
