"""The window's program: `python -m garret.shell`, which `garret open` runs.

    --page /dictate   where to begin          --hidden     in the tray only
    --private         the page keeps nothing  --software   draw without the graphics processor
    --ready FD        write `shown` there once it is so, `raised` or `runs` where there was one

It exits with 0, also where another window of this home came to the front instead; with 4 and one line on
standard error where no window can be.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from garret.base import log
from garret.base.build import build_hash
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.base.singletons import keep_singletons
from garret.shell.errors import ShellError
from garret.shell.instance import Instance, call_first

UNAVAILABLE: Final = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window until it is closed; the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(given)
    log.to_stream(plain=True)
    keep_singletons()
    try:
        again = _run(Home.default(), arguments)
    except GarretError as error:
        sys.stderr.write(f"garret: {error.message}\n")
        return UNAVAILABLE
    if again:
        os.execv(sys.executable, [sys.executable, "-m", "garret.shell", *_again(given)])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="garret.shell")
    parser.add_argument("--page", default="/")
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--software", action="store_true")
    parser.add_argument("--ready", type=int, default=-1)
    return parser


def _again(given: Sequence[str]) -> list[str]:
    """The arguments of the next run: without the graphics processor, and nobody waits to hear of it."""
    kept: list[str] = []
    words = iter(given)
    for word in words:
        if word == "--ready":
            next(words, None)
        elif word not in ("--hidden", "--software") and not word.startswith("--ready="):
            kept.append(word)
    return [*kept, "--software"]


def _run(home: Home, arguments: argparse.Namespace) -> bool:
    """Whether it is to run again, without the graphics processor."""
    check_session(os.environ)
    home.create()
    from garret.shell.signals import Signals  # Qt, from here on

    signals = Signals()
    instance = Instance.take(home)
    if instance is None:
        if arguments.hidden:  # at login, say: nobody asked to see it
            _say(arguments.ready, "runs")
            return False
        if not call_first(home):
            raise ShellError(
                "Another window of this home is just starting or ending. Try again.", code=Code.BUSY
            )
        _say(arguments.ready, "raised")
        return False
    try:
        return _show(home, arguments, signals)
    finally:
        instance.release()


def _show(home: Home, arguments: argparse.Namespace, signals: object) -> bool:
    from PySide6.QtWidgets import QApplication

    from garret.shell.graphics import has_processor, set_flags
    from garret.shell.icons import app_icon
    from garret.shell.scheme import register_scheme
    from garret.shell.shell import Options, Shell
    from garret.shell.signals import Signals

    assert isinstance(signals, Signals)
    software = arguments.software or not has_processor()
    set_flags(software=software)
    register_scheme()
    application = QApplication(["garret"])
    application.setApplicationName("garret")
    application.setApplicationDisplayName("Garret")
    application.setDesktopFileName("garret")
    application.setQuitOnLastWindowClosed(False)
    application.setWindowIcon(app_icon())
    options = Options(
        page=arguments.page,
        hidden=arguments.hidden,
        private=arguments.private,
        gpu=not software,
    )
    shell = Shell(application, home, options)
    signals.listen(called=shell.window.raise_up, ended=shell.quit)
    shell.begin()
    log.get("shell").info("the window is open (build %s)", build_hash()[:12])
    _say(arguments.ready, "shown")
    application.exec()
    shell.quit()
    signals.close()
    return shell.restart_without_gpu


def check_session(environment: Mapping[str, str]) -> None:
    """Raise ShellError where there is nothing that a window could be on; Qt itself would abort."""
    if not any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise ShellError(
            "This session has no screen (neither DISPLAY nor WAYLAND_DISPLAY is set), so that no window was "
            "opened. `garret serve` shows the same pages in a browser.",
            code=Code.UNAVAILABLE,
        )
    if os.geteuid() == 0 and not environment.get("QTWEBENGINE_DISABLE_SANDBOX"):
        raise ShellError(
            "The window is not opened for root: the browser in it would run without its sandbox. Start it as "
            "yourself.",
            code=Code.DENIED,
        )


def _say(descriptor: int, word: str) -> None:
    if descriptor < 0:
        return
    with contextlib.suppress(OSError):  # who started it waits no more
        os.write(descriptor, word.encode() + b"\n")
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
