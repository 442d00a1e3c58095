"""Houses that run for all tests of a module, since starting one takes a moment and its engine longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.house import House, new_house, running_house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One running house for the whole module."""
    with running_house() as running:
        yield running


@pytest.fixture
def own_house() -> Iterator[House]:
    """A house that this test alone uses, not started yet."""
    with new_house() as mine:
        yield mine
