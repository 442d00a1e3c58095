"""A desktop for tests: an X server without a screen, a window manager, and a panel with a tray.

All of it is real and private: a display number that the server chose, a session bus of its own. Tests that
need it skip, and say so, where Debian's packages are missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("Xvfb", "openbox", "tint2", "dbus-daemon")


def missing() -> str:
    """The programs that are not installed."""
    return ", ".join(name for name in PROGRAMS if shutil.which(name) is None)


class Desktop:
    """A running one. `panel` starts and ends the tray's host."""

    def __init__(self, display: str, environment: dict[str, str], folder: Path) -> None:
        self.display = display
        self.environment = environment
        self._folder = folder
        self._panel: subprocess.Popen[bytes] | None = None

    def start_panel(self) -> None:
        """A panel with a tray."""
        if self._panel is None:
            self._panel = run(["tint2", "-c", str(self._config())], self.environment)

    def end_panel(self) -> None:
        """No tray any more."""
        if self._panel is not None:
            end(self._panel)
            self._panel = None

    def _config(self) -> Path:
        config = self._folder / "tint2rc"
        config.write_text("panel_items = S\npanel_size = 400 30\nsystray_padding = 2 2 2\n")
        return config


def run(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A program of the desktop, silent."""
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program that was started here."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def bus(folder: Path) -> Iterator[str]:
    """A session bus of its own; its address."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [
            "dbus-daemon",
            "--session",
            "--nofork",
            f"--address=unix:path={folder}/bus",
            f"--print-address={writer}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(writer,),
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as lines:
            yield lines.readline().strip()
    finally:
        end(process)


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    """A whole one, until the block ends."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(writer,),
    )
    os.close(writer)
    with os.fdopen(reader) as lines:
        display = f":{lines.readline().strip()}"
    environment = {**os.environ, "DISPLAY": display, "HOME": str(folder)}
    environment.pop("WAYLAND_DISPLAY", None)
    manager = run(["openbox", "--sm-disable"], environment)
    found = Desktop(display, environment, folder)
    try:
        yield found
    finally:
        end(manager)
        end(server)
