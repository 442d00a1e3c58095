"""The control plane's process: `python -m garret.daemon [--foreground]`.

With `--restore FILE` it fills an empty or damaged home from a backup instead (the passphrase is the first
line of standard input), and with `--salvage` it saves what a damaged database still holds.

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
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TextIO

from garret.app import ROOMS
from garret.base import log
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.keychain import Keychain
from garret.control.listener import HomeLock
from garret.control.plane import ControlPlane
from garret.control.process import adopt_orphans
from garret.control.secrets import DATABASE_KEY, PassphraseSource, SecretStore, nobody, passphrase_file
from garret.storage import recovery
from garret.storage.errors import Corrupt, WrongKey

_logger = log.get("daemon")

_EXIT_CODES: Final = {
    Code.USAGE: 2,
    Code.INVALID: 2,
    Code.DENIED: 3,
    Code.BUSY: 4,
    Code.UNAVAILABLE: 4,
    Code.CONFLICT: 4,
}
_USAGE: Final = "python -m garret.daemon [--foreground | --restore FILE | --salvage]"
_DIAGNOSIS_SECONDS: Final = 5.0
_LAST_SECONDS: Final = 1.0  # for what is left on the loop when the control plane has stopped


async def run(home: Home, ask: PassphraseSource, *, foreground: bool = True) -> None:
    """Be the control plane of `home` until asked to stop. Raises GarretError when it cannot start."""
    home.create()
    lock = HomeLock(home.lock)
    adopt_orphans()
    try:
        plane = await _open(home, lock, ask)
    except BaseException:
        lock.close()
        raise
    try:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, plane.stopping.set)
        plane.serve()
        if not foreground:
            # Standard error is a file that nobody trims; from here on lines are in the log store.
            _quieten_stream()
        gc.collect()
        gc.freeze()  # what start-up made stays; collecting it again and again would stall the loop
        await plane.stopping.wait()
    finally:
        await plane.stop()


async def _open(home: Home, lock: HomeLock, ask: PassphraseSource) -> ControlPlane:
    secrets = await asyncio.to_thread(open_secrets, home, ask)
    try:
        return await ControlPlane.open(home, ROOMS, lock=lock, secrets=secrets)
    except (Corrupt, WrongKey) as error:
        raise guided(home, secrets, error) from error


def guided(home: Home, secrets: SecretStore, error: Corrupt | WrongKey) -> GarretError:
    """The same error, with what can be done about it here: which backups there are, what can be salvaged."""
    key = secrets.get(DATABASE_KEY)
    if key is None:
        return error
    advice = recovery.diagnose(home, key, seconds=_DIAGNOSIS_SECONDS).advice
    return GarretError(" ".join((error.message, *advice)), code=error.code, details=error.details)


def open_secrets(home: Home, ask: PassphraseSource) -> SecretStore:
    """The secrets of `home`; GARRET_KEYCHAIN=off leaves the keychain of this system alone. Blocks."""
    keychain = None if os.environ.get("GARRET_KEYCHAIN") == "off" else Keychain()
    return SecretStore.open(home, ask=ask, keychain=keychain)


def passphrase_source() -> PassphraseSource:
    """Who is asked for a passphrase: the file that GARRET_PASSPHRASE_FILE names, or nobody."""
    named = os.environ.get("GARRET_PASSPHRASE_FILE")
    return passphrase_file(Path(named)) if named else nobody


def main(arguments: list[str]) -> int:
    """Do what the module's docstring says; return the exit code."""
    home = Home.default()
    try:
        _do(home, arguments)
    except GarretError as error:
        _tell(error.code, error.message)
        return _EXIT_CODES.get(error.code, 1)
    except Exception as error:
        _logger.exception("the control plane failed")
        _tell(Code.FAILED, f"Garret ended by a defect of its own: {type(error).__name__}: {error}")
        return 1
    return 0


def _do(home: Home, arguments: list[str]) -> None:
    match arguments:
        case ["--restore", file]:
            from garret.restoring import restore_home

            passphrase = sys.stdin.readline().rstrip("\n")
            _say(sys.stdout, restore_home(home, Path(file), passphrase))
        case ["--salvage"]:
            from garret.restoring import salvage_home

            _say(sys.stdout, salvage_home(home, open_secrets(home, passphrase_source()), ROOMS))
        case [] | ["--foreground"]:
            foreground = bool(arguments)
            log.to_stream(plain=foreground, level=logging.INFO)
            _run_loop(run(home, passphrase_source(), foreground=foreground))
        case _:
            raise GarretError(f"Usage: {_USAGE}. Nothing was started.", code=Code.USAGE)


def _quieten_stream() -> None:
    for handler in logging.getLogger("garret").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.ERROR)


def _say(stream: TextIO, answer: dict[str, Any]) -> None:
    stream.write(f"{json.dumps(answer)}\n")
    stream.flush()


def _tell(code: Code, message: str) -> None:
    answer = {"code": code.value, "message": log.REDACTOR.clean(message)}
    _say(sys.stderr, answer)


def _run_loop(work: Coroutine[Any, Any, None]) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop]
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:  # not on Windows
        factory = asyncio.new_event_loop
    runner = asyncio.Runner(loop_factory=factory)
    try:
        runner.run(work)
    finally:
        # Closing waits for every task without bound. One that takes no cancelling ends with the process.
        if runner.run(_all_end()):
            runner.close()


async def _all_end() -> bool:
    """Cancel what is left on the loop; whether all of it has ended within a second."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    return not rest or not (await asyncio.wait(rest, timeout=_LAST_SECONDS))[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
