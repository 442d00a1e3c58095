"""The icons, drawn from their files at each size that trays and title bars ask for.

Drawn here instead of by Qt's plug-in for SVG icons, which an installation may lack. The states of the tray
differ in shape, so that they tell each other apart without colour. Neighbours: `tray`, `window`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from garret.features.desk.entries import ICON_FILE
from garret.shell.errors import ShellError
from garret.shell.tray_state import TrayState

SIZES: Final = (16, 22, 24, 32, 48, 64, 128)
_FOLDER: Final = Path(__file__).with_name("icons")


@cache
def app_icon() -> QIcon:
    """Garret's own."""
    return _drawn(ICON_FILE)


@cache
def state_icon(state: TrayState) -> QIcon:
    """The tray's, for a state."""
    return _drawn(_FOLDER / f"{state.value}.svg")


def _drawn(path: Path) -> QIcon:
    renderer = QSvgRenderer(str(path))
    if not renderer.isValid():
        raise ShellError(f"The picture {path.name} is missing or damaged. Install Garret anew.")
    icon = QIcon()
    for size in SIZES:
        picture = QPixmap(size, size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        renderer.render(painter)
        painter.end()
        icon.addPixmap(picture)
    return icon
