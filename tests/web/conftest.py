"""A house that was lived in, for all tests of the page; Chromium before it, for those of a module.

Playwright's loop belongs to the thread that starts it for as long as it runs, so that no `asyncio.run` works
there: it ends with its module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.house import running_house
from tests.gateway.served import serving
from tests.web.node import web
from tests.web.site import Site, Visit, chromium

# Made for the first module that needs it, and ended with the run.
_ground = ExitStack()
_made: dict[str, Site] = {}


def pytest_sessionfinish() -> None:
    """End the house after all tests."""
    _ground.close()


@pytest.fixture(scope="session")
def page_built() -> None:
    """The page, built where it is older than its sources."""
    done = web()
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture(scope="module")
def site(page_built: None, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The house, its gateway, and something in every list."""
    del page_built
    if "site" not in _made:
        house = _ground.enter_context(running_house())
        made = Site(house, _ground.enter_context(serving(house)))
        made.fill(tmp_path_factory.mktemp("sounds"))
        _made["site"] = made
    return _made["site"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


@pytest.fixture
def window(site: Site, browser: Browser) -> Iterator[Visit]:
    """A page as the window has it."""
    with site.visit(browser, "window") as visit:
        yield visit
        assert not visit.broken


@pytest.fixture
def guest(site: Site, browser: Browser) -> Iterator[Visit]:
    """A page as a browser has it: by the gateway alone."""
    with site.visit(browser, "browser") as visit:
        yield visit
        assert not visit.broken
