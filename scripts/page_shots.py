"""Pictures of every page in the real window: light and dark; empty, filled and failing: build/shots/*.png.

`make shots` runs it after the pictures of the command line. It needs Xvfb and what `make setup-desktop`
installs, and says so where one is missing. Four of the pictures are kept small for the README, under
docs/pictures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.base.singletons import keep_singletons
from garret.demo.sample_shop import write_shop
from garret.features.data import contracts as data
from garret.features.desk import contracts as d
from garret.features.house.contracts import Approve
from garret.transport.client import Client

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "build" / "shots"
PICTURES = ROOT / "docs" / "pictures"
PASSAGE = ROOT / "src" / "garret" / "demo" / "passage.flac"
PAGES = (
    "/dictate",
    "/dictate/history",
    "/dictate/words",
    "/data",
    "/data/sources",
    "/data/schema",
    "/data/history",
    "/data/dashboards",
    "/data/timings",
    "/approvals",
    "/machine",
    "/machine/workers",
    "/machine/jobs",
    "/machine/log",
    "/machine/storage",
    "/machine/way-out",
    "/machine/audit",
    "/machine/doctor",
    "/settings",
    "/settings/welcome",
)
KEPT = {
    "filled-light-dictate": "dictate",
    "filled-light-data": "data",
    "filled-dark-machine": "machine",
    "filled-light-settings": "settings",
}
"""Those that the README shows, and the names under which they are kept."""

WIDTH, HEIGHT, KEPT_WIDTH = 1200, 780, 900  # pixels
SETTLED = 1_500  # milliseconds in which a page shows what it has; the doctor takes longer
SLOW = {"/machine/doctor": 6_000, "/data/dashboards": 6_000}

_BY_MONTH = (
    "SELECT date_trunc('month', order_date) AS month, count(*) AS orders FROM orders "
    "GROUP BY month ORDER BY month"
)


def main() -> None:
    if shutil.which("Xvfb") is None:
        sys.exit("The pages are not drawn: Xvfb is not installed (apt-get install xvfb).")
    subprocess.run([ROOT / "scripts" / "web.sh"], check=True)
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="garret-shots-") as folder, screen() as display:
        os.environ |= {
            "DISPLAY": display,
            "GARRET_HOME": f"{folder}/home",
            "GARRET_KEYCHAIN": "off",
            "QT_QPA_PLATFORM": "xcb",
            "QTWEBENGINE_DISABLE_SANDBOX": "1",
        }
        os.environ.pop("WAYLAND_DISPLAY", None)
        try:
            Studio(Home.default()).draw()
        finally:
            garret("down")  # where a picture failed, nothing of it goes on in a home that is gone
    print(f"{len(list(SHOTS.iterdir()))} pictures are in {SHOTS.relative_to(ROOT)}.")


@contextmanager
def screen() -> Iterator[str]:
    """A screen that nobody sees."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def garret(*arguments: str) -> None:
    """Run the command line; what it says is not looked at, since some of it is meant to fail."""
    command = [sys.executable, "-m", "garret.cli", *arguments]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def with_trust(home: Home) -> None:
    """Pin the newest question to a dashboard, and trust it, as a person does at the terminal."""
    client = Client.connect(home)
    asked = client.call(data.GetHistory(limit=1)).questions[0]
    client.call(data.Pin(question=asked.id, dashboard="Shop", title="Orders by month", chart="line"))
    tables = client.call(data.GetCatalogue(source=asked.source, count=1)).fingerprint
    order = data.Trust(question=asked.id, query=asked.query, source=asked.source, fingerprint=tables)
    consent = client.call(Approve(command=order.__meta__.name, payload=msgspec.msgpack.encode(order)))
    client.call(msgspec.structs.replace(order, approval=consent.token))
    client.close()


class Studio:
    """The window, and what it is shown with."""

    def __init__(self, home: Home) -> None:
        keep_singletons()
        from PySide6.QtWidgets import QApplication

        from garret.shell.scheme import register_scheme
        from garret.shell.shell import Options, Shell

        register_scheme()
        self._application = QApplication(["garret"])
        garret("up")
        garret("settings", "set", "desk.first_run_done", "yes")
        self._home = home
        self._shell = Shell(self._application, home, Options(page="/dictate", private=True, gpu=False))
        self._shell.begin()
        self._shell.window.resize(WIDTH, HEIGHT)
        self._wait(5_000)

    def draw(self) -> None:
        """All pages in each state."""
        self._all("empty")
        garret("dictate", str(PASSAGE))
        garret("speak", "Good morning.", "-o", f"{self._home.root}/hello.wav")
        garret("dictate", f"{self._home.root}/hello.wav")
        garret("backup", "--no-passphrase")
        self._ask()
        self._all("filled")
        garret("down")
        self._wait(4_000)
        self._all("failing")
        self._shell.quit()

    def _ask(self) -> None:
        """A shop that was asked, refused once, and has a dashboard; in the window a draft and its answer."""
        shop = Path(self._home.root).parent / "shop"  # what lies in the home is read by nobody else
        shop.mkdir()
        write_shop(shop)
        garret("data", "add", "shop", str(shop))
        garret("data", "ask", "shop", "DELETE FROM orders", "--sql")
        garret("data", "ask", "shop", _BY_MONTH, "--sql", "--approve")
        with_trust(self._home)
        self._show("/data")
        self._until("document.querySelector('.q-example')")
        self._run("document.querySelector('.q-example').click()")
        self._until("document.querySelector('.q-draft')")
        # Where the grammar asks which reading is meant, the first is.
        self._run("document.querySelector('.q-draft button.q-chip')?.click()")
        self._until("document.querySelector('.q-draft .mantine-Button-root[data-variant=filled]')")
        self._run("document.querySelector('.q-draft .mantine-Button-root').click()")
        self._until("document.querySelector('.q-cell')")
        self._run("document.querySelectorAll('.q-result-bar label')[1].click()")
        self._until("document.querySelector('.q-picture svg')")
        self._run("document.querySelector('main').scrollTop = 130")

    def _run(self, script: str) -> Any:
        """What a script in the page says."""
        from PySide6.QtCore import QEventLoop

        loop, said = QEventLoop(), list[Any]()

        def hear(value: Any) -> None:
            said.append(value)
            loop.quit()

        self._shell.page.runJavaScript(script, 0, hear)
        loop.exec()
        return said[0]

    def _until(self, condition: str) -> None:
        """Wait until something is in the page, a minute at most; the picture shows what was missing."""
        for _ in range(600):
            if self._run(f"Boolean({condition})"):
                return
            self._wait(100)

    def _all(self, state: str) -> None:
        for theme in ("light", "dark"):
            if state != "failing":
                garret("settings", "set", "desk.theme", theme)
            elif theme == "light":
                continue  # without the house no setting changes: it stays dark
            for page in PAGES:
                self._show(page)
                self._wait(SLOW.get(page, SETTLED))
                self._save(f"{state}-{theme}-{page.strip('/').replace('/', '-')}")

    def _show(self, page: str) -> None:
        try:
            client = Client.connect(self._home)
        except GarretError:
            self._go(page)
            return
        client.call(d.Show(page=page))
        client.close()

    def _go(self, page: str) -> None:
        """Without the house the page goes there by itself, as by a click in its rail."""
        self._shell.page.runJavaScript(
            f"history.pushState({{}}, '', {page!r}); dispatchEvent(new PopStateEvent('popstate'))"
        )

    def _save(self, name: str) -> None:
        self._shell.page.runJavaScript("document.activeElement?.blur()")  # nobody's keyboard is here
        self._wait(100)
        picture: Any = self._shell.window.grab()
        picture.save(str(SHOTS / f"{name}.png"))
        if name in KEPT:
            from PySide6.QtCore import Qt
            from PySide6.QtGui import QImage

            small = picture.toImage().scaledToWidth(KEPT_WIDTH, Qt.TransformationMode.SmoothTransformation)
            small = small.convertToFormat(QImage.Format.Format_Indexed8)
            small.save(str(PICTURES / f"{KEPT[name]}.png"))

    def _wait(self, milliseconds: int) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()


if __name__ == "__main__":
    main()
