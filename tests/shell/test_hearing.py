"""What the window hears of a real house: facts for the tray, notices, settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garret.features.desk import contracts as d
from garret.features.desk import entries
from garret.features.house import contracts as h
from garret.shell.notices import Notice
from garret.shell.tray_state import TrayState
from tests.e2e.house import House
from tests.shell.conftest import Opened, Waiting


def tray(window: Opened) -> TrayState:
    state: TrayState = window.shell.tray.state
    return state


def test_the_tray_follows_the_house(open_window: Callable[..., Opened], house: House, qt: Waiting) -> None:
    window = open_window()
    assert tray(window) == TrayState.OFFLINE
    qt.until(lambda: tray(window) == TrayState.IDLE)
    house.stop()
    qt.until(lambda: tray(window) == TrayState.OFFLINE)
    qt.until(lambda: "not running" in window.shell.tray.icon.toolTip())
    house.start()
    qt.until(lambda: tray(window) == TrayState.IDLE)


def test_settings_are_obeyed_when_they_change(
    open_window: Callable[..., Opened], house: House, qt: Waiting, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    window = open_window().connected()
    hearing = window.shell.hearing
    qt.until(lambda: hearing.preferences.start_at_login is False)
    house.client.call(h.SetSetting(key="desk.start_at_login", value="yes"))
    qt.until(lambda: entries.autostart_path().exists())
    house.client.call(h.SetSetting(key="desk.start_at_login", value="no"))
    qt.until(lambda: not entries.autostart_path().exists())
    house.client.call(h.SetSetting(key="desk.notifications", value="failed, approval"))
    qt.until(lambda: hearing.preferences.notifications == {"failed", "approval"})
    window.shell.tray.entries["Do not disturb"].trigger()
    qt.until(lambda: hearing.preferences.do_not_disturb)
    assert window.shell.tray.entries["Do not disturb"].isChecked()


def test_what_waits_for_consent_is_told_and_can_be_refused(
    open_window: Callable[..., Opened], house: House, qt: Waiting, monkeypatch: Any
) -> None:
    window = open_window().connected()
    window.shell.window.hide()
    shown: list[Notice] = []
    monkeypatch.setattr(window.shell.notifier, "show", shown.append)
    window.run("(window.waits = call('dictate.delete', {utterance: 'none'}), 0)")
    qt.until(lambda: tray(window) == TrayState.NEEDS_YOU)
    assert [notice.kind for notice in shown] == ["approval"]
    window.shell._acted(shown[0], "deny")
    qt.until(lambda: tray(window) == TrayState.IDLE)
    assert window.wait("waits")["error"]["code"] in ("denied", "cancelled")


def test_the_palette_key_brings_the_window_up(
    open_window: Callable[..., Opened], house: House, panel: None, qt: Waiting
) -> None:
    window = open_window().connected()
    qt.until(lambda: any(each.kind == "window" for each in house.client.call(d.GetPreferences()).attending))
    window.shell.window.close()
    qt.until(lambda: not window.shell.window.isVisible())
    house.client.call(d.Press(action="palette"))
    qt.until(lambda: window.shell.window.isVisible())
