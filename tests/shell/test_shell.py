"""The window as a whole: a page in it, a real control plane behind it."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.house import House
from tests.shell.conftest import Opened, Waiting


def test_a_page_speaks_with_the_house(open_window: Callable[..., Opened], house: House) -> None:
    window = open_window().connected()
    hello = window.run("told[0]")
    assert (hello["t"], hello["role"]) == ("hello", "shell")
    assert "window.save" in hello["local"]
    status = window.call("house.status")
    assert status["value"]["pid"] == house.pid


def test_the_tray_and_qts_own_dialogs_speak_the_pages_language(
    open_window: Callable[..., Opened], house: House, qt: Waiting
) -> None:
    from PySide6.QtCore import QCoreApplication

    window = open_window().connected()
    entries = window.shell.tray
    qt.until(lambda: "Dictate" in entries.entries)
    house.set("desk.language", "de")
    try:
        qt.until(lambda: "Diktieren" in entries.entries)
        assert {"Garret öffnen", "Nicht stören", "Beenden"} <= entries.entries.keys()
        assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    finally:
        house.set("desk.language", None)
    qt.until(lambda: "Dictate" in entries.entries)
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
