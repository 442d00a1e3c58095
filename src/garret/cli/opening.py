"""`garret open`: the window, where this installation and this session can have one; else what to do instead.

The control plane is started first where none runs. A window that is open comes to the front, at a page
where one is named; another is a process of its own, which goes on when this command has ended and writes
what happens to `window.log` in the home. This command ends when the window says that it is there, or tells
why not.

Neighbours: `garret.shell` is the window, started by its name alone; `desk.entries` the desktop's menu.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Final

from garret.base.errors import Code
from garret.base.installing import install_command
from garret.base.paths import Home
from garret.cli import launch
from garret.cli.errors import CliError
from garret.cli.session import ClientSession
from garret.features.desk import contracts as d
from garret.features.desk import entries
from garret.features.house.contracts import GetStatus

WINDOW_SECONDS: Final = 60.0
"""The first start after installing reads 300 MB of Qt from the disk."""

_PACKAGES: Final = ("PySide6-Essentials", "PySide6-Addons", "PySide6-WebEngine", "jeepney")
_LOG_LIMIT: Final = 1 << 20  # bytes; a longer log begins anew
_TAIL: Final = 65_536
_LIBRARIES: Final = {
    "xcb-cursor": "libxcb-cursor0",
    "libEGL": "libegl1",
    "libGL": "libgl1",
    "libnss3": "libnss3",
    "libxkbcommon": "libxkbcommon-x11-0",
}
"""Libraries of the system that Qt names when it misses them, and the packages of Debian that bring them."""


def open_window(session: ClientSession, arguments: argparse.Namespace) -> None:
    """Open the window, or bring the one there is to the front."""
    if arguments.install or arguments.uninstall:
        _keep_entry(session, install=arguments.install)
        return
    if lacking := missing():
        raise CliError(lacking, code=Code.UNAVAILABLE)
    session.call(GetStatus())
    page = f"/{arguments.page.strip('/')}"
    if not arguments.hidden and session.call(d.Show(page=page)).windows:
        session.emit({"window": "raised"}, "")
        return
    options = [option for option in ("hidden", "private") if getattr(arguments, option)]
    word = _start(session.home, ["--page", page, *(f"--{option}" for option in options)])
    session.emit({"window": word}, "")


def missing() -> str:
    """What this installation lacks for a window, and what to do; nothing where it is all there."""
    if all(map(_is_there, ("PySide6.QtWebEngineWidgets", "PySide6.QtSvg", "jeepney"))):
        return ""
    clone = Path(__file__).resolve().parents[3]
    is_clone = (clone / "scripts" / "setup.sh").is_file()
    how = "make setup-desktop" if is_clone else install_command(*_PACKAGES)
    return (
        f"The window needs Qt, which is not installed here (260 MB). To install it: {how} - or look at the "
        "same pages in a browser: garret serve"
    )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package it would be in
        return False


def _keep_entry(session: ClientSession, *, install: bool) -> None:
    if install:
        paths = entries.install(session.home)
        said = f"Garret is in the menu of your desktop now: {paths[0]}"
    else:
        paths = entries.uninstall()
        said = "Garret is in no menu any more." if paths else "Garret was in no menu. Nothing was changed."
    session.emit({"files": [str(path) for path in paths]}, said)


def _start(home: Home, options: list[str]) -> str:
    """Start a window; what it says when it is there. Raises CliError with its reason where it is not."""
    reader, writer = os.pipe()
    try:
        with _log(home) as log:
            begin = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "garret.shell", *options, "--ready", str(writer)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=launch.environment(home),
                pass_fds=(writer,),
                start_new_session=True,
            )
    except OSError as error:
        os.close(reader)
        raise CliError(f"The window could not be started: {error}.", code=Code.FAILED) from error
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as said:
        word = _word(said)
    if word:
        return word
    code = process.poll() if word is None else process.wait()
    raise CliError(_reason(home, begin, code), code=Code.UNAVAILABLE)


def _word(said: IO[bytes]) -> str | None:
    """The one word; empty where the process ended without it, None where it took too long."""
    end = time.monotonic() + WINDOW_SECONDS
    if not select.select([said], [], [], max(0.0, end - time.monotonic()))[0]:
        return None
    return said.readline().decode("ascii", "replace").strip()


def _log(home: Home) -> IO[bytes]:
    path = home.root / "window.log"
    file = path.open("ab")
    if file.tell() > _LOG_LIMIT:
        file.truncate(0)
        file.seek(0)
    return file


def _reason(home: Home, begin: int, code: int | None) -> str:
    """Why there is no window, by what its process left in the log."""
    path = home.root / "window.log"
    with path.open("rb") as file:
        file.seek(max(begin, path.stat().st_size - _TAIL))
        text = file.read().decode("utf-8", "replace")
    own = [line.removeprefix("garret: ") for line in text.splitlines() if line.startswith("garret: ")]
    if own:
        return own[-1]
    for name, package in _LIBRARIES.items():
        if name in text:
            return (
                "Qt misses a library of the system, and no window was opened. On Debian or Ubuntu: apt-get "
                f"install {package}. All it said is in {path}; `garret serve` shows the same pages in a "
                "browser."
            )
    if code is None:
        return (
            f"The window has not come up after {WINDOW_SECONDS:.0f} s and may yet; {path} has what it said."
        )
    last = launch.last_words([line.encode() for line in text.splitlines()])
    return (
        f"The window ended as it began: {last or f'code {code}'}. All it said is in {path}; `garret serve` "
        "shows the same pages in a browser."
    )
