"""Work whose job is over is ended as cut off; work that somebody is to end is left alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.abandoned import end_abandoned, job_of
from garret.features.dictate.store import Underway
from garret.storage.errors import ReadOnly
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, captured, room_of, service_of, spools
from tests.features.dictate.scripted_workers import Script, sound


async def put_work(person: Person, utterance: str, state: str, job: str = "") -> None:
    await person.plane.store.writer.write(
        lambda connection: store.set_work(connection, utterance, state, 1.0, job=job)
    )


async def end(person: Person) -> int:
    return await end_abandoned(person.plane.door("dictate"), lambda _: False)


@pytest.mark.parametrize(
    ("work", "job"),
    [
        (Underway("utt_12", "capturing", ""), "job_12"),
        (Underway("utt_12", "capturing", "job_3"), "job_3"),
        (Underway("utt_12", "transcribed", "job_3"), "job_3"),
        (Underway("utt_12", "captured", ""), ""),
    ],
)
def test_who_is_to_end_it(work: Underway, job: str) -> None:
    assert job_of(work) == job


@pytest.mark.parametrize("state", ["capturing", "captured", "transcribed"])
def test_what_has_no_job_is_ended_as_cut_off(home: Home, state: str) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            await put_work(person, utterance, state, "" if state == "capturing" else "job_gone")
            assert await end(person) == 1
            row = await person.row(utterance)
            assert row.state == "captured"
            assert "cut off" in row.error
            assert f"garret history retry {utterance}" in row.error
            assert await end(person) == 0, "it is ended once"
            await person.call(c.Transcribe(utterance=utterance))
            assert await person.text(utterance) == "Word1"
            await person.kept()

    run(story())


def test_where_no_sound_is_left_that_is_said(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            await person.plane.store.writer.write(
                lambda connection: connection.execute("UPDATE utterances SET audio = NULL").fetchall()
            )
            await put_work(person, utterance, "capturing")
            await end(person)
            assert "No sound of it is here." in (await person.row(utterance)).error
            (home.spool / f"{utterance}.pcm").write_bytes(b"xx")
            await put_work(person, utterance, "capturing")
            await end(person)
            assert "garret history retry" in (await person.row(utterance)).error
            spools(person)[0].unlink()

    run(story())


def test_what_was_imported_waits_for_whoever_asks(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            assert await end(person) == 0
            assert (await person.row(utterance)).error == ""

    run(story())


def test_a_live_dictation_is_left_alone(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push", key="ask"))
            person.push(request, 1, end=False)
            await captured(person, 1)
            assert await end(person) == 0, "its job runs"
            person.put(request, None)
            await person.answer(c.Listen, request)
            await person.kept()

    run(story())


def test_what_somebody_took_up_meanwhile_is_left_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            await put_work(person, utterance, "transcribed", "job_gone")
            seen = store.underway
            work: list[Any] = []

            def late(connection: Any) -> list[Underway]:
                found = seen(connection)
                if not work:  # the first look; by the second another run has begun
                    work.append(found)
                    return found
                return [Underway(utterance, "captured", "job_new")]

            monkeypatch.setattr(store, "underway", late)
            await end(person)
            assert (await person.row(utterance)).error == ""

    run(story())


def test_the_room_does_it_by_itself_and_goes_on_where_it_cannot(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with room_of(home, Script()) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            await put_work(person, utterance, "transcribed", "job_gone")
            service = service_of(person.plane)
            kept: list[bool] = []

            async def keep() -> None:
                await asyncio.sleep(0)
                kept.append(True)

            with monkeypatch.context() as patch:
                patch.setattr(type(person.plane.store.writer), "write", refuse)
                patch.setattr(service._finisher, "keep_retention", keep)
                await service._tidy()
            assert (await person.row(utterance)).error == ""
            assert kept == [True], "the rest is done"
            lock = service._alone(utterance)
            async with lock:
                await service._tidy()
                assert (await person.row(utterance)).error == "", "a run has it"
            service._tidy_due()
            await until(lambda: not person.plane._background)
            assert "cut off" in (await person.row(utterance)).error
            await service.stop()

    async def refuse(*_: Any) -> None:
        await asyncio.sleep(0)
        raise ReadOnly("It takes no writes.")

    run(story())
