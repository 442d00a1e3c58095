"""A dictation that is paused: nothing is kept meanwhile, no microphone is open, and it goes on as one."""

from __future__ import annotations

from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, captured, exported, items, leave_job, room_of, utterance_of
from tests.features.dictate.scripted_workers import Script, sound
from tests.features.dictate.test_service import events_of


def states(person: Person) -> list[str]:
    return [item["text"] for item in items(person, "state")]


async def told(person: Person, subscription: Any) -> list[Any]:
    """What is told next of pauses."""
    events: list[Any] = []

    def came() -> bool:
        events.extend(events_of(person.plane, subscription))
        return bool(events)

    await until(came)
    return events


def test_what_sounds_while_it_is_paused_is_not_kept_and_the_rest_is_one_utterance(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            assert (await person.refusal(c.Pause())).code == Code.NOT_FOUND
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            await captured(person, 1)
            subscription = person.plane.bus.subscribe("dictate.paused")
            assert (await person.call(c.Pause())) == c.Pausing(paused=True, dictations=1)
            (utterance,) = await person.listed()
            assert await told(person, subscription) == [c.PauseChanged(utterance=utterance, paused=True)]
            assert (await person.row(utterance)).state == "paused"
            person.push(request, 2, end=False)
            assert (await person.call(c.Pause(paused=True))).paused, "pausing twice changes nothing"
            assert (await person.call(c.Pause(utterance=utterance))) == c.Pausing(paused=False, dictations=1)
            await until(lambda: states(person) == ["listening", "paused", "listening"])
            assert (await person.row(utterance)).state == "capturing"
            person.push(request, 3)
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word1. Word3"
            assert await exported(person, utterance) == sound(1, 3)
            assert (done.note, await person.listed()) == ("", [utterance])

    run(story())


def test_a_microphone_is_closed_while_it_is_paused_and_opened_again(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="microphone"))
            await captured(person, 1)
            subscription = person.plane.bus.subscribe("dictate.paused")
            await person.call(c.Pause(paused=True))
            assert await told(person, subscription)
            assert script.count(c.Record) == 1
            assert not person.answered(request)
            await person.call(c.Pause(paused=False))
            await until(lambda: script.count(c.Record) == 2)
            await captured(person, 2)
            await person.call(c.Stop())
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word7. Word7"
            assert await exported(person, done.utterance) == sound(7, 7)

    run(story())


def test_one_that_is_ended_while_it_is_paused_opens_nothing_again(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="microphone"))
            await captured(person, 1)
            subscription = person.plane.bus.subscribe("dictate.paused")
            await person.call(c.Pause())
            assert await told(person, subscription)
            await person.call(c.Stop())
            done = await person.answer(c.Listen, request)
            assert (await person.text(done.utterance), script.count(c.Record)) == ("Word7", 1)
            assert events_of(person.plane, subscription) == []
            await person.kept()

    run(story())


def test_a_program_that_holds_its_sound_has_to_pause_by_itself(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push", resumes=True))
            person.push(request, 1, end=False)
            await captured(person, 1)
            assert (await person.refusal(c.Pause())).code == Code.CONFLICT
            person.push(request, 2)
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word1. Word2"
            await person.kept()

    run(story())


@pytest.mark.parametrize("goes_on", [True, False])
def test_after_a_restart_it_is_still_paused(home: Home, goes_on: bool) -> None:
    order = c.Listen(source="microphone", key="k", resumes=True)
    job = leave_job(home, order, leases=1, captured=sound(1), state="paused")
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(order)
            await until(lambda: states(person) == ["paused"])
            assert script.count(c.Record) == 0
            await person.call(c.Pause(paused=False) if goes_on else c.Stop())
            if goes_on:
                await captured(person, 2)
                await person.call(c.Stop())
            done = await person.answer(c.Listen, request)
            assert (done.utterance, done.note) == (utterance_of(job), "")
            assert await person.text(done.utterance) == ("Word1. Word7" if goes_on else "Word1")
            await person.kept()

    run(story())
