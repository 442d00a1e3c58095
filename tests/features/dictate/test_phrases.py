"""The table of spoken commands as it is told, and what may be set about words and commands."""

from __future__ import annotations

import pytest

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from tests.control.planes import run
from tests.features.dictate.rooms import Person, room_of


async def phrase(person: Person, said: str) -> c.Phrase:
    table = await person.call(c.ListPhrases())
    (found,) = (each for each in table.phrases if each.phrase == said)
    return found


def test_the_table_tells_what_each_does_and_what_is_off(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            assert await phrase(person, "comma") == c.Phrase(
                phrase="comma", does="insert", writes=",", places=("alone", "start", "end")
            )
            await person.plane.settings.set(
                "dictate.commands", {"my address": "insert: 1 Mill Lane"}, "admin"
            )
            await person.plane.settings.set("dictate.commands_off", ["comma"], "admin")
            own = await phrase(person, "my address")
            assert (own.own, own.does, own.writes, own.off) == (True, "insert", "1 Mill Lane", False)
            assert (await phrase(person, "comma")).off
            table = await person.call(c.ListPhrases())
            assert (table.all_off, table.problem, "new_line" in table.actions) == (False, "", True)
            await person.plane.settings.set("dictate.commands_off", ["all"], "admin")
            assert (await person.call(c.ListPhrases())).all_off

    run(story())


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("dictate.vocabulary", {"": "x"}, "empty side"),
        ("dictate.vocabulary", {"one": 1}, "texts on both sides"),
        ("dictate.commands", {"comma": "insert: ;"}, "already means"),
        ("dictate.commands", {"do it": "jump"}, "not an action"),
        ("dictate.commands", ["new line"], "Commands are"),
    ],
)
def test_what_could_not_be_used_is_not_kept(home: Home, key: str, value: object, problem: str) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            with pytest.raises(GarretError, match=problem):
                await person.plane.settings.set(key, value, "admin")
            assert person.plane.settings.get(key, "admin") == {}

    run(story())
