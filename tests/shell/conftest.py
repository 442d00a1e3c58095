"""The window as its tests meet it: in this process, on a desktop of its own, with a page for tests.

Qt allows one application a process, and an application one desktop; both last as long as the tests.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from garret.base.paths import Home
from garret.base.singletons import keep_singletons
from tests.e2e.house import House
from tests.shell import desktop as d

PAGE = Path(__file__).with_name("page")
PATIENCE = 60_000  # milliseconds; a test that waits in vain fails


# Made for the first module that needs it, and ended with the run: neither Qt nor Chromium begins twice.
_ground = ExitStack()
_made: dict[str, Any] = {}


def pytest_sessionfinish() -> None:
    """End the desktop after all tests, the application on it first."""
    _ground.close()


@pytest.fixture(scope="module")
def screen() -> d.Desktop:
    """A desktop."""
    if lacking := d.missing():
        pytest.skip(f"a desktop for tests needs {lacking}; requirements/debian.txt names the packages")
    if "screen" not in _made:
        folder = Path(_ground.enter_context(tempfile.TemporaryDirectory(prefix="garret-desk-")))
        _made["screen"] = _ground.enter_context(d.desktop(folder))
    found: d.Desktop = _made["screen"]
    return found


@pytest.fixture(scope="module")
def application(screen: d.Desktop) -> Any:
    """Qt's application on it."""
    pytest.importorskip(
        "PySide6.QtWebEngineWidgets",
        reason="PySide6 is not installed; the extra 'desktop' brings it",
        exc_type=ImportError,
    )
    if "application" not in _made:
        _made["application"] = _begin_application(screen)
    return _made["application"]


def _begin_application(screen: d.Desktop) -> Any:
    keep_singletons()
    import shiboken6
    from PySide6.QtWidgets import QApplication

    from garret.shell.scheme import register_scheme

    register_scheme()
    with pytest.MonkeyPatch.context() as patch:  # these are looked at now and not again
        patch.setenv("DISPLAY", screen.display)
        patch.setenv("QT_QPA_PLATFORM", "xcb")
        patch.setenv("QTWEBENGINE_DISABLE_SANDBOX", "1")  # Chromium has none for root
        patch.setenv("QTWEBENGINE_CHROMIUM_FLAGS", "--use-fake-device-for-media-stream")
        patch.delenv("WAYLAND_DISPLAY", raising=False)
        made = QApplication(["garret"])
        _ground.callback(shiboken6.delete, made)
        made.setQuitOnLastWindowClosed(False)
        _start_browser()
    return made


def _start_browser() -> None:
    """Have Chromium start what it forks its processes from: it lives as long as the application."""
    import shiboken6
    from PySide6.QtWebEngineCore import QWebEnginePage

    page, loaded = QWebEnginePage(), list[bool]()
    page.loadFinished.connect(loaded.append)
    page.setHtml("<p>first</p>")
    Waiting().until(lambda: loaded)
    shiboken6.delete(page)


class Waiting:
    """Qt's loop, run until something is so."""

    def until(self, reached: Callable[[], object], what: Callable[[], object] = lambda: "") -> None:
        """Run the loop until `reached`; `what` says how things stand where it never is."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop, timer, late = QEventLoop(), QTimer(), QTimer()
        timer.timeout.connect(lambda: loop.quit() if reached() else None)
        timer.start(5)
        late.setSingleShot(True)
        late.timeout.connect(loop.quit)
        late.start(PATIENCE)
        if not reached():
            loop.exec()
        timer.stop()
        late.stop()
        assert reached(), what()


@pytest.fixture
def qt(application: Any) -> Waiting:
    del application
    return Waiting()


class Opened:
    """A window with its page."""

    def __init__(self, application: Any, home: Home, qt: Waiting, **options: Any) -> None:
        from garret.shell.shell import Options, Shell

        self.qt = qt
        home.create()
        self.shell = Shell(application, home, Options(**{"folder": PAGE, **options}))
        self.shell.begin()

    def page_begun(self) -> Opened:
        """Wait until the page has a channel."""
        self.qt.until(lambda: self.shell.bridge.channel is not None)
        return self

    def connected(self) -> Opened:
        """Wait until the page is told that the control plane is there."""
        self.page_begun()
        self.qt.until(lambda: self.run("line()") == "open")
        return self

    def run(self, script: str) -> Any:
        """What a script of the page gives at once."""
        got: list[Any] = []
        self.shell.page.runJavaScript(f"JSON.stringify({script}) ?? 'null'", got.append)
        self.qt.until(lambda: got, lambda: script)
        return json.loads(got[0])

    def wait(self, script: str) -> Any:
        """What a promise of the page becomes."""
        self.run(f"(window.outcome = undefined, ({script}).then((got) => {{ window.outcome = [got]; }}), 0)")
        self.qt.until(lambda: self.run("window.outcome !== undefined"), lambda: script)
        return self.run("window.outcome")[0]

    def call(self, name: str, payload: str = "{}", more: str = "{}") -> Any:
        """The end of a call of the page: a result or an error."""
        return self.wait(f"call({name!r}, {payload}, {more})")

    def close(self) -> None:
        self.shell.quit()
        import shiboken6

        shiboken6.delete(self.shell)


@pytest.fixture
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """No session bus: neither that of the person who runs the tests nor another."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_window(application: Any, home: Home, qt: Waiting, no_bus: None) -> Iterator[Callable[..., Opened]]:
    """Opens a window in the test's home, and ends it."""
    del no_bus
    opened: list[Opened] = []

    def make(**options: Any) -> Opened:
        opened.append(Opened(application, home, qt, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def panel(screen: d.Desktop, application: Any, qt: Waiting) -> Iterator[None]:
    """A tray, for as long as the test."""
    from PySide6.QtWidgets import QSystemTrayIcon

    del application
    screen.start_panel()
    qt.until(QSystemTrayIcon.isSystemTrayAvailable)
    yield
    screen.end_panel()
    qt.until(lambda: not QSystemTrayIcon.isSystemTrayAvailable())


@pytest.fixture
def house(home: Home) -> Iterator[House]:
    """A control plane in the test's home."""
    made = House(home.root).start()
    yield made
    made.stop()


@pytest.fixture
def session_bus(no_bus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus that the window finds."""
    del no_bus
    with d.bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
