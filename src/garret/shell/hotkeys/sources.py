"""Where hotkeys come from: X11's grabs, or nowhere.

Neighbours: `grabs` for X11, `portal` for Wayland; `hotkeys` asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from garret.page.local import Strategy
from garret.shell.hotkeys.accelerator import Accelerator
from garret.shell.hotkeys.grabs import Grabs
from garret.shell.hotkeys.hotkeys import Told
from garret.shell.hotkeys.press import ACTIONS, Action


class X11Source:
    """Keys grabbed from the X server."""

    def __init__(self, grabs: Grabs) -> None:
        self._grabs = grabs

    def apply(self, wanted: Mapping[Action, Accelerator], told: Told) -> None:
        # What goes over from one action to another is freed first: the old owner would free the new one's.
        for action in ACTIONS:
            had = self._grabs.has(action)
            if (
                had is not None
                and had != wanted.get(action)
                and (action not in wanted or had in wanted.values())
            ):
                self._grabs.free(action)
        told({action: self._grabs.take(action, accelerator) for action, accelerator in wanted.items()})

    def could_have(self, accelerator: Accelerator) -> str | None:
        return self._grabs.could_have(accelerator)

    def has(self, action: Action) -> str:
        had = self._grabs.has(action)
        return "" if had is None else str(had)

    def is_down(self, action: Action) -> bool | None:
        return self._grabs.is_down(action)

    def strategy(self) -> Strategy:
        return Strategy(
            name="grab", works=True, sentence="Keys are taken from the X server, pressed and let go of."
        )

    def close(self) -> None:
        for action in ACTIONS:
            self._grabs.free(action)


class NoSource:
    """A desktop that gives nobody keys; commands still work."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def apply(self, wanted: Mapping[Action, Accelerator], told: Told) -> None:
        told(dict.fromkeys(wanted, "this desktop gives no program keys of its own"))

    def could_have(self, accelerator: Accelerator) -> str | None:
        return "this desktop gives no program keys of its own"

    def has(self, action: Action) -> str:
        return ""

    def is_down(self, action: Action) -> bool | None:
        return None

    def strategy(self) -> Strategy:
        return Strategy(name="none", works=False, sentence=self._sentence)

    def close(self) -> None:
        return
