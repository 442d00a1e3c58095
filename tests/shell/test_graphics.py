"""How the window draws: by a graphics processor only where there is one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from garret.shell import graphics


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are taken to have one")
@pytest.mark.parametrize("node", ["dri/renderD128", "dri/card0", "nvidia0", "dxg", "kgsl-3d0", "mali0"])
def test_a_graphics_processor_is_known_by_its_device(tmp_path: Path, node: str) -> None:
    assert not graphics.has_processor(tmp_path)
    (tmp_path / "nvidiactl").touch()  # the driver is there, and nothing that it drives
    (tmp_path / "dri").mkdir()
    assert not graphics.has_processor(tmp_path)
    (tmp_path / node).touch()
    assert graphics.has_processor(tmp_path)


def test_what_was_set_stays_and_nothing_is_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(graphics.FLAGS, "--no-pings --mine")
    monkeypatch.setenv("QT_QUICK_BACKEND", "")
    monkeypatch.delenv("QT_QUICK_BACKEND")
    graphics.set_flags(software=False)
    without = set_now()
    assert (without.count("--no-pings"), "--mine" in without, "--disable-gpu" in without) == (1, True, False)
    graphics.set_flags(software=True)
    graphics.set_flags(software=True)
    assert set_now().count("--disable-gpu") == 1


def set_now() -> list[str]:
    return os.environ[graphics.FLAGS].split()
