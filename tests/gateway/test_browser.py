"""A real browser at the door: the link works, and a page of elsewhere gets nothing with its cookie."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from garret.features.gateway import contracts as g
from tests.e2e.house import PATIENCE, House
from tests.gateway.served import Gateway, news, refusals

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER TRIED: chromium is not installed")

# It goes on until each attempt has ended, and says so in its title.
ELSEWHERE = """<!doctype html><title>trying</title><pre id="told"></pre><script>
const at = "127.0.0.1:PORT", told = [];
const attempt = (name, work) =>
  work.then(() => told.push(name + " done"), () => told.push(name + " refused"));
const socket = new Promise((done, refused) => {
  const one = new WebSocket(`ws://${at}/channel`);
  one.onopen = done; one.onerror = refused;
});
const script = new Promise((done, refused) => {
  const one = document.createElement("script");
  one.onload = done; one.onerror = refused; one.src = `http://${at}/enter.js`; document.head.append(one);
});
const read = fetch(`http://${at}/`, { credentials: "include" });
const post = fetch(`http://${at}/files`, { method: "POST", body: "x", credentials: "include" });
Promise.all([
  attempt("socket", socket), attempt("script", script), attempt("read", read), attempt("post", post),
]).then(() => { document.getElementById("told").textContent = told.sort().join(", "); });
</script>"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Where the browser of a test keeps its cookies."""
    return tmp_path / "profile"


def shown(profile: Path, address: str, *options: str) -> str:
    """What a browser shows at an address, once its scripts are done."""
    assert CHROMIUM is not None
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # it refuses the superuser otherwise
    done = subprocess.run(
        [CHROMIUM, "--headless", *sandbox, "--disable-gpu", f"--user-data-dir={profile}", *options,
         "--virtual-time-budget=10000", "--dump-dom", address],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    return done.stdout


@contextmanager
def elsewhere(page: str) -> Iterator[int]:
    """A server of somebody else's on this machine; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_link_lets_a_browser_in_and_no_second_one(
    gateway: Gateway, house: House, profile: Path, tmp_path: Path
) -> None:
    link = gateway.new_link()
    before = len(house.call(g.ListBrowserSessions()).sessions)
    page = shown(profile, link)
    assert "not let in" not in page
    sessions = house.call(g.ListBrowserSessions()).sessions
    assert len(sessions) == before + 1
    assert "Chrome" in sessions[-1].program
    assert "used before" in shown(tmp_path / "other", link)
    assert len(house.call(g.ListBrowserSessions()).sessions) == before + 1
    assert "not let in yet" in shown(tmp_path / "other", gateway.address)
    # The cookie is kept: the same browser is in without a link.
    assert "not let in" not in shown(profile, gateway.address)


def test_a_page_of_elsewhere_gets_nothing_with_the_browsers_cookie(
    gateway: Gateway, house: House, profile: Path
) -> None:
    shown(profile, gateway.new_link())
    told = refusals(house)
    pages = {one.id: one.seen for one in house.call(g.ListBrowserSessions()).sessions}
    with elsewhere(ELSEWHERE.replace("PORT", str(gateway.port))) as port:
        # By its address it is the same site, to which the cookie goes; by its name it is another.
        for host in ("127.0.0.1", "localhost"):
            page = shown(profile, f"http://{host}:{port}/")
            names = ("post", "read", "script", "socket")
            assert ", ".join(f"{name} refused" for name in names) in page
    # What says no origin, and what does: neither came as far as to count as a visit.
    assert news(house, told, "cross-site request")
    assert news(house, told, "origin")
    assert {one.id: one.seen for one in house.call(g.ListBrowserSessions()).sessions} == pages


def test_a_name_that_was_made_to_lead_here_leads_nowhere(
    gateway: Gateway, house: House, profile: Path
) -> None:
    told = refusals(house)
    rebound = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    for path in ("/", "/enter"):
        page = shown(profile, f"http://evil.example:{gateway.port}{path}", rebound)
        assert "This gateway is not" in page
    assert "evil.example" in news(house, told, "host")[0]
