"""A house that was lived in, its gateway, and Chromium before it: what the tests of the page are about.

A page comes to the house in one of two ways. As a *browser* it goes through the gateway alone, and may what
a browser may. As the *window's* page it is the same page from the same gateway, but its channel goes to the
real `garret.page.channel` under the window's role, as `garret.shell` holds it: so what only the window may
(approvals, settings, the log) is driven in Chromium too. Qt's own part of it is tested in `tests/shell`.

Playwright's loop runs in this thread whenever a test waits for the page; so does the line to the house.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, WebSocketRoute, expect

from garret.app import rooms
from garret.base.build import build_hash
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.demo.sample_shop import write_shop
from garret.features.data import contracts as d
from garret.features.house import contracts as h
from garret.page.channel import Channel
from garret.page.line import Line
from garret.page.local import LocalCommands
from garret.protocol.contract import Registry
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House
from tests.gateway.served import Gateway
from tests.web.node import WEB

As = Literal["browser", "window"]
Theme = Literal["light", "dark"]

PAGES: Final = {
    "/dictate": "dictate:talk.title",
    "/dictate/history": "dictate:history.title",
    "/dictate/words": "dictate:words.title",
    "/data": "late/data_pages:ask.title",
    "/data/sources": "late/data_pages:sources.title",
    "/data/schema": "late/data_pages:schema.title",
    "/data/history": "late/data_pages:history.title",
    "/data/dashboards": "late/data_pages:board.title",
    "/data/timings": "late/data_pages:timings.title",
    "/approvals": "approvals:title",
    "/machine": "machine:overview.title",
    "/machine/workers": "machine:workers.title",
    "/machine/jobs": "machine:jobs.title",
    "/machine/log": "machine:log.title",
    "/machine/storage": "machine:storage.title",
    "/machine/way-out": "machine:egress.title",
    "/machine/audit": "machine:audit.title",
    "/machine/doctor": "machine:doctor.title",
    "/settings": "settings:title",
    "/settings/welcome": "settings:first.title",
}
"""Every page, and the key of its heading in the catalogues."""

WIDE: Final = (1200, 780)
NARROW: Final = (480, 780)


def heading(path: str, language: str = "en") -> str:
    """What stands above a page."""
    part, _, keys = PAGES[path].partition(":")
    found: Any = json.loads((WEB / "src" / "strings" / language / f"{part}.json").read_text(encoding="utf-8"))
    for key in keys.split("."):
        found = found[key]
    return str(found)


def chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium. Skips the test where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("THE PAGE IS NOT TESTED IN A BROWSER: chromium is not installed; requirements/debian.txt")
    # Chromium has no sandbox for root. What it would fetch for itself stays unfetched: tests have no network.
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    browser = playwright.chromium.launch(executable_path=program, args=flags)
    expect.set_options(timeout=1000 * PATIENCE)
    return browser


class Site:
    """One house with its gateway, for all tests of the page."""

    def __init__(self, house: House, gateway: Gateway) -> None:
        self.house = house
        self.gateway = gateway
        self.utterances: list[str] = []

    def fill(self, folder: Path) -> None:
        """Live in it for a while: what pages list is there afterwards."""
        for name, samples in (("greeting.wav", speech.greeting()), ("hope.wav", speech.hope())):
            told = self.house.dictate(speech.write(folder / name, samples))
            self.utterances.append(told.utterance)
        empty = speech.write(folder / "silence.wav", speech.silence(1.0))
        self.utterances.append(self.house.dictate(empty).utterance)
        shop = folder / "shop"
        shop.mkdir()
        write_shop(shop)
        source = d.SourceConfig(kind="files", paths=(str(shop),))
        self.house.call(d.AddSource(name="shop", config=source))
        self.house.call(d.DraftQuery(source="shop", question="How many orders are there?"))
        self.house.call(h.Backup())
        self.house.set("desk.first_run_done", "yes")
        with self.house.another_client("gateway", "garret-gateway") as stranger:
            with pytest.raises(GarretError):
                stranger.call(h.ReadLogs())

    @contextmanager
    def visit(self, browser: Browser, who: As = "window", **options: Any) -> Iterator[Visit]:
        """A page of its own, let in and not gone anywhere yet."""
        wanted = {"viewport": {"width": WIDE[0], "height": WIDE[1]}, "reduced_motion": "reduce"} | options
        context = browser.new_context(base_url=self.gateway.address, **wanted)
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        visit = Visit(self, context, page)
        try:
            if who == "window":
                visit.ways = WindowWays(self.house.home, page)
            visit.enter()
            yield visit
        finally:
            context.close()
            if visit.ways is not None:
                visit.ways.close()


class Visit:
    """One page, and what went wrong in it that nobody may see."""

    def __init__(self, site: Site, context: BrowserContext, page: Page) -> None:
        self.site = site
        self.context = context
        self.page = page
        self.ways: WindowWays | None = None
        self.broken: list[str] = []
        page.on("pageerror", lambda error: self.broken.append(str(error)))

    def enter(self) -> None:
        """Be let in by a link, as `garret serve` prints it."""
        self.page.goto(self.site.gateway.new_link())
        self.page.wait_for_url(lambda address: "/enter" not in address)
        expect(self.page.get_by_role("main")).to_be_visible()

    def go(self, path: str, language: str = "en") -> Page:
        """To one of the pages, and until it shows what it has."""
        self.page.goto(path)
        return self.shown(path, language)

    def shown(self, path: str, language: str = "en") -> Page:
        """Wait until the page at `path` shows what it has: its heading, and nothing that still loads."""
        title = self.page.get_by_role("main").get_by_role("heading", level=1)
        expect(title).to_have_text(heading(path, language))
        expect(self.page.locator("[data-state=open]")).to_have_count(1)
        expect(self.page.locator("main [aria-busy=true]")).to_have_count(0)
        expect(self.page.locator("main [data-loading=true]")).to_have_count(0)
        return self.page


class WindowWays:
    """The page's channel as the window holds it: to the house, under the window's role."""

    def __init__(self, home: Home, page: Page) -> None:
        self.refused: list[GarretError] = []
        self._open_lines: list[tuple[Channel, Line]] = []
        self._home = home
        self._registry = Registry(
            (kind for room in rooms() for kind in room.commands),
            (kind for room in rooms() for kind in room.events),
        )
        page.route_web_socket("**/channel", self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        line = Line(asyncio.get_running_loop(), self._home, role="shell", service="garret-shell")
        channel = Channel(line, self._registry, LocalCommands(), socket.send, self.refused.append)
        self._open_lines.append((channel, line))

        def closed(code: int | None, reason: str | None) -> None:
            del code, reason
            self._open_lines.remove((channel, line))
            channel.close()
            line.close()

        socket.on_message(lambda text: channel.receive(str(text)))
        socket.on_close(closed)
        channel.begin("shell", build_hash())
        line.open()

    def close(self) -> None:
        """End what a page that was closed as a whole left open: no socket of it says so then."""
        while self._open_lines:
            channel, line = self._open_lines.pop()
            channel.close()
            line.close()
