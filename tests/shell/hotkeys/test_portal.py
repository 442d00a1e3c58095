"""Hotkeys through a real portal on a bus of its own, with a desktop's half that gives and presses keys."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from garret.shell.bus import Bus, address
from garret.shell.hotkeys.hotkeys import Hotkeys
from garret.shell.hotkeys.portal import PortalSource
from garret.shell.hotkeys.press import Action, Intent, Phase
from tests.shell.screens import Program, run

PORTAL = Path("/usr/libexec/xdg-desktop-portal")
BACKEND = Path(__file__).parent / "programs" / "backend.py"
SETTINGS = {"desk.hotkey_talk": "Ctrl+Alt+Space", "desk.hotkey_toggle": "Super+D"}


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A session bus of its own, which starts the portal when it is called."""
    if not PORTAL.exists():
        pytest.skip("THE PORTAL NOT TESTED: xdg-desktop-portal is not installed")
    if shutil.which("dbus-daemon") is None:
        pytest.skip("THE PORTAL NOT TESTED: dbus-daemon is not installed")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "trial")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "trial.portal").write_text(
        "[portal]\nDBusName=org.freedesktop.impl.portal.desktop.trial\n"
        "Interfaces=org.freedesktop.impl.portal.GlobalShortcuts\nUseIn=trial\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("XDG_DESKTOP_PORTAL_DIR", str(tmp_path))
    reader, writer = os.pipe()
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", f"--address=unix:path={tmp_path}/bus",
         f"--print-address={writer}"],
        pass_fds=[writer],
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as answer:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", answer.readline().strip())
    try:
        yield tmp_path
    finally:
        daemon.terminate()
        daemon.wait()


class Keys:
    """The hotkeys as the window has them."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[Action, Phase]] = asyncio.Queue()
        self.intents: list[Intent] = []
        loop = asyncio.get_running_loop()
        self.hotkeys = Hotkeys(PortalSource(Bus(loop, address() or ""), self._key), loop, self.intents.append)
        self.changed = asyncio.Event()
        self.hotkeys.on_changed = self.changed.set

    def _key(self, action: Action, phase: Phase) -> None:
        self.hotkeys.hear(action, phase)
        self.heard.put_nowait((action, phase))

    async def apply(self, settings: dict[str, str]) -> dict[str, bool]:
        """Which work, once the desktop has answered."""
        self.changed.clear()
        self.hotkeys.apply(settings)
        await self.changed.wait()
        return {each.action: each.works for each in self.hotkeys.report() if each.keys}


@contextlib.asynccontextmanager
async def desktop(*arguments: str) -> AsyncGenerator[tuple[Keys, Program]]:
    """A portal, the desktop's half of it, and our hotkeys."""
    backend = Program(
        await asyncio.create_subprocess_exec(
            sys.executable, str(BACKEND), *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    )
    await backend.hear("ready")
    keys = Keys()
    try:
        yield keys, backend
    finally:
        keys.hotkeys.close()
        await backend.stop()


def test_keys_are_given_held_and_let_go_of(bus: Path) -> None:
    async def story() -> None:
        async with desktop() as (keys, backend):
            assert await keys.apply(SETTINGS) == {"talk": True, "toggle": True}
            assert await backend.hear("asked") == {"talk": "CTRL+ALT+space", "toggle": "LOGO+d"}
            assert keys.hotkeys.report()[0].sentence == "The desktop calls it Press CTRL+ALT+space."
            assert keys.hotkeys.strategies()[0].works
            backend.tell("press talk")
            assert await keys.heard.get() == ("talk", "press")
            assert keys.intents == ["start"]
            backend.tell("release talk")
            assert await keys.heard.get() == ("talk", "release")
            assert await keys.apply({"desk.hotkey_talk": "F9"}) == {"talk": True}
            assert await backend.hear("closed")  # the session before
            assert await backend.hear("asked") == {"talk": "F9"}

    run(story)


def test_what_the_desktop_does_not_give_is_said(bus: Path) -> None:
    async def story() -> None:
        async with desktop("--give", "talk") as (keys, _):
            assert await keys.apply(SETTINGS) == {"talk": True, "toggle": False}
            toggle = keys.hotkeys.report()[1]
            assert toggle.sentence.startswith("Super+D cannot be had: the desktop did not give it")
            assert "Only setting it" in keys.hotkeys.try_keys("toggle", "F9").sentence

    run(story)


def test_a_bus_without_a_portal(bus: Path) -> None:
    async def story() -> None:
        keys = Keys()
        assert await keys.apply(SETTINGS) == {"talk": False, "toggle": False}
        assert not keys.hotkeys.strategies()[0].works
        assert keys.hotkeys.strategies()[1].works
        keys.hotkeys.close()

    run(story)
