"""The keyboard as it is now: what is held, which group is on, which key is which; and pressing keys.

Neighbours: `layout` reads the map; `hotkeys.grabs` and `insertion.pasting` ask.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from itertools import chain, combinations
from typing import Any, Final

from garret.shell.x11.layout import Layout, Stroke
from garret.shell.x11.server import Server

MODIFIER_SYMBOLS: Final = {"Ctrl": 0xFFE3, "Shift": 0xFFE1, "Alt": 0xFFE9, "Super": 0xFFEB}  # the left ones
_NUM_LOCK: Final = 0xFF7F
_SCROLL_LOCK: Final = 0xFF14
_GROUP_BITS: Final = 13  # of a state: bits 13 and 14 tell the XKB group (XKB protocol, 2.2.2)


class Keyboard:
    """See the module."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._xtest: Any = importlib.import_module("Xlib.ext.xtest")
        self.layout = self._read()
        self._modifiers = self._read_modifiers()

    def refresh(self) -> None:
        """Read the map anew; the server says MappingNotify when it changed."""
        self.layout = self._read()
        self._modifiers = self._read_modifiers()

    def _read(self) -> Layout:
        info = self._server.display.display.info
        first, last = int(info.min_keycode), int(info.max_keycode)
        rows: Any = self._server.display.get_keyboard_mapping(first, last - first + 1)
        return Layout(first, rows)

    def _read_modifiers(self) -> list[tuple[int, ...]]:
        """The keys of each modifier, by its bit."""
        mapping: Any = self._server.display.get_modifier_mapping()
        return [tuple(int(code) for code in row) for row in mapping]

    # ---- what is

    def _state(self) -> int:
        return int(self._server.root.query_pointer().mask)

    def group(self) -> int:
        """The group that is on, from 0."""
        return self._state() >> _GROUP_BITS & 3

    def locks(self) -> int:
        """The bits of a state that only say that a lock is on."""
        codes = {*self.layout.keycodes(_NUM_LOCK), *self.layout.keycodes(_SCROLL_LOCK)}
        return int(self._server.x.LockMask) | self._bits(codes)

    def lock_variants(self) -> tuple[int, ...]:
        """Every combination of locks: a passive grab takes only exactly what it names."""
        locks = self.locks()
        bits = [1 << index for index in range(8) if locks >> index & 1]
        sums = chain.from_iterable(combinations(bits, count) for count in range(len(bits) + 1))
        return tuple(sum(each) for each in sums)

    def modifiers_held(self) -> bool:
        """Whether Shift, Ctrl, Alt, Super or another modifier that is no lock is in force."""
        return bool(self._state() & 0xFF & ~self.locks())

    def is_down(self, keycodes: Iterable[int]) -> bool:
        """Whether one of these keys is down, as the server knows it; key repeat does not change that."""
        bits: Any = self._server.display.query_keymap()
        return any(bits[code >> 3] >> (code & 7) & 1 for code in keycodes)

    def mask_of(self, modifiers: Iterable[str]) -> int:
        """The bits of a state that modifiers ("Ctrl", "Alt", "Shift", "Super") stand for on this keyboard."""
        mask = 0
        for modifier in modifiers:
            bits = self._bits(set(self.layout.keycodes(MODIFIER_SYMBOLS[modifier])))
            mask |= bits & -bits  # the lowest: one is enough
        return mask

    def _bits(self, codes: set[int]) -> int:
        return sum(1 << index for index, row in enumerate(self._modifiers) if codes & set(row) - {0})

    # ---- pressing

    def can_press(self) -> bool:
        """Whether the server lets programs press keys."""
        return self._server.has("XTEST")

    def press(self, keycode: int, modifiers: Iterable[str]) -> None:
        """Press a key with modifiers, and let go of them again."""
        held = [
            code for name in modifiers if (code := self.layout.keycode(MODIFIER_SYMBOLS[name], 0)) is not None
        ]
        for code in (*held, keycode):
            self._fake(self._server.x.KeyPress, code)
        for code in (keycode, *reversed(held)):
            self._fake(self._server.x.KeyRelease, code)

    def type(self, strokes: Iterable[Stroke]) -> None:
        """Press keys one after the other."""
        for stroke in strokes:
            self.press(stroke.keycode, ("Shift",) if stroke.shift else ())

    def _fake(self, kind: int, keycode: int) -> None:
        self._xtest.fake_input(self._server.display, kind, keycode)
