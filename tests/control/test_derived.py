"""Caches and indexes of a room: made when needed, anew when missing, damaged or of another version."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.control.plane import ControlPlane
from garret.protocol.manifest import CacheSpec, IndexSpec, Room
from tests.control.planes import Client, plane_of, run, until
from tests.toy_room.shelf import contracts as c
from tests.toy_room.shelf.manifest import ROOM
from tests.toy_room.shelf.service import ShelfService


class Reader(Client):
    """Somebody who uses the shelf."""

    plane: ControlPlane

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__(plane)
        self.plane = plane

    @property
    def made(self) -> list[tuple[str, str]]:
        """What was made anew since this was last asked."""
        service = next(each for each in self.plane._services_built if isinstance(each, ShelfService))
        made, service.made = service.made, []
        return made

    async def find(self, word: str, workspace: str = "main") -> tuple[str, ...]:
        return (await self.call(c.Find(word=word), workspace=workspace)).texts

    async def count(self, word: str, workspace: str = "main") -> int:
        return (await self.call(c.Count(word=word), workspace=workspace)).value


@asynccontextmanager
async def shelf(home: Home, room: Room = ROOM) -> AsyncIterator[Reader]:
    async with plane_of(home, (room,)) as plane:
        yield Reader(plane)


def index(home: Home, workspace: str = "main") -> Path:
    return home.root / "index" / workspace / "shelf" / "words"


async def filled(reader: Reader) -> None:
    """Notes in two workspaces, found and counted in both."""
    for text, workspace in (("red apple", "main"), ("green apple", "main"), ("red tape", "work")):
        await reader.call(c.Keep(text=text), workspace=workspace)
    assert reader.made == []
    assert await reader.find("apple") == ("green apple", "red apple")
    assert await reader.find("apple", "work") == ()
    assert (await reader.count("red"), await reader.count("red", "work")) == (1, 1)
    assert sorted(reader.made) == [(n, w) for n in ("counts", "words") for w in ("main", "work")]


def test_they_are_made_when_they_are_needed_and_once(home: Home) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
            assert await reader.find("green") == ("green apple",)
            assert await reader.count("apple") == 2
            assert reader.made == []
            await reader.call(c.Keep(text="green tea"))
            asked = [reader.find("green") for _ in range(5)]
            assert set(await asyncio.gather(*asked)) == {("green apple", "green tea")}
            assert reader.made == [("words", "main")], "those who come meanwhile wait for the same"
            acts = [row for row in reader.plane.store.audit.rows(None, limit=50) if row.action == "house.act"]
            assert acts[0].details["room"] == "shelf"

    run(story())


def test_nothing_of_a_note_can_be_read_in_the_file_and_each_has_its_own_key(home: Home) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
            assert b"apple" not in index(home).read_bytes()
            assert index(home).stat().st_mode & 0o777 == 0o600
            assert index(home).parent.stat().st_mode & 0o777 == 0o700
            index(home).write_bytes(index(home, "work").read_bytes())
            assert await reader.find("apple") == ("green apple", "red apple")
            assert reader.made == [("words", "main")]

    run(story())


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(bytes(100)),
    ],
    ids=["missing", "empty", "cut", "other bytes"],
)
def test_an_index_that_is_missing_or_damaged_is_made_anew(home: Home, harm: Callable[[Path], None]) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
            harm(index(home))
            assert await reader.find("apple") == ("green apple", "red apple")
            assert reader.made == [("words", "main")], "and no other"

    run(story())


def test_what_was_used_is_whole_again_soon_after_the_start_of_another_version(home: Home) -> None:
    newer = msgspec.structs.replace(
        ROOM,
        caches=(CacheSpec("counts", 2, ("shelf_counts",), c.FillCounts),),
        indexes=(IndexSpec("words", 2, c.FillWords),),
    )

    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
        async with shelf(home) as reader:
            await until(lambda: not len(reader.plane._background))
            assert reader.made == [], "all is whole"
        index(home, "work").unlink()
        async with shelf(home) as reader:
            await until(lambda: not len(reader.plane._background))
            assert reader.made == [("words", "work")]
        async with shelf(home, newer) as reader:
            await until(lambda: not len(reader.plane._background))
            assert len(reader.made) == 4
            assert (await reader.count("red"), await reader.find("tape", "work")) == (1, ("red tape",))
            assert reader.made == []

    run(story())


def test_without_its_cache_file_a_home_makes_all_of_it_anew(home: Home) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
        home.cache_db.write_bytes(b"no database" * 1000)
        async with shelf(home) as reader:
            await until(lambda: not len(reader.plane._background))
            assert sorted(reader.made) == [("words", "main"), ("words", "work")]
            assert (await reader.count("apple"), await reader.count("red", "work")) == (2, 1)

    run(story())


def test_an_index_that_no_manifest_declares_any_more_is_removed(home: Home) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
        strange = home.root / "index" / "main" / "elsewhere" / "words"
        strange.parent.mkdir()
        strange.touch()
        async with shelf(home, msgspec.structs.replace(ROOM, indexes=())) as reader:
            await until(lambda: not len(reader.plane._background))
            assert not index(home).exists()
            assert strange.exists(), "of a room that is not here"

    run(story())


def test_a_making_that_fails_is_told_and_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            await filled(reader)
            index(home).unlink()
            service = next(e for e in reader.plane._services_built if isinstance(e, ShelfService))
            texts = service._texts

            async def fails(workspace: str) -> list[str]:
                raise ControlError("The notes are out.", code=Code.UNAVAILABLE)

            monkeypatch.setattr(service, "_texts", fails)
            error = await reader.refusal(c.Find(word="apple"))
            assert error.message == "The notes are out."
            monkeypatch.setattr(service, "_texts", texts)
            assert await reader.find("apple") == ("green apple", "red apple")

    run(story())


def test_only_what_a_room_declares_is_there_for_it(home: Home) -> None:
    async def story() -> None:
        async with shelf(home) as reader:
            derived = reader.plane.door("shelf").derived
            with pytest.raises(GarretError, match="declares no cache or index 'other'"):
                await derived.ready("other", "main")
            with pytest.raises(GarretError, match="is a cache"):
                derived.file("counts", "main")
            with pytest.raises(GarretError, match="no name of a workspace"):
                derived.file("words", "../up")
            with pytest.raises(GarretError, match="declares no"):
                await reader.plane.door("house").derived.discard("words", "main")

    run(story())


def test_a_manifest_names_its_own_command_to_make_something() -> None:
    with pytest.raises(ValueError, match="'words' of the room shelf is not among"):
        msgspec.structs.replace(ROOM, commands=tuple(e for e in ROOM.commands if e is not c.FillWords))
