"""A control plane with the echo room alone in a process: `python -m benchmarks.echo_house HOME`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.echo_room import ROOM
from garret.base import log
from garret.base.paths import Home
from garret.control.clients.listener import HomeLock
from garret.control.plane import ControlPlane
from garret.control.secrets.store import SecretStore


async def serve(home: Home) -> None:
    """Be the control plane of `home` until SIGTERM; a line on standard output says that it serves."""
    home.create()
    plane = await ControlPlane.open(home, [ROOM], lock=HomeLock(home.lock), secrets=SecretStore.open(home))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, plane.stopping.set)
    plane.serve()
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    await plane.stopping.wait()
    await plane.stop()


@contextlib.contextmanager
def running(module: str = "benchmarks.echo_house") -> Iterator[Home]:
    """The control plane of `module` in a process of its own on a fresh home, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    home = Home(folder / "h")
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(home.root)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the control plane did not start; what it said is above")
        yield home
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run with uvloop, as the daemon does."""
    import uvloop

    log.to_stream(plain=True, level=logging.ERROR)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Home(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
