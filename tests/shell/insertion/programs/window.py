"""Insertion driven by Qt's loop, as in the window's process: inserts its argument and says what happens."""

from __future__ import annotations

import sys

from PySide6.QtCore import QCoreApplication

from garret.page.local import Inserted
from garret.shell.insertion.hands import Hands
from garret.shell.insertion.x11 import X11Insertion
from garret.shell.x11.focus import Focus
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.server import Server
from garret.transport.qt import QtLoop

app = QCoreApplication([])
loop = QtLoop()
server = Server()
x11 = X11Insertion(server, Keyboard(server), Focus(server), loop)
hands = Hands(x11)
server.watch(loop)


timers: list[object] = []  # Qt's end when nobody holds them


def wait() -> None:
    if x11.busy:
        timers.append(loop.call_later(0.02, wait))
    else:
        print("settled", flush=True)
        app.quit()


def done(outcome: Inserted) -> None:
    print(outcome.outcome, flush=True)
    wait()


loop.call_soon(lambda: hands.insert(sys.argv[1], done))
app.exec()
