"""Whether the person presses a key or a button, whoever it is for. Heard only while that matters.

Raw events (X Input 2.1) come also while somebody has the keyboard grabbed. Which key it was is not looked at.

Neighbours: `insertion.x11` asks when what a program reads may be the person's own doing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from garret.shell.x11.server import Server


class Touches:
    """See the module; `on_touch` is called for each, between `hear` and `stop`."""

    def __init__(self, server: Server, on_touch: Callable[[], None]) -> None:
        self._server = server
        self._on_touch = on_touch
        self._xinput: Any = importlib.import_module("Xlib.ext.xinput")
        self._hears = False
        self.works = server.has("XInputExtension")
        if self.works:
            server.display.xinput_query_version()
            generic: Any = importlib.import_module("Xlib.ext.ge")
            server.listen(generic.GenericEventCode, self._heard)

    def hear(self) -> None:
        """From now on; what was pressed before is not told."""
        self._select(self._xinput.RawKeyPressMask | self._xinput.RawButtonPressMask)

    def stop(self) -> None:
        """No more."""
        self._select(0)

    def _select(self, mask: int) -> None:
        if self.works and bool(mask) != self._hears:
            self._hears = bool(mask)
            self._server.root.xinput_select_events([(self._xinput.AllMasterDevices, mask)])

    def _heard(self, event: Any) -> None:
        if self._hears and event.evtype in (self._xinput.RawKeyPress, self._xinput.RawButtonPress):
            self._on_touch()
