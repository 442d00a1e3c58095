"""The last stages: clean-up by workers that may die, pages of a long transcript, sound kept as FLAC."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import finishing, store
from garret.features.dictate.recognition import Segment
from tests.control.planes import inner, run, until
from tests.features.dictate.rooms import Person, room_of, row_of, service_of
from tests.features.dictate.scripted_workers import Script, lost, sound


def objects(person: Person, utterance: str, kind: str) -> list[str]:
    with person.plane.store.readers.read() as connection:
        return store.objects_of(connection, utterance, kind)


# ---- text


def test_words_that_were_heard_beyond_a_cut_belong_to_the_segment_that_has_them() -> None:
    def word(text: str, start: float, end: float) -> c.RecognisedWord:
        return c.RecognisedWord(word=text, start=start, end=end, confidence=1.0)

    def heard(*words: c.RecognisedWord) -> c.Hypothesis:
        text = " ".join(each.word for each in words)
        return c.Hypothesis(text=text, words=words, engine="whisper", quality="standard", decode_seconds=0.1)

    before = Segment(0, 0, 160_000, cut=True)
    after = Segment(1, 160_000, 320_000)
    assert finishing.bounds_of(before, heard(word("well", 0.5, 1.0), word("then", 8.0, 8.4))) == (0.0, 8.4)
    assert finishing.bounds_of(after, heard(word("it", 8.5, 8.7), word("ends", 19.0, 19.5))) == (8.5, 20.0)
    assert finishing.bounds_of(after, heard(word("it", 10.5, 11.0))) == (10.0, 20.0)
    assert finishing.bounds_of(before, heard()) == (0.0, 10.0)


def test_a_lost_text_worker_costs_a_moment_only(home: Home) -> None:
    script = Script()
    script.failing(c.Clean, lost(), lost())

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1)
            assert script.count(c.Clean) == 3
            assert await person.text(utterance) == "Word1"

    run(story())


@pytest.mark.parametrize(
    ("problem", "tries"), [(lost(), 5), (ControlError("The vocabulary is broken.", code=Code.USAGE), 1)]
)
def test_what_cannot_be_cleaned_stays_heard(home: Home, problem: ControlError, tries: int) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.plane.settings.set("jobs.attempts", 1)
            utterance = await person.take(b"RIFF" + sound(1))
            script.failing(c.Clean, *[problem] * 9)
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert error.message == problem.message
            assert script.count(c.Clean) == tries
            assert (await person.row(utterance)).error == problem.message
            script.fail.clear()
            heard = script.count(c.Recognize)
            await person.call(c.Transcribe(utterance=utterance, start_from="transcribed"))
            assert script.count(c.Recognize) == heard
            assert await person.text(utterance) == "Word1"
            await person.kept()

    run(story())


def test_a_long_transcript_is_kept_in_pages_and_read_as_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAGE_SEGMENTS", 2)

    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1, 2, 3, 4, 5)
            assert len(objects(person, utterance, store.PAGE)) == 3
            found = await person.call(c.Get(utterance=utterance))
            assert found.raw == "word1 word2 word3 word4 word5"
            assert found.text == "Word1. Word2. Word3. Word4. Word5"
            assert [s.text for s in found.segments] == ["Word1", "Word2", "Word3", "Word4", "Word5"]
            assert [len(s.words) for s in found.segments] == [1] * 5
            await person.call(c.Transcribe(utterance=utterance, engine="sherpa"))
            again = await person.call(c.Get(utterance=utterance))
            assert (again.text, again.total) == (found.text, 5)
            await person.kept()

    run(story())


def test_of_a_very_long_text_the_event_has_the_beginning(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "EVENT_CHARACTERS", 8)

    async def story() -> None:
        async with room_of(home) as person:
            heard = person.plane.bus.subscribe("dictate.finished")
            utterance = await person.dictate(1, 2)
            (told,) = heard.take()
            assert msgspec.msgpack.decode(told.payload)["text"] == "Word1. W"
            assert await person.text(utterance) == "Word1. Word2"

    run(story())


def test_silence_has_the_quality_of_the_engine_that_was_asked(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(0)
            found = await person.call(c.Get(utterance=utterance))
            assert (found.engine, found.quality, found.total) == ("pocketsphinx", "draft", 0)
            assert (found.raw, found.text) == ("", "")

    run(story())


# ---- sound


def test_flac_takes_the_place_of_the_file_that_was_imported(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            before = objects(person, utterance, store.AUDIO)
            await person.call(c.Transcribe(utterance=utterance))
            await person.kept()
            after = objects(person, utterance, store.AUDIO)
            assert len(after) == 1
            assert after != before
            await person.call(c.Audio(utterance=utterance))
            assert person.got == (b"fLaC" + sound(1),)
            assert row_of(person.plane, utterance).audio_seconds == 1.0

    run(story())


def test_a_spool_that_cannot_be_encoded_stays_and_is_encoded_later(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script()
    script.failing(c.EncodeAudio, ControlError("There is no room.", code=Code.FULL))

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1)
            done = await person.answer(c.Listen, request)
            await until(lambda: script.count(c.EncodeAudio) == 1 and not person.plane._background)
            spool = home.spool / f"{done.utterance}.pcm"
            assert [path.name for path in home.spool.iterdir()] == [spool.name]
            assert spool.read_bytes() == sound(1)
            assert any("stays as it is" in record.message for record in caplog.records)
            await service_of(person.plane)._tidy()
            await person.call(c.Audio(utterance=done.utterance))
            assert person.got == (b"fLaC" + sound(1),)
            assert not spool.exists()

    with caplog.at_level(logging.WARNING, logger="garret"):
        run(story())


def test_a_retry_while_its_sound_is_kept_takes_it_from_the_spool(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            gate = script.hold[c.EncodeAudio] = asyncio.Event()
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1)
            done = await person.answer(c.Listen, request)
            await until(lambda: script.count(c.EncodeAudio) == 1)
            await person.call(c.Transcribe(utterance=done.utterance, engine="sherpa"))
            assert script.count(c.Rescue) == 1
            assert script.count(c.DecodeAudio) == 0
            gate.set()
            await person.kept()
            await person.call(c.Audio(utterance=done.utterance))
            assert person.got == (b"fLaC" + sound(1),)

    run(story())


def test_a_file_is_decoded_again_though_its_spool_is_still_there(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            gate = script.hold[c.EncodeAudio] = asyncio.Event()
            utterance = await person.take(b"RIFF" + sound(1))
            await person.call(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.EncodeAudio) == 1)
            await person.call(c.Transcribe(utterance=utterance, engine="sherpa"))
            assert (script.count(c.DecodeAudio), script.count(c.Rescue)) == (2, 0)
            gate.set()
            await person.kept()

    run(story())


def test_what_has_no_spool_is_kept_already(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            finisher = finishing.Finisher(person.plane.door("dictate"))
            await finisher.keep_audio("utt_none", inner(person.plane, "dictate"))
            assert script.asked == []

    run(story())


@pytest.mark.parametrize("problem", ["engine", "file"])
def test_one_sound_that_cannot_be_kept_hinders_no_other_nor_the_retention(home: Home, problem: str) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            first, second = await person.dictate(1), await person.dictate(2)
            for utterance in (first, second):
                (home.spool / f"{utterance}.pcm").write_bytes(sound(5))
            if problem == "engine":
                script.failing(c.EncodeAudio, ControlError("There is no room.", code=Code.FULL))
            else:
                (home.spool / f"{first}.flac").mkdir()  # in the way of the packed file
            await person.plane.settings.set("dictate.keep_audio_mebibytes", 0)
            await service_of(person.plane)._tidy()
            assert (home.spool / f"{first}.pcm").read_bytes() == sound(5)
            assert not (home.spool / f"{second}.pcm").exists()
            assert not (await person.row(second)).has_audio, "what has no room goes all the same"

    run(story())


def test_sound_of_what_was_deleted_meanwhile_is_not_kept(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            gate = script.hold[c.EncodeAudio] = asyncio.Event()
            utterance = await person.take(b"RIFF" + sound(1))
            await person.call(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.EncodeAudio) == 1)
            await person.call(await person.approved(c.Delete(utterance=utterance)))
            gate.set()
            await person.kept()
            assert objects(person, utterance, store.AUDIO) == []

    run(story())


def test_one_spool_is_packed_once_however_often_it_is_asked_for(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            gate = script.hold[c.EncodeAudio] = asyncio.Event()
            utterance = await person.take(b"RIFF" + sound(1))
            await person.call(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.EncodeAudio) == 1)
            tidying = asyncio.get_running_loop().create_task(service_of(person.plane)._tidy())
            await until(lambda: person.plane.store.writer.waiting == 0)
            gate.set()
            await tidying
            await person.kept()
            assert script.count(c.EncodeAudio) == 1
            await person.call(c.Audio(utterance=utterance))
            assert person.got == (b"fLaC" + sound(1),)

    run(story())
