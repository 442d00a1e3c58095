"""The window's program as it is started: alone, twice, on no screen, and told to end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from garret.base.paths import Home
from garret.shell.__main__ import _again, check_session
from garret.shell.errors import ShellError
from garret.shell.instance import holder
from tests.shell.desktop import Desktop

SECONDS = 60
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture
def start(home: Home, screen: Desktop) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts the window's program."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {**screen.environment, "GARRET_HOME": str(home.root), "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "garret.shell", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        process.wait()
        psutil.wait_procs(below, timeout=5)


def said(start: Callable[..., subprocess.Popen[bytes]], *arguments: str) -> tuple[Any, str]:
    """Start it and wait for what it says."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    process = start(*arguments, "--ready", str(writer))
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], SECONDS)
    assert ready
    with os.fdopen(reader) as words:
        return process, words.readline().strip()


def test_it_starts_once_ends_when_it_is_told_and_listens_nowhere(
    start: Callable[..., subprocess.Popen[bytes]], home: Home
) -> None:
    first, word = said(start)
    assert word == "shown"
    assert holder(home) == first.pid
    family = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    assert [each for one in family for each in one.net_connections("inet")] == []
    assert [each for one in family for each in one.net_connections("unix") if each.status == "LISTEN"] == []
    second, word = said(start)
    assert word == "raised"
    assert second.wait(SECONDS) == 0
    assert first.poll() is None
    first.send_signal(signal.SIGTERM)
    assert first.wait(SECONDS) == 0
    _, alive = psutil.wait_procs(family, timeout=SECONDS)
    assert alive == []
    assert holder(home) is None


def test_without_a_screen_it_says_what_to_do(home: Home) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in SCREENS}
    done = subprocess.run(
        [sys.executable, "-m", "garret.shell"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "garret serve" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not home.root.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_root_gets_no_browser_without_its_sandbox() -> None:
    with pytest.raises(ShellError, match="not opened for root"):
        check_session({"DISPLAY": ":0"})
    check_session({"DISPLAY": ":0", "QTWEBENGINE_DISABLE_SANDBOX": "1"})


def test_the_next_run_is_without_the_graphics_processor_and_keeps_the_rest() -> None:
    given = ["--page", "/dictate", "--ready", "5", "--private", "--hidden"]
    assert _again(given) == ["--page", "/dictate", "--private", "--software"]
    assert _again(["--ready=7", "--software"]) == ["--software"]
