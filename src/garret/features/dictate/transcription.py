"""Transcribing an utterance whose sound is here: decode, recognise, clean, keep.

A file is decoded beside its spool and takes the spool's place only when it is whole, so that what is
kept for good is never half of a recording. Sound that a live dictation left in its spool is taken from
there: until it is kept as FLAC, it is nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from types import MappingProxyType
from typing import Any, Final

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.control.commands.service import Request
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.engines.registry import engine_info
from garret.features.dictate.finishing import Finisher, Words
from garret.features.dictate.kept_sound import open_sound
from garret.features.dictate.packing import Pack, Packing
from garret.features.dictate.recognition import SAMPLE_RATE, Recognition, Segment
from garret.protocol.life import Progress

_logger = log.get("dictate.transcription")

_TRIES: Final = 3
"""How often sound is looked through whose worker is lost: it may be the sound that kills it."""

Known = dict[tuple[int, int], c.Hypothesis]
"""What an earlier attempt has heard, by segment."""

Find = Callable[[int, Recognition], Awaitable[tuple[int, str]]]
"""Fills or reads a spool, begins its segments, and returns its samples and a note."""


class Transcription:
    """One run over one stored utterance."""

    def __init__(
        self,
        door: Door,
        finisher: Finisher,
        command: c.Transcribe,
        request: Request,
        row: store.Row,
        *,
        model: str = "",
        note: str = "",
        words: Words = MappingProxyType({}),
    ) -> None:
        """`model` is that of the engine, by its name in the home, where sound is to be heard.

        `note` is told with the text, as what befell the sound before it came here. Of the spoken commands in
        what was heard before, those of `words` stay words.
        """
        assert request.lease is not None, "transcribing is a job"
        self._door = door
        self._finisher = finisher
        self._command = command
        self._request = request
        self._row = row
        self._model = model
        self._run = request.lease.job
        self._note = note
        self._notes: tuple[c.Note, ...] = row.notes if command.start_from != "captured" else ()
        self._words = words
        self._stages: dict[str, float] = {}

    async def run(self) -> c.Dictated:
        """Do it. Raises GarretError; what was heard so far is kept for the next try."""
        heard_before = self._command.start_from != "captured"
        done = await (self._from_heard() if heard_before else self._from_sound())
        self._finisher.keep_audio_later(self._row.id, self._request.calls.after())
        return done

    async def _from_sound(self) -> c.Dictated:
        await self._work("captured")
        known = await self._door.store.read(
            lambda connection: store.heard(connection, self._row.id, self._run)
        )
        self._door.worker("stt").warm()
        if self._row.source != "file" and self._finisher.spool_path(self._row.id).exists():
            segments, samples, note = await self._hear_spool(known)
        else:
            segments, samples, note = await self._hear_file(known)
        await self._work("transcribed")
        return await self._finish(segments, samples, note)

    async def _hear_spool(self, known: Known) -> tuple[list[Segment], int, str]:
        """Hear what a live dictation captured."""
        path = self._finisher.spool_path(self._row.id)
        spool = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return await self._hear(self._rescue, spool, known)
        finally:
            os.close(spool)

    async def _hear_file(self, known: Known) -> tuple[list[Segment], int, str]:
        """Decode what is kept and hear it; the spool is then there to be kept as FLAC."""
        part = self._finisher.part_path(self._row.id, self._run)
        spool = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            heard = await self._hear(self._decode, spool, known)
            part.replace(self._finisher.spool_path(self._row.id))
            return heard
        finally:
            os.close(spool)
            part.unlink(missing_ok=True)

    async def _hear(self, find: Find, spool: int, known: Known) -> tuple[list[Segment], int, str]:
        """Hear what `find` finds, and find it once more where its worker was lost."""
        tried = 0
        while True:
            recognition = Recognition(
                self._door,
                self._request,
                self._row.id,
                self._run,
                spool,
                self._command,
                self._model,
                known,
                parallel=self._door.worker("stt").serving + 1,
            )
            began = time.monotonic()
            try:
                samples, note = await find(spool, recognition)
            except GarretError as error:
                await recognition.cancel()
                tried += 1
                if not error.details.get("worker_lost") or tried == _TRIES:
                    raise
                _logger.warning("the sound is looked through again: %s", error.message)
                continue
            except BaseException:
                await recognition.cancel()
                raise
            self._stages["decode"] = time.monotonic() - began
            try:
                await self._wait(recognition)
            except BaseException:
                await recognition.cancel()
                raise
            self._stages["recognise"] = time.monotonic() - began
            return recognition.segments, samples, note

    @property
    def _window(self) -> float:
        """Seconds that are recognised together; 0 where each segment is for itself, as a command is."""
        command = self._command
        if command.mode != "free" or command.commands or self._row.source != "file":
            return 0.0
        return engine_info(command.engine).window

    async def _rescue(self, spool: int, recognition: Recognition) -> tuple[int, str]:
        found = await self._request.calls.call(c.Rescue(), descriptors=(spool,), priority=1)
        packing = Packing(self._window)
        for segment in found.segments:
            _begin(recognition, packing.add(segment))
        _begin(recognition, packing.finish())
        return found.samples, ""

    async def _decode(self, spool: int, recognition: Recognition) -> tuple[int, str]:
        source = await open_sound(self._door, self._row)
        command = c.DecodeAudio(
            name=self._row.name or self._row.id,
            limit_seconds=self._finisher.longest_seconds(self._request),
            track=self._command.track,
        )
        try:
            call = self._request.calls.start(command, descriptors=(source, spool), priority=1)
        finally:
            os.close(source)
        packing = Packing(self._window)
        async with call:
            async for item in call.items():
                if not isinstance(item, Progress):
                    _begin(recognition, packing.add(item))
            _begin(recognition, packing.finish())
            info = await call.result()
        self._notes = info.notes
        return round(info.seconds * SAMPLE_RATE), " ".join(note.sentence for note in info.notes)

    async def _wait(self, recognition: Recognition) -> None:
        total = len(recognition.segments)
        waiting = asyncio.get_running_loop().create_task(recognition.wait())
        try:
            while not waiting.done():
                fraction = recognition.done / total if total else 1.0
                self._request.progress(fraction, f"{recognition.done} of {total} segments")
                await asyncio.wait({waiting}, timeout=0.5)
            await waiting
        finally:
            waiting.cancel()

    async def _from_heard(self) -> c.Dictated:
        """Clean again what was heard before; nothing is decoded."""
        utterance = self._row.id

        def look(connection: Any) -> tuple[str, Known]:
            last = store.last_run(connection, utterance)
            return last, store.heard(connection, utterance, last)

        run, heard = await self._door.store.read(look)
        if not heard:
            raise ControlError(
                f"What was heard of {self._row.id} is not kept; retry it from its sound.",
                code=Code.NOT_FOUND,
            )
        segments = [
            Segment(number, start, end, heard=hypothesis)
            for number, ((start, end), hypothesis) in enumerate(sorted(heard.items()))
        ]
        self._run = run
        note = " ".join(note.sentence for note in self._notes)
        return await self._finish(segments, round(self._row.audio_seconds * SAMPLE_RATE), note)

    async def _finish(self, segments: list[Segment], samples: int, note: str) -> c.Dictated:
        return await self._finisher.transcript(
            self._row,
            self._run,
            segments,
            self._command,
            samples,
            self._stages,
            note=f"{self._note} {note}".strip(),
            notes=self._notes,
            words=self._words,
            calls=self._request.calls,
        )

    async def _work(self, state: str) -> None:
        now, job = self._door.clock.wall(), self._run
        await self._door.store.writer.write(
            lambda connection: store.set_work(connection, self._row.id, state, now, job=job)
        )


def _begin(recognition: Recognition, packs: Iterable[Pack]) -> None:
    for pack in packs:
        recognition.begin(pack.start, pack.end, cut=pack.cut, speech=pack.speech)
