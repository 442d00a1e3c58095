"""The window around its page: crashes, closing, its place, and a control plane that comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from garret.base.paths import Home
from garret.shell.recovery import RELOADS
from tests.e2e.house import House
from tests.shell.conftest import Opened, Waiting


def test_a_control_plane_that_dies_is_told_and_comes_back(
    open_window: Callable[..., Opened], house: House, qt: Waiting
) -> None:
    window = open_window().connected()
    window.run("(localStorage.setItem('draft', 'half a sentence'), window.scrollTo(0, 0), 0)")
    window.run("(window.pending = call('house.subscribe'), 0)")
    house.kill()
    qt.until(lambda: window.run("line()") == "away")
    assert window.wait("pending")["error"]["code"] == "unavailable"
    refused = window.call("house.status")
    assert refused["error"]["retryable"]
    house.start()
    qt.until(lambda: window.run("line()") == "open")
    assert window.call("house.status")["value"]["pid"] == house.pid
    assert window.run("localStorage.getItem('draft')") == "half a sentence"


def kill_page(window: Opened) -> None:
    process = psutil.Process(window.shell.page.renderProcessPid())
    process.kill()


def test_a_page_whose_process_dies_is_loaded_anew_where_it_was(
    open_window: Callable[..., Opened], qt: Waiting
) -> None:
    window = open_window(page="/dictate/today").page_begun()
    window.run("(localStorage.setItem('draft', 'kept'), history.pushState(null, '', '/people'), 0)")
    for _ in range(RELOADS):
        before = window.shell.bridge.channel
        assert before is not None
        kill_page(window)
        qt.until(lambda: window.shell.bridge.channel not in (before, None))  # noqa: B023  asked for at once
        assert before.closed
        assert window.run("[location.pathname, localStorage.getItem('draft')]") == ["/people", "kept"]
    assert not window.shell.ended
    kill_page(window)
    qt.until(lambda: window.shell.ended)
    assert window.shell.restart_without_gpu


def test_without_a_graphics_processor_it_is_told_in_plain_words(
    open_window: Callable[..., Opened], qt: Waiting
) -> None:
    window = open_window(gpu=False).page_begun()
    for _ in range(RELOADS):
        before = window.shell.bridge.channel
        kill_page(window)
        qt.until(lambda: window.shell.bridge.channel not in (before, None))  # noqa: B023
    kill_page(window)
    qt.until(lambda: window.shell.window.told)
    assert "is kept" in window.shell.window.told
    assert window.shell.window.plain.again.isVisible()
    window.shell.window.plain.again.click()
    window.page_begun()
    assert window.shell.window.told == ""
    assert window.run("document.title") == "A page for tests"


def test_storage_is_kept_in_the_home_or_not_at_all(
    open_window: Callable[..., Opened], home: Home, qt: Waiting
) -> None:
    first = open_window().page_begun()
    first.run("(localStorage.setItem('room', '/dictate'), 0)")
    first.close()
    second = open_window(private=True).page_begun()
    assert second.run("localStorage.getItem('room') ?? ''") == ""
    second.run("(localStorage.setItem('secret', 'x'.repeat(50)), 0)")
    second.close()
    third = open_window().page_begun()
    assert third.run("[localStorage.getItem('room'), localStorage.getItem('secret')]") == ["/dictate", None]
    assert (home.root / "window").stat().st_mode & 0o777 == 0o700


def test_closing_leaves_the_tray_icon_where_there_is_a_tray(
    open_window: Callable[..., Opened], panel: None, qt: Waiting
) -> None:
    window = open_window().page_begun()
    qt.until(lambda: window.shell.tray.there)
    window.shell.window.close()
    assert not window.shell.window.isVisible()
    qt.until(lambda: window.run("1") == 1)
    assert not window.shell.ended
    window.shell.window.raise_up()
    assert window.shell.window.isVisible()


def test_closing_without_a_tray_ends_it(open_window: Callable[..., Opened], qt: Waiting) -> None:
    window = open_window().page_begun()
    qt.until(lambda: not window.shell.tray.there)
    assert window.call("window.desktop")["value"]["tray"] is False
    window.shell.window.close()
    qt.until(lambda: window.shell.ended)


def test_a_hidden_start_without_a_tray_shows_itself(
    open_window: Callable[..., Opened], qt: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garret.shell.shell.TRAY_PATIENCE_MS", 10)
    window = open_window(hidden=True)
    qt.until(lambda: window.shell.window.isVisible())
    assert window.shell.window.isMinimized()


def test_its_place_is_kept_and_a_screen_that_is_gone_is_not_missed(
    open_window: Callable[..., Opened], home: Home, qt: Waiting
) -> None:
    first = open_window().page_begun()
    first.shell.window.setGeometry(120, 90, 700, 620)
    qt.until(lambda: first.shell.window.geometry().getRect() == (120, 90, 700, 620))
    first.close()
    second = open_window()
    assert second.shell.window.geometry().getRect() == (120, 90, 700, 620)
    second.close()
    place = home.root / "window" / "place.json"
    place.write_text('{"x": 90000, "y": 90000, "width": 700, "height": 620}')
    assert open_window().shell.window.geometry().x() < 2000
    place.write_text("no place")
    assert open_window().shell.window.geometry().width() > 300


def test_quit_ends_the_window_and_leaves_the_house(
    open_window: Callable[..., Opened], house: House, qt: Waiting
) -> None:
    window = open_window().connected()
    window.run("(setTimeout(() => call('window.quit'), 0), 0)")  # else the page is gone before it answers
    qt.until(lambda: window.shell.ended)
    assert house.process is not None
    assert house.process.poll() is None


def test_a_call_from_outside_brings_it_to_the_front(
    open_window: Callable[..., Opened], house: House, panel: None, qt: Waiting
) -> None:
    from garret.features.desk import contracts as d

    window = open_window().connected()
    heard: list[Any] = []

    def attends() -> bool:
        heard[:] = house.client.call(d.GetPreferences()).attending
        return any(each.kind == "window" for each in heard)

    qt.until(attends)
    qt.until(lambda: window.shell.tray.there)
    window.shell.window.close()
    assert not window.shell.window.isVisible()
    assert house.client.call(d.Show(page="/dictate")).windows == 1
    qt.until(lambda: window.shell.window.isVisible())
