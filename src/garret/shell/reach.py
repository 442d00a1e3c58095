"""How far the window's process reaches beyond its own window: hotkeys, and hands in other programs.

    reach = Reach.probe(loop, on_intent, on_held)
    reach.apply(settings)                       # `desk.*`, at the start and when they change
    reach.hotkeys.hear(action, phase)           # desk.pressed: keys bound by other means
    reach.answer(local)                         # window.insert, window.hotkeys, window.hotkey_try

The desktop is probed once. What it does not allow is left out and told, with the reason
(`hotkeys.strategies`, `hands.strategies`); nothing here fails for it.

Neighbours: `hotkeys`, `insertion`, `x11`; `shell` makes it and does what intents say.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, cast

from garret.base.errors import GarretError
from garret.page import local
from garret.shell.bus import Bus, BusError, address
from garret.shell.hotkeys.grabs import Grabs
from garret.shell.hotkeys.hotkeys import Hotkeys, Source
from garret.shell.hotkeys.portal import PortalSource
from garret.shell.hotkeys.press import Action, Intent, Phase
from garret.shell.hotkeys.sources import NoSource, X11Source
from garret.shell.insertion.hands import Hands
from garret.shell.insertion.x11 import X11Insertion
from garret.shell.x11.errors import X11Error
from garret.shell.x11.focus import Focus
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.server import Server
from garret.transport.loop import EventLoop

_log = logging.getLogger(__name__)

Session = Literal["x11", "wayland", "other"]

NEEDED: Final = ("XTEST", "XFIXES")


def session_of(environment: Mapping[str, str]) -> Session:
    """What kind of desktop a process runs on, by its environment (XDG_SESSION_TYPE, sockets)."""
    if environment.get("WAYLAND_DISPLAY") or environment.get("XDG_SESSION_TYPE") == "wayland":
        return "wayland"
    return "x11" if environment.get("DISPLAY") else "other"


class Reach:
    """See the module."""

    def __init__(
        self, session: Session, server: Server | None, loop: EventLoop, hotkeys: Hotkeys, hands: Hands
    ) -> None:
        self.session: Session = session
        self.hotkeys = hotkeys
        self.hands = hands
        self._server = server
        self._loop = loop
        self._timer: Any = None

    @classmethod
    def probe(
        cls,
        loop: EventLoop,
        on_intent: Callable[[Intent], None],
        on_held: Callable[[str], None],
        environment: Mapping[str, str] = os.environ,
    ) -> Reach:
        """See what this desktop allows, and take what it does."""
        session = session_of(environment)
        try:
            server = Server(environment.get("DISPLAY")) if environment.get("DISPLAY") else None
        except (X11Error, ImportError) as error:
            _log.info("no X server: %s", error)
            server = None
        hotkeys: Hotkeys

        def key(action: Action, phase: Phase) -> None:
            hotkeys.hear(action, phase)

        keyboard = Keyboard(server) if server is not None else None
        source, refused = _source(session, server, keyboard, loop, key)
        hotkeys = Hotkeys(source, loop, on_intent)
        if refused is not None:
            refused.on_refused = hotkeys.refused
        x11, why_not = _insertion(session, server, keyboard, loop)
        if server is not None:
            server.watch(loop)
        hands = Hands(x11, why_not=why_not, wayland=session == "wayland", on_held=on_held)
        return cls(session, server, loop, hotkeys, hands)

    def apply(self, settings: Mapping[str, object]) -> None:
        """Take the settings of the room desk that this is about."""
        targets = settings.get("desk.insertion_targets", {})
        self.hands.apply(
            str(settings.get("desk.insertion", "auto")),
            cast("Mapping[str, object]", targets) if isinstance(targets, Mapping) else {},
        )
        self.hotkeys.apply(settings)

    def answer(self, commands: local.LocalCommands) -> None:
        """Answer what the page asks about it."""
        commands.add(local.Insert, self._insert)
        commands.add(local.ListHotkeys, self._list)
        commands.add(local.TryHotkey, self._try)

    def _insert(self, command: local.Insert, answer: local.Answer) -> None:
        wait = max(0.0, min(command.seconds, 30.0))
        self._timer = self._loop.call_later(wait, lambda: self.hands.insert(command.text, answer.result))

    def _list(self, _command: local.ListHotkeys, answer: local.Answer) -> None:
        answer.result(local.Hotkeys(hotkeys=self.hotkeys.report()))

    def _try(self, command: local.TryHotkey, answer: local.Answer) -> None:
        try:
            answer.result(self.hotkeys.try_keys(command.action, command.keys))
        except GarretError as error:
            answer.error(error)

    def close(self) -> None:
        """Let all hotkeys go, and end the connection; the clipboard is what it was for those who ask now."""
        if self._timer is not None:
            self._timer.cancel()
        self.hotkeys.close()
        self.hands.close()
        if self._server is not None:
            self._server.close()


def _source(
    session: Session,
    server: Server | None,
    keyboard: Keyboard | None,
    loop: EventLoop,
    key: Callable[[Action, Phase], None],
) -> tuple[Source, Grabs | None]:
    """Under X11 the portal is not asked even where there is one: it tells less of what it did."""
    if session == "x11" and server is not None and keyboard is not None:
        grabs = Grabs(server, keyboard, key)
        return X11Source(grabs), grabs
    if session == "wayland":
        try:
            if (where := address()) is None:
                raise BusError("This session has no bus.")
            return PortalSource(Bus(loop, where), key), None
        except BusError as error:
            _log.info("no portal: %s", error)
            return NoSource("Keys are the desktop's to give here, and it has no bus to ask it on."), None
    return NoSource("There is no desktop here that could give keys."), None


def _insertion(
    session: Session, server: Server | None, keyboard: Keyboard | None, loop: EventLoop
) -> tuple[X11Insertion | None, str]:
    if server is None or keyboard is None:
        if session == "wayland":
            return None, "Wayland lets no program put text into another."
        return None, "There is no desktop here with programs to insert into."
    missing = [name for name in NEEDED if not server.has(name)]
    if missing:
        return None, f"The X server lacks {' and '.join(missing)}."
    return X11Insertion(server, keyboard, Focus(server), loop), ""
