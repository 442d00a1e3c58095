"""The page's only door: one object on a QWebChannel that takes page messages and tells them.

A script before the page's own gives it `window.garretBridge`:

    const bridge = await window.garretBridge;
    bridge.message.connect(hear);   // a new page: it is greeted, and what the one before asked for ends
    bridge.send(text);              // texts of `garret.page.messages`, both ways

Qt's transport exists in the main frame alone, and the main frame shows nothing but the page (`view`); that it
does is looked at again for each message. What is said is checked by `page.channel`, whose first violation
closes this door until the page is loaded anew.

Belongs to Qt's main thread. Neighbours: `view` puts it on the page's channel, `scheme` serves the script.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from PySide6.QtCore import QFile, QIODevice, QObject, Signal, Slot

from garret.base import log
from garret.base.build import build_hash
from garret.page.channel import Channel
from garret.page.errors import PageViolation
from garret.shell.errors import ShellError

ROLE: Final = "shell"
SCRIPT: Final = "/garret-bridge.js"
"""Where the page has its script from."""
_logger = log.get("shell.bridge")


class Bridge(QObject):
    """See the module. `open_channel` makes the channel of a page that has begun."""

    message = Signal(str)

    def __init__(
        self,
        parent: QObject,
        open_channel: Callable[[Callable[[str], None]], Channel],
        at_home: Callable[[], bool],
        refused: Callable[[str, str], None],
    ) -> None:
        """`at_home` says whether the main frame shows the page, `refused` has something audited."""
        super().__init__(parent)
        self._open_channel = open_channel
        self._at_home = at_home
        self._refused = refused
        self.channel: Channel | None = None
        self.destroyed.connect(self._destroyed)

    @Slot()
    def begin(self) -> None:
        """A page is loaded and hears."""
        if not self._at_home():
            self._refused("window.bridge", "Something that is not the page wanted to speak for it.")
            return
        self.close()
        self.channel = self._open_channel(self._tell)
        self.channel.begin(ROLE, build_hash())

    @Slot(str)
    def send(self, text: str) -> None:
        """One message of the page. Nothing is raised: Qt would only print it."""
        channel = self.channel
        if channel is None or not self._at_home():
            self._refused("window.bridge", "A message came from what is not the page, or had not begun.")
            return
        try:
            channel.receive(text)
        except PageViolation as error:  # the channel is closed, and has told who audits
            _logger.warning("the page broke its protocol: %s", error.message)

    def close(self) -> None:
        """The page is gone. Idempotent."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None

    def _destroyed(self, *_: object) -> None:
        """A page may do that: Qt offers it `deleteLater`."""
        self.close()

    def _tell(self, text: str) -> None:
        self.message.emit(text)


_DOOR: Final = """
Object.defineProperty(window, "garretBridge", { value: new Promise((open) => {
  new QWebChannel(qt.webChannelTransport, ({ objects: { bridge } }) => open(Object.freeze({
    send: (text) => bridge.send(text),
    message: Object.freeze({ connect: (hear) => { bridge.message.connect(hear); bridge.begin(); } }),
  })));
}) });
"""


@cache
def script() -> bytes:
    """Qt's own client of its channel, and our door on it: what each page is given before its scripts run."""
    file = QFile(":/qtwebchannel/qwebchannel.js")
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise ShellError("This installation of Qt lacks qwebchannel.js. Install it anew: make setup-desktop")
    source: Any = file.readAll().data()
    return f"(() => {{\n{bytes(source).decode()}\n{_DOOR}}})();\n".encode()


def with_door(html: bytes) -> bytes:
    """The page, with the script before all of its own.

    It stands in the page and is no user script of Qt's, since these are missing at times from a page whose
    process was just started (seen in one of ten loads after a crash, on a machine under load).
    """
    tag = f'<script src="{SCRIPT}"></script>'.encode()
    begin, found, rest = html.partition(b"<head>")
    return begin + found + tag + rest if found else tag + html
