"""Hotkeys on X11: keys grabbed from the root window, one by one.

A grab names its modifiers exactly, so that each hotkey is grabbed once for every combination of locks. The
server answers a grab that another program has with BadAccess: that is how conflicts are known. A key that
repeats is told as released and pressed; the server's own view of the keyboard (QueryKeymap) does not
follow that, and so decides what is a release.

Invariants: only what this module grabbed is freed; a hotkey that could not be had whole is not held in part.
Neighbours: `hotkeys.hotkeys` asks; `x11.keyboard` knows the keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garret.shell.hotkeys.accelerator import Accelerator
from garret.shell.hotkeys.press import Action, Phase
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.server import Server

TAKEN: Final = "another program or the desktop itself has it"
NO_KEY: Final = "no key of this keyboard's layout gives it"

Grab = tuple[int, int]  # keycode, modifiers without locks


class Grabs:
    """See the module."""

    def __init__(self, server: Server, keyboard: Keyboard, on_key: Callable[[Action, Phase], None]) -> None:
        self._server = server
        self._keyboard = keyboard
        self._on_key = on_key
        self._held: dict[Action, tuple[Accelerator, tuple[Grab, ...], tuple[int, ...]]] = {}
        self._down: dict[Action, int] = {}
        server.listen(server.x.KeyPress, self._pressed)
        server.listen(server.x.KeyRelease, self._released)
        server.listen(server.x.MappingNotify, self._remapped)
        self.on_refused: Callable[[Action, str], None] = lambda _action, _why: None

    def take(self, action: Action, accelerator: Accelerator) -> str:
        """Grab a hotkey in place of the one that the action has; why nothing changed, or ''."""
        held = self._held.get(action)
        if held is not None and held[0] == accelerator:
            return ""
        grabs, why = self._grab(accelerator)
        if why:
            return why
        self.free(action)
        self._held[action] = (accelerator, grabs, self._keyboard.lock_variants())
        self._server.drain()
        return ""

    def free(self, action: Action) -> None:
        """Let an action's hotkey go."""
        held = self._held.pop(action, None)
        self._down.pop(action, None)
        if held is not None:
            self._ungrab(held[1], held[2])
            self._server.drain()

    def could_have(self, accelerator: Accelerator) -> str:
        """Why a hotkey could not be had; '' where it could. What we have counts as ours to give."""
        if any(accelerator == held for held, _, _ in self._held.values()):
            return ""
        grabs, why = self._grab(accelerator)
        if not why:
            self._ungrab(grabs, self._keyboard.lock_variants())
        self._server.drain()
        return why

    def has(self, action: Action) -> Accelerator | None:
        """The hotkey that an action has."""
        held = self._held.get(action)
        return None if held is None else held[0]

    def is_down(self, action: Action) -> bool:
        """Whether the key of an action's hotkey is down."""
        return action in self._held and self._keyboard.is_down(code for code, _ in self._held[action][1])

    # ---- grabbing

    def _grab(self, accelerator: Accelerator) -> tuple[tuple[Grab, ...], str]:
        mask = self._keyboard.mask_of(accelerator.modifiers)
        codes = self._keyboard.layout.keycodes(accelerator.symbol)
        if not codes or (accelerator.modifiers and not mask):
            return (), NO_KEY
        done: list[Grab] = []
        variants = self._keyboard.lock_variants()
        for code in codes:
            # Refused on one of two keys: the other would be a hotkey that works now and then.
            if any(self._refused(code, mask | variant) for variant in variants):
                self._ungrab((*done, (code, mask)), variants)
                return (), TAKEN
            done.append((code, mask))
        return tuple(done), ""

    def _refused(self, code: int, mask: int) -> bool:
        x = self._server.x

        def grab(onerror: Any) -> None:
            root = self._server.root
            root.grab_key(code, mask, False, x.GrabModeAsync, x.GrabModeAsync, onerror=onerror)

        return self._server.refused(grab)

    def _ungrab(self, grabs: tuple[Grab, ...], variants: tuple[int, ...]) -> None:
        # UngrabKey is without effect on other clients' grabs (X11 protocol, UngrabKey).
        for code, mask in grabs:
            for variant in variants:
                self._server.root.ungrab_key(code, mask | variant)

    # ---- events

    def _pressed(self, event: Any) -> None:
        pressed = (int(event.detail), int(event.state) & 0xFF)
        for action, (_, grabs, variants) in self._held.items():
            if any(pressed == (code, mask | variant) for code, mask in grabs for variant in variants):
                if self._down.setdefault(action, 0) != pressed[0]:  # else it repeats
                    self._down[action] = pressed[0]
                    self._on_key(action, "press")
                return

    def _released(self, event: Any) -> None:
        for action, code in tuple(self._down.items()):
            if code == event.detail and not self._keyboard.is_down((code,)):
                del self._down[action]
                self._on_key(action, "release")

    def _remapped(self, event: Any) -> None:
        """Another layout: the same hotkeys may be on other keys."""
        if event.request == self._server.x.MappingPointer:
            return
        self._keyboard.refresh()
        for action, (accelerator, grabs, variants) in tuple(self._held.items()):
            if action in self._down:
                continue  # moved when the layout changes next; its release is still to come
            self._ungrab(grabs, variants)
            again, why = self._grab(accelerator)
            if why:
                del self._held[action]
                self.on_refused(action, why)
            else:
                self._held[action] = (accelerator, again, self._keyboard.lock_variants())
