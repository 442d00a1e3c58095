"""The window itself: the page, or a plain notice where the page cannot be shown.

What is done when the page's process ends, `recovery` decides; what is left when nothing helps is told in
widgets of Qt's own, which need no browser. Size and place are kept in the home. Closing leaves the tray icon
where the person wants that and the desktop has a tray; without one, closing ends the program, so that the
window is never hidden for good.

Belongs to Qt's main thread. Neighbours: `view` is the page, `shell` decides what closing means.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtCore import QRect, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from garret.base import log
from garret.shell.icons import app_icon
from garret.shell.recovery import Recovery, Remedy
from garret.shell.strings import say
from garret.shell.view import HOME_PAGE

SMALLEST: Final = (360, 480)
FIRST: Final = (1180, 780)
_PLACE: Final = "place.json"
_STATUS: Final = QWebEnginePage.RenderProcessTerminationStatus
_logger = log.get("shell.window")


class Place(msgspec.Struct):
    """Where the window was."""

    x: int
    y: int
    width: int
    height: int
    maximized: bool = False


class Reactions(msgspec.Struct, frozen=True):
    """What the window has done by who made it."""

    closing: Callable[[], bool]
    """The person closes it: True where it is only hidden."""
    without_gpu: Callable[[], None]
    page_gone: Callable[[], None]
    """The page's process ended: it hears no more. (One that is loaded anew begins by saying so; Qt's
    `loadStarted` also tells of navigations that are refused.)"""
    seen: Callable[[], None]
    """The person looks at it."""
    browser: Callable[[], None]
    """They want the page in a browser instead."""


class Window(QMainWindow):
    """See the module."""

    def __init__(self, folder: Path, recovery: Recovery, reactions: Reactions) -> None:
        """`folder` is where its place is kept."""
        super().__init__()
        self._file = folder / _PLACE
        self._recovery = recovery
        self._reactions = reactions
        self._page: QWebEnginePage | None = None
        self.setWindowTitle("Garret")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(*SMALLEST)
        self.view = QWebEngineView(self)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.plain = Plain(self, self._try_again, reactions.browser)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.plain)
        self.setCentralWidget(self._stack)
        self._put_back()

    @property
    def told(self) -> str:
        """What the plain notice says; nothing while the page is shown."""
        return self.plain.text if self._stack.currentWidget() is self.plain else ""

    def load(self, page: QWebEnginePage, path: str) -> None:
        """Show the page, beginning at a path of its own."""
        self._page = page
        page.renderProcessTerminated.connect(self._process_ended)
        self.view.setPage(page)
        self.go(path)

    def go(self, path: str) -> None:
        """Load the page anew at a path."""
        self._stack.setCurrentWidget(self.view)
        self.view.setUrl(QUrl(f"{HOME_PAGE}{path.lstrip('/')}"))

    def raise_up(self) -> None:
        """Come to the front: only for something that the person did."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def tell(self, title: str, text: str, *, again: bool) -> None:
        """Say something without the page."""
        self.plain.say(title, text, again=again)
        self._stack.setCurrentWidget(self.plain)

    def keep_place(self) -> None:
        """Keep where it is, for the next start. What cannot be written is not missed."""
        shape = self.normalGeometry()
        place = Place(shape.x(), shape.y(), shape.width(), shape.height(), self.isMaximized())
        part = self._file.with_suffix(".part")
        try:
            part.write_bytes(msgspec.json.encode(place))
            part.replace(self._file)
        except OSError as error:
            _logger.info("the window's place was not kept: %s", error.strerror)

    # ---- Qt's

    def closeEvent(self, event: QCloseEvent) -> None:
        """The person closes the window."""
        self.keep_place()
        if self._reactions.closing():
            event.ignore()
            self.hide()
        else:
            event.accept()

    def changeEvent(self, event: Any) -> None:
        """It has the focus now, or not."""
        super().changeEvent(event)
        if self.isActiveWindow():
            self._reactions.seen()

    # ---- the page's process

    def _process_ended(self, status: QWebEnginePage.RenderProcessTerminationStatus, code: int) -> None:
        self._reactions.page_gone()
        if status == _STATUS.NormalTerminationStatus:
            return
        remedy = self._recovery.ended(time.monotonic())
        _logger.warning("the page's process ended (%s, %s): %s", status.name, code, remedy.value)
        if remedy is Remedy.RELOAD:
            QTimer.singleShot(0, self, self._reload)  # Qt is still busy with the end of the process
        elif remedy is Remedy.WITHOUT_GPU:
            self._reactions.without_gpu()
        else:
            self.tell(
                say("window.broken"),
                say("window.broken_text"),
                again=True,
            )

    def _reload(self) -> None:
        if self._page is not None:
            self._page.load(self._page.url() if self._page.url().isValid() else QUrl(HOME_PAGE))

    def _try_again(self) -> None:
        self._recovery.again()
        self.go("")

    def _put_back(self) -> None:
        self.resize(*FIRST)
        try:
            place = msgspec.json.decode(self._file.read_bytes(), type=Place)
        except (OSError, msgspec.MsgspecError):
            return
        shape = QRect(place.x, place.y, place.width, place.height)
        # A screen that is not there any more must not take the window along.
        if any(screen.availableGeometry().intersects(shape) for screen in QGuiApplication.screens()):
            self.setGeometry(shape)
        if place.maximized:
            self.setWindowState(Qt.WindowState.WindowMaximized)


class Plain(QWidget):
    """A title, some sentences and two buttons, without any page."""

    def __init__(self, parent: QWidget, again: Callable[[], None], browser: Callable[[], None]) -> None:
        super().__init__(parent)
        self._title = QLabel(self)
        self._title.setStyleSheet("font-size: 20px; font-weight: 600")
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.again = QPushButton(self)
        self.again.clicked.connect(_without_arguments(again))
        self.browser = QPushButton(self)
        self.browser.clicked.connect(_without_arguments(browser))
        buttons = QHBoxLayout()
        buttons.addWidget(self.again)
        buttons.addWidget(self.browser)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(48, 48, 48, 48)
        layout.setSpacing(16)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(buttons)
        layout.addStretch(1)

    @property
    def text(self) -> str:
        """All that it says."""
        return f"{self._title.text()}\n{self._text.text()}"

    def say(self, title: str, text: str, *, again: bool) -> None:
        """Say something; `again` offers another try."""
        self._title.setText(title)
        self._text.setText(text)
        self.again.setText(say("window.again"))
        self.browser.setText(say("window.browser"))
        self.again.setVisible(again)
        self.again.setFocus()


def _without_arguments(does: Callable[[], None]) -> Callable[..., None]:
    def called(*_: object) -> None:
        does()

    return called
