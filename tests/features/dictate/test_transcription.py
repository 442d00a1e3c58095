"""A stored utterance becomes text: decoded, heard in pieces, cleaned, kept; again from any stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.audio.errors import CodecMissingError, NotAudioError
from tests.control.planes import run, until
from tests.features.dictate.rooms import room_of, row_of
from tests.features.dictate.scripted_workers import BROKEN, STEP, Script, sound

FAR = (0, 0, 0, 0)
"""Silence beyond which segments are not recognised together."""


def test_a_file_becomes_text_with_the_times_of_its_words(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1, 0, 2)
            found = await person.call(c.Get(utterance=utterance))
            assert (found.raw, found.text) == ("word1 word2", "Word1. Word2")
            assert [(s.start, s.end, s.raw, s.text) for s in found.segments] == [
                (0.0, 1.0, "word1", "Word1"),
                (2.0, 3.0, "word2", "Word2"),
            ]
            assert [w.start for s in found.segments for w in s.words] == [0.0, 2.0]
            assert (found.audio_seconds, found.decode_seconds) == (3.0, 0.5)
            assert (found.state, found.note) == ("cleaned", "")
            assert set(found.stages) == {"decode", "recognise", "clean"}

    run(story())


def test_whoever_waits_hears_of_each_segment_and_how_far_it_is(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            await person.dictate(1, 2)
            finals = [(item["segment"], item["text"]) for name, item in person.items if name == "item"]
            assert sorted(finals) == [(0, "word1"), (1, "word2")]
            progress = [item for name, item in person.items if name == "progress"]
            assert progress
            assert all("of 2 segments" in item["note"] for item in progress)

    run(story())


@pytest.mark.parametrize(
    ("words", "change", "note"),
    [
        ((1,), {"truncated": True}, "The file breaks off; what could be read was transcribed."),
        ((0,), {}, "No speech was found."),
        ((0,), {"truncated": True}, "No speech was found. The file breaks off; what could be read was tr"),
        ((1,), {"refused": "it loses 'word1'"}, "The text was left as it was heard: it loses 'word1'"),
        ((1,), {"cancelled": True}, "The dictation was cancelled by voice; what was heard is kept as raw"),
    ],
)
def test_what_a_person_should_know_is_noted(
    home: Home, words: tuple[int, ...], change: dict[str, object], note: str
) -> None:
    script = Script()
    vars(script).update(change)

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(*words)
            assert (await person.call(c.Get(utterance=utterance))).note.startswith(note)

    run(story())


def test_what_failed_for_another_reason_is_kept_with_it(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"a letter", "letter.txt")
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert (error.code, error.message) == (Code.INVALID, "letter.txt is no audio.")
            assert error.details["utterance"] == utterance
            row = await person.row(utterance)
            assert (row.state, row.error, row.has_audio) == ("captured", "letter.txt is no audio.", True)
            assert not list(home.spool.iterdir()), "nothing half-decoded stays"

    run(story())


def test_a_run_that_failed_is_retried_with_another_engine(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            problem = ControlError("/models/none holds no model; nothing was recognised.", code=Code.USAGE)
            script.failing(c.Recognize, problem)
            error = await person.refusal(c.Transcribe(utterance=utterance, engine="whisper"))
            assert (error.code, error.message) == (Code.USAGE, problem.message)
            assert (await person.row(utterance)).error == problem.message
            script.fail.clear()
            done = await person.call(c.Transcribe(utterance=utterance, engine="sherpa"))
            assert done.engine == "sherpa"
            row = await person.row(utterance)
            assert (row.state, row.error, row.text) == ("cleaned", "", "Word1")

    run(story())


@pytest.mark.parametrize("engine", ["pocketsphinx", "sherpa", "whisper"])
@pytest.mark.parametrize("problem", [None, "no room"], ids=["delivered", "held"])
@pytest.mark.parametrize("stage", ["captured", "transcribed", "cleaned"])
def test_every_state_is_retried_from_every_stage_with_every_engine(
    home: Home, engine: str, problem: str | None, stage: c.Stage
) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1, *FAR, 2)
            await person.call(c.Delivered(utterance=utterance, where="file", problem=problem or ""))
            heard, decoded = script.count(c.Recognize), script.count(c.DecodeAudio)
            done = await person.call(c.Transcribe(utterance=utterance, engine=engine, start_from=stage))
            again = stage == "captured"
            assert script.count(c.Recognize) - heard == (2 if again else 0)
            assert script.count(c.DecodeAudio) - decoded == (1 if again else 0)
            assert (done.state, done.engine, done.segments) == ("cleaned", engine, 2)
            found = await person.call(c.Get(utterance=utterance))
            assert (found.text, found.total, found.audio_seconds) == ("Word1. Word2", 2, 6.0)
            assert len(found.segments) == 2, "of the run before nothing is left"
            await person.kept()

    run(story())


def test_what_was_never_heard_is_not_retried_from_there(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            order = c.Transcribe(utterance=utterance, start_from="transcribed")
            error = await person.refusal(order)
            assert error.code == Code.NOT_FOUND
            assert "retry it from its sound" in error.message

    run(story())


def test_what_was_heard_before_a_restart_is_not_heard_again(home: Home) -> None:
    before, after = Script(), Script()

    async def story() -> None:
        async with room_of(home, before) as person:
            utterance = await person.take(b"RIFF" + sound(1, 2, 3))
            before.hold[c.DecodeAudio] = asyncio.Event()  # keeps the run from its end
            request = person.ask(c.Transcribe(utterance=utterance, key="k", partials=True))
            await until(lambda: sum(name == "item" for name, _ in person.items) == 3)
            assert row_of(person.plane, utterance).state == "captured"
            assert not person.answered(request)
        async with room_of(home, after) as person:
            done = await person.call(c.Transcribe(utterance=utterance, key="k", partials=True))
            assert done.segments == 3
            assert after.count(c.Recognize) == 0
            assert await person.text(utterance) == "Word1. Word2. Word3"
            await person.kept()

    run(story())


def test_a_spool_that_cannot_be_used_is_told_and_the_sound_left_as_it_was(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            home.spool.rmdir()
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert error.code == Code.FAILED
            assert error.message.startswith("The sound could not be worked on: No such file or directory.")
            assert f"`garret history retry {utterance}`" in error.message
            assert (await person.row(utterance)).error == error.message
            home.spool.mkdir()
            await person.call(c.Transcribe(utterance=utterance))
            assert await person.text(utterance) == "Word1"
            await person.kept()

    run(story())


def test_a_kept_file_that_vanished_is_told(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            row = row_of(person.plane, utterance)
            assert row.audio is not None
            person.plane.store.blobs.path(row.audio).unlink()
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert error.code == Code.CORRUPT
            assert "is gone" in error.message
            assert (await person.row(utterance)).error == error.message
            assert not list(home.spool.iterdir())

    run(story())


def test_a_cancelled_run_keeps_the_sound(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            script.hold[c.Recognize] = asyncio.Event()
            request = person.ask(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.Recognize) == 1)
            person.cancel(request)
            assert (await person.error(request)).code == Code.CANCELLED
            await person.kept()
            row = await person.row(utterance)
            assert (row.state, row.error) == ("captured", "It was cancelled; its sound is kept.")
            assert row.has_audio
            script.hold.clear()
            await person.call(c.Transcribe(utterance=utterance))
            assert await person.text(utterance) == "Word1"
            await person.kept()

    run(story())


def test_a_spelled_utterance_is_heard_and_cleaned_as_one(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.dictate(1, mode="spelling", partials=True)
            (heard,) = (each for each in script.asked if isinstance(each, c.Recognize))
            (cleaned,) = (each for each in script.asked if isinstance(each, c.Clean))
            assert (heard.mode, heard.partials, cleaned.mode) == ("spelling", True, "spelling")
            (decoded,) = (each for each in script.asked if isinstance(each, c.DecodeAudio))
            assert decoded.limit_seconds == 12 * 3600

    run(story())


@pytest.mark.parametrize(("profile", "seconds"), [("guest", 3600.0), ("child", 600.0)])
def test_a_profile_may_take_so_long_a_recording(home: Home, profile: str, seconds: float) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as admin:
            person = type(admin)(admin.plane, profile=profile)
            utterance = await person.take(b"RIFF" + sound(1))
            await person.call(c.Transcribe(utterance=utterance))
            (decoded,) = (each for each in script.asked if isinstance(each, c.DecodeAudio))
            assert decoded.limit_seconds == seconds
            await person.kept()

    run(story())


def test_the_text_worker_is_told_the_pauses_and_told_the_same_by_a_retry(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1, 2, 0, 3, 0, 0, 4)
            await person.call(c.Transcribe(utterance=utterance, start_from="transcribed"))
            first, again = script.heard
            # A second and two of silence, and padding of 0.192 and 0.3 s; the first two touch.
            assert [segment.pause for segment in first.segments] == [0.0, 0.0, 1.492, 2.492]
            assert again.segments == first.segments
            await person.kept()

    run(story())


SCRATCH = c.Taken(first=0, count=1, phrase="scratch that", did="scratch")


@pytest.mark.parametrize(("asked", "carried"), [({}, False), ({"commands": True}, True)])
def test_a_recording_carries_out_commands_only_where_that_was_asked(
    home: Home, asked: dict[str, bool], carried: bool
) -> None:
    script = Script()
    script.commands = (SCRATCH,)

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1, **asked)
            (cleaned,) = (each for each in script.asked if isinstance(each, c.Clean))
            assert cleaned.commands is carried
            (segment,) = (await person.call(c.Get(utterance=utterance))).segments
            assert bool(segment.commands) is carried
            assert segment.gone == (((0, 1),) if carried else ())

    run(story())


def test_what_was_a_command_is_marked_and_words_again_when_asked(home: Home) -> None:
    script = Script()
    script.commands = (SCRATCH,)

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1, 2, commands=True)
            first, second = (await person.call(c.Get(utterance=utterance))).segments
            assert first.commands == (
                c.SpokenCommand(number=1, start=0.0, end=1.0, words="word1", did="scratch", first=0),
            )
            assert [each.number for each in second.commands] == [2]
            script.heard.clear()
            done = await person.call(c.RestoreWords(utterance=utterance, number=2))
            (again,) = script.heard
            assert [each.words for each in again.segments] == [(), (0,)]
            assert (done.utterance, done.state) == (utterance, "cleaned")
            script.heard.clear()
            await person.call(c.RestoreWords(utterance=utterance))
            assert [each.words for each in script.heard[0].segments] == [(0,), (0,)]
            with pytest.raises(GarretError, match="no such spoken command"):
                await person.call(c.RestoreWords(utterance=utterance, number=3))

    run(story())


def test_what_was_restored_before_stays_so(home: Home) -> None:
    script = Script()
    script.commands = (msgspec.structs.replace(SCRATCH, restored=True),)

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1, 2, commands=True)
            script.heard.clear()
            await person.call(c.RestoreWords(utterance=utterance, number=1))
            assert [each.words for each in script.heard[0].segments] == [(0,), (0,)]

    run(story())


def test_without_a_command_there_is_nothing_to_restore(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            with pytest.raises(GarretError, match="It has none"):
                await person.call(c.RestoreWords(utterance=utterance))

    run(story())


def asked_for(script: Script) -> list[tuple[int, int]]:
    """The stretches that were recognised, in seconds."""
    return [
        (command.start // STEP, command.end // STEP)
        for command in script.asked
        if isinstance(command, c.Recognize)
    ]


@pytest.mark.parametrize(
    ("engine", "options", "wanted"),
    [
        ("whisper", {}, [(0, 4), (8, 10)]),
        ("pocketsphinx", {}, [(0, 1), (2, 3), (3, 4), (8, 9), (9, 10)]),
        ("whisper", {"commands": True}, [(0, 1), (2, 3), (3, 4), (8, 9), (9, 10)]),
    ],
)
def test_an_engine_with_a_window_hears_neighbours_together(
    home: Home, engine: str, options: dict[str, Any], wanted: list[tuple[int, int]]
) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.dictate(1, 0, 2, 3, *FAR, 4, 5, engine=engine, **options)
            assert sorted(asked_for(script)) == wanted

    run(story())


def test_remarks_on_the_sound_are_kept_with_the_text_and_by_a_retry_from_what_was_heard(home: Home) -> None:
    script = Script()
    script.truncated = True

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1)
            assert (await person.call(c.Get(utterance=utterance))).notes == (BROKEN,)
            again = c.Transcribe(utterance=utterance, key=new_id("ask"), start_from="transcribed")
            assert (await person.call(again)).note == BROKEN.sentence
            assert (await person.call(c.Get(utterance=utterance))).notes == (BROKEN,)

    run(story())


def undecodable() -> GarretError:
    return NotAudioError("talk.wav is not a recording that can be read.")


def without_a_decoder() -> GarretError:
    return CodecMissingError(
        "talk.m4a needs a further decoder; it is not a recording that can be read without."
    )


@pytest.mark.parametrize("failure", [undecodable, without_a_decoder])
def test_of_what_cannot_be_decoded_nothing_is_kept(home: Home, failure: Callable[[], GarretError]) -> None:
    """It is told at the first attempt: at a second one there would be no such utterance any more."""
    script = Script()
    script.failing(c.DecodeAudio, failure())

    async def story() -> None:
        async with room_of(home, script) as person:
            kept = await person.dictate(1)
            script.failing(c.DecodeAudio, failure())
            utterance = await person.take(b"RIFF" + sound(1))
            with pytest.raises(GarretError, match="not a recording"):
                await person.call(c.Transcribe(utterance=utterance, key=new_id("ask")))
            assert await person.listed() == [kept]
            assert not list(person.plane.home.spool.iterdir())
            with person.plane.store.readers.read() as connection:
                assert [name for name, _ in store.kept_sound(connection)] == [kept], "its blob is swept"

    script.fail.clear()
    run(story())


def test_what_somebody_may_count_on_is_kept_though_it_cannot_be_decoded(home: Home) -> None:
    script = Script()
    script.failing(c.DecodeAudio, ControlError("The worker was lost.", code=Code.FAILED), undecodable())

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1))
            for message in ("lost", "not a recording"):
                with pytest.raises(GarretError, match=message):
                    await person.call(c.Transcribe(utterance=utterance, key=new_id("ask")))
            row = await person.row(utterance)
            assert row.has_audio
            assert "not a recording" in row.error

    run(story())
