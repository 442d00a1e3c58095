"""Profiles in a store of keys: both ways."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from garret.control.settings.rows import FlatStore, scoped
from garret.control.settings.settings import Settings
from garret.protocol.setting import Setting

DEFINITION = Setting(key="a.b", type="int", default=1, sentence="A number.", profile_scoped=True)


@dataclass
class Row:
    value: str


class Keys:
    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    async def put(self, key: str, value: str) -> None:
        self.rows[key] = Row(value)

    async def remove(self, key: str) -> bool:
        return self.rows.pop(key, None) is not None


def test_values_of_profiles_survive_in_a_store_of_keys() -> None:
    keys = Keys()
    box = Settings([DEFINITION], FlatStore(keys))

    async def change() -> None:
        await box.set("a.b", 2)
        await box.set("a.b", 3, "child")
        await box.set("a.b", 4, "guest")
        await box.reset("a.b", "guest")

    asyncio.run(change())
    assert {key: row.value for key, row in keys.rows.items()} == {"a.b": "2", "a.b@child": "3"}
    again = Settings([DEFINITION], FlatStore(keys), scoped(keys.rows))
    assert [again.get("a.b", profile) for profile in (None, "child", "guest")] == [2, 3, 2]
