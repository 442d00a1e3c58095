"""A live dictation after its control plane ended: what was captured becomes text, who comes back goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import service
from garret.storage.ledger_machine import State
from tests.control.planes import run, until
from tests.features.dictate.rooms import captured, exported, items, leave_job, room_of, utterance_of
from tests.features.dictate.scripted_workers import Script, sound


def test_sound_that_was_on_the_disk_becomes_text_and_no_microphone_is_opened(home: Home) -> None:
    order = c.Listen(source="microphone", key="k")
    job = leave_job(home, order, leases=1, captured=sound(1, 2))
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await until(lambda: person.plane.store.ledger.get(job).state == State.DONE)
            assert script.count(c.Record) == 0
            done = await person.call(order)
            assert (done.utterance, done.audio_seconds) == (utterance_of(job), 2.0)
            assert done.note == "The dictation was cut off; everything captured until then is here."
            assert await person.text(done.utterance) == "Word1. Word2"
            assert await exported(person, done.utterance) == sound(1, 2)

    run(story())


@pytest.mark.parametrize("leases", [0, 1, 2])
@pytest.mark.parametrize("source", ["push", "microphone"])
def test_who_comes_back_goes_on(home: Home, source: Any, leases: int) -> None:
    order = c.Listen(source=source, key="k")
    job = leave_job(home, order, leases=leases)
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await until(lambda: person.plane.store.ledger.get(job).state == State.RUNNING)
            assert script.asked == [], "nothing is opened before somebody is there"
            request = person.ask(order)
            if source == "push":
                person.push(request, 1, 2)
            else:
                await until(lambda: bool(items(person, "state")))
                person.put(request, None)
            done = await person.answer(c.Listen, request)
            assert done.utterance == utterance_of(job)
            assert done.note == ""
            said = sound(1, 2) if source == "push" else sound(7)
            assert await exported(person, done.utterance) == said

    run(story())


@pytest.mark.parametrize("leases", [0, 1])
@pytest.mark.parametrize("source", ["push", "microphone"])
def test_where_nobody_comes_back_nothing_is_opened_and_the_job_says_why(
    home: Home, monkeypatch: pytest.MonkeyPatch, source: Any, leases: int
) -> None:
    monkeypatch.setattr(service, "_RETURN_SECONDS", 0.02)
    order = c.Listen(source=source, key="k")
    job = leave_job(home, order, leases=leases)
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await until(lambda: person.plane.store.ledger.get(job).state == State.FAILED)
            assert script.asked == []
            assert script.warmed == []
            assert await person.listed() == []
            error = await person.refusal(order)
            assert "nothing was recorded" in error.message
            assert person.plane.store.ledger.get(job).attempts == 1, "it is not tried again"

    run(story())


def test_an_empty_dictation_that_nobody_goes_on_with_is_in_the_history(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_RETURN_SECONDS", 0.02)
    job = leave_job(home, c.Listen(source="push", key="k"), leases=1, captured=b"")

    async def story() -> None:
        async with room_of(home) as person:
            await until(lambda: person.plane.store.ledger.get(job).state == State.FAILED)
            assert "nothing was recorded" in (await person.row(utterance_of(job))).error

    run(story())


def test_a_waiting_dictation_is_cancelled_like_any_other(home: Home) -> None:
    order = c.Listen(source="microphone", key="k")
    job = leave_job(home, order)
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await until(lambda: person.plane.store.ledger.get(job).state == State.RUNNING)
            await person.plane.jobs.cancel(job, "somebody")
            assert person.plane.store.ledger.get(job).state == State.CANCELLED
            assert script.asked == []
            assert await person.listed() == []

    run(story())


def test_a_clean_stop_leaves_the_dictation_to_the_next_start(home: Home) -> None:
    order = c.Listen(source="push", key="k")

    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(order)
            person.push(request, 1, end=False)
            await captured(person, 1)
            stopping = asyncio.get_running_loop().create_task(person.plane.stop())
            error = await person.error(request)
            await stopping
            assert "goes on at its next start" in error.message
        async with room_of(home) as person:
            done = await person.call(order)
            assert "cut off" in done.note
            assert await person.text(done.utterance) == "Word1"
            assert await exported(person, done.utterance) == sound(1)

    run(story())


def test_an_attempt_that_failed_for_a_while_is_not_listened_for_again(home: Home) -> None:
    """What the first attempt was given is not given to the second, which would wait for it in vain."""
    script = Script()
    script.failing(c.Record, GarretError("No worker now.", code=Code.UNAVAILABLE))

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="microphone"))
            person.put(request, None)
            done = await person.answer(c.Listen, request)
            assert script.count(c.Record) == 1
            assert done.audio_seconds == 0.0
            assert "cut off" in done.note
            await person.kept()

    run(story())
