"""An X server without a screen, with a window manager, for hotkeys and insertion; and programs on it.

All are real and private. The X server has no keyboard but XTEST, so that a test is the only one that types.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest

from garret.shell.x11.server import Server

PROGRAMS = Path(__file__).parent / "insertion" / "programs"
NEEDED = ("Xvfb", "openbox")


@contextlib.contextmanager
def screen() -> Generator[str]:
    """The name of a display of its own."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"X11 NOT TESTED: {', '.join(missing)} not installed")
    pytest.importorskip("Xlib", reason="python-xlib is not installed; the extra 'desktop' brings it")
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writer], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as answer:
        display = f":{answer.readline().strip()}"
    manager = subprocess.Popen(
        ["openbox", "--sm-disable", "--config-file", str(PROGRAMS / "openbox.xml")],
        env={**os.environ, "DISPLAY": display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for_manager(display)
        yield display
    finally:
        for each in (manager, server):
            each.terminate()
            each.wait()


def _wait_for_manager(display: str) -> None:
    """Until the window manager says that it is there: it gives no focus to what was open before."""
    server = Server(display)
    check = server.atom("_NET_SUPPORTING_WM_CHECK")
    server.root.change_attributes(event_mask=server.x.PropertyChangeMask)
    while server.root.get_full_property(check, 0) is None:
        server.display.next_event()
    server.close()


class Program:
    """A program on a display that says lines of JSON and takes lines of text."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._said: list[dict[str, Any]] = []

    @classmethod
    async def start(cls, display: str, name: str, *arguments: str, **environment: str) -> Program:
        """Start one of `programs`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAMS / name),
            *arguments,
            env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=1 << 28,
        )
        return cls(process)

    async def hear(self, key: str) -> Any:
        """The next thing it says under `key`; what it says before is passed over."""
        assert self.process.stdout is not None
        while True:
            line = await self.process.stdout.readline()
            assert line, f"it ended without saying {key}"
            said = json.loads(line)
            if key in said:
                return said[key]

    async def ask(self, command: str, key: str) -> Any:
        """Have it do something, and what it says to that."""
        self.tell(command)
        return await self.hear(key)

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n")

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()
        # Its pipe's transport is closed before the loop is.
        self.process._transport.close()  # type: ignore[attr-defined]


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on a loop of its own."""
    asyncio.run(story())


async def until(true: Callable[[], bool]) -> None:
    """Wait for what nobody tells of."""
    while not true():  # noqa: ASYNC110  that is what it is for
        await asyncio.sleep(0.01)
