"""What the window's process has of insertion, on asyncio's loop: so that a test sees each thing happen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from garret.page.local import Inserted
from garret.shell.insertion.hands import Hands
from garret.shell.insertion.x11 import X11Insertion
from garret.shell.x11.focus import Focus, Target
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.server import Server
from tests.shell.screens import Program


class Host:
    """Hands, and what they work with."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.loop = asyncio.get_running_loop()
        self.server = Server(display)
        self.keyboard = Keyboard(self.server)
        self.focus = Focus(self.server)
        self.x11 = X11Insertion(self.server, self.keyboard, self.focus, self.loop)
        self.held: list[str] = []
        self.programs: list[Program] = []
        self.others: list[asyncio.subprocess.Process] = []
        self.hands = Hands(self.x11, on_held=self.held.append)
        self.server.watch(self.loop)

    async def start(self, name: str, *arguments: str) -> Program:
        """Start one of the programs; it ends with the host."""
        program = await Program.start(self.display, name, *arguments)
        self.programs.append(program)
        return program

    async def insert(self, text: str, aimed: Target | None = None) -> Inserted:
        """What became of a text."""
        done: asyncio.Future[Inserted] = self.loop.create_future()
        self.hands.insert(text, done.set_result, aimed)  # a second outcome would be an error
        return await done

    async def focused(self, name: str) -> Target:
        """The program with that window class, once it has the keyboard."""
        while True:
            target = self.focus.target()
            if target is not None and name.lower() in (each.lower() for each in target.classes):
                return target
            self.server.drain()
            await asyncio.sleep(0.01)

    async def settled(self) -> None:
        """Once nothing is under way any more."""
        while self.x11.busy:  # noqa: ASYNC110  it tells nobody but who asked
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def host(display: str) -> AsyncGenerator[Host]:
    """A host for the time of a test."""
    here = Host(display)
    try:
        yield here
    finally:
        for other in here.others:
            if other.returncode is None:
                other.terminate()
            await other.wait()
        for program in here.programs:
            await program.stop()
        here.hands.close()
        here.server.close()
