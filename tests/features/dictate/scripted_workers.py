"""What lies beyond the processes of the dictation room, scripted: its workers and their pools.

`Workers` answers what the room asks of its workers, in the test's own process: sound is bytes of the spool,
and what was "heard" is told by the samples, so that a test can see what became of which. Neighbour: `rooms`.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, Final

import msgspec

from garret.base.errors import Code, GarretError
from garret.control.commands.service import Request, Services
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate.manifest import ROOM
from garret.features.dictate.workers.rendering import rendered
from garret.protocol.contract import Command, Nothing
from garret.protocol.manifest import WorkerSpec
from garret.transport import bulk

STEP: Final = 16_000
"""Samples of each segment that the audio worker finds in a file or spool."""


def sound(*words: int) -> bytes:
    """A second of samples for each number; it is heard as `wordNUMBER`, 0 is silence."""
    return b"".join(number.to_bytes(2, "little") * STEP for number in words)


def lost() -> GarretError:
    """What a command is answered with whose worker died."""
    return ControlError("The worker is gone.", code=Code.UNAVAILABLE, details={"worker_lost": True})


BROKEN: Final = c.Note(
    kind="truncated", sentence="The file breaks off; what could be read was transcribed.", start=1.0, end=1.0
)


class Script:
    """What the workers do: `fail` holds errors for the next commands of a kind, `hold` gates by kind."""

    def __init__(self) -> None:
        self.asked: list[Command[Any]] = []
        self.warmed: list[str] = []
        self.heard: list[c.HeardText] = []
        """What was to be cleaned, each time."""
        self.fail: dict[type[Command[Any]], deque[GarretError]] = {}
        self.hold: dict[type[Command[Any]], asyncio.Event] = {}
        self.available = True
        self.ready = True
        self.dies_at: list[int] = []
        """Samples of a spool at which the worker that captures it dies, one after another."""
        self.gives_up_at: list[tuple[int, str]] = []
        """Samples of a spool at which a capture ends by itself, and why."""
        self.at_once = 0
        self.most_at_once = 0
        self.lanes: list[int] = []
        """The priority of each recognition, in the order they were asked for."""
        self.truncated = False
        self.cuts = False
        """Whether seconds that follow each other are told as cut, each heard up to half a second before."""
        self.commands: tuple[c.Taken, ...] = ()
        """What every segment holds, where commands are carried out."""
        self.cancelled = False
        self.refused = ""
        self.grammar = ""
        self.engines: tuple[c.EngineStatus, ...] = (
            c.EngineStatus(name="pocketsphinx", quality="draft", available=True),
            c.EngineStatus(name="whisper", quality="high", available=False, reason="It is not installed."),
        )
        self.devices: tuple[c.Device, ...] = ()

    def count(self, kind: type[Command[Any]]) -> int:
        return sum(isinstance(command, kind) for command in self.asked)

    def failing(self, kind: type[Command[Any]], *errors: GarretError) -> None:
        self.fail[kind] = deque(errors)

    async def begin(self, command: Command[Any]) -> None:
        """Note a command, wait where it is held, and fail where it is to fail."""
        self.asked.append(command)
        if gate := self.hold.get(type(command)):
            await gate.wait()
        if errors := self.fail.get(type(command)):
            raise errors.popleft()


class ScriptedPool:
    """Stands where the pool of one kind of worker would be."""

    def __init__(self, spec: WorkerSpec, script: Script) -> None:
        self.spec = spec
        self.blocked = ""
        self._script = script

    @property
    def serving(self) -> int:
        return 2

    @property
    def available(self) -> bool:
        return self._script.available

    @property
    def supervisor(self) -> Any:
        return SimpleNamespace(serving=self.serving, available=self.available)

    @property
    def ready(self) -> bool:
        return self._script.ready

    def warm(self, processes: int = 1) -> None:
        self._script.warmed.append(f"{self.spec.name} {processes}")

    def start(self) -> None:
        return

    def replace(self) -> None:
        return

    async def replaced(self) -> None:
        return

    async def stop(self) -> None:
        return


class Workers:
    """All workers of the room; made with the control plane, as a service is."""

    script: ClassVar[Script] = Script()
    handlers: Mapping[type[Command[Any]], Any] = {}

    def __init__(self, door: Door) -> None:
        self._door = door

    async def start(self) -> None:
        plane = self._door._plane
        of = {
            "audio": {
                c.DecodeAudio: self._decode,
                c.Capture: self._capture,
                c.Rescue: self._rescue,
                c.EncodeAudio: self._encode,
            },
            "microphone": {c.Record: self._capture, c.ListDevices: self._devices},
            "stt": {c.Recognize: self._recognise, c.ListEngines: self._engines},
            "text": {c.Clean: self._clean, c.Render: self._render},
        }
        # The room declares its workers as always; only the house that starts processes knows of none.
        plane.rooms = tuple(ROOM if room.name == ROOM.name else room for room in plane.rooms)
        for spec in ROOM.workers:
            place: Any = ScriptedPool(spec, self.script)
            plane.workers.pools[spec.name] = place
            worker: Any = SimpleNamespace(handlers=of[spec.name])
            services = Services(plane.broker, plane.store.writer.write)
            services.add(worker, spec.name)
            plane.broker.attach(spec.name, services)

    async def stop(self) -> None:
        return

    # ---- sound

    async def _decode(self, command: c.DecodeAudio, request: Request) -> c.AudioInfo:
        source, spool = request.descriptors
        data = os.pread(source, 1 << 24, 0)
        if data[:4] not in (b"RIFF", b"fLaC"):
            raise ControlError(f"{command.name} is no audio.", code=Code.INVALID)
        os.pwrite(spool, data[4:], 0)
        found = _speech(data[4:])
        starts = {segment.start for segment in found}
        for segment in found:
            cut = self.script.cuts and segment.end in starts
            await request.emit(c.SpeechSegment(start=segment.start, end=segment.end, cut=cut))
        await self.script.begin(command)
        return c.AudioInfo(
            container="wav",
            codec="pcm",
            sample_rate=16_000,
            channels=1,
            seconds=len(data[4:]) / 2 / 16_000,
            truncated=self.script.truncated,
            notes=(BROKEN,) if self.script.truncated else (),
        )

    async def _capture(self, command: Any, request: Request) -> c.Captured:
        """Write what is pushed; a microphone hears word 7 for a second. Each second is a segment."""
        (spool,) = request.descriptors
        size = os.fstat(spool).st_size
        base, told = size // 2 - command.again, size // 2 - command.again
        problem = ""
        await self.script.begin(command)
        await request.emit(c.CaptureItem(kind="state", state="listening"))
        if isinstance(command, c.Record):
            os.pwrite(spool, sound(7), size)
            size += len(sound(7))
        async for chunk in request.inputs():
            os.pwrite(spool, chunk.data, size)
            size += len(chunk.data)
            await request.emit(c.CaptureItem(kind="durable", durable=size // 2 - base))
            if self.script.dies_at and size // 2 >= self.script.dies_at[0]:
                self.script.dies_at.pop(0)
                raise lost()
            if self.script.gives_up_at and size // 2 >= self.script.gives_up_at[0][0]:
                problem = self.script.gives_up_at.pop(0)[1]
                break
            if size // 2 > told:
                await request.emit(c.CaptureItem(kind="speech_start", start=told - base))
            if size // 2 > told:
                # As a silence would be that does not last.
                await request.emit(c.CaptureItem(kind="speech_pause", end=told - base + 1))
                await request.emit(c.CaptureItem(kind="speech_resume"))
            while size // 2 - told >= STEP:
                item = c.CaptureItem(kind="speech_end", start=told - base, end=told - base + STEP)
                told += STEP
                await request.emit(item)
        await request.emit(c.CaptureItem(kind="durable", durable=size // 2 - base))
        if size // 2 > told:
            await request.emit(c.CaptureItem(kind="speech_end", start=told - base, end=size // 2 - base))
        await request.emit(c.CaptureItem(kind="level", level=-20.0))
        await request.emit(c.CaptureItem(kind="state", state="ended", problem=problem))
        return c.Captured(samples=size // 2, problem=problem)

    async def _rescue(self, command: c.Rescue, request: Request) -> c.Rescued:
        await self.script.begin(command)
        data = os.pread(request.descriptors[0], 1 << 24, 0)
        end = command.upto * 2 or len(data)
        return c.Rescued(samples=len(data) // 2, segments=tuple(_speech(data[:end])))

    async def _encode(self, command: c.EncodeAudio, request: Request) -> c.Encoded:
        await self.script.begin(command)
        spool, target = request.descriptors
        data = os.pread(spool, 1 << 24, 0)
        os.pwrite(target, b"fLaC" + data, 0)
        return c.Encoded(bytes=len(data) + 4)

    async def _devices(self, command: c.ListDevices, request: Request) -> c.Devices:
        del request
        await self.script.begin(command)
        return c.Devices(devices=self.script.devices)

    # ---- text

    async def _engines(self, command: c.ListEngines, request: Request) -> c.Engines:
        del request
        await self.script.begin(command)
        return c.Engines(engines=self.script.engines)

    async def _recognise(self, command: c.Recognize, request: Request) -> c.Hypothesis:
        self.script.lanes.append(request._pending.priority)
        self.script.at_once += 1
        self.script.most_at_once = max(self.script.most_at_once, self.script.at_once)
        try:
            return await self._hear(command, request)
        finally:
            self.script.at_once -= 1

    async def _hear(self, command: c.Recognize, request: Request) -> c.Hypothesis:
        await self.script.begin(command)
        end = command.end
        if not end:
            await request.emit(c.Partial(text="wor"))
            async for grown in request.inputs():
                end = grown.upto
        first = os.pread(request.descriptors[0], 2, command.start * 2)
        text = f"word{int.from_bytes(first, 'little')}"
        start, stop = command.start / 16_000, end / 16_000 - command.cut / 2
        return c.Hypothesis(
            text=text,
            words=(c.RecognisedWord(start=start, end=stop, word=text, confidence=0.5),),
            engine=command.engine or "pocketsphinx",
            quality="draft",
            decode_seconds=0.25,
            grammar=self.script.grammar,
        )

    def _segment(self, heard: c.RawSegment, commands: bool) -> c.CleanedSegment:
        text = heard.text.capitalize()
        taken = tuple(
            msgspec.structs.replace(each, restored=each.restored or each.first in heard.words)
            for each in (self.script.commands if commands else ())
        )
        capitals = any(each.did == "all_caps" and not each.restored for each in taken)
        gone = tuple((each.first, each.count) for each in taken if not each.restored)
        return c.CleanedSegment(text=text, commands=taken, gone=gone, capitals=capitals)

    async def _clean(self, command: c.Clean, request: Request) -> Nothing:
        heard = bulk.unpack(os.dup(request.descriptors[0]), c.HeardText)
        self.script.heard.append(heard)
        await self.script.begin(command)
        texts = tuple(each.text.capitalize() for each in heard.segments)
        cleaned = c.CleanedText(
            text=". ".join(texts),
            segments=tuple(self._segment(each, command.commands) for each in heard.segments),
            cancelled=self.script.cancelled,
            refused=self.script.refused,
        )
        request.result_descriptors = (bulk.pack(cleaned),)
        return Nothing()

    async def _render(self, command: c.Render, request: Request) -> Nothing:
        documents = bulk.unpack(os.dup(request.descriptors[0]), c.Documents).documents
        await self.script.begin(command)
        texts = tuple(rendered(each, command.form, raw=command.raw) for each in documents)
        request.result_descriptors = (bulk.pack(c.Rendered(texts=texts)),)
        return Nothing()


def _speech(data: bytes) -> list[c.SpeechSegment]:
    """Every second of `data` that is not silent."""
    return [
        c.SpeechSegment(start=start, end=start + STEP)
        for start in range(0, len(data) // 2, STEP)
        if data[start * 2 : start * 2 + 2] != b"\0\0"
    ]
