"""A clipboard manager: reads whatever is copied at once, in all forms, and says it.

manager.py [--keep]     --keep then takes the clipboard itself, as some do so that it outlives its owner
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QMimeData, QSocketNotifier
from PySide6.QtGui import QGuiApplication

app = QGuiApplication(["manager"])
clipboard = QGuiApplication.clipboard()
keeps = "--keep" in sys.argv


def changed() -> None:
    if clipboard.ownsClipboard():
        return
    mime = clipboard.mimeData()
    forms = {each: bytes(mime.data(each).data()) for each in mime.formats()}
    print(json.dumps({"seen": clipboard.text()}), flush=True)
    if keeps:
        copy = QMimeData()
        for name, data in forms.items():
            copy.setData(name, data)
        clipboard.setMimeData(copy)


clipboard.dataChanged.connect(changed)
ending = QSocketNotifier(0, QSocketNotifier.Type.Read)
ending.activated.connect(lambda *_: app.quit())
print(json.dumps({"ready": True}), flush=True)
app.exec()
