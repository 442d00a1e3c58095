"""One window, measured from within its own process: `python -m benchmarks.window_run BEGAN WHAT`.

It is what `garret.shell` runs, on the screen and with the home that its environment names, and prints one
JSON object. WHAT is bench, paint, idle, tail or weight. BEGAN is when its process was asked for (seconds
since 1970), so that the start of Python and Qt counts. `benchmarks.window` starts it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from garret.base.paths import Home
from garret.base.singletons import keep_singletons
from garret.page import assets
from garret.shell.graphics import has_processor, set_flags

BLOB = 64 << 20
BLOBS = 5
TRIPS = 1000
IDLE_SECONDS = 10.0
PAGE = Path(__file__).resolve().parent.parent / "tests" / "shell" / "page"

_TRIPS = """(async () => {
  const times = [];
  for (let at = 0; at < %d; at += 1) {
    const began = performance.now();
    await call("desk.preferences");
    times.push(performance.now() - began);
  }
  return times;
})()"""
_BLOB = """(async () => {
  const began = performance.now();
  const bytes = await (await fetch("/files/%s")).arrayBuffer();
  return [bytes.byteLength, performance.now() - began];
})()"""
TAIL_SECONDS = 10.0
KEYS = 40
_FRAMES = """(async () => {
  const fields = [...document.querySelectorAll("main input")];
  const field = fields.find((each) => !each.readOnly && each.type !== "checkbox");
  field.focus();
  const frames = [], keys = [];
  addEventListener("keydown", (event) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => keys.push(performance.now() - event.timeStamp);
    requestAnimationFrame(() => channel.port2.postMessage(0));  // runs once the frame is made
  }, true);
  let last = null, over = false;
  const frame = (now) => {
    if (last !== null) frames.push(now - last);
    last = now;
    if (!over) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  await new Promise((done) => (window.typed = done));
  over = true;
  return { frames, keys };
})()"""
_PAINT = """(() => {
  const paint = performance.getEntriesByType("paint").find((each) => each.name === "first-contentful-paint");
  return paint ? performance.timeOrigin + paint.startTime : null;
})()"""


class Run:
    """The window, and Qt's loop run until something is so."""

    def __init__(self, folder: Path | None, page: str) -> None:
        from PySide6.QtWidgets import QApplication

        from garret.shell.scheme import register_scheme
        from garret.shell.shell import Options, Shell

        register_scheme()
        self.asked: set[str] = set()
        """The files of the page that were asked for: pages of an own scheme keep no account of them."""
        find = assets.find

        def noted(path: str, folder: Path = assets.FOLDER) -> assets.Asset:
            self.asked.add(path)
            return find(path, folder)

        assets.find = noted
        self.application = QApplication(["garret"])
        options = Options(page=page) if folder is None else Options(page=page, folder=folder)
        self.shell = Shell(self.application, Home.default(), options)
        self.shell.begin()

    def until(self, reached: Callable[[], object]) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop, timer = QEventLoop(), QTimer()
        timer.timeout.connect(lambda: loop.quit() if reached() else None)
        timer.start(5)
        loop.exec()
        timer.stop()

    def pause(self, seconds: float) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def script(self, text: str) -> Any:
        got: list[Any] = []
        self.shell.page.runJavaScript(f"JSON.stringify({text}) ?? 'null'", got.append)
        self.until(lambda: got)
        return json.loads(got[0]) if got[0] else None

    def promise(self, text: str) -> Any:
        self.script(f"(window.outcome = null, {text}.then((got) => {{ window.outcome = [got]; }}), 0)")
        found: list[Any] = []
        self.until(lambda: found or found.extend(self.script("window.outcome") or ()))
        return found[0]


def measure(run: Run) -> dict[str, Any]:
    """Round trips and files, with the page of the tests."""
    run.until(lambda: run.shell.bridge.channel is not None)
    run.until(lambda: run.script("line()") == "open")
    run.promise(_TRIPS % 100)
    trips = run.promise(_TRIPS % TRIPS)
    blobs: list[float] = []
    channel = run.shell.bridge.channel
    assert channel is not None
    for _ in range(BLOBS):
        descriptor = os.memfd_create("blob")
        os.truncate(descriptor, BLOB)
        size, took = run.promise(_BLOB % channel.down.offer(descriptor))
        assert size == BLOB
        blobs.append(took)
    return {"trips": trips, "blobs": blobs}


def paint(run: Run, began: float) -> dict[str, Any]:
    """When the page showed something, after its process was asked for, and the processor time until then."""
    found: list[float] = []

    def painted() -> bool:
        at = run.script(_PAINT)
        if at:
            found.append(at)
        return bool(found)

    run.until(painted)
    return {"paint": found[0] / 1000 - began, "cpu": _used()}


def tail(run: Run) -> dict[str, Any]:
    """Frames, the time from a key to the frame that shows it, and the processor time that it takes, while the
    log page follows a busy log."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    run.until(lambda: run.script("document.querySelectorAll('.m-line').length") or 0)
    run.pause(TAIL_SECONDS)  # some thousands of lines are there
    run.script(f"(window.outcome = null, {_FRAMES}.then((got) => {{ window.outcome = [got]; }}), 0)")
    before, began = _used(), time.monotonic()
    for number in range(KEYS):
        run.pause(TAIL_SECONDS / KEYS)
        key = Qt.Key.Key_Backspace if number % 2 else Qt.Key.Key_B
        QTest.keyClick(run.shell.window.view.focusProxy(), key)
    cpu = (_used() - before) / (time.monotonic() - began) * 100
    run.pause(0.5)
    run.script("(window.typed(), 0)")
    found: list[Any] = []
    run.until(lambda: found or found.extend(run.script("window.outcome") or ()))
    told: dict[str, Any] = found[0]
    return told | {"cpu": cpu}


def weight(run: Run) -> dict[str, Any]:
    """The files that the first screen is made of, by their addresses."""
    run.until(lambda: run.script("document.querySelector('main h1') !== null"))
    run.pause(2)
    return {"files": sorted(run.asked)}


def idle(run: Run) -> dict[str, Any]:
    """What it takes while nobody does anything."""
    run.until(lambda: run.shell.bridge.channel is not None)
    run.pause(8)  # it has given back what the start used
    before = _used()
    run.pause(IDLE_SECONDS)
    used = _used() - before
    memory = {process.pid: process.memory_full_info().pss for process in _family()}
    return {"memory": sum(memory.values()), "cpu": used / IDLE_SECONDS * 100, "own": memory[os.getpid()]}


def _family() -> list[psutil.Process]:
    own = psutil.Process()
    below = [each for each in own.children(recursive=True) if each.status() != psutil.STATUS_ZOMBIE]
    return [own, *below]


def _used() -> float:
    return sum(each.cpu_times().user + each.cpu_times().system for each in _family())


def main() -> None:
    """Do one of them."""
    began, what = float(sys.argv[1]), sys.argv[2]
    keep_singletons()
    set_flags(software=not has_processor())
    run = Run(PAGE if what == "bench" else None, "/machine/log" if what == "tail" else "/")
    each: dict[str, Callable[[], dict[str, Any]]] = {
        "bench": lambda: measure(run),
        "paint": lambda: paint(run, began),
        "idle": lambda: idle(run),
        "tail": lambda: tail(run),
        "weight": lambda: weight(run),
    }
    told = each[what]()
    print(json.dumps(told), flush=True)
    run.shell.quit()


if __name__ == "__main__":
    main()
