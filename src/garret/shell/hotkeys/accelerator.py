"""Accelerators: `Ctrl+Alt+Space` and the like, as people write them, checked. Pure.

Grammar: modifiers (Ctrl, Alt, Shift, Super; any order and case, also Control, Meta, Win, Logo), then one key,
joined by +. What is parsed prints in one form only: modifiers in that order, keys as in the table.

Which ones are refused: a hotkey is taken away from all other programs, so that what people type with, what
every program has a meaning for, and what the system answers before us cannot be one.

Neighbours: `grabs` has it pressed on X11, `portal` asks for it on Wayland, `insertion.ways` pastes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from garret.base.errors import Code, GarretError
from garret.shell.x11.layout import symbol_of

MODIFIERS: Final = ("Ctrl", "Alt", "Shift", "Super")
_OTHER_NAMES: Final = {
    "control": "Ctrl", "ctl": "Ctrl", "meta": "Super", "win": "Super", "logo": "Super", "option": "Alt",
}  # fmt: skip

# Name here, name in xkbcommon's list of keysyms, keysym (X11 protocol, appendix A; XF86keysym.h).
_TABLE: Final[tuple[tuple[str, str, int], ...]] = (
    ("Space", "space", 0x20), ("Tab", "Tab", 0xFF09), ("Return", "Return", 0xFF0D),
    ("Escape", "Escape", 0xFF1B), ("Backspace", "BackSpace", 0xFF08), ("Delete", "Delete", 0xFFFF),
    ("Insert", "Insert", 0xFF63), ("Home", "Home", 0xFF50), ("End", "End", 0xFF57),
    ("PageUp", "Prior", 0xFF55), ("PageDown", "Next", 0xFF56), ("Left", "Left", 0xFF51),
    ("Up", "Up", 0xFF52), ("Right", "Right", 0xFF53), ("Down", "Down", 0xFF54), ("Pause", "Pause", 0xFF13),
    ("ScrollLock", "Scroll_Lock", 0xFF14), ("Print", "Print", 0xFF61), ("Menu", "Menu", 0xFF67),
    ("Comma", "comma", 0x2C), ("Period", "period", 0x2E), ("Slash", "slash", 0x2F),
    ("Semicolon", "semicolon", 0x3B), ("Minus", "minus", 0x2D), ("Equal", "equal", 0x3D),
    ("Plus", "plus", 0x2B), ("Grave", "grave", 0x60), ("Backslash", "backslash", 0x5C),
    ("MediaPlay", "XF86AudioPlay", 0x1008FF14), ("MediaStop", "XF86AudioStop", 0x1008FF15),
    ("MediaRecord", "XF86AudioRecord", 0x1008FF1C), ("MicMute", "XF86AudioMicMute", 0x1008FFB2),
    *((f"F{n}", f"F{n}", 0xFFBD + n) for n in range(1, 25)),
    *((chr(c), chr(c).lower(), ord(chr(c).lower())) for c in range(ord("A"), ord("Z") + 1)),
    *((str(n), str(n), 0x30 + n) for n in range(10)),
)  # fmt: skip
_KEYS: Final = {name.lower(): (name, xkb, symbol) for name, xkb, symbol in _TABLE}
_KEY_ALIASES: Final = {
    "esc": "escape", "del": "delete", "ins": "insert", "enter": "return", "pgup": "pageup",
    "pgdown": "pagedown", "spacebar": "space", ",": "comma", ".": "period", "/": "slash", ";": "semicolon",
    "-": "minus", "=": "equal", "`": "grave", "\\": "backslash",
}  # fmt: skip

# Keys that nobody types with, so that they may stand alone.
_ALONE: Final = frozenset(
    [f"F{n}" for n in range(1, 25)]
    + ["Pause", "ScrollLock", "Menu", "MediaPlay", "MediaStop", "MediaRecord", "MicMute"]
)

# What is offered instead, in the order tried: with the same key, then with keys that few programs use.
_OTHER_MODIFIERS: Final = (
    ("Ctrl", "Alt"), ("Super", "Alt"), ("Ctrl", "Alt", "Shift"), ("Ctrl", "Super"), ("Super", "Shift"),
)  # fmt: skip
_OTHER_KEYS: Final = ("F9", "F8", "Pause", "F7")


class AcceleratorError(GarretError):
    """What was written is no hotkey, or none that may be taken."""

    code = Code.INVALID


@dataclass(frozen=True)
class Accelerator:
    """Modifiers, in their order, and a key; see `parse`."""

    modifiers: tuple[str, ...]
    key: str

    def __str__(self) -> str:
        return "+".join((*self.modifiers, self.key))

    @property
    def symbol(self) -> int:
        """The keysym of the key without Shift."""
        entry = _KEYS.get(self.key.lower())
        return entry[2] if entry is not None else symbol_of(self.key.lower())

    @property
    def trigger(self) -> str:
        """As the shortcuts specification of freedesktop.org writes it: CTRL+ALT+space."""
        names = {"Ctrl": "CTRL", "Alt": "ALT", "Shift": "SHIFT", "Super": "LOGO"}
        entry = _KEYS.get(self.key.lower())
        key = entry[1] if entry is not None else f"U{ord(self.key.lower()):04X}"
        return "+".join((*(names[each] for each in self.modifiers), key))


def parse(text: str) -> Accelerator:
    """Read an accelerator. Raises AcceleratorError with what is wrong with it."""
    parts = [part.strip() for part in text.strip().split("+")]
    if len(parts) >= 2 and parts[-1] == "" and parts[-2] == "":
        parts[-2:] = ["Plus"]  # "Ctrl++"
    if not all(parts):
        raise AcceleratorError(f"'{text}' is no hotkey: write it as in Ctrl+Alt+Space. Nothing was changed.")
    found: set[str] = set()
    for part in parts[:-1]:
        modifier = _modifier(part)
        if modifier is None:
            raise AcceleratorError(
                f"'{part}' in '{text}' is no modifier: Ctrl, Alt, Shift and Super are. Nothing was changed."
            )
        if modifier in found:
            raise AcceleratorError(f"{modifier} stands twice in '{text}'. Nothing was changed.")
        found.add(modifier)
    return Accelerator(tuple(each for each in MODIFIERS if each in found), _key(parts[-1], text))


def _modifier(part: str) -> str | None:
    lowered = part.lower()
    return _OTHER_NAMES.get(lowered) or next((each for each in MODIFIERS if each.lower() == lowered), None)


def _key(part: str, text: str) -> str:
    lowered = part.lower()
    entry = _KEYS.get(_KEY_ALIASES.get(lowered, lowered))
    if entry is not None:
        return entry[0]
    # A letter of another alphabet or with an accent stands for the key that types it.
    if len(part) == 1 and part.isalpha() and len(part.upper()) == 1 and part.upper().lower() == lowered:
        return part.upper()
    if _modifier(part) is not None:
        raise AcceleratorError(f"'{text}' lacks a key: modifiers alone are no hotkey. Nothing was changed.")
    raise AcceleratorError(f"There is no key called '{part}'. Nothing was changed.")


def check(accelerator: Accelerator) -> str:
    """Why an accelerator may not be a hotkey; empty where it may."""
    held, key = set(accelerator.modifiers), accelerator.key
    if not held & {"Ctrl", "Alt", "Super"} and key not in _ALONE:
        return f"{accelerator} is typed with; add Ctrl, Alt or Super."
    if held in ({"Ctrl"}, {"Alt"}) and len(key) == 1:
        return f"{accelerator} means something in nearly every program; add another modifier."
    if held == {"Alt"} and key in {"Tab", "F4", "Space", "Escape"}:
        return f"{accelerator} belongs to the desktop's windows."
    if held == {"Ctrl", "Alt"} and (key in {"Delete", "Backspace"} or key in {f"F{n}" for n in range(1, 13)}):
        return f"{accelerator} is answered by the system before any program sees it."
    return ""


def alternatives(accelerator: Accelerator) -> Iterator[Accelerator]:
    """What may be offered where `accelerator` cannot be had, the nearest first."""
    for modifiers in _OTHER_MODIFIERS:
        other = Accelerator(tuple(each for each in MODIFIERS if each in modifiers), accelerator.key)
        if other != accelerator and not check(other):
            yield other
    for key in _OTHER_KEYS:
        other = Accelerator((), key)
        if other != accelerator:
            yield other
