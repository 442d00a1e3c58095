"""What to type works where the program runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from garret.base import installing

CLONE = Path(installing.__file__).parents[3]


def test_in_a_clone_with_its_own_environment_it_is_the_make_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(CLONE / ".venv"))
    assert installing.way_to_install("setup-media", "av") == f"`make setup-media` (in {CLONE})"
    targets = (CLONE / "Makefile").read_text()
    assert "\nsetup-media:" in targets


@pytest.mark.parametrize("prefix", ["/usr", str(CLONE / ".venv2")])
def test_elsewhere_it_is_this_interpreters_installer(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python3")
    assert (
        installing.way_to_install("setup-media", "av") == "`'/opt/my python/bin/python3' -m pip install av`"
    )
