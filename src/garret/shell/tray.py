"""The tray icon: what goes on, and the main actions one click away.

Qt shows it as soon as the desktop has a tray, also one that starts later; `there` says whether it has one
now. Nothing else depends on it: the window has all that the menu has. Belongs to Qt's main thread.

Neighbours: `tray_state` decides what is shown, `shell` gives the actions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from garret.shell.icons import state_icon
from garret.shell.strings import say
from garret.shell.tray_state import Facts, TrayState, state_of

_REASONS: Final = QSystemTrayIcon.ActivationReason


class Actions(msgspec.Struct, frozen=True):
    """What the menu does."""

    show: Callable[[], None]
    dictate: Callable[[], None]
    """Begin dictating, or end it."""
    pause: Callable[[], None]
    """Pause dictating, or go on."""
    approvals: Callable[[], None]
    disturb: Callable[[bool], None]
    """Whether notifications are held back from now on."""
    start: Callable[[], None]
    """Start the control plane."""
    quit: Callable[[], None]


class Tray(QObject):
    """See the module."""

    def __init__(self, parent: QObject, actions: Actions) -> None:
        super().__init__(parent)
        self._actions = actions
        self._menu = QMenu()
        self._status = self._entry("", None)
        self._status.setEnabled(False)
        self._menu.addSeparator()
        self._show = self._entry("", actions.show)
        self._dictate = self._entry("", actions.dictate)
        self._pause = self._entry("", actions.pause)
        self._approvals = self._entry("", actions.approvals)
        self._start = self._entry("", actions.start)
        self._quiet = QAction(self)
        self._quiet.setCheckable(True)
        self._quiet.triggered.connect(self._disturb)
        self._menu.addAction(self._quiet)
        self._menu.addSeparator()
        self._quit = self._entry("", actions.quit)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._activated)
        self.tell(*state_of(Facts()))

    @property
    def there(self) -> bool:
        """Whether the desktop shows a tray now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def entries(self) -> dict[str, QAction]:
        """The menu's entries that can be chosen now, by what they say."""
        return {
            each.text(): each
            for each in self._menu.actions()
            if each.isVisible() and each.isEnabled() and not each.isSeparator()
        }

    def show(self) -> None:
        """Be in the tray, now or when there is one."""
        self.icon.show()

    def hide(self) -> None:
        """Be there no more."""
        self.icon.hide()

    def tell(self, state: TrayState, sentence: str) -> None:
        """Show a state, in the language that is spoken now."""
        self.state = state
        self.icon.setIcon(state_icon(state))
        self.icon.setToolTip(say("tray.tip", sentence=sentence))
        self._status.setText(sentence)
        self._show.setText(say("tray.open"))
        self._approvals.setText(say("tray.approvals"))
        self._start.setText(say("tray.start"))
        self._quiet.setText(say("tray.quiet"))
        self._quit.setText(say("tray.quit"))
        connected = state != TrayState.OFFLINE
        self._dictate.setVisible(connected)
        dictating = state in (TrayState.LISTENING, TrayState.PAUSED)
        self._dictate.setText(say("tray.stop" if dictating else "tray.dictate"))
        self._pause.setVisible(dictating)
        self._pause.setText(say("tray.go_on" if state == TrayState.PAUSED else "tray.pause"))
        self._approvals.setVisible(state == TrayState.NEEDS_YOU)
        self._start.setVisible(not connected)

    def tell_quiet(self, quiet: bool) -> None:
        """Show whether notifications are held back."""
        self._quiet.setChecked(quiet)

    def _entry(self, text: str, does: Callable[[], None] | None) -> QAction:
        action = QAction(text, self)
        if does is not None:

            def chosen(*_: object) -> None:
                does()

            action.triggered.connect(chosen)
        self._menu.addAction(action)
        return action

    def _disturb(self, *_: object) -> None:
        self._actions.disturb(self._quiet.isChecked())

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (_REASONS.Trigger, _REASONS.DoubleClick, _REASONS.MiddleClick):
            self._actions.show()
