"""Notices on the desktop: through its notification service, else as a balloon of the tray icon, else not.

The service is org.freedesktop.Notifications; it is asked once what it can do. Buttons are sent where it has
them, text without markup where it would read some. A notice whose topic is shown already replaces it. Nothing
waits for the service, and one that vanishes is noticed at the next notice.

Belongs to Qt's main thread. Neighbours: `notices` says what is shown, `bus` carries it.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, Final

import jeepney
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSystemTrayIcon

from garret.base import log
from garret.shell.bus import Bus, BusError, Signal, address
from garret.shell.errors import ShellError
from garret.shell.notices import Notice
from garret.shell.strings import say
from garret.transport.qt import QtLoop

_INTERFACE: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_SERVICE: Final = jeepney.DBusAddress(_PATH, bus_name=_INTERFACE, interface=_INTERFACE)
_KEPT: Final = 64
"""Notices of which it is known what a click means; the oldest is forgotten for one more."""

_logger = log.get("shell.notifier")

Acted = Callable[[Notice, str], None]
"""Takes a notice and the key of what was chosen; `default` for the notice itself."""


class Notifier(QObject):
    """See the module."""

    def __init__(self, parent: QObject, tray: QSystemTrayIcon | None, acted: Acted) -> None:
        super().__init__(parent)
        self._tray = tray
        self._acted = acted
        self._bus: Bus | None = None
        self._can: frozenset[str] | None = None
        self._waiting: list[Notice] = []
        self._on_desktop: dict[int, Notice] = {}
        self._balloon: Notice | None = None
        if tray is not None:
            tray.messageClicked.connect(self._clicked)
        self._connect()

    @property
    def works(self) -> bool:
        """Whether the desktop has a service for notices."""
        return self._can is not None

    @property
    def shown(self) -> int:
        """How many notices are on the desktop now, as far as its service says."""
        return len(self._on_desktop)

    @property
    def waits(self) -> bool:
        """Whether notices wait for the service to say what it can."""
        return bool(self._waiting)

    def show(self, notice: Notice) -> None:
        """Show a notice."""
        if self._bus is None or self._bus.closed:
            self._connect()
        if self._bus is None:
            self._show_balloon(notice)
        elif self._can is None:
            self._waiting.append(notice)
            self._ask_service(self._bus)
        else:
            self._send(self._bus, notice, self._can)

    def withdraw(self, topic: str) -> None:
        """Take away what is shown about a topic: it is settled."""
        for number in [number for number, notice in self._on_desktop.items() if notice.topic == topic]:
            del self._on_desktop[number]
            if self._bus is not None:
                self._bus.call(_SERVICE, "CloseNotification", "u", (number,))

    def close(self) -> None:
        """Leave the bus."""
        if self._bus is not None:
            self._bus.close()

    # ---- the service

    def _connect(self) -> None:
        where = address()
        self._bus, self._can = None, None
        if where is None:
            return
        try:
            self._bus = Bus(QtLoop(), where)
        except BusError as error:
            _logger.info("%s", error.message)
            return
        for member, hear in (("ActionInvoked", self._on_action), ("NotificationClosed", self._on_closed)):
            self._bus.listen(Signal(_INTERFACE, _PATH, _INTERFACE, member), hear)
        self._ask_service(self._bus)

    def _ask_service(self, bus: Bus) -> None:
        bus.call(_SERVICE, "GetCapabilities", "", (), self._on_capabilities, self._on_no_service)

    def _on_capabilities(self, body: tuple[Any, ...]) -> None:
        self._can = frozenset(map(str, body[0]))
        waiting, self._waiting = self._waiting, []
        for notice in waiting:
            self.show(notice)

    def _on_no_service(self, error: ShellError) -> None:
        _logger.info("no notification service: %s", error.message)
        waiting, self._waiting = self._waiting, []
        for notice in waiting:
            self._show_balloon(notice)

    def _send(self, bus: Bus, notice: Notice, can: frozenset[str]) -> None:
        actions: list[str] = []
        if "actions" in can:
            actions = ["default", say("notice.open"), *(text for pair in notice.actions for text in pair)]
        text = html.escape(notice.text, quote=False) if "body-markup" in can else notice.text
        hints = {
            "desktop-entry": ("s", "garret"),
            "urgency": ("y", 2 if notice.urgent else 1),
            "category": ("s", "im" if notice.urgent else "transfer"),
        }
        replaces = next((number for number, each in self._on_desktop.items() if _same(each, notice)), 0)

        def shown(body: tuple[Any, ...]) -> None:
            self._on_desktop.pop(replaces, None)
            while len(self._on_desktop) >= _KEPT:
                del self._on_desktop[next(iter(self._on_desktop))]
            self._on_desktop[int(body[0])] = notice

        def failed(error: ShellError) -> None:
            _logger.info("a notice was not taken: %s", error.message)
            self._can = None  # the service may have ended, and another come
            self._show_balloon(notice)

        bus.call(
            _SERVICE,
            "Notify",
            "susssasa{sv}i",
            ("Garret", replaces, "garret", notice.title, text, actions, hints, -1),
            shown,
            failed,
        )

    def _on_action(self, body: tuple[Any, ...]) -> None:
        notice = self._on_desktop.get(int(body[0]))
        if notice is not None:
            self._acted(notice, str(body[1]))

    def _on_closed(self, body: tuple[Any, ...]) -> None:
        self._on_desktop.pop(int(body[0]), None)

    # ---- the tray's balloon

    def _show_balloon(self, notice: Notice) -> None:
        if self._tray is None or not self._tray.isVisible() or not QSystemTrayIcon.supportsMessages():
            return
        self._balloon = notice
        self._tray.showMessage(notice.title, notice.text, self._tray.icon())

    def _clicked(self, *_: object) -> None:
        if self._balloon is not None:
            self._acted(self._balloon, "default")


def _same(one: Notice, other: Notice) -> bool:
    return bool(one.topic) and one.topic == other.topic
