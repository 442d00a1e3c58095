"""Dictating live: nothing captured is lost, whatever ends, and nothing is opened to an empty chair."""

from __future__ import annotations

import asyncio

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import listening, pushed
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, captured, exported, items, room_of, service_of, spools
from tests.features.dictate.scripted_workers import STEP, Script, lost, sound

# ---- from the first word to the kept sound


def test_speech_becomes_text_while_it_is_spoken(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push", name="the kitchen"))
            person.put(request, c.AudioChunk(data=sound(1)[:STEP]))
            await until(lambda: bool(items(person, "partial")))
            assert not items(person, "final")
            person.put(request, c.AudioChunk(data=sound(1)[STEP:]))
            person.push(request, 2, end=False)
            await until(lambda: len(items(person, "final")) == 2)
            assert items(person, "state")[0]["text"] == "listening"
            assert not person.answered(request)
            person.push(request, 3)
            done = await person.answer(c.Listen, request)
            assert (done.segments, done.audio_seconds, done.note) == (3, 3.0, "")
            assert [item["text"] for item in items(person, "final")] == ["word1", "word2", "word3"]
            assert items(person, "level")[0]["level"] == -20.0
            assert await person.text(done.utterance) == "Word1. Word2. Word3"
            assert await exported(person, done.utterance) == sound(1, 2, 3)
            row = await person.row(done.utterance)
            assert (row.state, row.source) == ("cleaned", "push")

    run(story())


def test_what_is_to_be_text_alone_has_no_command_in_it_when_it_is_heard_again_either(home: Home) -> None:
    script = Script()
    script.grammar = "new line"
    script.commands = (c.Taken(first=0, count=1, phrase="new line", did="new_line"),)

    async def story() -> None:
        async with room_of(home, script) as person:
            for commands in (True, False):
                request = person.ask(c.Listen(source="push", commands=commands))
                person.push(request, 1)
                done = await person.answer(c.Listen, request)
                await person.kept()
                for key in ("", "again"):
                    if key:
                        await person.call(c.Transcribe(utterance=done.utterance, key=key))
                    (segment,) = (await person.call(c.Get(utterance=done.utterance))).segments
                    assert bool(segment.commands) == commands
                assert bool(items(person, "command")) == commands
                person.items.clear()
                await person.kept()

    run(story())


def test_a_microphone_is_opened_and_another_worker_stands_by(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.plane.settings.set("dictate.device", "kitchen")
            request = person.ask(c.Listen(source="microphone"))
            await until(lambda: bool(items(person, "state")))
            person.put(request, None)
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word7"
            (record,) = (each for each in script.asked if isinstance(each, c.Record))
            assert record.device == "kitchen"
            assert "microphone 2" in script.warmed
            await person.kept()
            named = person.ask(c.Listen(source="microphone", device="hall"))
            person.put(named, None)
            await person.answer(c.Listen, named)
            assert [each.device for each in script.asked if isinstance(each, c.Record)] == ["kitchen", "hall"]
            await person.kept()

    run(story())


@pytest.mark.parametrize("named", [True, False])
def test_stopping_keeps_what_was_said(home: Home, named: bool) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            assert (await person.refusal(c.Stop())).code == Code.NOT_FOUND
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            await captured(person, 1)
            (utterance,) = await person.listed()
            await person.call(c.Stop(utterance=utterance if named else ""))
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word1"
            assert await exported(person, utterance) == sound(1)
            assert (await person.refusal(c.Stop())).code == Code.NOT_FOUND

    run(story())


def test_a_cancelled_dictation_keeps_its_sound_and_becomes_text_when_retried(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            await captured(person, 1)
            person.cancel(request)
            assert (await person.error(request)).code == Code.CANCELLED
            (utterance,) = await person.listed()
            assert await exported(person, utterance) == sound(1)
            row = await person.row(utterance)
            assert (row.state, row.error) == ("captured", "It was cancelled; its sound is kept.")
            await person.call(c.Transcribe(utterance=utterance))
            assert await person.text(utterance) == "Word1"
            await person.kept()

    run(story())


def test_whoever_goes_away_ends_the_dictation_and_loses_nothing(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, 2, end=False)
            await captured(person, 2)
            person.leave()
            other = Person(person.plane)
            (utterance,) = await other.listed()
            assert await exported(other, utterance) == sound(1, 2)
            assert await other.text(utterance) == "Word1. Word2"

    run(story())


def test_the_longest_recording_ends_by_itself(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            await person.plane.settings.set("dictate.longest_hours", 0.01)
            request = person.ask(c.Listen(source="push"))
            for word in range(1, 40):
                person.push(request, word, end=False)
                await until(lambda word=word: person.answered(request) or _stored(person) >= word)  # type: ignore[misc]
                if person.answered(request):
                    break
            done = await person.answer(c.Listen, request)
            assert done.note == "The dictation was ended at the limit of 0.01 h."
            assert 36 < done.audio_seconds < 39
            await person.kept()

    run(story())


def _stored(person: Person) -> float:
    return max((path.stat().st_size / 2 / STEP for path in spools(person)), default=0.0)


# ---- what is lost on the way


def test_a_lost_audio_worker_loses_no_sound_and_no_word(home: Home) -> None:
    script = Script()
    script.dies_at = [STEP + STEP // 4, 2 * STEP + STEP // 2]

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, 2, end=False)
            await until(lambda: script.count(c.Capture) == 2)
            person.push(request, 3)
            done = await person.answer(c.Listen, request)
            assert script.count(c.Capture) == 3
            assert await exported(person, done.utterance) == sound(1, 2, 3)
            assert done.audio_seconds == 3.0
            found = await person.call(c.Get(utterance=done.utterance))
            assert [segment.start for segment in found.segments] == sorted(s.start for s in found.segments)
            assert found.raw.split()[0] == "word1"
            assert found.raw.split()[-1] == "word3"
            later = [each.again for each in script.asked if isinstance(each, c.Capture)][1:]
            assert all(0 < again <= 2 * STEP for again in later), "its end is heard again"

    run(story())


def test_a_segment_that_grew_long_ends_where_its_worker_was_lost(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_LONGEST_OPEN", STEP // 8)
    script = Script()
    script.dies_at = [STEP // 2]

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1)
            done = await person.answer(c.Listen, request)
            found = await person.call(c.Get(utterance=done.utterance))
            assert [(s.start, s.end) for s in found.segments] == [(0.0, 0.5), (0.5, 1.0)]
            await person.kept()

    run(story())


def test_sound_is_on_the_disk_before_there_is_a_worker(home: Home) -> None:
    script = Script()
    script.ready = False

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, 2, end=False)
            spool = await captured(person, 2)
            assert spool.read_bytes() == sound(1, 2)
            assert script.count(c.Capture) == 0
            assert "audio 1" in script.warmed
            script.ready = True
            person.push(request, 3)
            done = await person.answer(c.Listen, request)
            (capture,) = (each for each in script.asked if isinstance(each, c.Capture))
            assert capture.again >= 2 * STEP, "all of it is searched for speech"
            assert await exported(person, done.utterance) == sound(1, 2, 3)
            assert (await person.text(done.utterance)).startswith("Word1")

    run(story())


def test_so_much_and_no_more_is_kept_without_a_worker(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_BRIDGE_LIMIT", STEP)
    monkeypatch.setattr(pushed, "WAITING_LIMIT", 4)
    script = Script()
    script.ready = False

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            spool = await captured(person, 1)
            person.push(request, 2, 3)
            (session,) = service_of(person.plane)._live.values()
            await until(lambda: session._pushed.full)
            assert spool.stat().st_size == 2 * STEP
            script.ready = True
            done = await person.answer(c.Listen, request)
            assert await exported(person, done.utterance) == sound(1, 2, 3)

    run(story())


def test_a_capture_that_ends_by_itself_tells_why_and_keeps_what_it_has(home: Home) -> None:
    script = Script()
    script.gives_up_at = [(STEP, "The microphone is gone.")]

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, 2, end=False)
            done = await person.answer(c.Listen, request)
            assert done.note == "The microphone is gone."
            assert await person.text(done.utterance) == "Word1"
            assert await exported(person, done.utterance) == sound(1)

    run(story())


def test_who_pushes_faster_than_a_capture_takes_it_is_not_left_waiting_when_it_ends(home: Home) -> None:
    script = Script()
    script.gives_up_at = [(STEP // 4, "The disk is full.")]

    async def story() -> None:
        async with room_of(home, script) as person:
            gate = script.hold[c.Capture] = asyncio.Event()
            request = person.ask(c.Listen(source="push"))
            for word in range(1, 21):
                pushed_before = 4 * (word - 1)
                await until(lambda before=pushed_before: _taken(person) >= before)  # type: ignore[misc]
                person.push(request, word, end=False)
            await until(lambda: script.count(c.Capture) == 1 and _taken(person) == 80)
            gate.set()
            done = await person.answer(c.Listen, request)
            assert done.note == "The disk is full."
            assert await exported(person, done.utterance) == sound(1)[: STEP // 2]

    run(story())


def _taken(person: Person) -> int:
    """How many pushed chunks, of a quarter of a second each, the dictation has taken in."""
    return sum(4 * each._pushed.samples // STEP for each in service_of(person.plane)._live.values())


def test_a_capture_that_never_began_fails_with_its_reason(home: Home) -> None:
    script = Script()
    script.failing(c.Record, ControlError("There is no microphone.", code=Code.NOT_FOUND))

    async def story() -> None:
        async with room_of(home, script) as person:
            error = await person.refusal(c.Listen(source="microphone"))
            assert error.message == "There is no microphone."
            (utterance,) = await person.listed()
            assert error.details["utterance"] == utterance
            assert (await person.row(utterance)).error == "There is no microphone."

    run(story())


def test_a_capture_that_fails_later_keeps_what_it_has(home: Home) -> None:
    script = Script()
    script.ready = False

    async def story() -> None:
        async with room_of(home, script) as person:
            script.failing(c.Capture, ControlError("The disk is slow.", code=Code.FAILED))
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1)
            await captured(person, 1)
            script.ready = True
            done = await person.answer(c.Listen, request)
            assert "The disk is slow." in done.note
            assert await exported(person, done.utterance) == sound(1)

    run(story())


def test_a_lost_recogniser_costs_a_moment_only(home: Home) -> None:
    script = Script()
    script.failing(c.Recognize, lost(), lost())

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, 2)
            done = await person.answer(c.Listen, request)
            assert script.count(c.Recognize) == 4
            assert await person.text(done.utterance) == "Word1. Word2"
            await person.kept()

    run(story())


def test_an_engine_that_fails_leaves_the_sound_for_a_retry(home: Home) -> None:
    script = Script()
    script.failing(c.Recognize, ControlError("/none holds no model.", code=Code.USAGE))

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1)
            error = await person.error(request)
            assert error.code == Code.USAGE
            utterance = error.details["utterance"]
            assert (home.spool / f"{utterance}.pcm").read_bytes() == sound(1)
            await person.call(c.Transcribe(utterance=utterance, engine="sherpa"))
            assert await person.text(utterance) == "Word1"
            assert await exported(person, utterance) == sound(1)

    run(story())


# ---- spoken commands


@pytest.mark.parametrize(
    ("command", "did", "ends"), [("new line", "new_line", False), ("stop dictation", "stop", True)]
)
def test_spoken_commands_are_told_and_some_end_it(home: Home, command: str, did: str, ends: bool) -> None:
    script = Script()
    script.grammar = command
    script.commands = (c.Taken(first=0, count=1, phrase=command, did=did),)

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            await until(lambda: bool(items(person, "command")))
            assert items(person, "command")[0]["text"] == command
            if not ends:
                assert not person.answered(request)
                person.put(request, None)
            done = await person.answer(c.Listen, request)
            assert done.audio_seconds == 1.0
            await person.kept()

    run(story())


def test_a_mode_that_stays_on_is_told(home: Home) -> None:
    script = Script()
    script.grammar = "all caps"
    script.commands = (c.Taken(first=0, count=1, phrase="all caps", did="all_caps"),)

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, end=False)
            await until(lambda: bool(items(person, "mode")))
            script.commands = ()
            person.push(request, 0, 2, end=True)
            await person.answer(c.Listen, request)
            await until(lambda: len(items(person, "mode")) == 2)
            assert [item["text"] for item in items(person, "mode")] == ["capitals", ""]
            await person.kept()

    run(story())


def test_the_last_command_can_be_made_words_again_while_it_goes_on(home: Home) -> None:
    script = Script()
    script.grammar = "all caps"
    script.commands = (c.Taken(first=0, count=1, phrase="all caps", did="all_caps"),)

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(c.Listen(source="push"))
            person.put(request, c.AudioChunk(as_words=True))
            await until(lambda: len(items(person, "words")) == 1)
            person.push(request, 1, end=False)
            await until(lambda: bool(items(person, "mode")))
            person.push(request, 2, end=False)
            await until(lambda: len(items(person, "command")) == 2)
            person.put(request, c.AudioChunk(as_words=True))
            await until(lambda: len(items(person, "words")) == 2)
            person.put(request, c.AudioChunk(as_words=True))
            await until(lambda: len(items(person, "mode")) == 2)
            person.put(request, c.AudioChunk(as_words=True))
            await until(lambda: len(items(person, "words")) == 4)
            person.put(request, None)
            done = await person.answer(c.Listen, request)
            assert [item["text"] for item in items(person, "words")] == ["", "all caps", "all caps", ""]
            assert [item["text"] for item in items(person, "mode")] == ["capitals", ""]
            assert [segment.words for segment in script.heard[-1].segments] == [(0,), (0,)]
            assert done.audio_seconds == 2.0
            await person.kept()

    run(story())
