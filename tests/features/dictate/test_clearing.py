"""All that a profile dictated, deleted in one act and brought back: through the house, in portions."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.dictate import clearings, store
from garret.features.dictate import contracts as c
from garret.features.house import contracts as h
from garret.storage.objects import seal
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, room_of, row_of, service_of
from tests.features.dictate.scripted_workers import Script, sound
from tests.features.dictate.test_changing import settle
from tests.features.dictate.test_service import events_of


async def holdings(person: Person) -> dict[str, int]:
    (room,) = [each for each in (await person.call(h.GetHoldings())).rooms if each.room == "dictate"]
    return {each.kind: each.count for each in room.holdings}


async def clear(person: Person) -> h.ClearedAll:
    at = (await person.call(h.GetHoldings())).at
    done = await person.call(h.ClearOwn(until=at))
    assert isinstance(done, h.ClearedAll)
    return done


def test_all_goes_in_one_act_and_comes_back_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearings, "PART_UTTERANCES", 2)

    async def story() -> None:
        async with room_of(home) as person:
            made = [await person.dictate(number) for number in (1, 2, 3)]
            gone = await person.dictate(4)
            await person.call(c.Discard(utterances=(gone,)))
            room = (await person.call(h.GetHoldings())).rooms[0]
            assert {each.kind: each.count for each in room.holdings} == {"dictations": 3, "recordings": 3}
            assert all(each.bytes > 0 for each in room.holdings)
            subscription = person.plane.bus.subscribe("dictate.*")
            done = await clear(person)
            assert (done.count, done.busy, done.until > time.time() + 86_000) == (3, 0, True)
            assert events_of(person.plane, subscription) == [c.ManyChanged(count=2), c.ManyChanged(count=1)]
            assert (await person.listed(), await holdings(person)) == ([], {"dictations": 0, "recordings": 0})
            (restorable,) = (await person.call(h.GetHoldings())).rooms[0].restorable
            assert (restorable.clearing, restorable.count) == (done.clearing, 3)
            await person.call(c.Undelete(utterances=(made[0],)))
            assert await person.listed() == [made[0]], "one of them alone"
            back = await person.call(h.RestoreCleared(clearing=done.clearing))
            assert back.count == 3
            assert await person.listed() == [made[2], made[1], made[0]]
            assert row_of(person.plane, gone).discarded, "what was deleted before stays deleted"
            assert (await person.call(h.GetHoldings())).rooms[0].restorable == ()
            again = await person.refusal(h.RestoreCleared(clearing=done.clearing))
            assert again.code == Code.NOT_FOUND
            actions = [row.action for row in person.plane.store.audit.rows(None, limit=20)]
            assert {"house.clear", "house.restore", "dictate.clear"} <= set(actions)

    run(story())


def test_what_came_later_what_is_worked_on_and_what_is_anothers_stays(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            old = await person.dictate(1)
            at = (await person.call(h.GetHoldings())).at
            new = await person.dictate(2)
            other = seal(
                person.plane.signer,
                store.UTTERANCE,
                {"utterance": "utt_other", "source": "file", "name": "n", "profile": "guest"},
                created=int((at - 10) * 1000),
                aggregate="utt_other",
            )
            await person.plane.store.objects.import_([other])
            assert (await person.call(h.ClearOwn(until=at))).count == 1
            assert await person.listed() == ["utt_other", new]
            assert row_of(person.plane, old).discarded
            busy = await person.take(b"RIFF" + sound(3))
            gate = script.hold[c.Recognize] = asyncio.Event()
            request = person.ask(c.Transcribe(utterance=busy))
            await until(lambda: script.count(c.Recognize) == 3)
            done = await clear(person)
            assert (done.count, done.busy) == (1, 1)
            gate.set()
            await person.answer(c.Transcribe, request)
            assert await person.listed() == ["utt_other", busy]
            await person.kept()

    run(story())


def test_a_room_that_fails_amid_it_leaves_what_can_be_brought_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearings, "PART_UTTERANCES", 1)

    async def story() -> None:
        async with room_of(home) as person:
            made = [await person.dictate(number) for number in (1, 2)]
            wanted, asked = clearings.to_clear, 0

            def failing(*given: Any) -> list[str]:
                nonlocal asked
                asked += 1
                if asked == 2:
                    raise GarretError("The disk is away.")
                return wanted(*given)

            monkeypatch.setattr(clearings, "to_clear", failing)
            at = (await person.call(h.GetHoldings())).at
            assert (await person.refusal(h.ClearOwn(until=at))).message == "The disk is away."
            assert await person.listed() == made[:1]
            (restorable,) = (await person.call(h.GetHoldings())).rooms[0].restorable
            await person.call(h.RestoreCleared(clearing=restorable.clearing))
            assert await person.listed() == made[::-1]

    run(story())


def test_who_may_not_delete_may_not_clear(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            await person.dictate(1)
            for profile in ("guest", "child"):
                stranger = Person(person.plane, profile=profile)
                assert (await stranger.refusal(h.ClearOwn(until=time.time()))).code == Code.DENIED
                order = c.Clear(act="clear", clearing="x", until=time.time())
                assert (await stranger.refusal(order)).code == Code.DENIED
            assert (await person.refusal(c.Clear(act="clear"))).code == Code.USAGE
            assert len(await person.listed()) == 1

    run(story())


def test_when_the_time_is_over_all_of_it_goes_for_good_and_its_list_too(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            made = [await person.dictate(number) for number in (1, 2, 3)]
            body = {"clearing": "clr_1", "profile": "admin", "utterances": made}
            created = int((time.time() - 86_500) * 1000)
            part = seal(person.plane.signer, clearings.CLEARING, body, created=created)
            await person.plane.store.objects.import_([part])
            await person.call(c.Undelete(utterances=(made[1],)))
            await settle(person)
            person.plane.store.settled._readings = None
            await service_of(person.plane)._tidy()
            with person.plane.store.readers.read() as connection:
                left: Any = connection.execute("SELECT id FROM utterances").fetchall()
                assert (left, clearings.acts(connection, "admin")) == ([(made[1],)], [])
                assert clearings.to_restore(connection, "admin", "clr_1") == [(part.id, 3)]
            subscription = person.plane.bus.subscribe("dictate.deleted")
            await person.call(await person.approved(c.Delete(utterance=made[1])))
            assert events_of(person.plane, subscription) == [c.Deleted(utterance=made[1])]
            await person.dictate(4)
            await person.plane.settings.set("dictate.grace_minutes", 1)
            late = {"clearing": "clr_2", "profile": "admin", "utterances": await person.listed()}
            again = seal(
                person.plane.signer, clearings.CLEARING, late, created=int((time.time() - 90) * 1000)
            )
            await person.plane.store.objects.import_([again])
            await service_of(person.plane)._tidy()
            with person.plane.store.readers.read() as connection:
                lists: Any = connection.execute("SELECT count(*) FROM utterance_clearings").fetchone()
                assert lists == (0,)

    run(story())
