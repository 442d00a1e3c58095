"""Garret in the desktop's menu and at the session's start: real files, read back as desktops do."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.desk import entries


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def keys(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines()
    assert lines[0] == "[Desktop Entry]"
    return dict(line.split("=", 1) for line in lines[1:])


def test_installed_read_and_removed(tmp_path: Path, places: dict[str, str]) -> None:
    home = Home(tmp_path / "my home")
    entry, icon = entries.install(home, places)
    read = keys(entry)
    assert read["Type"] == "Application"
    assert read["Icon"] == "garret"
    assert icon.read_bytes().startswith(b"<svg")
    words = shlex.split(read["Exec"])
    assert words == [sys.executable, "-m", "garret.cli", "--home", str(home.root), "open"]
    shown = subprocess.run([*words, "--help"], capture_output=True, text=True, check=True).stdout
    assert "window" in shown
    assert set(entries.uninstall(places)) == {entry, icon}
    assert not entry.exists()
    assert entries.uninstall(places) == ()


def test_at_login_as_the_setting_wants_it(tmp_path: Path, places: dict[str, str]) -> None:
    home = Home(tmp_path / "h")
    path = entries.autostart_path(places)
    assert not entries.start_at_login(home, False, places)
    assert entries.start_at_login(home, True, places)
    assert keys(path)["Exec"].endswith("open --hidden")
    assert not entries.start_at_login(home, True, places)
    path.write_text(path.read_text().replace("Garret", "Something"))  # an older one, or one that was edited
    assert entries.start_at_login(home, True, places)
    assert entries.start_at_login(home, False, places)
    assert not path.exists()


def test_what_is_not_ours_stays(tmp_path: Path, places: dict[str, str]) -> None:
    path = entries.entry_path(places)
    path.parent.mkdir(parents=True)
    path.write_text("[Desktop Entry]\nName=Another Garret\n")
    assert entries.uninstall(places) == ()
    assert path.exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, places: dict[str, str]) -> None:
    Path(places["XDG_DATA_HOME"]).write_text("a file, not a folder")
    with pytest.raises(GarretError, match="cannot be written") as failed:
        entries.install(Home(tmp_path), places)
    assert failed.value.code == Code.READ_ONLY


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30))
def test_any_folder_is_quoted_so_that_it_is_read_back(name: str) -> None:
    """By the rules of the specification: first those of strings, then those of Exec."""
    quoted = entries._quoted(name)
    if not quoted.startswith('"'):
        assert quoted == name
        return
    string = quoted[1:-1].replace("\\\\", "\0").replace("%%", "%")
    assert "\\" not in string
    assert string.replace("\0\0", "\1").replace("\0", "").replace("\1", "\\") == name
