"""Kept sound is handed out when it is what it was; what is not is named with its utterance."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import kept_sound
from garret.features.dictate.kept_sound import (
    RECORDINGS,
    Looked,
    examine_kept,
    finding_of,
    look_through,
    open_sound,
)
from garret.protocol.finding import Status
from garret.storage.blobs import Blobs
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, room_of, row_of


def file_of(person: Person, utterance: str) -> Path:
    audio = row_of(person.plane, utterance).audio
    assert audio is not None
    return person.plane.store.blobs.path(audio)


def is_open(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").exists()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


@pytest.mark.parametrize(("harm", "how"), [(cut, "not what it was"), (Path.unlink, "gone")])
def test_sound_that_cannot_be_trusted_is_refused_with_its_utterance(
    home: Home, harm: object, how: str
) -> None:
    assert callable(harm)

    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            harm(file_of(person, utterance))
            for order in (c.Audio(utterance=utterance), c.Transcribe(utterance=utterance, key="again")):
                error = await person.refusal(order)
                assert error.code == Code.CORRUPT
                assert f"The kept sound of {utterance} is {how}" in error.message
                assert error.details["utterance"] == utterance
            assert await person.text(utterance) == "Word1"

    run(story())


def test_sound_that_is_kept_no_more_is_no_damage(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFFxx")
            await person.plane.store.writer.write(
                lambda connection: connection.execute("UPDATE utterances SET audio = NULL").fetchall()
            )
            assert (await person.refusal(c.Audio(utterance=utterance))).code == Code.NOT_FOUND

    run(story())


def test_it_is_compared_off_the_loop_and_closed_where_nobody_waits_any_more(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            row = row_of(person.plane, utterance)
            go, began, opened = threading.Event(), threading.Event(), list[int]()
            real = Blobs.open

            def slow(blobs: Blobs, identity: str) -> int:
                began.set()
                go.wait(20)
                opened.append(real(blobs, identity))
                return opened[0]

            monkeypatch.setattr(Blobs, "open", slow)
            opening = asyncio.ensure_future(open_sound(person.plane.door("dictate"), row))
            await until(began.is_set)
            opening.cancel()
            go.set()
            with pytest.raises(asyncio.CancelledError):
                await opening
            await until(lambda: bool(opened) and not is_open(opened[0]))

    run(story())


def test_looking_through_ends_in_time_and_when_told(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    kept = [(f"utt_{number}", blobs.put_bytes(bytes([number])).id) for number in range(3)]
    assert look_through(blobs, kept, 60.0, threading.Event()) == Looked(3, {})
    assert look_through(blobs, kept, 0.0, threading.Event()).compared == 0
    ended = threading.Event()
    ended.set()
    assert look_through(blobs, kept, 60.0, ended).compared == 0


def test_one_that_takes_too_long_is_left_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = Blobs(tmp_path / "blobs").put_bytes(bytes(1000)).id
    now = iter([0.0, 0.0, 5.0])
    monkeypatch.setattr(kept_sound.time, "monotonic", lambda: next(now))
    found = look_through(Blobs(tmp_path / "blobs"), [("utt_1", blob)], 1.0, threading.Event())
    assert found == Looked(0, {})


def test_what_the_doctor_is_told() -> None:
    assert finding_of(2, Looked(2, {})).status is Status.OK
    some = finding_of(3, Looked(1, {}))
    assert (some.status, some.sentence.startswith("1 of 3")) == (Status.OK, True)
    many = finding_of(20, Looked(20, {f"utt_{number}": "gone" for number in range(12)}))
    assert (many.name, many.status) == (RECORDINGS, Status.FAIL)
    assert "utt_9 (gone) and 2 more" in many.sentence
    assert "garret restore FILE --home" in many.remedy


def test_the_newest_are_looked_at_first_and_an_impatient_doctor_ends_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            names = [await person.dictate(number) for number in (1, 2)]
            seen: list[tuple[list[str], threading.Event]] = []
            go = threading.Event()

            def looking(
                _: Blobs, kept: list[tuple[str, str]], seconds: float, ended: threading.Event
            ) -> Looked:
                seen.append(([utterance for utterance, _ in kept], ended))
                go.wait(20)
                return Looked(len(kept), {})

            monkeypatch.setattr(kept_sound, "look_through", looking)
            examining = asyncio.ensure_future(examine_kept(person.plane.door("dictate"), 5.0))
            await until(lambda: bool(seen))
            examining.cancel()
            with pytest.raises(asyncio.CancelledError):
                await examining
            ((order, ended),) = seen
            assert order == names[::-1]
            assert ended.is_set()
            go.set()

    run(story())


def test_an_error_of_the_disk_is_not_taken_for_damage(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> int:
        raise GarretError("The disk reported an error.")

    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            monkeypatch.setattr(Blobs, "open", failing)
            assert "disk reported" in (await person.refusal(c.Audio(utterance=utterance))).message

    run(story())
