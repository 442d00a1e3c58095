"""Recognising the segments of one utterance, in parallel, surviving the death of workers.

What a segment turned out to be is durable before anybody is told; a run that is taken up again after
a crash skips what it has heard already. A worker that dies costs its segment another try, for as long
as the supervisor brings workers back.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.control.commands.inner import InnerCall
from garret.control.commands.service import Request
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.engines.cuts import CONTEXT_CHARACTERS, GIVEN_UP_SECONDS
from garret.protocol.life import Progress

_logger = log.get("dictate.recognition")
_TRIES: Final = 20
"""How often a segment is given to another worker; the supervisor's circuit opens long before."""

SAMPLE_RATE: Final = 16_000


@dataclass(eq=False, slots=True)
class Segment:
    """A stretch of speech; `end` is 0 while it is still being spoken, `upto` how far it is on disk.

    `pause` is where it ends if a silence that began lasts, 0 where there is none. `cut`: its end was no
    silence, and the next one goes on there; `after` is the one before, where that was so. A day has 20,000
    of them: what a segment needs only until it was heard is let go of then.
    """

    number: int
    start: int
    end: int = 0
    upto: int = 0
    pause: int = 0
    cut: bool = False
    speech: tuple[tuple[int, int], ...] = ()
    after: Segment | None = None
    heard: c.Hypothesis | None = None
    grown: asyncio.Event | None = None
    hearing: asyncio.Task[None] | None = None

    def advance(self, upto: int) -> None:
        """More of a segment that is being spoken is on disk."""
        self.upto = max(self.upto, upto)
        self._tell()

    def pause_at(self, end: int) -> None:
        """A silence began; if it lasts, the segment ends at sample `end`."""
        self.pause = end
        self._tell()

    def resume(self) -> None:
        """The silence did not last."""
        self.pause = 0
        self._tell()

    def finish(self, end: int, *, cut: bool = False) -> None:
        """The segment ends at sample `end`; with `cut` speech goes on there."""
        self.end = self.upto = end
        self.cut = cut
        self._tell()

    @property
    def available(self) -> c.Available:
        """What its recogniser is told: while a silence may be the end, nothing beyond that."""
        if self.end:
            return c.Available(upto=self.end, final=True, cut=self.cut)
        return c.Available(upto=self.pause or self.upto, maybe_final=self.pause > 0)

    @property
    def spoken_until(self) -> int:
        """The sample where the last word ends that was heard, but no more before the end than a cut costs."""
        if self.heard is None or not self.heard.words:
            return self.end
        last = round(self.heard.words[-1].end * SAMPLE_RATE)
        return min(max(last, self.end - round(GIVEN_UP_SECONDS * SAMPLE_RATE)), self.end)

    def _tell(self) -> None:
        if self.grown is not None:
            self.grown.set()

    def keep(self, heard: c.Hypothesis) -> None:
        """It was heard: the words are in the store, and a day of them does not belong into memory."""
        self.after = self.hearing = None
        self.speech = ()
        self.heard = msgspec.structs.replace(
            heard,
            words=heard.words[-1:] if self.cut else (),
            engine=sys.intern(heard.engine),
            quality=sys.intern(heard.quality),
        )


class Recognition:
    """All segments of one run over one spool."""

    def __init__(
        self,
        door: Door,
        request: Request,
        utterance: str,
        run: str,
        spool: int,
        command: c.Transcribe | c.Listen,
        model: str,
        known: dict[tuple[int, int], c.Hypothesis],
        parallel: int,
        on_heard: Callable[[Segment], None] = lambda _: None,
    ) -> None:
        self.segments: list[Segment] = []
        self.failed: GarretError | None = None
        self._door = door
        self._request = request
        self._utterance = utterance
        self._run = run
        self._spool = spool
        self._command = command
        self._known = known
        self._known_ends = {end: (start, end) for start, end in known}
        self._on_heard = on_heard
        # Chosen once, with the engine: what is set while an utterance is heard holds for the next.
        self._model = model
        self._places = asyncio.Semaphore(parallel)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self, start: int, end: int = 0, *, cut: bool = False, speech: tuple[tuple[int, int], ...] = ()
    ) -> Segment:
        """Start on a segment; without an `end`, it is told with `Segment.finish`.

        `speech` is where in it somebody speaks; without it, throughout.
        """
        segment = Segment(len(self.segments), start, end, upto=end, cut=cut, speech=speech)
        segment.after = self._cut_before(start)
        self.segments.append(segment)
        known = self._known.get((start, end)) if end else None
        if known is not None:
            segment.heard = known
        else:
            task = asyncio.get_running_loop().create_task(self._recognise(segment))
            segment.hearing = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return segment

    def _cut_before(self, start: int) -> Segment | None:
        """The segment that ends where another begins, if speech was cut there."""
        last = self.segments[-1] if self.segments else None
        if last is not None and last.cut and last.end == start:
            return last
        # Of what was heard before a restart it is not known whether it was cut. Where it was not, there is
        # silence alone between its last word and its end, which does no harm.
        known = self._known_ends.get(start)
        return None if known is None else Segment(-1, *known, heard=self._known[known])

    async def wait(self) -> list[Segment]:
        """Wait until every segment was heard. Raises the first failure; `cancel` gives the others up."""
        while self._tasks:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            if self.failed is not None:
                break
        if self.failed is not None:
            raise self.failed
        # What was found late, after a restart, was begun late.
        return sorted(self.segments, key=lambda segment: segment.start)

    async def cancel(self) -> None:
        """Give up what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def done(self) -> int:
        return sum(segment.heard is not None for segment in self.segments)

    async def _recognise(self, segment: Segment) -> None:
        try:
            if segment.after is not None and segment.after.hearing is not None:
                await asyncio.wait({segment.after.hearing})
            async with self._places:
                heard = await self._until_heard(segment)
            await self._door.store.writer.write(
                lambda connection: store.add_heard(
                    connection, self._utterance, self._run, segment.start, segment.end, heard
                )
            )
            segment.keep(heard)
            self._request.emit_nowait(
                c.DictationItem(
                    kind="final",
                    text=heard.text,
                    segment=segment.number,
                    start=segment.start / SAMPLE_RATE,
                    end=segment.end / SAMPLE_RATE,
                    quality=heard.quality,
                )
            )
            self._on_heard(segment)
        except GarretError as error:
            self.failed = self.failed or error
        except Exception as error:
            # Of a defect, too, the run ends as failed and says so: a text with a hole in it looks whole.
            _logger.exception("segment %d of %s", segment.number, self._utterance)
            self.failed = self.failed or ControlError(
                f"The speech from {segment.start / SAMPLE_RATE:.1f} s on could not be recognised "
                f"({type(error).__name__} inside Garret). The sound and what was heard of it are kept; "
                f"`garret history retry {self._utterance}` tries again."
            )

    async def _until_heard(self, segment: Segment) -> c.Hypothesis:
        tried = 0
        while True:
            try:
                return await self._hear(segment)
            except GarretError as error:
                tried += 1
                lost = bool(error.details.get("worker_lost")) and error.retryable
                if not lost or tried == _TRIES:
                    raise
                _logger.warning("segment %d is heard again: %s", segment.number, error.message)

    async def _hear(self, segment: Segment) -> c.Hypothesis:
        command, after = self._command, segment.after
        recognise = c.Recognize(
            start=segment.start if after is None else after.spoken_until,
            end=segment.end,
            cut=segment.cut,
            speech=segment.speech,
            before="" if after is None or after.heard is None else after.heard.text[-CONTEXT_CHARACTERS:],
            engine=command.engine,
            model=self._model,
            mode=command.mode,
            partials=command.partials,
        )
        lane = 0 if isinstance(command, c.Listen) else 1
        call = self._request.calls.start(recognise, descriptors=(self._spool,), priority=lane)
        async with call:
            feeding = None
            if not segment.end:
                feeding = asyncio.get_running_loop().create_task(self._feed(call, segment))
            try:
                async for item in call.items():
                    if not isinstance(item, Progress):
                        self._show(segment, item.text)
                return await call.result()
            finally:
                if feeding is not None:
                    feeding.cancel()

    async def _feed(self, call: InnerCall[c.Hypothesis], segment: Segment) -> None:
        """Tell a recogniser how far its segment has grown, the newest state only."""
        segment.grown = grown = asyncio.Event()
        told = c.Available(upto=segment.start)
        while True:
            grown.clear()
            available = segment.available
            if available != told and (available.final or available.upto > segment.start):
                told = available
                await call.send(available)
            if available.final:
                call.end_inputs()
                segment.grown = None
                return
            await grown.wait()

    def _show(self, segment: Segment, text: str) -> None:
        item = c.DictationItem(
            kind="partial", text=text, segment=segment.number, start=segment.start / SAMPLE_RATE
        )
        self._request.emit_nowait(item)
