"""Corrections and deletions: what they change, how each is taken back, when the deleted go for good."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.protocol.contract import Command
from garret.storage.objects import seal
from garret.storage.settled_time import KEY, Readings
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, room_of, row_of, service_of
from tests.features.dictate.scripted_workers import Script, sound
from tests.features.dictate.test_service import events_of


async def texts(person: Person, utterance: str) -> list[tuple[str, str, bool]]:
    told = await person.call(c.ListVersions(utterance=utterance))
    return [(each.kind, each.text, each.counts) for each in told.versions]


# ---- the text


def test_a_correction_counts_everywhere_and_what_was_heard_stays(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1, 2)
            subscription = person.plane.bus.subscribe("dictate.changed")
            shown = await person.call(c.Edit(utterance=utterance, text="World two, actually."))
            assert (shown.text, shown.raw, shown.edited) == ("World two, actually.", "word1 word2", True)
            assert events_of(person.plane, subscription) == [c.Changed(utterance=utterance)]
            got = await person.call(c.Get(utterance=utterance))
            assert (got.text, got.cleaned, got.raw, got.edited) == (
                "World two, actually.",
                "Word1. Word2",
                "word1 word2",
                True,
            )
            listed = await person.call(c.History(query="actually"))
            assert [each.id for each in listed.utterances] == [utterance]

    run(story())


def test_every_text_is_a_version_and_can_count_again(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            for text in ("first", "second", "second"):
                await person.call(c.Edit(utterance=utterance, text=text))
            assert await texts(person, utterance) == [
                ("correction", "second", True),
                ("correction", "first", False),
                ("transcript", "Word1", False),
            ]
            versions = (await person.call(c.ListVersions(utterance=utterance))).versions
            assert (versions[2].raw, versions[2].engine) == ("word1", "pocketsphinx")
            await person.call(c.Revert(utterance=utterance, version=versions[1].id))
            assert await person.text(utterance) == "first"
            shown = await person.call(c.Revert(utterance=utterance, version=versions[2].id))
            assert (shown.text, shown.edited) == ("Word1", False)
            assert [each for each in await texts(person, utterance) if each[2]] == [
                ("transcript", "Word1", True)
            ]
            await person.call(c.Transcribe(utterance=utterance, engine="whisper", key="again"))
            await person.call(c.Edit(utterance=utterance, text="third"))
            old = (await person.call(c.ListVersions(utterance=utterance))).versions[-1]
            assert (old.kind, old.engine) == ("transcript", "pocketsphinx")
            shown = await person.call(c.Revert(utterance=utterance, version=old.id))
            assert (shown.text, shown.edited) == ("Word1", True), "that of before is a text of its own"
            await person.kept()

    run(story())


def test_taking_back_what_was_not_corrected_changes_nothing(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            with person.plane.store.readers.read() as connection:
                before = store.objects_of(connection, utterance)
            shown = await person.call(c.Edit(utterance=utterance, text=None))
            assert (shown.text, shown.edited) == ("Word1", False)
            with person.plane.store.readers.read() as connection:
                assert store.objects_of(connection, utterance) == before

    run(story())


def test_a_correction_that_fits_no_object_is_refused(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            error = await person.refusal(c.Edit(utterance=utterance, text="x" * (c.EDIT_CHARACTERS + 1)))
            assert (error.code, "200,000 characters" in error.message) == (Code.USAGE, True)
            wide = "\U0001f600" * c.EDIT_CHARACTERS
            await person.call(c.Edit(utterance=utterance, text=wide))
            assert row_of(person.plane, utterance).text == wide
            error = await person.refusal(c.Revert(utterance=utterance, version="none"))
            assert error.code == Code.NOT_FOUND

    run(story())


def test_nobody_corrects_or_deletes_what_is_being_worked_on(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance, other = await person.take(b"RIFF" + sound(1)), await person.dictate(2)
            gate = script.hold[c.Recognize] = asyncio.Event()
            request = person.ask(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.Recognize) == 2)
            assert (await person.refusal(c.Edit(utterance=utterance, text="x"))).code == Code.CONFLICT
            error = await person.refusal(c.Discard(utterances=(other, utterance)))
            assert (error.code, "Nothing was deleted" in error.message) == (Code.CONFLICT, True)
            assert set(await person.listed()) == {utterance, other}, "all or none"
            gate.set()
            await person.answer(c.Transcribe, request)
            await person.call(c.Discard(utterances=(other, utterance)))
            assert await person.listed() == []
            await person.kept()

    run(story())


# ---- whether it is there


def test_what_is_deleted_is_brought_back_as_it_was(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            kept, gone = await person.dictate(1), await person.dictate(2)
            await person.call(c.Edit(utterance=gone, text="Mine."))
            subscription = person.plane.bus.subscribe("*")
            done = await person.call(c.Discard(utterances=(gone, gone)))
            assert done.utterances == (gone,)
            assert done.until > time.time() + 86_000
            assert await person.listed() == [kept]
            only = c.Filter(deleted=True)
            (shown,) = (await person.call(c.History(only=only))).utterances
            assert (shown.id, shown.text, shown.deleted > time.time() - 60) == (gone, "Mine.", True)
            for order in (c.Get(utterance=gone), c.Audio(utterance=gone), c.Edit(utterance=gone, text="x")):
                error = await person.refusal(order)
                assert (error.code, f"garret history undelete {gone}" in error.message) == (
                    Code.NOT_FOUND,
                    True,
                )
            assert (await person.call(c.Undelete(utterances=(gone, kept)))).until == 0.0
            assert await person.listed() == [gone, kept]
            assert await person.text(gone) == "Mine."
            told = events_of(person.plane, subscription)
            assert told == [c.Deleted(utterance=gone), c.Changed(utterance=gone)]

    run(story())


@pytest.mark.parametrize("order", [c.Discard, c.Undelete])
def test_what_is_named_has_to_be_there_and_ones_own(home: Home, order: type[Command[Any]]) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            mine = await person.dictate(1)
            make: Any = order
            assert (await person.refusal(make(utterances=()))).code == Code.USAGE
            error = await person.refusal(make(utterances=(mine, "utt_nothing")))
            assert error.code == Code.NOT_FOUND
            many = tuple(f"utt_{number}" for number in range(1_001))
            assert (await person.refusal(make(utterances=many))).code == Code.USAGE
            guest = Person(person.plane, profile="guest")
            assert (await guest.refusal(make(utterances=(mine,)))).code == Code.DENIED
            assert await person.listed() == [mine]

    run(story())


async def settle(person: Person) -> None:
    """Have whole days of running time behind us."""
    readings = msgspec.json.encode(Readings(time.time(), time.time(), 0.0)).decode()
    await person.plane.store.settings.put(KEY, readings)


async def deleted_before(person: Person, utterance: str, seconds: float) -> None:
    """Have an utterance deleted so long ago."""
    item = seal(
        person.plane.signer,
        store.DISCARD,
        {"utterance": utterance, "discarded": True},
        created=int((time.time() - seconds) * 1000),
        aggregate=utterance,
    )
    await person.plane.store.objects.import_([item])


def test_when_the_time_is_over_it_goes_for_good_and_nothing_else_does(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            over, not_yet, kept = [await person.dictate(number) for number in (1, 2, 3)]
            await deleted_before(person, over, 86_500)
            await deleted_before(person, not_yet, 86_300)
            room = service_of(person.plane)
            await room._tidy()
            assert row_of(person.plane, over).discarded, "without a settled time nothing is overdue"
            await settle(person)
            person.plane.store.settled._readings = None
            await room._tidy()
            assert (await person.refusal(c.Undelete(utterances=(over,)))).code == Code.NOT_FOUND
            assert row_of(person.plane, not_yet).discarded
            await person.call(c.Undelete(utterances=(not_yet,)))
            assert await person.listed() == [kept, not_yet]
            await person.plane.settings.set("dictate.grace_minutes", 1)
            await deleted_before(person, not_yet, 61)
            await room._tidy()
            assert await person.listed() == [kept, not_yet], "bringing it back was the last word"

    run(story())
