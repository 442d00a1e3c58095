"""Every page in every look: nothing is cut, too small, too pale, unnamed, untold; in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.house import House, running_house
from tests.gateway.served import serving
from tests.web import rules
from tests.web.site import NARROW, PAGES, As, Site, Visit

LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": NARROW[0], "height": NARROW[1]}},
    "narrow and dark": {"viewport": {"width": NARROW[0], "height": NARROW[1]}, "color_scheme": "dark"},
    # What zooming a window of 1200 by 780 px to 200 % does.
    "at 200 %": {"viewport": {"width": 600, "height": 390}, "device_scale_factor": 2},
    "320 px wide": {"viewport": {"width": 320, "height": 568}},
}


def look(visit: Visit) -> list[str]:
    """Rules 10, 12, 13, 16, 18 and 19 on every page."""
    rules.look_in(visit.page)
    found = list[str]()
    for path in PAGES:
        page = visit.go(path)
        wrong = rules.axe(page) + rules.faults(page, "targets", "cut", "overlaps", "jargon", "untold")
        found += [f"{path}: {line}" for line in wrong]
    return found + visit.broken


@contextmanager
def settings(house: House, **values: str) -> Iterator[None]:
    """With settings of the desk, and as before afterwards."""
    for key, value in values.items():
        house.set(f"desk.{key}", value)
    try:
        yield
    finally:
        for key in values:
            house.set(f"desk.{key}", None)


def test_no_page_is_left_out(window: Visit) -> None:
    """Every entry of the rail and every tab leads to one of those that are looked at."""
    page = window.go("/dictate")
    found = set[str]()
    for entry in page.get_by_role("navigation", name="Rooms").get_by_role("link").all():
        room = entry.get_attribute("href") or ""
        window.go(room)
        tabs = page.locator(".g-tab").all()
        found |= {room, *(tab.get_attribute("href") or "" for tab in tabs)}
    assert found == set(PAGES)


@pytest.mark.parametrize("name", LOOKS)
def test_every_page_keeps_the_rules_in_every_look(site: Site, browser: Browser, name: str) -> None:
    with site.visit(browser, "window", **LOOKS[name]) as visit:
        assert not (found := look(visit)), "\n".join(found)


@pytest.mark.parametrize("width", [1200, 480])
def test_every_page_keeps_them_in_german(site: Site, browser: Browser, width: int) -> None:
    with settings(site.house, language="de"):
        with site.visit(browser, "window", viewport={"width": width, "height": 780}) as visit:
            expect(visit.page.locator("html")).to_have_attribute("lang", "de")
            rules.look_in(visit.page)
            found = list[str]()
            for path in PAGES:
                page = visit.go(path, "de")
                found += [
                    f"{path}: {line}" for line in rules.faults(page, "cut", "overlaps", "untold", "targets")
                ]
            assert not found, "\n".join(found)


def test_every_page_keeps_them_with_text_of_twice_the_size(site: Site, browser: Browser) -> None:
    with settings(site.house, scale="2.0"):
        with site.visit(browser, "window") as visit:
            rules.look_in(visit.page)
            found = [
                f"{path}: {line}"
                for path in PAGES
                for line in rules.faults(visit.go(path), "cut", "overlaps")
            ]
            assert visit.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
            assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["window", "browser"])
def test_every_page_keeps_them_where_nothing_was_done_yet(
    browser: Browser, page_built: None, who: As
) -> None:
    """Rule 18: empty lists say what they are for."""
    del page_built
    with running_house({"desk.first_run_done": "yes"}) as house, serving(house) as gateway:
        with Site(house, gateway).visit(browser, who) as visit:
            assert not (found := look(visit)), "\n".join(found)
            for path, told in {
                "/dictate": "Nothing was dictated today",
                "/dictate/history": "Nothing was dictated yet",
            }.items():
                expect(visit.go(path).get_by_role("heading", name=told)).to_be_visible()


def test_a_browser_is_told_what_it_may_not_see(site: Site, browser: Browser) -> None:
    with site.visit(browser, "browser") as visit:
        assert not (found := look(visit)), "\n".join(found)
        for path in ("/approvals", "/machine/audit", "/machine/storage", "/settings"):
            expect(visit.go(path).get_by_role("heading", name="Not from here")).to_be_visible()


@pytest.mark.parametrize("reduced", [True, False])
def test_nothing_moves_where_motion_is_reduced_and_little_elsewhere(
    site: Site, browser: Browser, reduced: bool
) -> None:
    """Rule 15."""
    wanted = "reduce" if reduced else "no-preference"
    with site.visit(browser, "window", reduced_motion=wanted) as visit:
        rules.look_in(visit.page)
        found = [
            f"{path}: {line}" for path in PAGES for line in rules.motion(visit.go(path), reduced=reduced)
        ]
        assert not found, "\n".join(found)
