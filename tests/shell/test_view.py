"""What a page may not do: each tried from within a real page, refused, and audited."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from garret.features.house import contracts as h
from tests.e2e.house import House
from tests.shell.conftest import Opened, Waiting


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was told to be audited."""
    from garret.shell.shell import Shell

    told: list[tuple[str, str]] = []
    plain = Shell.refused

    def note(shell: Shell, what: str, sentence: str) -> None:
        told.append((what, sentence))
        plain(shell, what, sentence)

    monkeypatch.setattr(Shell, "refused", note)
    return told


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port of this machine on which nobody may knock."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server


@pytest.fixture
def window(refused: Any, open_window: Callable[..., Opened]) -> Opened:
    return open_window().page_begun()


ELSEWHERE = (
    "garret://other/index.html",
    "file:///etc/passwd",
    "qrc:///qtwebchannel/qwebchannel.js",
    "chrome://version/",
    "ftp://127.0.0.1/",
)


def test_nothing_is_fetched_from_elsewhere(window: Opened, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    for where in (f"http://127.0.0.1:{port}/", f"http://localhost:{port}/", *ELSEWHERE):
        got = window.wait(f"tried(() => fetch({where!r}, {{mode: 'no-cors'}}).then((a) => a.text()))")
        assert got.startswith("refused"), (where, got)
    knock = "tried(() => new Promise((yes, no) => { const it = %s; it.onopen = it.onload = () => yes('in');"
    knock += "it.onerror = () => no(new Error()); %s }))"
    for made, then in (
        (f"new WebSocket('ws://127.0.0.1:{port}/')", ""),
        (f"new EventSource('http://127.0.0.1:{port}/')", ""),
        ("new Image()", f"it.src = 'http://127.0.0.1:{port}/'"),
    ):
        assert window.wait(knock % (made, then)).startswith("refused"), made
    assert window.wait(f"tried(() => import('http://127.0.0.1:{port}/a.js'))").startswith("refused")
    with pytest.raises(BlockingIOError):
        listening.accept()


def test_the_guard_holds_without_the_pages_own_policy(
    window: Opened, listening: socket.socket, refused: list[tuple[str, str]], qt: Waiting
) -> None:
    """A navigation is nothing that a Content-Security-Policy keeps from happening."""
    port = listening.getsockname()[1]
    for where in (
        f"http://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "data:text/html,hello",
        "garret://other/",
    ):
        refused.clear()
        window.run(f"(location.href = {where!r}, 0)")
        if where.startswith(("http", "garret")):  # of the others Chromium does not even ask
            qt.until(lambda: refused)
        assert window.wait("fetch('/page.js').then((got) => got.status)") == 200
        assert window.run("document.title") == "A page for tests"
    with pytest.raises(BlockingIOError):
        listening.accept()


def test_nothing_is_evaluated(window: Opened) -> None:
    assert window.wait("tried(async () => eval('1 + 1'))") == "refused: EvalError"
    assert window.wait("tried(async () => new Function('return 1')())") == "refused: EvalError"
    window.run("(document.body.innerHTML += '<img src=x onerror=\"window.injected = 1\">', 0)")
    assert window.wait(
        "tried(() => new Promise((yes, no) => { const s = document.createElement('script');"
        "s.onload = () => yes('ran'); s.onerror = () => no(new Error());"
        "s.src = URL.createObjectURL(new Blob(['window.injected = 1'])); document.body.append(s); }))"
    ).startswith("refused")
    assert window.run("window.injected ?? null") is None


def test_no_window_is_opened(window: Opened) -> None:
    assert window.run("[window.open('garret://app/'), window.open('http://127.0.0.1/')]") == [None, None]


def test_a_frame_shows_nothing_and_has_no_door(window: Opened, qt: Waiting) -> None:
    window.run(
        "(['garret://app/', 'data:text/html,x', 'about:blank'].forEach((where) => {"
        "const f = document.createElement('iframe'); f.src = where; document.body.append(f); }), 0)"
    )
    qt.until(lambda: window.run("frames.length") == 3)
    for number in range(3):
        look = f"(() => {{ try {{ return typeof frames[{number}].qt }} catch {{ return 'far' }} }})()"
        assert window.run(look) in ("far", "undefined")
    assert window.run("document.querySelector('iframe').contentDocument?.title ?? ''") == ""


def test_devices_are_denied(window: Opened, refused: list[tuple[str, str]]) -> None:
    got = window.wait("tried(() => navigator.mediaDevices.getUserMedia({audio: true}))")
    for child in psutil.Process().children(recursive=True):
        # It looked which devices there are.
        if child.status() != psutil.STATUS_ZOMBIE and "AudioService" in " ".join(child.cmdline()):
            child.kill()
            child.wait()
    assert got.startswith("refused")
    assert ("window.permission", "The page asked for MediaAudioCapture.") in refused
    ask = "navigator.geolocation.getCurrentPosition(yes, () => no(new Error()))"
    assert window.wait(f"tried(() => new Promise((yes, no) => {ask}))").startswith("refused")
    assert window.wait("Notification.requestPermission()") == "denied"


def test_the_clipboard_is_not_read(window: Opened, application: Any) -> None:
    application.clipboard().setText("a secret of another program")
    got = window.wait("tried(() => navigator.clipboard.readText())")
    assert got.startswith("refused")
    assert window.run("document.execCommand('paste')") is False


def test_refusals_are_in_the_audit_log(
    open_window: Callable[..., Opened], house: House, refused: list[tuple[str, str]], qt: Waiting
) -> None:
    window = open_window().connected()
    window.run("(location.href = 'http://127.0.0.1:9/secret?token=1', 0)")
    qt.until(lambda: refused)
    told: list[h.AuditEntry] = []

    def audited() -> list[h.AuditEntry]:
        entries = house.client.call(h.ReadAudit()).entries
        told[:] = [each for each in entries if each.action == "page.refused"]
        return told

    qt.until(audited)
    assert "http://127.0.0.1/secret" in str(told[0].details)
    assert "token" not in str(told[0].details)


def test_a_link_that_is_followed_opens_outside(
    window: Opened, refused: list[tuple[str, str]], qt: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QDesktopServices
    from PySide6.QtTest import QTest

    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True)
    window.run(
        "(document.body.innerHTML = '<style>a { display: block; height: 60px }</style>"
        '<a href="https://example.org/a?b=c">one</a><a target=_blank href="https://example.org/new">two</a>'
        '<a href="file:///etc/passwd">three</a><a href="javascript:window.injected=1">four</a>\', 0)'
    )
    view = window.shell.window.view
    qt.until(lambda: view.focusProxy() is not None and window.run("document.links.length") == 4)
    window.shell.window.raise_up()

    def click(number: int) -> None:
        at = window.run(f"(({{x, y}}) => [x + 10, y + 10])(document.links[{number}].getBoundingClientRect())")
        from PySide6.QtCore import QPoint

        QTest.mouseClick(view.focusProxy(), Qt.MouseButton.LeftButton, pos=QPoint(*map(round, at)))

    window.run("(document.onclick = (e) => { window.clicked = e.target.outerHTML }, 0)")
    click(0)
    qt.until(
        lambda: opened == ["https://example.org/a?b=c"],
        lambda: (opened, refused, window.run("window.clicked ?? null")),
    )
    click(1)
    qt.until(lambda: len(opened) == 2, lambda: opened)
    assert opened[1] == "https://example.org/new"
    refused.clear()
    click(2)
    qt.until(lambda: window.run("1") == 1)
    click(3)
    qt.until(lambda: window.run("1") == 1)
    assert len(opened) == 2
    assert window.run("window.injected ?? null") is None
    assert window.run("document.title") == "A page for tests"


def test_a_script_opens_no_link_outside(
    open_window: Callable[..., Opened],
    house: House,
    refused: list[tuple[str, str]],
    qt: Waiting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A link carries whatever its address says: only a person's act may send it."""
    from PySide6.QtGui import QDesktopServices

    opened: list[Any] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    window = open_window().connected()
    got = window.call("window.open_link", "{address: 'https://example.org/?secret'}")
    assert got["error"]["code"] == "denied"
    window.run(
        "(document.body.innerHTML = '<a href=https://example.org/?secret>x</a>',document.links[0].click(), 0)"
    )
    qt.until(lambda: refused)
    assert opened == []
    assert house.pid
