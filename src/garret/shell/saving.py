"""Saving a file where the person says: the system's dialog, then a copy whole or not at all.

The dialog does not hold the loop. The file goes to a name beside its place first, so that what was there
stays until the new one is whole; on a disk that allows it the kernel copies (copy_file_range).
Copying runs on a thread of its own, since a disk may take seconds for a gigabyte.

Neighbours: `local` answers `window.save` by this, `shell` what is downloaded.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QRunnable, QStandardPaths, Qt, QThreadPool, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from garret.base.errors import Code
from garret.shell.errors import ShellError
from garret.shell.strings import say

_LONGEST_NAME: Final = 120
_CHUNK: Final = 8 << 20

Chosen = Callable[[Path | None], None]


def plain_name(name: str) -> str:
    """A file's name without any folder, hidden beginning or character that a disk might not take."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(each if each.isprintable() and each not in '<>:"|?*' else "_" for each in last)
    return kept.strip().lstrip(".")[-_LONGEST_NAME:] or "file"


def ask_where(parent: QWidget, name: str, chosen: Chosen) -> None:
    """Ask the person where to save; `chosen` hears it, None where they gave up."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    dialog = QFileDialog(parent, say("window.save"), str(Path(folder) / plain_name(name)))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def selected(path: str) -> None:
        chosen(Path(path))

    dialog.fileSelected.connect(selected)
    dialog.rejected.connect(lambda: chosen(None))
    dialog.open()


def copy(descriptor: int, target: Path) -> None:
    """Write what a descriptor holds to a file, whole or not at all. Raises ShellError."""
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("xb") as file:
            offset, size = 0, os.fstat(descriptor).st_size
            while offset < size:
                chunk = os.pread(descriptor, _CHUNK, offset)
                if not chunk:
                    break
                file.write(chunk)
                offset += len(chunk)
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        full = error.errno == 28
        raise ShellError(
            f"{target.name} could not be saved: {error.strerror}. What was there before is as it was.",
            code=Code.FULL if full else Code.READ_ONLY,
        ) from error


class Copying(QObject):
    """One copy on a thread; `done` hears on Qt's loop what came of it. Closes the descriptor."""

    _ended = Signal(object)

    def __init__(
        self, parent: QObject, descriptor: int, target: Path, done: Callable[[ShellError | None], None]
    ) -> None:
        super().__init__(parent)
        self._descriptor = descriptor
        self._target = target
        self._done = done
        self._ended.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        QThreadPool.globalInstance().start(_Task(self._run))

    def _run(self) -> None:
        error: ShellError | None = None
        try:
            copy(self._descriptor, self._target)
        except ShellError as failed:
            error = failed
        finally:
            os.close(self._descriptor)
        self._ended.emit(error)

    def _tell(self, error: object) -> None:
        self.deleteLater()
        self._done(error if isinstance(error, ShellError) else None)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        """Qt's thread does it."""
        self._work()
