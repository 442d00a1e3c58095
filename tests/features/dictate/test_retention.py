"""How long sound is kept: by its days, under a clock that may jump, and by its room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate.retention import AudioRetention, Kept, due
from garret.features.dictate.store import AUDIO, TRANSCRIPT, UTTERANCE
from garret.storage.errors import ReadOnly
from garret.storage.objects import seal
from garret.storage.settled_time import SettledTime
from tests.control.planes import run
from tests.features.dictate.rooms import Person, room_of, service_of

DAY = 86_400.0
HOUR = 3600.0
SIZE = 1_000

kept_sounds = st.lists(st.tuples(st.floats(0, 100 * DAY), st.integers(0, 9)), max_size=12).map(
    lambda rows: [Kept(f"utt_{n}", since, size) for n, (since, size) in enumerate(rows)]
)


@given(kept_sounds, st.none() | st.floats(0, 200 * DAY), st.integers(1, 60), st.integers(0, 50))
def test_only_what_is_overdue_or_in_the_way_goes(
    kept: list[Kept], settled: float | None, days: int, room: int
) -> None:
    gone = due(kept, settled=settled, days=days, room=room)
    stays = [each for each in kept if each.utterance not in gone]
    assert sum(each.size for each in stays) <= room
    for each in stays:
        assert settled is None or each.since + days * DAY >= settled
    roomy = due(kept, settled=settled, days=days, room=10_000)
    for number, each in enumerate(kept):
        if each.utterance in gone and each.utterance not in roomy:
            older = [other for other in kept[:number] if other.utterance not in roomy]
            assert all(other.utterance in gone for other in older), "the oldest goes first"
        if each.utterance in roomy:
            assert settled is not None
            assert each.since + days * DAY < settled


@given(kept_sounds)
def test_zero_days_are_a_wish_and_need_no_clock(kept: list[Kept]) -> None:
    assert due(kept, settled=None, days=0, room=1 << 40) == [each.utterance for each in kept]


class Shelf:
    """Sound in the store of a real control plane whose clock is the test's."""

    def __init__(self, person: Person) -> None:
        self.clock = ManualClock()
        self.plane = person.plane
        self.plane.store.settled = SettledTime(self.plane.store.settings, clock=self.clock)
        self.retention = AudioRetention(self.plane.door("dictate"))
        self.person = person

    async def put(self, name: str, size: int = SIZE) -> str:
        """Keep an utterance of now, with its text and so many bytes of sound."""
        utterance = f"utt_{name}"
        store, signer = self.plane.store, self.plane.signer
        blob = store.blobs.put_bytes(name.encode().ljust(size, b"."))
        created = int(self.clock.wall() * 1000)
        bodies = {
            UTTERANCE: {"source": "file", "name": name, "profile": "admin"},
            AUDIO: {"blob": blob.id, "seconds": 1.0},
            TRANSCRIPT: {
                "run": "r", "engine": "pocketsphinx", "quality": "draft", "audio_seconds": 1.0,
                "decode_seconds": 0.1, "segments": 0, "note": "", "stages": {},
            },
        }  # fmt: skip
        for kind, body in bodies.items():
            sealed = seal(signer, kind, {"utterance": utterance, **body}, created=created)
            await store.objects.put(sealed)
        return utterance

    async def hours(self, count: int) -> None:
        """Let hours pass, with a sweep in each."""
        for _ in range(count):
            self.clock.advance(HOUR)
            await self.retention.keep()

    async def there(self) -> set[str]:
        rows = (await self.person.call(c.History(limit=1000))).utterances
        return {row.id.removeprefix("utt_") for row in rows if row.has_audio}


async def set_days(person: Person, days: int) -> None:
    await person.plane.settings.set("dictate.keep_audio_days", days)


def test_sound_goes_when_its_days_are_over_and_its_text_stays(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await set_days(person, 3)
            await shelf.retention.keep()
            await shelf.put("old")
            await shelf.hours(48)
            await shelf.put("new")
            await shelf.hours(24)
            assert await shelf.there() == {"old", "new"}, "kept for its days"
            await shelf.hours(49)
            assert await shelf.there() == {"new"}
            assert set(await person.listed()) == {"utt_old", "utt_new"}
            await shelf.hours(48)
            assert await shelf.there() == set()

    run(story())


def test_a_clock_that_jumps_for_some_hours_deletes_nothing(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await set_days(person, 30)
            await shelf.retention.keep()
            await shelf.put("kept")
            await shelf.hours(60)
            shelf.clock.jump_wall(400 * DAY)
            await shelf.hours(12)
            assert await shelf.there() == {"kept"}
            shelf.clock.jump_wall(-400 * DAY)
            await shelf.hours(60)
            assert await shelf.there() == {"kept"}

    run(story())


def test_a_clock_that_was_wrong_at_the_start_deletes_nothing(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await set_days(person, 30)
            await shelf.put("kept")
            await shelf.hours(60)
        async with room_of(home) as person:
            again = Shelf(person)
            await set_days(person, 30)
            again.clock = shelf.clock
            again.clock.jump_wall(4000 * DAY)
            again.plane.store.settled = SettledTime(again.plane.store.settings, clock=again.clock)
            await again.hours(20)
            assert await again.there() == {"kept"}

    run(story())


def test_what_was_said_under_a_clock_that_was_behind_is_as_old_as_what_came_before_it(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await set_days(person, 30)
            await shelf.retention.keep()
            await shelf.put("before")
            right = shelf.clock.wall()
            shelf.clock.jump_wall(-right)  # 1970, as after an empty battery
            await shelf.put("behind")
            await shelf.hours(1)
            shelf.clock.jump_wall(right)
            await shelf.hours(5 * 24)
            assert await shelf.there() == {"before", "behind"}
            await shelf.hours(30 * 24)
            assert await shelf.there() == set()

    run(story())


def test_what_was_said_under_a_clock_that_was_ahead_keeps_nothing_else_for_longer(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await set_days(person, 3)
            await shelf.retention.keep()
            shelf.clock.jump_wall(4000 * DAY)
            await shelf.put("ahead")
            shelf.clock.jump_wall(-4000 * DAY)
            await shelf.put("after")
            await shelf.hours(6 * 24)
            assert await shelf.there() == {"ahead"}

    run(story())


def test_beyond_its_room_the_oldest_goes_at_once_whatever_the_clock_says(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await person.plane.settings.set("dictate.keep_audio_mebibytes", 1)
            await shelf.put("first", 600_000)
            await shelf.retention.keep()
            shelf.clock.jump_wall(-10 * DAY)
            await shelf.put("second", 600_000)
            await shelf.retention.keep()
            assert await shelf.there() == {"second"}, "the order is that in which they came"

    run(story())


def test_a_sound_whose_file_vanished_takes_no_room(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await person.plane.settings.set("dictate.keep_audio_mebibytes", 1)
            await shelf.put("gone", 600_000)
            for path in [each for each in home.blobs.rglob("*") if each.is_file()]:
                path.unlink()
            await shelf.put("there", 600_000)
            await shelf.retention.keep()
            assert await shelf.there() == {"gone", "there"}

    run(story())


def test_storage_that_takes_no_deletion_is_told_in_the_log_and_tried_again(
    home: Home, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> None:
        raise ReadOnly("Storage takes no writes.")

    async def story() -> None:
        async with room_of(home) as person:
            shelf = Shelf(person)
            await shelf.put("kept")
            await set_days(person, 0)
            with monkeypatch.context() as patch:
                patch.setattr(person.plane.store.objects, "delete", refused)
                await service_of(person.plane)._tidy()
            assert await shelf.there() == {"kept"}
            assert any("stays: Storage takes no writes." in record.message for record in caplog.records)
            await service_of(person.plane)._tidy()
            assert await shelf.there() == set()

    with caplog.at_level("WARNING", logger="garret"):
        run(story())
