"""The control plane's process: `python -m garret.daemon [--foreground]`.

Everything that can go wrong at the start ends in one JSON line on standard error with a code and a
message for the user, and the exit code that the command line uses for it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Final

from garret.app import ROOMS
from garret.base import log
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.keychain import Keychain
from garret.control.listener import HomeLock
from garret.control.plane import ControlPlane
from garret.control.process import adopt_orphans
from garret.control.secrets import PassphraseSource, SecretStore, nobody, passphrase_file

_EXIT_CODES: Final = {
    Code.USAGE: 2,
    Code.INVALID: 2,
    Code.DENIED: 3,
    Code.BUSY: 4,
    Code.UNAVAILABLE: 4,
    Code.CONFLICT: 4,
}


async def run(home: Home, ask: PassphraseSource) -> None:
    """Be the control plane of `home` until asked to stop. Raises GarretError when it cannot start."""
    home.create()
    lock = HomeLock(home.lock)
    adopt_orphans()
    try:
        secrets = await asyncio.to_thread(_open_secrets, home, ask)
        plane = await ControlPlane.open(home, ROOMS, lock=lock, secrets=secrets)
    except BaseException:
        lock.close()
        raise
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, plane.stopping.set)
    plane.serve()
    gc.collect()
    gc.freeze()  # what start-up made stays; collecting it again and again would stall the loop
    await plane.stopping.wait()
    await plane.stop()


def _open_secrets(home: Home, ask: PassphraseSource) -> SecretStore:
    keychain = None if os.environ.get("GARRET_KEYCHAIN") == "off" else Keychain()
    return SecretStore.open(home, ask=ask, keychain=keychain)


def passphrase_source() -> PassphraseSource:
    """Who is asked for a passphrase: the file that GARRET_PASSPHRASE_FILE names, or nobody."""
    named = os.environ.get("GARRET_PASSPHRASE_FILE")
    return passphrase_file(Path(named)) if named else nobody


def main(arguments: list[str]) -> int:
    """Run the control plane, or with `--restore FILE` fill an empty home; return the exit code."""
    home = Home.default()
    try:
        if arguments[:1] == ["--restore"]:
            from garret.restoring import restore_home

            print(json.dumps(restore_home(home, Path(arguments[1]), sys.stdin.readline().rstrip("\n"))))
            return 0
        log.to_stream(plain="--foreground" in arguments, level=logging.INFO)
        _run_loop(run(home, passphrase_source()))
    except GarretError as error:
        answer = {"code": error.code.value, "message": log.REDACTOR.clean(error.message)}
        print(json.dumps(answer), file=sys.stderr, flush=True)
        return _EXIT_CODES.get(error.code, 1)
    return 0


def _run_loop(work: asyncio.Future[None] | object) -> None:
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:  # not on Windows
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
