"""Settings as rows."""

from __future__ import annotations

import asyncio

from garret.base.clock import ManualClock
from garret.storage.store import Store
from tests.storage.databases import KEYS


def test_settings_survive_closing(store: Store, clock: ManualClock) -> None:
    async def change() -> tuple[bool, bool]:
        await store.settings.put("b", "[1]")
        await store.settings.put("a", '"x"')
        clock.advance(5)
        await store.settings.put("b", "[2]")
        await store.settings.put("c", "null")
        return await store.settings.remove("c"), await store.settings.remove("c")

    assert asyncio.run(change()) == (True, False)
    store.close()
    reopened = Store.open(store.home, KEYS, clock=clock)
    assert [(s.key, s.value) for s in reopened.settings.all().values()] == [("a", '"x"'), ("b", "[2]")]
    setting = reopened.settings.get("b")
    assert setting is not None
    assert setting.updated_at == clock.wall()
    assert reopened.settings.get("c") is None
    reopened.close()
