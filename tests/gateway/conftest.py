"""A house with a gateway, for all tests of a module that leave both as they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.house import House, new_house
from tests.gateway.served import Browser, Gateway, serving


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with new_house() as made:
        yield made.start()


@pytest.fixture(scope="module")
def gateway(house: House) -> Iterator[Gateway]:
    with serving(house) as served:
        yield served


@pytest.fixture
def browser(gateway: Gateway) -> Iterator[Browser]:
    """One that was let in, and has a session of its own."""
    with gateway.browser() as made:
        yield made
