"""What is this machine, by its name alone."""

from __future__ import annotations

import pytest

from garret.base.hosts import is_this_machine


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.8.9.10", "::1", "[::1]"])
def test_the_loopback_is_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["", "localhost.example.org", "10.0.0.1", "0.0.0.0", "127.1", "example.org"])
def test_anything_else_is_not_for_certain(host: str) -> None:
    assert not is_this_machine(host)
