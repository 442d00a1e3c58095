"""`garret open`: from the command line to a window of another process, and back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garret.base.paths import Home
from garret.cli import launch, opening
from garret.features.desk import entries
from garret.shell.instance import holder
from tests.e2e.house import House
from tests.shell.desktop import Desktop

Garret = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def garret(home: Home, house: House, screen: Desktop, tmp_path: Path) -> Iterator[Garret]:
    """Runs the command line on a desktop; the window that it leaves is ended."""
    environment = {
        **screen.environment,
        "GARRET_HOME": str(home.root),
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)

    def run(*arguments: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
        wanted = {**environment, **changed}
        return subprocess.run(
            [sys.executable, "-m", "garret.cli", "--json", *arguments],
            env={name: value for name, value in wanted.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
        )

    assert house.pid
    yield run
    process = holder(home)
    if process is not None:
        os.kill(process, signal.SIGTERM)
        assert launch.wait_for_end(process)


def test_it_opens_once_and_comes_to_the_front_then(garret: Garret, home: Home) -> None:
    opened = garret("open", "settings")
    assert (opened.returncode, json.loads(opened.stdout)) == (0, {"window": "shown"}), opened.stderr
    first = holder(home)
    assert first is not None
    again = garret("open")
    assert json.loads(again.stdout) == {"window": "raised"}
    assert json.loads(garret("open", "--hidden").stdout) == {"window": "runs"}
    assert holder(home) == first


def test_why_there_is_no_window_is_told(garret: Garret, home: Home) -> None:
    no_screen = garret("open", DISPLAY=None)
    assert no_screen.returncode == 4
    assert "no screen" in no_screen.stderr
    assert "garret serve" in no_screen.stderr
    unreachable = garret("open", DISPLAY=":9999")
    assert unreachable.returncode == 4
    assert "window.log" in unreachable.stderr
    assert holder(home) is None


def test_what_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert opening.missing() == ""
    monkeypatch.setattr(opening, "_is_there", lambda module: module != "PySide6.QtWebEngineWidgets")
    assert "make setup-desktop" in opening.missing()
    assert "garret serve" in opening.missing()


def test_the_menu_gets_it_and_loses_it(garret: Garret, tmp_path: Path) -> None:
    places = {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert garret("open", "--install").returncode == 0
    assert entries.entry_path(places).exists()
    assert garret("open", "--uninstall").returncode == 0
    assert not entries.entry_path(places).exists()
