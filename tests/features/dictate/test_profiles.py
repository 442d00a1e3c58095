"""Whose is whose: a guest has, hears and stops only their own."""

from __future__ import annotations

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, room_of, service_of


def test_a_guest_has_only_their_own(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as admin:
            theirs = await admin.dictate(1)
            guest = Person(admin.plane, profile="guest")
            assert await guest.listed() == []
            for order in (
                c.Get(utterance=theirs),
                c.Audio(utterance=theirs),
                c.Transcribe(utterance=theirs),
                c.Delivered(utterance=theirs, where="x"),
                c.Stop(utterance=theirs),
            ):
                error = await guest.refusal(order)
                assert (error.code, error.message) == (Code.NOT_FOUND, f"There is no utterance {theirs}.")
            mine = await guest.dictate(2)
            assert await guest.listed() == [mine]
            assert await guest.text(mine) == "Word2"
            assert set(await admin.listed()) == {mine, theirs}

    run(story())


def test_a_guest_stops_only_their_own_dictation(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as admin:
            guest = Person(admin.plane, profile="guest")
            theirs = admin.ask(c.Listen(source="push"))
            admin.push(theirs, 1, end=False)
            await until(lambda: len(service_of(admin.plane)._live) == 1)
            assert (await guest.refusal(c.Stop())).code == Code.NOT_FOUND
            mine = guest.ask(c.Listen(source="push"))
            guest.push(mine, 2, end=False)
            await until(lambda: len(service_of(admin.plane)._live) == 2)
            await guest.call(c.Stop())
            await guest.answer(c.Listen, mine)
            assert not admin.answered(theirs)
            await admin.call(c.Stop())
            await admin.answer(c.Listen, theirs)
            await admin.kept()

    run(story())
