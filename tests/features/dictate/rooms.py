"""The dictation room in a real control plane on real storage, with scripted workers beyond its processes.

`Workers` answers what the room asks of its workers, in the test's own process: sound is bytes of the spool,
and what was "heard" is told by the samples, so that a test can see what became of which. Neighbours:
`tests.control.planes`, whose planes and clients these are.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, ClassVar, Final

import msgspec

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.control.context import Context
from garret.control.errors import ControlError
from garret.control.foundation import open_store
from garret.control.plane import ControlPlane
from garret.control.secrets import DEVICE_KEY, SecretStore
from garret.control.service import Request, Services
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.manifest import ROOM
from garret.features.dictate.service import DictationService
from garret.features.house import contracts as h
from garret.protocol.contract import Command
from garret.protocol.manifest import Room, WorkerSpec
from garret.storage import ledger_types as ledger
from garret.storage.objects import KeySigner
from tests.control.planes import Client, plane_of, until

STEP: Final = 16_000
"""Samples of each segment that the audio worker finds in a file or spool."""

SCRIPTED: Final = Room(
    name="scripted", summary="Workers of tests.", service="tests.features.dictate.rooms:Workers"
)
ROOMS: Final = (SCRIPTED, msgspec.structs.replace(ROOM, workers=()))


def sound(*words: int) -> bytes:
    """A second of samples for each number; it is heard as `wordNUMBER`, 0 is silence."""
    return b"".join(number.to_bytes(2, "little") * STEP for number in words)


def lost() -> GarretError:
    """What a command is answered with whose worker died."""
    return ControlError("The worker is gone.", code=Code.UNAVAILABLE, details={"worker_lost": True})


class Script:
    """What the workers do: `fail` holds errors for the next commands of a kind, `hold` gates by kind."""

    def __init__(self) -> None:
        self.asked: list[Command[Any]] = []
        self.warmed: list[str] = []
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
        self.truncated = False
        self.commands: tuple[str, ...] = ()
        self.cancelled = False
        self.refused = ""
        self.grammar = ""

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
    def supervisor(self) -> Any:
        return SimpleNamespace(serving=2, available=self._script.available)

    @property
    def ready(self) -> bool:
        return self._script.ready

    def warm(self, processes: int = 1) -> None:
        self._script.warmed.append(f"{self.spec.name} {processes}")

    def start(self) -> None:
        return

    def replace(self) -> None:
        return

    async def stop(self) -> None:
        return


class Workers:
    """All workers of the room; made with the control plane, as a service is."""

    script: ClassVar[Script] = Script()
    handlers: Mapping[type[Command[Any]], Any] = {}

    def __init__(self, context: Context) -> None:
        self._context = context

    async def start(self) -> None:
        plane = self._context.plane
        of = {
            "audio": {
                c.DecodeAudio: self._decode,
                c.Capture: self._capture,
                c.Rescue: self._rescue,
                c.EncodeAudio: self._encode,
            },
            "microphone": {c.Record: self._capture},
            "stt": {c.Recognize: self._recognise},
            "text": {c.Clean: self._clean},
        }
        for spec in ROOM.workers:
            place: Any = ScriptedPool(spec, self.script)
            plane.workers.pools[spec.name] = place
            worker: Any = SimpleNamespace(handlers=of[spec.name])
            services = Services(plane.broker)
            services.add(worker)
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
        for segment in _speech(data[4:]):
            await request.emit(segment)
        await self.script.begin(command)
        return c.AudioInfo(
            container="wav",
            codec="pcm",
            sample_rate=16_000,
            channels=1,
            seconds=len(data[4:]) / 2 / 16_000,
            truncated=self.script.truncated,
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
        return c.Rescued(samples=len(data) // 2, segments=tuple(_speech(data)))

    async def _encode(self, command: c.EncodeAudio, request: Request) -> c.Encoded:
        await self.script.begin(command)
        spool, target = request.descriptors
        data = os.pread(spool, 1 << 24, 0)
        os.pwrite(target, b"fLaC" + data, 0)
        return c.Encoded(bytes=len(data) + 4)

    # ---- text

    async def _recognise(self, command: c.Recognize, request: Request) -> c.Hypothesis:
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
        start, stop = command.start / 16_000, end / 16_000
        return c.Hypothesis(
            text=text,
            words=(c.RecognisedWord(start=start, end=stop, word=text, confidence=0.5),),
            engine=command.engine or "pocketsphinx",
            quality="draft",
            decode_seconds=0.25,
            grammar=self.script.grammar,
        )

    async def _clean(self, command: c.Clean, request: Request) -> c.CleanedText:
        del request
        await self.script.begin(command)
        texts = tuple(each.text.capitalize() for each in command.segments)
        return c.CleanedText(
            text=". ".join(texts),
            segments=texts,
            commands=self.script.commands,
            cancelled=self.script.cancelled,
            refused=self.script.refused,
        )


def _speech(data: bytes) -> list[c.SpeechSegment]:
    """Every second of `data` that is not silent."""
    return [
        c.SpeechSegment(start=start, end=start + STEP)
        for start in range(0, len(data) // 2, STEP)
        if data[start * 2 : start * 2 + 2] != b"\0\0"
    ]


# ---------------------------------------------------------------- the room, and who uses it


class Person(Client):
    """Somebody who dictates."""

    plane: ControlPlane
    got: tuple[bytes, ...] = ()
    """What lay in the files that came with the last result."""

    def __init__(self, plane: ControlPlane, role: str = "cli", profile: str = "admin") -> None:
        super().__init__(plane, role, profile)
        self.plane = plane

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        self.got = tuple(os.pread(descriptor, 1 << 24, 0) for descriptor in descriptors)
        super().on_result(request, payload, descriptors)

    async def take(self, data: bytes, name: str = "talk.wav") -> str:
        """Import a file with this in it; the utterance."""
        descriptor = os.memfd_create(name)
        os.pwrite(descriptor, data, 0)
        request = self.ask(c.Import(name=name), descriptors=(descriptor,))
        return (await self.answer(c.Import, request)).utterance

    async def dictate(self, *words: int, **options: Any) -> str:
        """Import and transcribe; the utterance, whose sound is kept when this returns."""
        utterance = await self.take(b"RIFF" + sound(*words))
        await self.call(c.Transcribe(utterance=utterance, key=new_id("ask"), **options))
        await self.kept()
        return utterance

    async def kept(self) -> None:
        """Wait until all sound was moved from the spool into the store."""
        await until(lambda: not list(self.plane.home.spool.iterdir()) and not self.plane._background)

    async def text(self, utterance: str) -> str:
        return (await self.call(c.Get(utterance=utterance))).text

    async def row(self, utterance: str) -> c.Utterance:
        rows = (await self.call(c.History(limit=1000))).utterances
        (found,) = (row for row in rows if row.id == utterance)
        return found

    async def listed(self) -> list[str]:
        return [row.id for row in (await self.call(c.History())).utterances]

    async def approved(self, order: Any) -> Any:
        """The same command with an approval for exactly it."""
        payload = msgspec.msgpack.encode(order)
        answer = await self.call(h.Approve(command=order.__meta__.name, payload=payload))
        return msgspec.structs.replace(order, approval=answer.token)

    def push(self, request: int, *words: int, end: bool = True) -> None:
        """Stream a second of each word into a live dictation, in chunks of a quarter."""
        data = sound(*words)
        for start in range(0, len(data), STEP // 2):
            self.put(request, c.AudioChunk(data=data[start : start + STEP // 2]))
        if end:
            self.put(request, None)


@asynccontextmanager
async def room_of(home: Home, script: Script | None = None) -> AsyncIterator[Person]:
    """The dictation room, used by an admin, with workers that follow `script`."""
    Workers.script = script or Script()
    async with plane_of(home, ROOMS) as plane:
        yield Person(plane)


def service_of(plane: ControlPlane) -> DictationService:
    return next(each for each in plane._services_built if isinstance(each, DictationService))


def row_of(plane: ControlPlane, utterance: str) -> store.Row:
    with plane.store.readers.read() as connection:
        return store.find(connection, utterance)


def leave_job(home: Home, order: c.Listen, *, leases: int = 0, captured: bytes | None = None) -> str:
    """Leave a live dictation in a home whose control plane was killed; its job.

    It was killed after so many leases: none, when the job had only been accepted. `captured` is what is in
    the spool, None where it was killed before there was an utterance.
    """
    home.create()
    secrets = SecretStore.open(home)
    opened = open_store(home, ROOMS, secrets)
    try:

        async def write() -> str:
            request = ledger.Request(
                order.__meta__.name,
                msgspec.msgpack.encode(order),
                idempotency=f"admin:{order.key}",
                role="cli",
                profile="admin",
            )
            job = (await opened.ledger.enqueue(request)).job.id
            for _ in range(leases):
                await opened.ledger.replay()
                await opened.ledger.lease(job, "control:1")
            if captured is not None:
                body = {
                    "utterance": utterance_of(job),
                    "source": order.source,
                    "name": "",
                    "profile": "admin",
                }
                signer = KeySigner(secrets.ensure_key(DEVICE_KEY))
                await opened.objects.create(signer, store.UTTERANCE, body)
                (home.spool / f"{utterance_of(job)}.pcm").write_bytes(captured)
            return job

        return asyncio.run(write())
    finally:
        opened.close()


def utterance_of(job: str) -> str:
    """The utterance of a live dictation's job."""
    return f"utt_{job.rpartition('_')[2]}"
