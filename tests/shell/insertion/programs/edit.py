"""A program to insert into: a Qt text edit that says what it holds each time that changes.

    edit.py [--name NAME] [--slow SEED] [--later SEED] [--face edit|button|line|secret]

--slow stops the whole program for 0 to 2 seconds, as chance has it, before it handles Ctrl+V, as one does
that is busy. --later goes on and answers what it is asked, but reads the clipboard 0 to 2 seconds later. A
line on stdin is a command of `Edit`; SIGSTOP is what hangs it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time

from PySide6.QtCore import QEvent, QMimeData, QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QWidget

LONGEST = 2.0  # seconds


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Slowness(QObject):
    """Is slow about a paste, in one way or the other."""

    def __init__(self, edit: QPlainTextEdit, slow: int | None, later: int | None) -> None:
        super().__init__()
        self._edit = edit
        self._stops = slow is not None
        self._chance = random.Random(slow if later is None else later)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if not event.matches(QKeySequence.StandardKey.Paste):
            return False
        seconds = self._chance.uniform(0.0, LONGEST)
        if self._stops:
            time.sleep(seconds)
            return False
        QTimer.singleShot(round(seconds * 1000), self._edit.paste)
        return True


def faces(name: str) -> QWidget:
    """What has the focus."""
    if name == "button":
        return QPushButton("press me")
    if name in ("line", "secret"):
        line = QLineEdit()
        line.setEchoMode(QLineEdit.EchoMode.Password if name == "secret" else QLineEdit.EchoMode.Normal)
        line.textChanged.connect(lambda text: say(text=text))
        return line
    edit = QPlainTextEdit()
    edit.textChanged.connect(lambda: say(text=edit.toPlainText()))
    return edit


class Edit:
    """Its window, and what it does when told to."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.top = faces(options.face)
        self.top.setWindowTitle(options.name)
        self.top.resize(400, 200)
        if isinstance(self.top, QPlainTextEdit) and (options.slow, options.later) != (None, None):
            self._slowness = Slowness(self.top, options.slow, options.later)
            self.top.installEventFilter(self._slowness)
        self._clipboard = QGuiApplication.clipboard()
        self._commands = QSocketNotifier(0, QSocketNotifier.Type.Read)
        self._commands.activated.connect(self._read)

    def _read(self, *_: object) -> None:
        line = sys.stdin.readline()
        if not line:
            QApplication.quit()
            return
        name, _, rest = line.strip().partition(" ")
        getattr(self, f"do_{name}")(rest)

    def do_show(self, _rest: str) -> None:
        edit = self.top
        say(show=edit.toPlainText() if isinstance(edit, QPlainTextEdit) else "")

    def do_clear(self, _rest: str) -> None:
        if isinstance(self.top, QPlainTextEdit):
            self.top.clear()
        say(cleared=True)

    def do_focus(self, _rest: str) -> None:
        self.top.activateWindow()
        self.top.raise_()

    def do_copy(self, text: str) -> None:
        self._clipboard.setText(text)
        say(copied=True)

    def do_picture(self, _rest: str) -> None:
        """Copy a picture that does not compress, and a text and a form of this program's own beside it."""
        data = QMimeData()
        chance = random.Random(7)
        width, height = 2000, 1000
        image = QImage(chance.randbytes(width * height * 4), width, height, QImage.Format.Format_RGB32)
        data.setImageData(image)
        data.setText("a picture")
        data.setData("application/x-of-its-own", chance.randbytes(3_000_000))
        self._clipboard.setMimeData(data)
        say(copied=True)

    def do_clip(self, _rest: str) -> None:
        """What the clipboard holds, in all forms."""
        mime = self._clipboard.mimeData()
        forms = {each: hashlib.sha256(bytes(mime.data(each).data())).hexdigest() for each in mime.formats()}
        forms.pop("application/x-qt-image", None)  # Qt's own name for what `picture` is made of
        image = self._clipboard.image().convertToFormat(QImage.Format.Format_RGB888)
        forms["picture"] = hashlib.sha256(bytes(image.constBits() or b"")).hexdigest()
        say(clip={"text": self._clipboard.text(), "forms": forms, "owned": self._clipboard.ownsClipboard()})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="edit")
    parser.add_argument("--slow", type=int)
    parser.add_argument("--later", type=int)
    parser.add_argument("--face", default="edit")
    options = parser.parse_args()
    app = QApplication([options.name])
    edit = Edit(options)

    def changed() -> None:
        say(focus=edit.top.isActiveWindow())

    app.focusWindowChanged.connect(changed)
    edit.top.show()
    app.exec()


main()
