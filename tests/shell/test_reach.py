"""What the desktop allows, as the window finds it: on X11, and where there is nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garret.base.errors import GarretError
from garret.features.desk.setting_table import SETTINGS
from garret.page import local
from garret.shell.hotkeys.press import Intent
from garret.shell.reach import Reach, session_of
from tests.shell.screens import run, screen

DEFAULTS = {each.key: each.default for each in SETTINGS}


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as name:
        yield name


class Answers:
    """What a page was answered."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def result(self, value: Any) -> None:
        self.answer.set_result(value)

    def error(self, error: GarretError) -> None:
        self.answer.set_exception(error)


def reach_of(environment: dict[str, str]) -> tuple[Reach, list[Intent], list[str]]:
    intents: list[Intent] = []
    held: list[str] = []
    return Reach.probe(asyncio.get_running_loop(), intents.append, held.append, environment), intents, held


async def ask(reach: Reach, command: Any) -> Any:
    """As the page asks."""
    commands = local.LocalCommands()
    reach.answer(commands)
    _, handler = commands.find(command.__meta__.name)
    answers = Answers()
    handler(command, answers)
    return await answers.answer


def test_sessions_are_told_by_the_environment() -> None:
    assert session_of({"DISPLAY": ":0"}) == "x11"
    assert session_of({"DISPLAY": ":0", "XDG_SESSION_TYPE": "x11"}) == "x11"
    assert session_of({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}) == "wayland"
    assert session_of({}) == "other"


def test_the_default_hotkeys_work_on_x11(display: str) -> None:
    async def story() -> None:
        reach, intents, held = reach_of({"DISPLAY": display})
        reach.apply(DEFAULTS)
        listed = await ask(reach, local.ListHotkeys())
        wanted = {key.removeprefix("desk.hotkey_"): keys for key, keys in DEFAULTS.items() if "hotkey" in key}
        assert {each.action: each.keys for each in listed.hotkeys} == wanted
        assert all(each.works == bool(each.keys) for each in listed.hotkeys)
        tried = await ask(reach, local.TryHotkey(action="pause", keys="Ctrl+Alt+P"))
        assert tried.works
        assert [each.works for each in reach.hands.strategies()] == [True, True, True]
        assert reach.hotkeys.strategies()[0].works
        # Keys that the desktop itself has bound to `garret hotkey` take the same way.
        reach.hotkeys.hear("toggle", "tap")
        reach.hotkeys.hear("talk", "tap")
        reach.hotkeys.hear("palette", "tap")
        assert intents == ["start", "stop", "palette"]
        outcome = await ask(reach, local.Insert(text="nobody has the keyboard"))
        assert outcome.outcome == "held"
        assert held == ["nobody has the keyboard"]
        reach.close()

    run(story)


# The X library leaves the socket of a server that is not there to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_where_there_is_no_desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")

    async def story() -> None:
        for environment in ({}, {"WAYLAND_DISPLAY": "wayland-0"}, {"DISPLAY": ":987"}):
            reach, _, _ = reach_of(environment)
            reach.apply({**DEFAULTS, "desk.insertion_targets": {"x": "shout"}})
            assert not any(each.works for each in reach.hotkeys.report())
            assert [each.works for each in reach.hotkeys.strategies()] == [False, True]
            assert [each.works for each in reach.hands.strategies()] == [False, False, True]
            assert all(each.sentence for each in (*reach.hotkeys.strategies(), *reach.hands.strategies()))
            assert len(reach.hands.wrong_lines) == 1
            reach.close()

    run(story)
