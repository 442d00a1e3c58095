"""What a person set about the window, as the window uses it: settings arrive as texts, one by one.

Until they arrive, and for what is no value of ours, the defaults of the room `desk` hold. Pure.
Neighbours: `hearing` reads the settings, `shell` obeys them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from garret.features.desk.setting_table import SETTINGS
from garret.shell.notices import Wishes

PREFIX: Final = "desk."
_DEFAULTS: Final = {each.key: each for each in SETTINGS}


class Preferences(msgspec.Struct, frozen=True):
    """The settings that the window itself obeys; the page asks for its own."""

    close_to_tray: bool = bool(_DEFAULTS["desk.close_to_tray"].default)
    start_at_login: bool | None = None
    """None until it is known: a file is neither written nor removed before that."""
    notifications: frozenset[str] = frozenset(_DEFAULTS["desk.notifications"].default)
    do_not_disturb: bool = bool(_DEFAULTS["desk.do_not_disturb"].default)
    hotkey_talk: str | None = None
    """None, as with the other hotkeys, until it is known: no key is taken before that."""
    hotkey_toggle: str | None = None
    hotkey_pause: str | None = None
    hotkey_palette: str | None = None
    hotkey_insert: str | None = None
    insertion: str = str(_DEFAULTS["desk.insertion"].default)
    insertion_targets: dict[str, object] = {}
    language: str = str(_DEFAULTS["desk.language"].default)

    @property
    def reaching(self) -> dict[str, object] | None:
        """What is set about hotkeys and insertion, by its keys; None until it is known."""
        names = ("hotkey_talk", "hotkey_toggle", "hotkey_pause", "hotkey_palette", "hotkey_insert")
        found = {f"desk.{name}": getattr(self, name) for name in (*names, "insertion", "insertion_targets")}
        return None if any(value is None for value in found.values()) else found

    @property
    def wishes(self) -> Wishes:
        """What is set about notices."""
        return Wishes(kinds=self.notifications, do_not_disturb=self.do_not_disturb)

    def told(self, key: str, text: str) -> Preferences:
        """With one setting as it is told in `house.settings` and `house.setting_changed`."""
        field = key.removeprefix(PREFIX)
        read = _READERS.get(field)
        if read is None or not key.startswith(PREFIX):
            return self
        try:
            return msgspec.structs.replace(self, **{field: read(text)})
        except ValueError:
            return self


def _read_switch(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(text)
    return text == "yes"


def _read_list(text: str) -> frozenset[str]:
    try:
        return msgspec.json.decode(text, type=frozenset[str])
    except msgspec.MsgspecError as error:
        raise ValueError(text) from error


def _read_targets(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise ValueError(text) from error


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "close_to_tray": _read_switch,
    "start_at_login": _read_switch,
    "notifications": _read_list,
    "do_not_disturb": _read_switch,
    "hotkey_talk": str,
    "hotkey_toggle": str,
    "hotkey_pause": str,
    "hotkey_palette": str,
    "hotkey_insert": str,
    "insertion": str,
    "insertion_targets": _read_targets,
    "language": str,
}
