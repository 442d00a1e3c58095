"""Settings of the control plane do what their sentences say, and no value keeps Garret from starting."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import garret
from garret.base.paths import Home
from garret.control.settings.core import CORE_SETTINGS
from tests.control.planes import Client, open_plane, plane_of, run
from tests.control.toy_room import Echo

SOURCE = Path(garret.__file__).parent


def test_every_setting_is_read_somewhere() -> None:
    texts = "\n".join(path.read_text() for path in SOURCE.rglob("*.py") if path.name != "core.py")
    unread = [
        setting.key
        for setting in CORE_SETTINGS
        if not re.search(rf'["\'](features\.)?{re.escape(setting.key.removeprefix("features."))}["\']', texts)
    ]
    assert unread == []


@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_a_start_with_every_number_at_its_limit_works(home: Home, end: str) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        for setting in CORE_SETTINGS:
            if setting.type in ("int", "float"):
                await plane.settings.set(setting.key, getattr(setting, end))
        await plane.stop()
        async with plane_of(home) as plane:
            assert (await Client(plane).call(Echo(text="hello"))).text.startswith("hello")

    run(story())


def test_a_first_backoff_beyond_the_longest_does_not_keep_it_from_starting(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        await plane.settings.set("supervisor.backoff_first", 60.0)
        await plane.settings.set("supervisor.backoff_limit", 0.01)
        await plane.stop()
        async with plane_of(home) as plane:
            assert plane.pools["toy"].supervisor.slots[0].life.backoff_ceiling == 60.0

    run(story())


def test_what_supervision_is_set_to_reaches_the_workers(home: Home) -> None:
    wanted = {
        "supervisor.restart_limit": 7,
        "supervisor.restart_window": 90.0,
        "supervisor.backoff_first": 0.5,
        "supervisor.backoff_limit": 20.0,
        "supervisor.heartbeat_seconds": 30.0,
        "supervisor.drain_seconds": 3.0,
        "supervisor.terminate_seconds": 4.0,
    }

    async def story() -> None:
        plane = await open_plane(home)
        for key, value in wanted.items():
            assert "next start" in plane.settings.definition(key).sentence
            await plane.settings.set(key, value)
        await plane.stop()
        async with plane_of(home) as plane:
            life = plane.pools["toy"].supervisor.slots[0].life
            assert (life.max_restarts, life.window_seconds) == (7, 90.0)
            assert (life.backoff_floor, life.backoff_ceiling) == (0.5, 20.0)
            assert (life.drain_seconds, life.term_seconds) == (3.0, 4.0)
            assert life.silence_seconds == 90.0  # three beats, so that no healthy worker is taken for hung

    run(story())


def test_no_two_settings_share_a_key() -> None:
    keys = [setting.key for setting in CORE_SETTINGS]
    assert all(one != other for one, other in itertools.combinations(keys, 2))
