"""The page's address: its files, and those that pass between it and the house."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from garret.page.assets import FOLDER
from tests.shell.conftest import Opened, Waiting

MIB = 1 << 20


@pytest.fixture
def window(open_window: Callable[..., Opened]) -> Opened:
    return open_window().page_begun()


def offer(window: Opened, data: bytes) -> str:
    """Have a file wait for the page; its ticket."""
    descriptor = os.memfd_create("waits")
    os.write(descriptor, data)
    assert window.shell.bridge.channel is not None
    return window.shell.bridge.channel.down.offer(descriptor)


def taken(window: Opened, ticket: str) -> bytes:
    """What the page put up."""
    assert window.shell.bridge.channel is not None
    with os.fdopen(window.shell.bridge.channel.up.take(ticket), "rb") as file:
        return file.read()


def test_the_page_is_served_with_its_policy_and_paths_are_the_page(window: Opened) -> None:
    got = window.wait("fetch('/dictate/today').then((a) => a.text())")
    assert "A page for tests" in got
    policy = window.wait("fetch('/page.js').then((a) => a.headers.get('Content-Security-Policy'))")
    assert "default-src 'none'" in policy
    kind = window.wait("fetch('/page.js').then((a) => a.headers.get('Content-Type'))")
    assert kind.startswith("text/javascript")
    for path in ("/missing.js", "/..%2f..%2fconftest.py", "/%2e%2e/conftest.py"):
        got = window.wait(f"fetch({path!r}).then((a) => a.text())")
        assert got.startswith("There is no"), path
    assert window.wait("tried(() => import('/missing.js'))").startswith("refused")


def test_methods_that_a_page_does_not_have(window: Opened) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        status = window.wait(f"fetch('/files', {{method: {method!r}}}).then((a) => a.status)")
        assert status == 403, method


def test_a_file_comes_down_once(window: Opened) -> None:
    ticket = offer(window, bytes(range(256)) * 1000)
    script = f"fetch('/files/{ticket}').then((a) => a.arrayBuffer()).then((b) => [...new Uint8Array(b)])"
    assert bytes(window.wait(script)) == bytes(range(256)) * 1000
    again = window.wait(f"fetch('/files/{ticket}').then((a) => a.json())")
    assert again["error"]["code"] == "not_found"


def test_files_go_up_whole_and_in_pieces(window: Opened) -> None:
    make = "new Blob([Uint8Array.from({length: 3000000}, (_, at) => at * 7)])"
    wanted = bytes(at * 7 % 256 for at in range(3_000_000))
    for piece in (4 * MIB, 1_000_000, 999_999):
        answer = window.wait(f"put({make}, {piece})")
        assert answer["size"] == 3_000_000
        assert taken(window, answer["ticket"]) == wanted
    assert window.wait("put(new Blob([]), 10)")["size"] == 0


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("size=4", "new Uint8Array(3)"),
        ("size=3", "new Uint8Array(4)"),
        ("size=-1", "new Uint8Array(1)"),
        ("size=1e3", "new Uint8Array(1000)"),
        ("", "new Uint8Array(3)"),
        ("size=99999999999", "new Uint8Array(3)"),
        ("size=17000000", "new Uint8Array(17000000)"),
        ("size=3&upload=unknown", "new Uint8Array(3)"),
    ],
)
def test_what_is_not_as_it_was_told_is_not_kept(window: Opened, query: str, body: str) -> None:
    answer = window.wait(f"fetch('/files?{query}', {{method: 'POST', body: {body}}}).then((a) => a.json())")
    assert answer["error"]["code"] in ("usage", "not_found", "failed")
    assert "kept" in answer["error"]["message"] or "anew" in answer["error"]["message"]


def test_only_so_many_files_are_on_their_way_up(window: Opened, qt: Waiting) -> None:
    begin = "fetch('/files?size=1&more=1', {method: 'POST', body: new Uint8Array(1)}).then((a) => a.json())"
    first = window.wait(begin)["upload"]
    for _ in range(8):
        window.wait(begin)
    end = begin.replace("more=1", f"upload={first}")
    assert window.wait(end)["error"]["code"] == "not_found"


def test_a_page_that_is_not_built_is_told_plainly(open_window: Callable[..., Opened], tmp_path: Path) -> None:
    window = open_window(folder=tmp_path)
    window.qt.until(lambda: "make web" in str(window.run("document.body?.innerText")))


@pytest.mark.skipif(not (FOLDER / "index.html").is_file(), reason="the page is not built; make web builds it")
def test_the_real_page_loads_and_speaks(open_window: Callable[..., Opened]) -> None:
    window = open_window(folder=FOLDER)
    window.page_begun()
    window.qt.until(lambda: window.run("document.body.innerText.length") > 20)
