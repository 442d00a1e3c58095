"""A live dictation that goes on after a restart: what was heard stays, what was said is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import resuming, service
from garret.features.dictate.resuming import uncovered
from tests.control.planes import run, until
from tests.features.dictate.rooms import exported, items, leave_job, room_of
from tests.features.dictate.scripted_workers import STEP, Script, lost, sound


def order(source: str = "push") -> c.Listen:
    return c.Listen(source=source, key="ask", resumes=True)  # type: ignore[arg-type]


def test_a_dictation_tells_from_the_first_sample_on_what_is_kept(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(order())
            person.push(request, 1, 2)
            done = await person.answer(c.Listen, request)
            kept = [item.get("kept", 0) for item in items(person, "kept")]
            assert kept[0] == 0
            assert kept == sorted(kept)
            assert kept[-1] == 2 * STEP
            await person.kept()
            assert done.note == ""

    run(story())


def test_who_did_not_ask_for_it_is_not_told(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(c.Listen(source="push"))
            person.push(request, 1)
            await person.answer(c.Listen, request)
            assert items(person, "kept") == []
            await person.kept()

    run(story())


def test_pushed_sound_goes_on_where_it_was_cut_off(home: Home) -> None:
    leave_job(home, order(), leases=1, captured=sound(1, 2))

    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(order())
            await until(lambda: bool(items(person, "kept")))
            assert items(person, "kept")[0]["kept"] == 2 * STEP
            person.push(request, 3)
            done = await person.answer(c.Listen, request)
            assert (done.audio_seconds, done.note) == (3.0, "")
            assert await person.text(done.utterance) == "Word1. Word2. Word3"
            assert await exported(person, done.utterance) == sound(1, 2, 3)

    run(story())


def test_a_long_beginning_is_looked_through_beside_the_listening(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "_AGAIN_LIMIT", STEP)
    leave_job(home, order(), leases=1, captured=sound(1, 0, 2, 3))
    script = Script()
    script.failing(c.Rescue, lost())

    async def story() -> None:
        async with room_of(home, script) as person:
            request = person.ask(order())
            person.push(request, 4)
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word1. Word2. Word3. Word4"
            rescues = [each for each in script.asked if isinstance(each, c.Rescue)]
            assert [each.upto for each in rescues] == [3 * STEP, 3 * STEP], "a lost worker costs a try"
            assert await exported(person, done.utterance) == sound(1, 0, 2, 3, 4)

    run(story())


def test_a_microphone_goes_on_and_it_is_told_that_something_is_missing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "_AGAIN_LIMIT", 0)
    leave_job(home, order("microphone"), leases=1, captured=sound(1))

    async def story() -> None:
        async with room_of(home) as person:
            request = person.ask(order("microphone"))
            await until(lambda: bool(items(person, "state")))
            person.put(request, None)
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word1. Word7"
            assert "Garret was restarted: about" in done.note
            assert await exported(person, done.utterance) == sound(1, 7)

    run(story())


def test_without_whoever_dictated_it_ends_with_what_there_is(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_RETURN_SECONDS", 0.05)
    leave_job(home, order(), leases=1, captured=sound(1, 2))
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            await until(lambda: script.count(c.Clean) == 1)
            request = person.ask(order())
            done = await person.answer(c.Listen, request)
            assert await person.text(done.utterance) == "Word1. Word2"
            assert "cut off" in done.note
            assert script.count(c.Capture) == 0
            await person.kept()

    run(story())


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=30))
def test_every_sample_that_was_said_is_heard_or_begun_and_none_twice(
    gaps: list[int], more: list[int]
) -> None:
    step = resuming._SHORTEST
    said, heard = stretches(gaps, step), stretches(more, step)
    begun = uncovered(said, heard)

    def covered(spans: list[tuple[int, int]]) -> set[int]:
        return {place for start, end in spans for place in range(start // step, end // step)}

    assert covered(said) <= covered(heard) | covered(begun)
    assert not covered(heard) & covered(begun)
    assert covered(begun) <= covered(said)
    assert begun == sorted(begun)
    assert sum((end - start) // step for start, end in begun) == len(covered(begun))


def stretches(gaps: list[int], step: int) -> list[tuple[int, int]]:
    """Stretches of sound, by turns how long a pause is and how long what follows is."""
    place, found = 0, list[tuple[int, int]]()
    for pause, length in zip(gaps[::2], gaps[1::2], strict=False):
        start = place + (pause + 1) * step
        place = start + (length + 1) * step
        found.append((start, place))
    return found


def test_padding_between_segments_is_not_heard_again() -> None:
    step = resuming._SHORTEST
    assert uncovered([(0, 10 * step)], [(100, 4 * step), (5 * step - 9, 9 * step + 9)]) == []
