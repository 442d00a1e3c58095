"""A screen for all tests of insertion."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.shell.screens import screen


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A display of its own."""
    with screen() as name:
        yield name
