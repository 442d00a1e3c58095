"""What a page does in trouble: the house gone or silent, its session ended, many pages at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from garret.features.dictate import contracts as d
from garret.features.gateway import contracts as g
from tests.e2e import speech
from tests.e2e.house import House, running_house
from tests.gateway.served import serving
from tests.web import rules
from tests.web.site import PAGES, Site, heading

BANNER = "What you see may be old; this page comes back by itself."


@contextmanager
def killed(house: House) -> Iterator[None]:
    """The control plane killed, and started again afterwards."""
    house.kill()
    try:
        yield
    finally:
        house.start()


@contextmanager
def silent(house: House) -> Iterator[None]:
    """The control plane there, and answering nothing."""
    os.kill(house.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(house.pid, signal.SIGCONT)


def step(page: Page, path: str) -> None:
    """Go there within the page, as by a link: it is not loaded anew."""
    page.evaluate(
        "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path
    )
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text(heading(path))


@pytest.fixture
def own_site(page_built: None, tmp_path: Path) -> Iterator[Site]:
    """A house that this test alone kills and starts, with one dictation."""
    del page_built
    with running_house({"desk.first_run_done": "yes"}) as house, serving(house) as gateway:
        house.dictate(speech.write(tmp_path / "hope.wav", speech.hope()))
        yield Site(house, gateway)


def test_a_killed_house_is_told_at_once_and_the_page_is_as_it_was_when_it_is_back(
    own_site: Site, browser: Browser
) -> None:
    """Rules 3 and 4: room, scroll and draft outlive the house, and a load of the page."""
    with own_site.visit(browser, "browser", viewport={"width": 800, "height": 400}) as visit:
        page = visit.go("/dictate")
        mine = page.get_by_role("article").filter(has=page.get_by_role("button", name="Delete"))
        mine.get_by_role("button", name="Correct").click()
        field = page.get_by_role("article").get_by_role("textbox", name="Text")
        field.fill("I hope that nothing is lost.")
        main = page.get_by_role("main")
        with killed(own_site.house):
            expect(page.get_by_role("status").filter(has_text=BANNER)).to_be_visible()
            expect(page.get_by_role("button", name="Begin to dictate")).to_be_disabled()
            expect(field).to_have_value("I hope that nothing is lost.")
            field.press_sequentially(" Not even now.")  # it is written into all the same
            main.evaluate("each => each.scrollTo(0, 30)")
        expect(page.locator("[data-state=open]")).to_have_count(1)
        expect(page.get_by_role("status").filter(has_text=BANNER)).to_have_count(0)
        expect(field).to_have_value("I hope that nothing is lost. Not even now.")
        assert main.evaluate("each => each.scrollTop") == 30
        page.wait_for_function("localStorage.getItem('garret.scroll./dictate') === '30'")
        page.reload()
        visit.shown("/dictate")
        page.wait_for_function("document.querySelector('main').scrollTop === 30")
        mine.get_by_role("button", name="Correct").click()
        expect(field).to_have_value("I hope that nothing is lost. Not even now.")
        page.get_by_role("button", name="Discard changes").click()
        assert not visit.broken


def test_every_page_works_while_the_house_is_gone(own_site: Site, browser: Browser) -> None:
    """Rules 1, 4, 18 and 19: what was seen stays, what was not says why, and nothing waits."""
    with own_site.visit(browser, "window") as visit:
        rules.look_in(visit.page)
        seen = "/machine/workers"
        page = visit.go(seen)
        with killed(own_site.house):
            expect(page.get_by_role("status").filter(has_text=BANNER)).to_be_visible()
            expect(page.get_by_role("table").get_by_role("row").nth(1)).to_be_visible()
            found = list[str]()
            for path in PAGES:
                step(page, path)
                expect(page.locator("main [aria-busy=true]")).to_have_count(0)
                wrong = rules.axe(page) + rules.faults(page, "targets", "cut", "overlaps", "jargon", "untold")
                found += [f"{path}: {line}" for line in wrong]
            assert not found, "\n".join(found)
            step(page, "/machine/doctor")
            failed = page.get_by_role("alert").first
            expect(failed.get_by_role("button", name="Try again")).to_be_visible()
            expect(failed.get_by_role("button", name="Copy")).to_be_visible()
            page.keyboard.press("Control+k")
            page.keyboard.type("history")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", level=1)).to_have_text("History")
        visit.shown("/dictate/history")
        assert not visit.broken


def test_nothing_waits_for_a_house_that_does_not_answer(site: Site, browser: Browser) -> None:
    """Rules 1, 4 and 18: what is typed is seen, pages change, and what loads says so."""
    with site.visit(browser, "window") as visit:
        page = visit.go("/dictate")
        with silent(site.house):
            for path in ("/machine/audit", "/machine/storage", "/dictate/history", "/dictate/words"):
                page.get_by_role("link", name="Machine room").focus()
                step(page, path)
                expect(page.locator("main .g-skeleton[data-late]").first).to_be_visible()
            search = page.get_by_role("combobox", name="Search everything")
            page.keyboard.press("/")
            page.keyboard.type("typed at once")
            expect(search).to_have_value("typed at once")
            page.keyboard.press("Control+k")
            expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
            page.keyboard.press("Escape")
        visit.shown("/dictate/words")


def test_a_session_that_was_ended_leads_to_the_door(site: Site, browser: Browser) -> None:
    with site.visit(browser, "browser") as visit:
        page = visit.go("/dictate")
        (mine,) = site.house.call(g.ListBrowserSessions()).sessions[-1:]
        site.house.call(g.RevokeSession(session=mine.id))
        page.wait_for_url("**/enter")
        expect(page.get_by_text("garret serve link")).to_be_visible()


def test_a_page_that_was_away_while_its_session_ended_finds_the_door(site: Site, browser: Browser) -> None:
    with site.visit(browser, "browser") as visit:
        page = visit.go("/dictate")
        (mine,) = site.house.call(g.ListBrowserSessions()).sessions[-1:]
        visit.context.set_offline(True)
        site.house.call(g.RevokeSession(session=mine.id))
        expect(page.get_by_role("status").filter(has_text=BANNER)).to_be_visible()
        visit.context.set_offline(False)
        page.wait_for_url("**/enter")


def test_twenty_at_once_all_hear_of_what_happens(site: Site, browser: Browser) -> None:
    """A page among nineteen others that ask and listen: each is answered, each is told."""
    with ExitStack() as stack:
        visit = stack.enter_context(site.visit(browser, "browser"))
        visit.go("/dictate")
        others = [
            stack.enter_context(stack.enter_context(site.gateway.browser()).page()).opened()
            for _ in range(19)
        ]
        for other in others:
            other.begin("house.subscribe", {"pattern": "dictate.changed"})
            assert other.until("item")["value"]["sequence"] == 0  # from now on it hears
        for other in others:
            assert other.call("house.status")["t"] == "result"
        one = site.utterances[0]
        site.house.call(d.Edit(utterance=one, text="All of you hear of this."))
        try:
            for other in others:
                assert other.until("item")["value"]["event"]["utterance"] == one
            expect(visit.page.get_by_role("article").filter(has_text="All of you hear")).to_be_visible()
        finally:
            site.house.call(d.Edit(utterance=one, text=None))
        expect(visit.page.get_by_role("article").filter(has_text="All of you hear")).to_have_count(0)
