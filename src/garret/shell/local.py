"""The window's answers to the commands that a page's host answers itself (`page.local`).

Hotkeys and insertion are answered by their own packages; here is what the window does: saving, copying,
links, what the desktop allows, a notice to try, the end. Belongs to Qt's main thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from garret.base.errors import Code, GarretError
from garret.page import local as c
from garret.page.channel import Channel
from garret.page.errors import PageError
from garret.protocol.contract import Nothing
from garret.shell.notices import Notice
from garret.shell.saving import Copying, ask_where
from garret.shell.strings import say


class Surroundings(msgspec.Struct, frozen=True):
    """What the answers need of the window."""

    window: QWidget
    owner: QObject
    channel: Callable[[], Channel | None]
    follow: Callable[[str], None]
    """Opens a link outside. Raises ShellError."""
    for_person: Callable[[Callable[[], None], Callable[[], None]], None]
    """Calls the first if the person just did something in the page, else the second."""
    notify: Callable[[Notice], None]
    desktop: Callable[[], c.Desktop]
    quit: Callable[[], None]


class WindowCommands:
    """See the module."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def add_to(self, commands: c.LocalCommands) -> None:
        """Answer these from now on."""
        commands.add(c.SaveFile, self._save)
        commands.add(c.Copy, self._copy)
        commands.add(c.OpenLink, self._open_link)
        commands.add(c.GetDesktop, lambda _, answer: answer.result(self._around.desktop()))
        commands.add(c.TryNotification, self._try_notification)
        commands.add(c.Quit, self._quit)

    def _save(self, command: c.SaveFile, answer: c.Answer) -> None:
        channel = self._around.channel()
        if channel is None:
            raise PageError("The page is gone. Nothing was saved.")
        descriptor = channel.down.take(command.ticket)

        def chosen(path: Path | None) -> None:
            if path is None:
                os.close(descriptor)
                answer.result(c.Choice(name=None))
                return

            def saved(error: GarretError | None) -> None:
                if error is not None:
                    answer.error(error)
                else:
                    answer.result(c.Choice(name=path.name))

            Copying(self._around.owner, descriptor, path, saved)

        ask_where(self._around.window, command.name, chosen)

    def _copy(self, command: c.Copy, answer: c.Answer) -> None:
        QGuiApplication.clipboard().setText(command.text)
        answer.result(Nothing())

    def _open_link(self, command: c.OpenLink, answer: c.Answer) -> None:
        """A link carries what its address says: a page by itself may send nothing out by that."""

        def follow() -> None:
            try:
                self._around.follow(command.address)
            except GarretError as error:
                answer.error(error)
            else:
                answer.result(Nothing())

        self._around.for_person(follow, lambda: answer.error(_not_asked()))

    def _try_notification(self, command: Any, answer: c.Answer) -> None:
        del command
        self._around.notify(Notice("trial", "Garret", say("notice.trial"), topic="trial", page="/settings"))
        answer.result(Nothing())

    def _quit(self, command: Any, answer: c.Answer) -> None:
        del command
        answer.result(Nothing())
        self._around.quit()


def _not_asked() -> PageError:
    return PageError("A link is opened when the person asks for it. Nothing was opened.", code=Code.DENIED)
