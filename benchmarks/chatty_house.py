"""A control plane whose log grows by 1,000 lines a second: `python -m benchmarks.chatty_house HOME`.

The lines go the way of all others: a record of the house's own, into the pump, into the store.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from garret.app import rooms
from garret.base import log
from garret.base.paths import Home
from garret.control.clients.listener import HomeLock
from garret.control.plane import ControlPlane
from garret.control.secrets.store import SecretStore

LINES: Final = 1_000
"""A second."""
_LOTS: Final = 50
"""A second, in which they come."""

_logger = log.get("benchmark")


async def serve(home: Home) -> None:
    """Be the control plane of `home` until SIGTERM, and chat."""
    home.create()
    plane = await ControlPlane.open(home, rooms(), lock=HomeLock(home.lock), secrets=SecretStore.open(home))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, plane.stopping.set)
    plane.serve()
    chat = loop.create_task(_chat())
    print("ready", flush=True)
    await plane.stopping.wait()
    chat.cancel()
    await plane.stop()


async def _chat() -> None:
    """As many lines as are due, however late the loop comes to it."""
    loop = asyncio.get_running_loop()
    began, said = loop.time(), 0
    while True:
        await asyncio.sleep(1 / _LOTS)
        due = int((loop.time() - began) * LINES)
        for number in range(said, due):
            _logger.info("line %d of what a busy worker says while somebody looks for the cause", number)
        said = due


def main() -> None:
    """Run with uvloop, as the daemon does."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Home(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
