"""Placeholders of grants become places of this machine, and nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from garret.control.workers.places import fill, passed_on, runtime_folder

SETTINGS = {"dictate.model": "/models/my model", "dictate.none": ""}


def filled(*paths: str, **environ: str) -> list[str]:
    return fill(paths, home="/h", setting=SETTINGS.__getitem__, environ=environ)


def test_plain_paths_stay_and_the_user_is_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert filled("/etc/pulse", "~/.asoundrc", "") == ["/etc/pulse", "/home/somebody/.asoundrc"]


def test_homes_and_settings_are_filled_in_and_empty_ones_left_out() -> None:
    assert filled("{home}/blobs", "{setting:dictate.model}", "{setting:dictate.none}") == [
        "/h/blobs",
        "/models/my model",
    ]


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("/run/pulse", ["/run/pulse"]),
        ("unix:/run/pulse", ["/run/pulse"]),
        ("unix:path=/run/bus", ["/run/bus"]),
        ("{0123abcd}unix:/run/a unix:/run/b", ["/run/a", "/run/b"]),
        ("tcp:host:4713", []),
        ("relative", []),
        ("", []),
    ],
)
def test_sockets_that_a_variable_names_are_granted(value: str, places: list[str]) -> None:
    assert filled("{env:PULSE_SERVER}", PULSE_SERVER=value) == places


def test_a_place_below_a_variable_that_is_not_set_is_no_place_at_the_root() -> None:
    assert filled("{env:XDG_CONFIG_HOME}/pulse") == []
    assert filled("{env:XDG_CONFIG_HOME}/pulse", XDG_CONFIG_HOME="/c") == ["/c/pulse"]


def test_the_runtime_folder_is_the_sessions_or_the_users_own() -> None:
    assert filled("{runtime}/pulse", XDG_RUNTIME_DIR="/run/mine") == ["/run/mine/pulse"]
    assert runtime_folder({"XDG_RUNTIME_DIR": "not/absolute"}) == ""
    usual = Path(f"/run/user/{os.getuid()}")
    expected = str(usual) if usual.is_dir() else ""
    assert runtime_folder({}) == expected
    assert runtime_folder({}, user=2**31 - 2) == ""  # nobody's


def test_only_what_is_named_is_passed_on() -> None:
    environ = {"HOME": "/home/somebody", "XDG_RUNTIME_DIR": "/run/mine", "API_TOKEN": "secret"}
    assert passed_on(("HOME", "PULSE_SERVER"), environ) == {"HOME": "/home/somebody"}
    assert passed_on(("XDG_RUNTIME_DIR",), environ) == {"XDG_RUNTIME_DIR": "/run/mine"}
    assert passed_on((), environ) == {}
