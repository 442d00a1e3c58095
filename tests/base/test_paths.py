"""Where a home is and what is in it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home, default_root


def test_garret_home_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GARRET_HOME", str(tmp_path / "mine"))
    home = Home.default()
    places = [
        home.durable_db,
        home.cache_db,
        home.blobs,
        home.spool,
        home.index,
        home.backups,
        home.client_secret(),
    ]
    assert all(place.is_relative_to(tmp_path / "mine") for place in places)


def test_a_tilde_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GARRET_HOME", "~/g")
    assert default_root() == tmp_path / "g"


@pytest.mark.skipif(sys.platform != "linux", reason="the place of a user's data on Linux")
def test_without_a_wish_the_home_is_in_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GARRET_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_root() == tmp_path / "garret"


def test_the_folders_are_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "h")
    home.create()
    modes = {
        stat.S_IMODE(folder.stat().st_mode) for folder in (home.root, home.blobs, home.spool, home.backups)
    }
    assert modes == {0o700}


def test_a_home_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    root = tmp_path / "h"
    root.mkdir(mode=0o755)
    Home(root).create()
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_creating_twice_changes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "h")
    home.create()
    (home.blobs / "kept").write_text("x")
    home.create()
    assert (home.blobs / "kept").read_text() == "x"


def test_the_socket_of_a_deep_home_fits_an_address_and_is_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1")
    deep = tmp_path / ("d" * 120)
    one, other = Home(deep / "a"), Home(deep / "b")
    assert len(os.fsencode(one.socket)) <= 100
    assert one.socket != other.socket
    assert one.socket == Home(deep / "a").socket


def test_a_place_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GarretError, match="Set GARRET_HOME") as caught:
        Home(tmp_path / "file" / "h").create()
    assert caught.value.code == Code.READ_ONLY
