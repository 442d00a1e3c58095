"""Transcribing an utterance whose sound is in the store: decode, recognise, clean, keep."""

from __future__ import annotations

import asyncio
import os
import time

from garret.base.errors import Code
from garret.control.context import Context
from garret.control.errors import ControlError
from garret.control.service import Request
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.finishing import Finisher
from garret.features.dictate.recognition import SAMPLE_RATE, Recognition, Segment
from garret.protocol.life import Progress


class Transcription:
    """One run over one stored utterance."""

    def __init__(
        self, context: Context, finisher: Finisher, command: c.Transcribe, request: Request, row: store.Row
    ) -> None:
        assert request.lease is not None, "transcribing is a job"
        self._context = context
        self._finisher = finisher
        self._command = command
        self._request = request
        self._row = row
        self._run = request.lease.job
        self._stages: dict[str, float] = {}

    async def run(self) -> c.Dictated:
        """Do it. Raises GarretError; what was heard so far is kept for the next try."""
        if self._command.start_from != "captured":
            return await self._from_heard()
        await self._work("captured")
        path = self._finisher.spool_path(self._row.id)
        spool = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            segments, samples, note = await self._hear(spool)
        finally:
            os.close(spool)
        await self._work("transcribed")
        done = await self._finish(segments, samples, note)
        self._finisher.keep_audio_later(self._row.id)
        return done

    async def _hear(self, spool: int) -> tuple[list[Segment], int, str]:
        with self._context.store.readers.read() as connection:
            known = store.heard(connection, self._row.id, self._run)
        pool = self._context.plane.pools["stt"]
        recognition = Recognition(
            self._context,
            self._request,
            self._row.id,
            self._run,
            spool,
            self._command,
            known,
            parallel=pool.supervisor.serving + 1,
        )
        began = time.monotonic()
        try:
            info = await self._decode(spool, recognition)
            self._stages["decode"] = time.monotonic() - began
            await self._wait(recognition)
        except BaseException:
            await recognition.cancel()
            raise
        self._stages["recognise"] = time.monotonic() - began
        note = "The file breaks off; what could be read was transcribed." if info.truncated else ""
        return recognition.segments, round(info.seconds * SAMPLE_RATE), note

    async def _decode(self, spool: int, recognition: Recognition) -> c.AudioInfo:
        if self._row.audio is None:
            raise ControlError(
                f"The sound of {self._row.id} is not kept any more; its text is.", code=Code.NOT_FOUND
            )
        self._context.plane.pools["stt"].warm()
        source = self._context.store.blobs.open(self._row.audio)
        hours = float(self._context.setting("dictate.longest_hours"))
        command = c.DecodeAudio(name=self._row.name or self._row.id, limit_seconds=hours * 3600)
        try:
            call = self._context.calls.start(
                command, descriptors=(source, spool), trace=self._request.trace, priority=1
            )
        finally:
            os.close(source)
        async with call:
            async for item in call.items():
                if not isinstance(item, Progress):
                    recognition.begin(item.start, item.end)
            return await call.result()

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
        with self._context.store.readers.read() as connection:
            run = store.last_run(connection, self._row.id)
            heard = store.heard(connection, self._row.id, run)
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
        return await self._finish(segments, round(self._row.audio_seconds * SAMPLE_RATE), "")

    async def _finish(self, segments: list[Segment], samples: int, note: str) -> c.Dictated:
        return await self._finisher.transcript(
            self._row,
            self._run,
            segments,
            self._command,
            samples,
            self._stages,
            note=note,
            trace=self._request.trace,
        )

    async def _work(self, state: str) -> None:
        now, job = self._context.clock.wall(), self._run
        await self._context.store.writer.write(
            lambda connection: store.set_work(connection, self._row.id, state, now, job=job)
        )
