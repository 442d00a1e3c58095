"""Segments are recognised side by side; lost workers cost a try, other failures the run."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import recognition, store
from garret.features.dictate.recognition import Segment
from tests.control.planes import run, until
from tests.features.dictate.rooms import Person, captured, room_of, service_of
from tests.features.dictate.scripted_workers import STEP, Script, lost, sound


def test_as_many_segments_at_once_as_there_are_workers_and_one_that_waits(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            gate = script.hold[c.Recognize] = asyncio.Event()
            utterance = await person.take(b"RIFF" + sound(*range(1, 9)))
            request = person.ask(c.Transcribe(utterance=utterance))
            await until(lambda: script.count(c.Recognize) >= 3 and script.count(c.DecodeAudio) == 1)
            gate.set()
            done = await person.answer(c.Transcribe, request)
            assert done.segments == 8
            assert script.most_at_once == 3  # two workers
            assert (await person.text(utterance)).split(". ") == [f"Word{n}" for n in range(1, 9)]
            await person.kept()

    run(story())


def test_a_lost_worker_costs_its_segment_another_try_and_no_text(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            script.failing(c.Recognize, *[lost() for _ in range(5)])
            utterance = await person.dictate(1, 2)
            assert script.count(c.Recognize) == 7
            assert await person.text(utterance) == "Word1. Word2"

    run(story())


def test_a_segment_that_loses_every_worker_is_given_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "_TRIES", 3)
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.plane.settings.set("jobs.attempts", 1)
            script.failing(c.Recognize, *[lost() for _ in range(9)])
            utterance = await person.take(b"RIFF" + sound(1))
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert error.message == "The worker is gone."
            assert script.count(c.Recognize) == 3
            assert (await person.row(utterance)).error == "The worker is gone."

    run(story())


def test_the_first_failure_ends_the_run_and_no_other(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.take(b"RIFF" + sound(1, 2))
            script.hold[c.DecodeAudio] = asyncio.Event()
            request = person.ask(c.Transcribe(utterance=utterance))
            await until(lambda: len(heard(person, utterance)) == 2)
            script.failing(c.Recognize, ControlError("The model is broken.", code=Code.CORRUPT))
            script.hold[c.Recognize] = asyncio.Event()
            later = await person.take(b"RIFF" + sound(3, 4))
            other = person.ask(c.Transcribe(utterance=later))
            await until(lambda: script.count(c.Recognize) == 4)
            script.hold.pop(c.Recognize).set()
            script.hold.pop(c.DecodeAudio).set()
            assert (await person.error(other)).code == Code.CORRUPT
            assert script.at_once == 0, "the rest is given up"
            await person.answer(c.Transcribe, request)
            await person.call(c.Transcribe(utterance=later))
            assert await person.text(later) == "Word3. Word4"
            await person.kept()

    run(story())


def heard(person: Person, utterance: str) -> list[str]:
    """What is kept of what the last run over an utterance heard."""
    with person.plane.store.readers.read() as connection:
        last = store.last_run(connection, utterance)
        return [each.text for each in store.heard(connection, utterance, last).values()]


def test_a_segment_grows_and_never_shrinks() -> None:
    segment = Segment(0, 100)
    segment.advance(300)  # nobody feeds a recogniser from it yet
    segment.grown = asyncio.Event()
    segment.advance(200)
    assert segment.upto == 300
    assert segment.grown.is_set()
    segment.grown.clear()
    segment.finish(250)
    assert (segment.end, segment.upto) == (250, 250)
    assert segment.grown.is_set()


def test_a_recogniser_is_told_of_nothing_beyond_a_pause_until_it_is_none() -> None:
    segment = Segment(0, 100)
    segment.advance(300)
    assert segment.available == c.Available(upto=300)
    segment.pause_at(250)
    segment.advance(400)
    assert segment.available == c.Available(upto=250, maybe_final=True)
    segment.resume()
    assert segment.available == c.Available(upto=400)
    segment.pause_at(380)
    segment.finish(380)
    assert segment.available == c.Available(upto=380, final=True)


def test_a_segment_after_a_cut_begins_where_the_one_before_was_heard_to(home: Home) -> None:
    script = Script()
    script.cuts = True

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1, 2, 0, 3)
            asked = {each.end: each for each in script.asked if isinstance(each, c.Recognize)}
            assert [(each.start, each.cut, each.before) for _, each in sorted(asked.items())] == [
                (0, True, ""),
                (STEP // 2, False, "word1"),
                (3 * STEP, False, ""),
            ]
            assert (await person.row(utterance)).state == "cleaned"

    run(story())


def test_a_cut_costs_a_few_seconds_at_most_even_where_little_was_heard() -> None:
    segment = Segment(0, 0, 28 * STEP, cut=True)
    assert segment.spoken_until == 28 * STEP
    word = c.RecognisedWord(start=0.0, end=1.0, word="hello", confidence=0.5)
    heard = c.Hypothesis(text="hello", words=(word,), engine="sherpa", quality="high", decode_seconds=0.5)
    segment.keep(heard)
    assert segment.spoken_until == 25 * STEP
    segment.keep(msgspec.structs.replace(heard, words=(msgspec.structs.replace(word, end=27.5),)))
    assert segment.spoken_until == 27 * STEP + STEP // 2


def test_a_segment_that_was_heard_keeps_no_words() -> None:
    segment = Segment(0, 0, 16_000)
    word = c.RecognisedWord(start=0.0, end=1.0, word="hello", confidence=0.5)
    segment.keep(
        c.Hypothesis(text="hello", words=(word,), engine="sherpa", quality="high", decode_seconds=0.5)
    )
    assert segment.heard is not None
    assert (segment.heard.text, segment.heard.words, segment.heard.decode_seconds) == ("hello", (), 0.5)
    assert (segment.heard.engine, segment.heard.quality) == ("sherpa", "high")


def test_only_what_still_grows_has_somebody_who_waits_for_it(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1, 2, end=False)
            person.put(request, c.AudioChunk(data=sound(3)[:STEP]))
            await captured(person, 2)
            (session,) = service_of(person.plane)._live.values()
            await until(lambda: session._open is not None and session._open.grown is not None)
            growing = session._open
            assert growing is not None
            person.put(request, None)
            await person.answer(c.Listen, request)
            assert growing.heard is not None
            assert growing.grown is None
            await person.kept()

    run(story())


def test_who_speaks_now_comes_before_files(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.dictate(1)
            request = person.ask(c.Listen(source="push", key="k"))
            person.push(request, 2)
            await person.answer(c.Listen, request)
            assert script.lanes == [1, 0]

    run(story())


def test_a_defect_in_recognising_fails_the_run_instead_of_leaving_a_hole(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, real = Script(), store.add_heard

    def add_heard(connection: Any, utterance: str, run: str, start: int, end: int, heard: Any) -> None:
        if heard.text == "word2":
            raise ValueError("odd")
        real(connection, utterance, run, start, end, heard)

    monkeypatch.setattr(store, "add_heard", add_heard)

    async def story() -> None:
        async with room_of(home, script) as person:
            await person.plane.settings.set("jobs.attempts", 1)
            utterance = await person.take(b"RIFF" + sound(1, 2, 3))
            error = await person.refusal(c.Transcribe(utterance=utterance))
            assert "could not be recognised" in error.message
            assert "ValueError" in error.message
            assert (await person.row(utterance)).state == "captured"
            monkeypatch.setattr(store, "add_heard", real)
            await person.call(c.Transcribe(utterance=utterance))
            assert await person.text(utterance) == "Word1. Word2. Word3"

    run(story())
