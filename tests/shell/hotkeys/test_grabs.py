"""Hotkeys on a real X server: pressed and let go of, repeating, in conflict, with locks and other layouts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncGenerator

import pytest

from garret.shell.hotkeys.grabs import Grabs
from garret.shell.hotkeys.hotkeys import Hotkeys
from garret.shell.hotkeys.press import Action, Intent, Phase
from garret.shell.hotkeys.sources import X11Source
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.server import Server
from tests.shell.screens import run

ALL = {
    "desk.hotkey_talk": "Ctrl+Alt+Space",
    "desk.hotkey_toggle": "Ctrl+Alt+D",
    "desk.hotkey_pause": "",
    "desk.hotkey_palette": "F9",
    "desk.hotkey_insert": "Super+V",
}


class Keys:
    """The hotkeys as the window has them, and hands at the keyboard."""

    def __init__(self, display: str) -> None:
        loop = asyncio.get_running_loop()
        self.server = Server(display)
        self.keyboard = Keyboard(self.server)
        self.heard: asyncio.Queue[tuple[Action, Phase]] = asyncio.Queue()
        self.intents: list[Intent] = []
        self.grabs = Grabs(self.server, self.keyboard, self._key)
        self.hotkeys = Hotkeys(X11Source(self.grabs), loop, self.intents.append)
        self.grabs.on_refused = self.hotkeys.refused
        self.server.watch(loop)

    def _key(self, action: Action, phase: Phase) -> None:
        self.heard.put_nowait((action, phase))
        self.hotkeys.hear(action, phase)

    def fake(self, kind: int, *symbols: int) -> None:
        """Press or let go of keys."""
        for symbol in symbols:
            code = self.keyboard.layout.keycode(symbol, 0)
            assert code is not None
            self.keyboard._fake(kind, code)
        self.server.drain()

    def down(self, *symbols: int) -> None:
        self.fake(self.server.x.KeyPress, *symbols)

    def up(self, *symbols: int) -> None:
        self.fake(self.server.x.KeyRelease, *symbols)

    def works(self) -> dict[str, bool]:
        return {each.action: each.works for each in self.hotkeys.report()}


CTRL, ALT, SPACE, CAPS, NUM, D, F9, F8 = 0xFFE3, 0xFFE9, 0x20, 0xFFE5, 0xFF7F, ord("d"), 0xFFC6, 0xFFC5


@contextlib.asynccontextmanager
async def keys(display: str) -> AsyncGenerator[Keys]:
    """Hotkeys for the time of a test."""
    here = Keys(display)
    try:
        yield here
    finally:
        here.hotkeys.close()
        here.server.close()


def test_pressed_and_let_go_of_with_and_without_locks(display: str) -> None:
    async def story() -> None:
        async with keys(display) as here:
            here.hotkeys.apply(ALL)
            assert here.works() == {
                "talk": True, "toggle": True, "pause": False, "palette": True, "insert": True,
            }  # fmt: skip
            for lock in (None, CAPS, NUM):
                if lock is not None:
                    here.down(lock)
                    here.up(lock)
                here.down(CTRL, ALT, SPACE)
                assert await here.heard.get() == ("talk", "press")
                here.up(ALT, CTRL)  # the modifiers first, as fingers do
                here.up(SPACE)
                assert await here.heard.get() == ("talk", "release")
            for lock in (CAPS, NUM):
                here.down(lock)
                here.up(lock)
            here.down(F9)
            assert await here.heard.get() == ("palette", "press")
            here.up(F9)
            assert await here.heard.get() == ("palette", "release")
            assert "palette" in here.intents

    run(story)


def test_a_key_that_repeats_is_held(display: str) -> None:
    async def story() -> None:
        async with keys(display) as here:
            here.hotkeys.apply(ALL)
            repeats: asyncio.Queue[object] = asyncio.Queue()
            here.server.listen(here.server.x.KeyRelease, repeats.put_nowait)
            here.down(CTRL, ALT, SPACE)
            assert await here.heard.get() == ("talk", "press")
            for _ in range(5):  # the server's own repeat: releases that are none
                await repeats.get()
            assert here.intents == ["start"]
            assert here.grabs.is_down("talk")
            here.up(SPACE, ALT, CTRL)
            assert await here.heard.get() == ("talk", "release")
            assert here.intents == ["start", "stop"]
            assert not here.grabs.is_down("talk")

    run(story)


def test_conflicts_are_found_named_and_another_is_offered(display: str) -> None:
    async def story() -> None:
        async with keys(display) as other, keys(display) as here:
            other.hotkeys.apply({"desk.hotkey_talk": "Ctrl+Alt+Space"})
            here.hotkeys.apply(ALL)
            talk = here.hotkeys.report()[0]
            assert not talk.works
            assert talk.sentence.startswith("Ctrl+Alt+Space cannot be had: another program")
            assert here.hotkeys.try_keys("talk", talk.offer).works
            # The window manager's own are as little to be had as another program's.
            assert not here.hotkeys.try_keys("talk", "Ctrl+Alt+T").works
            # The other's still works: only our own are freed.
            here.hotkeys.apply({**ALL, "desk.hotkey_talk": ""})
            here.down(CTRL, ALT, SPACE)
            assert await other.heard.get() == ("talk", "press")
            here.up(SPACE, ALT, CTRL)
            here.hotkeys.apply({**ALL, "desk.hotkey_talk": talk.offer})
            assert here.works()["talk"]

    run(story)


def test_what_was_had_stays_where_the_new_cannot_be_had(display: str) -> None:
    async def story() -> None:
        async with keys(display) as other, keys(display) as here:
            other.hotkeys.apply({"desk.hotkey_talk": "F8"})
            here.hotkeys.apply({"desk.hotkey_talk": "F9"})
            here.hotkeys.apply({"desk.hotkey_talk": "F8"})
            talk = here.hotkeys.report()[0]
            assert not talk.works
            assert talk.sentence.endswith("F9 still works.")
            here.down(F9)
            assert await here.heard.get() == ("talk", "press")
            here.up(F9)

    run(story)


def test_hotkeys_change_places(display: str) -> None:
    async def story() -> None:
        async with keys(display) as here:
            here.hotkeys.apply({"desk.hotkey_talk": "F8", "desk.hotkey_toggle": "F9"})
            here.hotkeys.apply({"desk.hotkey_talk": "F9", "desk.hotkey_toggle": "F8"})
            assert here.works()["talk"]
            assert here.works()["toggle"]
            here.down(F8)
            assert await here.heard.get() == ("toggle", "press")
            here.up(F8)
            assert await here.heard.get() == ("toggle", "release")
            here.down(F9)
            assert await here.heard.get() == ("talk", "press")
            here.up(F9)

    run(story)


def test_what_is_wrong_is_said_and_the_rest_works(display: str) -> None:
    async def story() -> None:
        async with keys(display) as here:
            here.hotkeys.apply({**ALL, "desk.hotkey_talk": "Ctrl+C", "desk.hotkey_pause": "Ctrl+Alt+D"})
            report = {each.action: each for each in here.hotkeys.report()}
            assert "nearly every program" in report["talk"].sentence
            assert report["talk"].offer
            assert report["pause"].sentence == "Ctrl+Alt+D is the hotkey of another action (toggle)."
            assert report["toggle"].works
            assert not here.hotkeys.try_keys("talk", "F9").works  # the palette's
            assert here.hotkeys.try_keys("palette", "F9").works
            assert "no key called" in here.hotkeys.try_keys("talk", "Ctrl+Nonsense").sentence

    run(story)


def set_layout(display: str, layout: str) -> None:
    if shutil.which("setxkbmap") is None:
        pytest.skip("OTHER LAYOUTS NOT TESTED: x11-xkb-utils is not installed")
    subprocess.run(["setxkbmap", "-layout", layout], env={**os.environ, "DISPLAY": display}, check=True)


@pytest.mark.parametrize("layout", ["de", "fr", "us(dvorak)", "us,ru", "ru"])
def test_other_layouts_have_them_on_their_own_keys(display: str, layout: str) -> None:
    async def story() -> None:
        async with keys(display) as here:
            here.hotkeys.apply({"desk.hotkey_toggle": "Ctrl+Alt+D"})
            changed = asyncio.Event()
            here.server.listen(here.server.x.MappingNotify, lambda _event: changed.set())
            set_layout(display, layout)
            await changed.wait()
            here.server.drain()
            here.keyboard.refresh()
            here.down(CTRL, ALT, D)
            assert await here.heard.get() == ("toggle", "press")
            here.up(D, ALT, CTRL)
            assert await here.heard.get() == ("toggle", "release")

    try:
        run(story)
    finally:
        set_layout(display, "us")
