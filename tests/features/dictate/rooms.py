"""The dictation room in a real control plane on real storage, and those who use it.

Neighbours: `scripted_workers` answer it; `tests.control.planes`, whose planes and clients these are.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from garret.base.ids import new_id
from garret.base.paths import Home
from garret.control.foundation import open_store
from garret.control.plane import ControlPlane
from garret.control.secrets.store import DEVICE_KEY, SecretStore
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.manifest import ROOM
from garret.features.dictate.service import DictationService
from garret.features.house import contracts as h
from garret.protocol.manifest import Room
from garret.storage import ledger_types as ledger
from garret.storage.objects import KeySigner
from tests.control.planes import Client, plane_of, until
from tests.features.dictate.scripted_workers import STEP, Script, Workers, sound

SCRIPTED: Final = Room(
    name="scripted", summary="Workers of tests.", service="tests.features.dictate.scripted_workers:Workers"
)
ROOMS: Final = (SCRIPTED, msgspec.structs.replace(ROOM, workers=()))


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


async def exported(person: Person, utterance: str) -> bytes:
    """The sound that is kept, once it is."""
    await person.kept()
    await person.call(c.Audio(utterance=utterance))
    (data,) = person.got
    return data.removeprefix(b"fLaC")


def items(person: Person, kind: str) -> list[Any]:
    return [item for name, item in person.items if name == "item" and item["kind"] == kind]


async def captured(person: Person, seconds: int) -> Path:
    """Wait until so much of the only live dictation is in its spool; the spool."""
    await until(lambda: any(each.stat().st_size >= seconds * 2 * STEP for each in spools(person)))
    return spools(person)[0]


def spools(person: Person) -> list[Path]:
    return list(person.plane.home.spool.glob("*.pcm"))


def service_of(plane: ControlPlane) -> DictationService:
    return next(each for each in plane._services_built if isinstance(each, DictationService))


def row_of(plane: ControlPlane, utterance: str) -> store.Row:
    with plane.store.readers.read() as connection:
        return store.find(connection, utterance)


def leave_job(
    home: Home, order: c.Listen, *, leases: int = 0, captured: bytes | None = None, state: str = ""
) -> str:
    """Leave a live dictation in a home whose control plane was killed; its job.

    It was killed after so many leases: none, when the job had only been accepted. `captured` is what is in
    the spool, None where it was killed before there was an utterance; `state` is that of the work on it.
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
            if state:
                await opened.writer.write(
                    lambda connection: store.set_work(connection, utterance_of(job), state, 1.0)
                )
            return job

        return asyncio.run(write())
    finally:
        opened.close()


def put_heard(home: Home, utterance: str, *texts: str) -> None:
    """Let the last run over an utterance, in a home whose control plane does not run, have heard this too.

    A segment each, of a second and a half after the other.
    """
    opened = open_store(home, ROOMS, SecretStore.open(home))
    try:
        with opened.readers.read() as connection:
            run = store.last_run(connection, utterance)

        def put(connection: Any) -> None:
            for number, text in enumerate(texts):
                start = (100 + number) * 3 * STEP // 2
                words = (
                    c.RecognisedWord(start=start / STEP, end=start / STEP + 1, word=text[:8], confidence=0.5),
                )
                heard = c.Hypothesis(
                    text=text, words=words, engine="pocketsphinx", quality="draft", decode_seconds=0.25
                )
                store.add_heard(connection, utterance, run, start, start + STEP, heard)

        asyncio.run(opened.writer.write(put))
    finally:
        opened.close()


def utterance_of(job: str) -> str:
    """The utterance of a live dictation's job."""
    return f"utt_{job.rpartition('_')[2]}"
