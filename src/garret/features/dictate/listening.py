"""Dictating live: sound is captured, each stretch of speech is recognised while it is spoken.

Everything captured is in the spool before anything else happens to it. When the audio worker dies, a
new one goes on at the end of the spool: it hears the last of it again, so that no word on the border is
missed, and what a client had pushed beyond it is sent again. When the control plane died, it goes on with
whoever comes back and says so beforehand (`Listen.resumes`); `resuming` sees to what was captured before.
Otherwise `transcription` takes the spool that is there; nobody is listened to who is not there.

Paused, capturing ends as it does at the end, so that a microphone is closed, and begins anew at the end of
the spool when it goes on. That it is paused outlives the control plane: nobody expects to be heard then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import Final

from garret.base import log
from garret.base.errors import GarretError
from garret.control.commands.inner import InnerCall
from garret.control.commands.service import Request
from garret.control.door import Door
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.finishing import Finisher
from garret.features.dictate.live_commands import LiveCommands
from garret.features.dictate.pushed import SAMPLE_BYTES, PushedSound, append
from garret.features.dictate.recognition import SAMPLE_RATE, Recognition, Segment
from garret.features.dictate.resuming import Resumption
from garret.protocol.life import Progress

_logger = log.get("dictate.listening")
_LOOK_SECONDS: Final = 0.02
"""How often it is looked whether a worker is there, while none is."""
_AGAIN: Final = 2 * SAMPLE_RATE
"""Samples heard again after an audio worker was lost. Speech is told 0.1 s after it began, pre-roll is
0.3 s, and what was told last may have been lost on its way; finding speech in it takes some 50 ms."""
_BRIDGE_LIMIT: Final = 30 * SAMPLE_RATE
"""Samples put into the spool without a worker, who then has to look through all of them at once."""
_LONGEST_OPEN: Final = 30 * SAMPLE_RATE
"""Samples; a segment is not continued beyond it by a worker that knows only its end."""
_KEPT_STEP: Final = SAMPLE_RATE // 2
"""Samples after which a client that holds its sound is told again how much of it is kept."""


class Listening:
    """One live dictation."""

    def __init__(
        self,
        door: Door,
        finisher: Finisher,
        command: c.Listen,
        request: Request,
        row: store.Row,
        model: str,
    ) -> None:
        """`model` is that of the command's engine, by its name in the home."""
        assert request.lease is not None, "listening is a job"
        self._door = door
        self._finisher = finisher
        self._command = command
        self._request = request
        self._row = row
        self._model = model
        self._run = request.lease.job
        self._pushed = PushedSound()
        self._ended = False
        self._stopped = False
        self._interrupted = False
        """Capturing is to end now, and to begin again once it goes on."""
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._base = 0
        self._again = 0
        self._durable = 0
        self._segment_end = 0
        self._open: Segment | None = None
        self._problem = self._gap = ""
        self._over = asyncio.Event()
        self._before: Resumption | None = None
        self._told_kept = 0
        self._segments: list[Segment] = []
        self._commands = LiveCommands(finisher, request, command.engine, lambda: self._segments, self.stop)

    @property
    def row(self) -> store.Row:
        """The utterance as it was when the listening began."""
        return self._row

    @property
    def paused(self) -> bool:
        """Whether nothing is kept of what sounds now."""
        return not self._unpaused.is_set()

    @property
    def pausable(self) -> bool:
        """Whether it can be paused from here: whoever holds pushed sound back counts every sample of it."""
        return not (self._command.resumes and self._command.source == "push")

    def stop(self) -> None:
        """End the listening; what was captured until now is transcribed."""
        self._stopped = self._ended = True
        self._unpaused.set()
        self._news.set()

    async def pause(self) -> None:
        """Keep nothing of what sounds from now on, until `go_on`. Idempotent. Raises StorageError."""
        if self.paused or self._stopped:
            return
        self._interrupted = True
        self._unpaused.clear()
        self._news.set()
        self._request.emit_nowait(c.DictationItem(kind="state", text="paused"))
        await self._note("paused")

    async def go_on(self) -> None:
        """Listen again, in the same utterance. Idempotent. Raises StorageError."""
        if self.paused:
            await self._note("capturing")
            self._unpaused.set()

    async def _note(self, state: str) -> None:
        """Keep whether it is paused, for whoever goes on with it after a restart."""
        now = self._door.clock.wall()
        await self._door.store.writer.write(
            lambda connection: store.set_work(connection, self._row.id, state, now)
        )

    async def run(self) -> c.Dictated:
        """Listen until the end. Raises GarretError; what was captured is in the spool."""
        path = self._finisher.spool_path(self._row.id)
        spool = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        began = time.monotonic()
        try:
            await self._resume(spool)
            recognition = self._recognition(spool)
            try:
                listening = asyncio.get_running_loop().create_task(self._listen(spool, recognition))
                finding = asyncio.get_running_loop().create_task(self._find_before(recognition))
                try:
                    await self._until_over(listening)
                    await finding
                    # The disk is waited for while the engine works, not before.
                    done, _, _ = await asyncio.gather(
                        self._text(spool, recognition, began), self._work("captured"), listening
                    )
                finally:
                    listening.cancel()
                    finding.cancel()
            except BaseException:
                await recognition.cancel()
                raise
        finally:
            os.close(spool)
        self._finisher.keep_audio_later(self._row.id, self._request.calls.after())
        return done

    async def _resume(self, spool: int) -> None:
        """Go on where an earlier attempt was cut off, and tell a client that holds its sound from where."""
        samples = os.fstat(spool).st_size // SAMPLE_BYTES
        if samples:
            paused = self._row.work_state == "paused"
            before = await Resumption.look(
                self._door, self._request, self._row.id, self._run, spool, paused=paused
            )
            self._before, self._segment_end = before, before.border
            self._pushed = PushedSound(samples)
            if self._command.source == "microphone" and not paused:
                missing = f"about {before.silent_seconds:.0f} s"
                self._gap = f"Garret was restarted: {missing} were not recorded."
        self._tell_kept(samples)

    def _tell_kept(self, samples: int) -> None:
        if self._command.resumes:
            self._told_kept = samples
            self._request.emit_nowait(c.DictationItem(kind="kept", kept=samples))

    async def _find_before(self, recognition: Recognition) -> None:
        if self._before is not None:
            await self._before.find(recognition)

    async def _until_over(self, listening: asyncio.Task[None]) -> None:
        """Wait until nothing more will be captured. Raises what kept the listening from going on."""
        over = asyncio.get_running_loop().create_task(self._over.wait())
        try:
            await asyncio.wait({listening, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if listening.done():
            listening.result()

    async def _text(self, spool: int, recognition: Recognition, began: float) -> c.Dictated:
        ended = time.monotonic()
        segments = await recognition.wait()
        stages = {"listen": ended - began, "recognise": time.monotonic() - ended}
        return await self._finisher.transcript(
            self._row,
            self._run,
            segments,
            self._command,
            os.fstat(spool).st_size // SAMPLE_BYTES,
            stages,
            note=f"{self._gap} {self._problem}".strip(),
            words=self._commands.words_of([each for each in segments if each.heard is not None]),
            calls=self._request.calls,
        )

    def _recognition(self, spool: int) -> Recognition:
        recognition = Recognition(
            self._door,
            self._request,
            self._row.id,
            self._run,
            spool,
            self._command,
            self._model,
            {} if self._before is None else self._before.known,
            parallel=self._door.worker("stt").serving + 1,
            on_heard=self._heard,
        )
        self._segments = recognition.segments
        return recognition

    async def _listen(self, spool: int, recognition: Recognition) -> None:
        self._door.worker("stt").warm()
        self._door.publish(
            c.Started(utterance=self._row.id, source=self._command.source),
            scope=self._row.profile,
            workspace=self._row.workspace,
        )
        feeding = asyncio.get_running_loop().create_task(self._feed())
        try:
            if self._row.work_state == "paused":
                self._unpaused.clear()
                self._request.emit_nowait(c.DictationItem(kind="state", text="paused"))
                await self._wait_paused(spool)
            goes_on = not self._stopped
            if goes_on:
                await self._bridge(spool, None if self._before is None else self._before.border)
            while goes_on and await self._capture_once(spool, recognition):
                self._cut_segment(os.fstat(spool).st_size // SAMPLE_BYTES)
                await self._wait_paused(spool)
                goes_on = not self._stopped
                if goes_on:
                    await self._bridge(spool)
        finally:
            feeding.cancel()
        self._close_segment(os.fstat(spool).st_size // SAMPLE_BYTES)

    async def _wait_paused(self, spool: int) -> None:
        """Capturing has ended: until it is to go on nothing is open, and that is told."""
        if not self._interrupted and not self.paused:
            return  # a worker was lost
        self._interrupted = False
        size = os.fstat(spool).st_size // SAMPLE_BYTES
        self._close_segment(size)
        self._segment_end = size  # what was captured was searched to its end
        self._tell_paused(True)
        await self._unpaused.wait()
        if not self._stopped:
            self._door.worker("stt").warm()
            self._tell_paused(False)

    def _tell_paused(self, paused: bool) -> None:
        told = c.PauseChanged(utterance=self._row.id, paused=paused)
        self._door.publish(told, scope=self._row.profile, workspace=self._row.workspace)

    async def _bridge(self, spool: int, heard: int | None = None) -> None:
        """Until a worker is there to take it, pushed sound is put into the spool here.

        It would otherwise be in this process's memory alone for as long as a worker takes to start.
        Speech was searched for up to sample `heard`, or in all that is there.
        """
        size = before = os.fstat(spool).st_size // SAMPLE_BYTES
        heard = before if heard is None else heard
        if self._command.source == "push":
            pool = self._door.worker("audio")
            pool.warm()
            while pool.available and not pool.ready:
                if size - before < _BRIDGE_LIMIT:
                    size = self._keep_pushed(spool, size)
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), _LOOK_SECONDS)
            if size - before < _BRIDGE_LIMIT:
                size = self._keep_pushed(spool, size)
        self._again = size - max(self._segment_end, heard - _AGAIN, 0)
        self._base = size - self._again
        self._durable = size

    def _keep_pushed(self, spool: int, size: int) -> int:
        size = append(spool, self._pushed, size)
        self._pushed.forget(size)
        self._room.set()
        return size

    def _cut_segment(self, size: int) -> None:
        """A segment that has grown long ends where its worker was lost."""
        if self._open is not None and size - self._open.start > _LONGEST_OPEN:
            self._close_segment(size)

    def _close_segment(self, end: int, *, cut: bool = False) -> None:
        """End the segment that is open, where one is: nobody will tell its end any more."""
        if self._open is not None:
            self._segment_end = max(end, self._open.start + 1)
            self._open.finish(self._segment_end, cut=cut)
            self._open = None

    async def _capture_once(self, spool: int, recognition: Recognition) -> bool:
        """Capture until it ends; True when it has to be started again."""
        command = self._capture_command()
        call = self._request.calls.start(command, descriptors=(spool,))
        async with call:
            pumping = asyncio.get_running_loop().create_task(self._pump(call))
            try:
                async for item in call.items():
                    if not isinstance(item, Progress):
                        self._take(item, recognition)
                captured = await call.result()
            except GarretError as error:
                if error.details.get("worker_lost") and error.retryable:
                    _logger.warning("capturing goes on with a new worker: %s", error.message)
                    return not (self._stopped or self._over.is_set())
                if not self._durable:
                    raise
                self._problem = error.message
                return False
            finally:
                pumping.cancel()
        self._problem = self._problem or captured.problem
        return self._interrupted and not (self._stopped or captured.problem)

    def _capture_command(self) -> c.Capture | c.Record:
        if self._command.source == "push":
            return c.Capture(again=self._again)
        device = self._command.device or str(self._door.setting("dictate.device"))
        return c.Record(device=device, again=self._again)

    # ---- sound in

    async def _feed(self) -> None:
        """Take pushed audio in, as far as there is room for what is not on disk yet."""
        async for chunk in self._request.inputs():
            if chunk.as_words:
                self._door.spawn(self._commands.restore_last())
                continue
            if self.paused:
                continue
            self._pushed.add(chunk.data)
            self._news.set()
            while self._pushed.full:
                self._room.clear()
                await self._room.wait()
        self._ended = True
        self._news.set()

    async def _pump(self, call: InnerCall[c.Captured]) -> None:
        """Send an audio worker everything beyond what is in the spool, then that it is all."""
        sent = self._durable
        while not self._stopped:
            self._news.clear()
            for upto, data in self._pushed.beyond(sent):
                try:
                    await call.send(c.AudioChunk(data=data))
                except GarretError:
                    return  # the capture has ended, and says why
                sent = upto
            if (self._ended or self._interrupted) and sent >= self._pushed.samples:
                break
            await self._news.wait()
        call.end_inputs()

    # ---- what capturing tells

    def _take(self, item: c.CaptureItem, recognition: Recognition) -> None:
        if item.durable:
            self._durable = max(self._durable, self._base + item.durable)
            if self._durable - self._told_kept >= _KEPT_STEP:
                self._tell_kept(self._durable)
            self._pushed.forget(self._durable)
            self._room.set()
            self._keep_limit()
        if item.kind in ("state", "speech_end"):
            self._have_one_stand_by()
        if item.kind in ("level", "state"):
            self._tell(item)
        else:
            self._take_speech(item, recognition)
        if self._open is not None:
            self._open.advance(self._durable)

    def _take_speech(self, item: c.CaptureItem, recognition: Recognition) -> None:
        if item.kind == "speech_start":
            self._begin(item.start, recognition)
        elif item.kind == "speech_end":
            self._begin(item.start, recognition)
            self._close_segment(self._base + item.end, cut=item.cut)
            if item.cut:
                # At once: what the first gives up at the cut is heard by the second, whatever comes.
                self._begin(item.end, recognition)
        elif self._open is not None and item.kind == "speech_pause":
            self._open.pause_at(self._base + item.end)
        elif self._open is not None and item.kind == "speech_resume":
            self._open.resume()

    def _tell(self, item: c.CaptureItem) -> None:
        if item.state == "ended":
            if self._interrupted and not (self._stopped or item.problem):
                return  # it goes on
            self._problem = self._problem or item.problem
            self._over.set()
            return
        if item.kind == "level":
            self._request.emit_nowait(c.DictationItem(kind="level", level=item.level))
        else:
            self._request.emit_nowait(c.DictationItem(kind="state", text=item.state))

    def _have_one_stand_by(self) -> None:
        """Another worker for the microphone: what sounds while nobody listens cannot be asked for again,
        and starting one takes many times the tenth of a second that may be lost."""
        if self._command.source == "microphone":
            self._door.worker("microphone").warm(2)

    def _begin(self, start: int, recognition: Recognition) -> None:
        """Speech began; a segment that is open already goes on: it is from before a worker was lost, which
        may have told of a pause."""
        if self._open is None:
            self._open = recognition.begin(max(self._base + start, self._segment_end))
        elif self._open.pause:
            self._open.resume()

    def _keep_limit(self) -> None:
        limit = self._finisher.longest_seconds(self._request)
        if self._durable > limit * SAMPLE_RATE and not self._stopped:
            self._problem = f"The dictation was ended at the limit of {limit / 3600:.2g} h."
            self.stop()

    def _heard(self, segment: Segment) -> None:
        heard = segment.heard
        looked_for = self._command.commands and self._command.mode == "free"
        if looked_for and heard is not None and (heard.grammar or heard.breaks):
            self._door.spawn(self._commands.look(segment))

    async def _work(self, state: str) -> None:
        now, job = self._door.clock.wall(), self._run
        await self._door.store.writer.write(
            lambda connection: store.set_work(connection, self._row.id, state, now, job=job)
        )
