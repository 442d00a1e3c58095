"""The window as a whole: a page in it, a real control plane behind it."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.house import House
from tests.shell.conftest import Opened


def test_a_page_speaks_with_the_house(open_window: Callable[..., Opened], house: House) -> None:
    window = open_window().connected()
    hello = window.run("told[0]")
    assert (hello["t"], hello["role"]) == ("hello", "shell")
    assert "window.save" in hello["local"]
    status = window.call("house.status")
    assert status["value"]["pid"] == house.pid
