"""What clients ask of the room: importing, the history and its pages, delivery, deletion, whose is whose."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.control.clients.bus import Happened, Subscription
from garret.control.plane import ControlPlane
from garret.features.dictate import contracts as c
from garret.features.dictate import service, store
from garret.features.house import contracts as h
from garret.protocol.contract import Command
from garret.storage.errors import DiskFull
from tests.control.planes import of_profile, run, until
from tests.features.dictate.rooms import room_of, row_of, service_of
from tests.features.dictate.scripted_workers import Script, sound


def events_of(plane: ControlPlane, subscription: Subscription) -> list[Any]:
    """The events that were published, decoded."""
    events = []
    for item in subscription.take():
        assert isinstance(item, Happened)
        kind = plane.registry.event_type(item.name)
        assert kind is not None
        events.append(msgspec.msgpack.decode(item.payload, type=kind))
    return events


# ---- importing


def test_what_is_taken_in_is_kept_byte_for_byte_before_it_is_answered(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1), "talk.wav")
            row = await person.row(utterance)
            assert (row.state, row.source, row.has_audio, row.text) == ("captured", "talk.wav", True, "")
            await person.call(c.Audio(utterance=utterance))
            assert person.got == (b"RIFF" + sound(1),)

    run(story())


def test_nothing_is_taken_for_an_utterance(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            assert (await person.refusal(c.Import(name="a.wav"))).code == Code.USAGE
            with pytest.raises(Exception, match=r"a\.wav is empty.*Nothing was kept") as refused:
                await person.take(b"", "a.wav")
            assert refused.value.code == Code.USAGE  # type: ignore[attr-defined]
            assert await person.listed() == []

    run(story())


# ---- what cannot be done


@pytest.mark.parametrize(
    "order",
    [
        c.Transcribe(utterance="utt_nothing"),
        c.Get(utterance="utt_nothing"),
        c.Audio(utterance="utt_nothing"),
        c.Delivered(utterance="utt_nothing", where="x"),
        c.Stop(utterance="utt_nothing"),
        c.Delete(utterance="utt_nothing"),
    ],
    ids=lambda order: type(order).__name__,
)
def test_an_unknown_utterance_is_said_to_be_none(home: Home, order: Command[Any]) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            asked = await person.approved(order) if isinstance(order, c.Delete) else order
            error = await person.refusal(asked)
            assert error.code == Code.NOT_FOUND
            assert error.message.startswith("There is no utterance utt_nothing.")

    run(story())


def test_an_unknown_engine_is_refused_before_anything_is_done(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            for order in (
                c.Transcribe(utterance=utterance, engine="oracle"),
                c.Listen(source="push", engine="oracle"),
            ):
                error = await person.refusal(order)
                assert error.code == Code.USAGE
                assert "oracle" in error.message
            assert script.asked == []
            assert await person.listed() == [utterance]
            assert (await person.row(utterance)).error == ""

    run(story())


def test_nothing_is_done_to_a_dictation_that_goes_on(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            await until(lambda: bool(service_of(person.plane)._live))
            (utterance,) = await person.listed()
            assert (await person.row(utterance)).state == "capturing"
            deleting = await person.approved(c.Delete(utterance=utterance))
            assert (await person.refusal(deleting)).code == Code.CONFLICT
            assert (await person.refusal(c.Transcribe(utterance=utterance))).code == Code.CONFLICT
            person.put(request, None)
            assert (await person.answer(c.Listen, request)).utterance == utterance
            await person.kept()

    run(story())


def test_what_is_being_worked_on_is_not_deleted(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            gate = script.hold[c.Recognize] = asyncio.Event()
            request = person.ask(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.Recognize) == 1)
            error = await person.refusal(await person.approved(c.Delete(utterance=utterance)))
            assert (error.code, "being worked on" in error.message) == (Code.CONFLICT, True)
            gate.set()
            await person.answer(c.Transcribe, request)
            await person.call(await person.approved(c.Delete(utterance=utterance)))
            assert await person.listed() == []
            await person.kept()

    run(story())


def test_a_failure_that_cannot_be_noted_is_told_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.set_work

    def set_work(*given: Any, error: str = "", **options: Any) -> None:
        if error:
            raise DiskFull("The disk is full.")
        real(*given, **options)

    monkeypatch.setattr(store, "set_work", set_work)

    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"a letter")
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert error.message == "talk.wav is no audio."
            assert (await person.row(utterance)).error == ""

    run(story())


def test_runs_over_one_utterance_come_one_after_another(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            gate = script.hold[c.DecodeAudio] = asyncio.Event()
            first = person.ask(c.Transcribe(utterance=utterance, engine="whisper"))
            await until(lambda: script.count(c.DecodeAudio) == 1)
            second = person.ask(c.Transcribe(utterance=utterance, engine="sherpa"))
            await until(lambda: person.plane.jobs.statistics().running == 2)
            assert script.count(c.DecodeAudio) == 1
            gate.set()
            await person.answer(c.Transcribe, first)
            await person.answer(c.Transcribe, second)
            assert (await person.row(utterance)).engine == "sherpa"
            await person.kept()

    run(story())


# ---- the history


def test_the_history_is_paged_from_the_newest_on(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            taken = [await person.take(b"RIFF" + sound(n)) for n in range(1, 6)]
            newest = list(reversed(taken))
            seen: list[str] = []
            while page := (await person.call(c.History(limit=2, before=seen[-1] if seen else ""))).utterances:
                assert len(page) <= 2
                seen += [row.id for row in page]
            assert seen == newest
            assert len((await person.call(c.History(limit=0))).utterances) == 1

    run(story())


def test_the_history_is_searched_by_all_words_in_what_was_said_and_written(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            one, two = await person.dictate(1, 2), await person.dictate(2, 3)

            async def found(query: str) -> list[str]:
                return [row.id for row in (await person.call(c.History(query=query))).utterances]

            assert await found("WORD2") == [two, one]
            assert await found("word3 word2") == [two]
            assert await found("word1. word2") == [one], "the document counts, too"
            assert await found("word1 word3") == []

    run(story())


def test_a_page_of_long_texts_ends_early_and_is_never_empty(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            one, two = await person.dictate(1), await person.dictate(2)
            monkeypatch.setattr(service, "_PAGE_CHARACTERS", 11)  # word1 and Word1 are ten
            assert await person.listed() == [two]
            monkeypatch.setattr(service, "_PAGE_CHARACTERS", 1)
            assert await person.listed() == [two]
            rest = await person.call(c.History(before=two))
            assert [row.id for row in rest.utterances] == [one]

    run(story())


def test_a_transcript_is_fetched_in_pages(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1, 2, 3)
            first = await person.call(c.Get(utterance=utterance, limit=2))
            rest = await person.call(c.Get(utterance=utterance, first=2, limit=2))
            assert [s.raw for s in (*first.segments, *rest.segments)] == ["word1", "word2", "word3"]
            assert (first.total, rest.total) == (3, 3)
            assert first.text + rest.text == "Word1. Word2. Word3"
            assert first.raw + rest.raw == "word1 word2 word3"
            assert min(len(first.text), len(rest.text)) > 5, "each page has its share"
            assert (await person.call(c.Get(utterance=utterance, first=3))).segments == ()
            assert len((await person.call(c.Get(utterance=utterance, first=-5, limit=0))).segments) == 1

    run(story())


# ---- delivery


def test_what_could_not_be_delivered_is_held_until_it_is(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).state == "cleaned"
            await person.call(c.Delivered(utterance=utterance, where="/full/disk", problem="no room"))
            assert (await person.row(utterance)).state == "held"
            assert await person.text(utterance) == "Word1"
            await person.call(c.Delivered(utterance=utterance, where="standard output"))
            assert (await person.row(utterance)).state == "delivered"

    run(story())


def test_held_text_is_held_after_a_restart_and_a_rebuild(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            await person.call(c.Delivered(utterance=utterance, where="x", problem="no"))
        async with room_of(home) as person:
            assert (await person.row(utterance)).state == "held"
            await person.call(h.Rebuild())
            row = await person.row(utterance)
            assert (row.state, row.text, row.has_audio) == ("held", "Word1", True)

    run(story())


# ---- sound and deletion


def test_the_sound_is_exported_as_it_is_kept(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1, 2)
            await person.call(c.Audio(utterance=utterance))
            assert person.got == (b"fLaC" + sound(1, 2),)

    run(story())


def test_without_its_sound_the_text_stays_and_a_retry_says_why_not(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            await person.plane.settings.set("dictate.keep_audio_days", 0)
            utterance = await person.dictate(1)
            row = await person.row(utterance)
            assert (row.has_audio, row.text) == (False, "Word1")
            for order in (c.Audio(utterance=utterance), c.Transcribe(utterance=utterance)):
                error = await person.refusal(order)
                assert (error.code, "its text is" in error.message) == (Code.NOT_FOUND, True)
            await person.call(c.Transcribe(utterance=utterance, start_from="transcribed"))

    run(story())


def test_deleting_takes_everything_of_one_utterance_and_nothing_of_another(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            mine, other = await person.dictate(1), await person.dictate(2)
            spool = home.spool / f"{mine}.pcm"
            spool.write_bytes(sound(1))
            heard = person.plane.bus.subscribe("dictate.deleted", hears=of_profile("admin"))
            others = person.plane.bus.subscribe("dictate.deleted", hears=of_profile("guest"))
            unheard_of = c.Delete(utterance=mine, approval="invented")
            assert (await person.refusal(unheard_of)).code == Code.DENIED
            assert await person.listed() == [other, mine]
            await person.call(await person.approved(c.Delete(utterance=mine)))
            assert await person.listed() == [other]
            assert not spool.exists()
            with person.plane.store.readers.read() as connection:
                for table in ("utterance_objects", "utterance_segments", "dictation_heard"):
                    rows = connection.execute(f"SELECT DISTINCT utterance FROM {table}").fetchall()
                    assert rows == [(other,)], table
            assert [event.utterance for event in events_of(person.plane, heard)] == [mine]
            assert events_of(person.plane, others) == []
            entries = person.plane.store.audit.rows(None, limit=10)
            assert ("dictate.delete", "done") in {(row.action, row.outcome) for row in entries}
            assert await person.text(other) == "Word2"

    run(story())


# ---- upkeep


def left_behind(path: Path) -> None:
    """A file of sound that was written two hours ago."""
    path.write_bytes(sound(5))
    os.utime(path, (time.time() - 7200,) * 2)


def test_what_a_crash_left_in_the_spool_is_kept_or_removed(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            kept = await person.dictate(1)
            busy = await person.take(b"RIFF" + sound(3))
        for name in (f"{kept}.pcm", f"{busy}.pcm", f"{kept}.job.part"):
            (home.spool / name).write_bytes(sound(5))
        for name in ("utt_nobody.pcm", "another_room.pcm", "another_room.part"):
            left_behind(home.spool / name)
        (home.spool / "utt_new.pcm").write_bytes(sound(5))
        async with room_of(home, script) as person:
            assert not list(home.spool.glob("utt_*.part")), "of no use to anybody"
            await service_of(person.plane)._tidy()
            left = {path.name for path in home.spool.iterdir()}
            assert left == {f"{busy}.pcm", "utt_new.pcm", "another_room.pcm", "another_room.part"}
            await person.call(c.Audio(utterance=kept))
            assert person.got == (b"fLaC" + sound(5),)

    run(story())


def test_the_room_is_tidied_by_itself_and_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_FIRST_TIDY_SECONDS", 0.0)
    monkeypatch.setattr(service, "_TIDY_SECONDS", 0.01)

    async def story() -> None:
        async with room_of(home) as person:
            for _ in range(2):
                path = home.spool / "utt_nobody.pcm"
                left_behind(path)
                await until(lambda path=path: not path.exists())  # type: ignore[misc]
            assert not person.plane.notices

    run(story())


def test_a_finished_dictation_is_told_to_whoever_uses_the_profile(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            mine = person.plane.bus.subscribe("dictate.finished", hears=of_profile("admin"))
            others = person.plane.bus.subscribe("dictate.finished", hears=of_profile("guest"))
            utterance = await person.dictate(1)
            (told,) = events_of(person.plane, mine)
            assert (told.utterance, told.text, told.quality) == (utterance, "Word1", "draft")
            assert events_of(person.plane, others) == []

    run(story())


def test_asking_again_with_the_same_key_joins_the_run(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            order = c.Transcribe(utterance=utterance, key=new_id("ask"))
            assert await person.call(order) == await person.call(order)
            assert script.count(c.DecodeAudio) == 1
            assert row_of(person.plane, utterance).run
            await person.kept()

    run(story())


def test_what_was_said_belongs_to_a_workspace_and_is_listed_there(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            here = await person.dictate(1)
            descriptor = os.memfd_create("talk.wav")
            os.pwrite(descriptor, b"RIFF" + sound(2), 0)
            request = person.ask(c.Import(name="talk.wav"), descriptors=(descriptor,), workspace="work")
            there = (await person.answer(c.Import, request)).utterance
            await person.call(c.Transcribe(utterance=there, key=new_id("ask")))
            await person.kept()
            await person.call(c.Delivered(utterance=there, where="x"))
            assert await person.listed() == [here]
            request = person.ask(c.History(query="word2"), workspace="work")
            assert [row.id for row in (await person.answer(c.History, request)).utterances] == [there]
            assert await person.text(there) == "Word2", "whoever names it need not name its workspace"
            objects = person.plane.store.objects
            ids = await person.plane.store.read(lambda connection: store.objects_of(connection, there))
            kept = [objects.get(identity) for identity in ids]
            assert {(each.workspace, each.aggregate) for each in kept} == {("work", there)}
            assert len(objects.heads(there)) == 1, "each followed all before it"

    run(story())
