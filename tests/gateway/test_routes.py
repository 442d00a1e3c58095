"""The built page as the gateway serves it, and the door."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from garret.base.paths import Home
from garret.gateway.files import Files
from garret.gateway.gate import Gate
from garret.gateway.refusals import Refusals
from garret.gateway.routes import Routes
from garret.gateway.serving import pages_registry
from garret.gateway.sessions import Sessions
from garret.gateway.shown import Shown
from garret.page import assets
from garret.page.line import Line
from tests.control.planes import run

ORIGIN = "http://127.0.0.1:7319"
SCRIPT = b"console.log('page');\n" * 1000

Story = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Garret</title>")
    (tmp_path / "assets" / "index-AbCd1234.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "inter-AbCd1234.woff2").write_bytes(b"font")
    return tmp_path


def tell(home: Home, folder: Path, story: Story) -> None:
    """Run a story with a browser that was let in."""

    def no_file() -> object:
        raise OSError("no file is put up here")

    async def told() -> None:
        sessions, refusals = Sessions(), Refusals()
        line = Line(asyncio.get_running_loop(), home, role="gateway", service="test")
        files = Files(no_file)  # type: ignore[arg-type]  # it gives none
        routes = Routes(line, pages_registry(), sessions, refusals, files, "c", secure=False, folder=folder)
        gate = Gate(routes.app, sessions, refusals, Shown(), (ORIGIN,), "c")  # type: ignore[arg-type]
        _, kept = sessions.begin(time.time(), "browser", "")
        transport = httpx.ASGITransport(gate)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies={"c": kept}) as browser:
            await story(browser)

    run(told())


def test_the_page_is_asked_for_each_time_and_its_parts_once(home: Home, built: Path) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        for path in ("/", "/dictate", "/settings/audio", "/index.html"):
            page = await browser.get(path)
            assert page.status_code == 200
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert page.headers["cache-control"] == "no-store"
            assert "<title>Garret" in page.text
        part = await browser.get("/assets/index-AbCd1234.js")
        assert part.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert part.headers["content-type"].startswith("text/javascript")
        assert (await browser.get("/assets/nothing-AbCd1234.js")).status_code == 404
        assert (await browser.post("/", headers={"origin": ORIGIN})).status_code == 405

    tell(home, built, story)


def test_text_is_packed_for_who_takes_it(home: Home, built: Path) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        for _ in range(2):
            async with browser.stream("GET", "/assets/index-AbCd1234.js") as answer:
                packed = b"".join([chunk async for chunk in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["content-length"] == str(len(packed))
            assert gzip.decompress(packed) == SCRIPT
            assert len(packed) < len(SCRIPT) / 10
        plain = await browser.get("/assets/index-AbCd1234.js", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == SCRIPT
        assert plain.headers["vary"] == "accept-encoding"
        font = await browser.get("/assets/inter-AbCd1234.woff2")
        assert "content-encoding" not in font.headers

    tell(home, built, story)


def test_a_page_that_was_never_built_is_told(home: Home, tmp_path: Path) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/")
        assert answer.status_code == 503
        assert "make web" in answer.text

    tell(home, tmp_path, story)


def test_the_doors_page_needs_no_other_and_runs_under_the_policy(home: Home, tmp_path: Path) -> None:
    """It is there without a built page, and holds neither inline script nor inline style."""

    async def story(browser: httpx.AsyncClient) -> None:
        page = (await browser.get("/enter")).text
        assert "<script src=" in page
        assert page.count("<script") == 1
        assert not {"<style", "style=", "onclick", "javascript:"} & set(page.split())
        for name, kind in (("/enter.js", "text/javascript"), ("/enter.css", "text/css")):
            part = await browser.get(name)
            assert part.headers["content-type"].startswith(kind)
            assert part.content
        assert "script-src 'self'" in assets.CONTENT_SECURITY_POLICY

    tell(home, tmp_path, story)
