"""The control plane's process: `python -m garret.daemon [--foreground]`.

With `--restore FILE` it fills an empty or damaged home from a backup instead (the passphrase is the first
line of standard input), with `--salvage` it saves what a damaged database still holds, and with `--examine`
it only says what is wrong with one. `garret restore` is how a person asks for these.

Everything that can go wrong at the start ends in one line on standard error, and the exit code that the
command line uses for it. In the foreground the line is a sentence; otherwise it is a JSON object for whoever
started this: `code`, `message`, this process's `pid`, and as `reason` what the starter can do something about
by itself (`taken`: another control plane has the home; `sealed`: a passphrase is needed).
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
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from garret.app import rooms
from garret.base import log
from garret.base.errors import CancelledError, Code, GarretError
from garret.base.memory import give_back_freed_memory
from garret.base.paths import Home
from garret.base.visible import visible
from garret.control.clients.listener import HomeLock, HomeTaken
from garret.control.plane import ControlPlane
from garret.control.secrets import sealed_file
from garret.control.secrets.keychain import Keychain
from garret.control.secrets.store import (
    DATABASE_KEY,
    PassphraseSource,
    Purpose,
    SecretsError,
    SecretsLocked,
    SecretStore,
    nobody,
    passphrase_file,
)
from garret.control.workers.process import adopt_orphans
from garret.storage import recovery, traces
from garret.storage.errors import SEE_DOCTOR, Corrupt, Lost, WrongKey

_logger = log.get("daemon")

_EXIT_CODES: Final = {
    Code.USAGE: 2,
    Code.DENIED: 3,
    Code.BUSY: 4,
    Code.UNAVAILABLE: 4,
    Code.DEADLINE: 4,
}
_USAGE: Final = "python -m garret.daemon [--foreground | --restore FILE | --salvage | --examine]"
_FOREGROUND: Final = "--foreground"
_DIAGNOSIS_SECONDS: Final = 5.0
_LAST_SECONDS: Final = 1.0  # for what is left on the loop when the control plane has stopped


async def run(home: Home, ask: PassphraseSource, *, foreground: bool = True) -> None:
    """Be the control plane of `home` until asked to stop. Raises GarretError when it cannot start."""
    give_back_freed_memory()
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
    try:
        traces.check_files(home)  # before keys are made that would open nothing
    except Lost as error:
        raise recovery.lead_out(home, error) from error
    secrets = await asyncio.to_thread(open_secrets, home, ask)
    try:
        return await ControlPlane.open(home, rooms(), lock=lock, secrets=secrets)
    except (Corrupt, WrongKey) as error:
        raise guided(home, secrets, error) from error


def guided(home: Home, secrets: SecretStore, error: Corrupt | WrongKey) -> GarretError:
    """The same error, with what can be done about it here: which backups there are, what can be salvaged."""
    if isinstance(error, Lost):
        return recovery.lead_out(home, error)
    key = secrets.get(DATABASE_KEY)
    if key is None:
        return error
    advice = recovery.diagnose(home, key, seconds=_DIAGNOSIS_SECONDS).advice
    message = error.message.removesuffix(SEE_DOCTOR)  # here it is told
    return GarretError(" ".join((message, *advice)), code=error.code, details=error.details)


def open_secrets(home: Home, ask: PassphraseSource) -> SecretStore:
    """The secrets of `home`; GARRET_KEYCHAIN=off leaves the keychain of this system alone. Blocks."""
    keychain = None if os.environ.get("GARRET_KEYCHAIN") == "off" else Keychain()
    return SecretStore.open(home, ask=ask, keychain=keychain)


def passphrase_source() -> PassphraseSource:
    """Who is asked for a passphrase: the file that GARRET_PASSPHRASE_FILE names, or nobody."""
    named = os.environ.get("GARRET_PASSPHRASE_FILE")
    return passphrase_file(Path(named)) if named else nobody


def terminal_source(home: Home) -> PassphraseSource:
    """As `passphrase_source`; for a sealed home whoever sits at the terminal is asked, here and now.

    Before anything runs, so that Ctrl-C at the prompt ends all there is.
    """
    source = passphrase_source()
    if source is not nobody or sys.stdin is None or not sys.stdin.isatty() or not _is_sealed(home):
        return source
    import getpass

    passphrase = getpass.getpass("Passphrase of this home: ") or None

    def typed(purpose: Purpose) -> str | None:
        del purpose
        return passphrase

    return typed


def _is_sealed(home: Home) -> bool:
    try:
        return sealed_file.inspect(sealed_file.read(home.key_file)).kdf == "argon2id"
    except (FileNotFoundError, SecretsError):
        return False  # the start will tell


def main(arguments: list[str]) -> int:
    """Do what the module's docstring says; return the exit code."""
    home = Home.default()
    try:
        _do(home, arguments)
    except GarretError as error:
        _tell(error, plain=arguments == [_FOREGROUND])
        return exit_code(error)
    except KeyboardInterrupt:
        _tell(CancelledError("Stopped before Garret was up; nothing was changed."), plain=True)
        return 1
    except Exception as error:
        _logger.exception("the control plane failed")
        defect = GarretError(f"Garret ended by a defect of its own: {type(error).__name__}: {error}")
        _tell(defect, plain=arguments == [_FOREGROUND])
        return exit_code(defect)
    return 0


def exit_code(error: GarretError) -> int:
    """The exit code for an error: the command line's, and 4 where another control plane has the home."""
    return 4 if isinstance(error, HomeTaken) else _EXIT_CODES.get(error.code, 1)


def _do(home: Home, arguments: list[str]) -> None:
    match arguments:
        case ["--restore", file]:
            from garret.restoring import restore_home

            passphrase = sys.stdin.readline().rstrip("\n")
            own = partial(open_secrets, home, passphrase_source())
            _say(sys.stdout, restore_home(home, Path(file), passphrase, own))
        case ["--salvage"]:
            from garret.restoring import salvage_home

            _say(sys.stdout, salvage_home(home, partial(open_secrets, home, passphrase_source()), rooms()))
        case ["--examine"]:
            from garret.restoring import examine_home

            _say(sys.stdout, examine_home(home, partial(open_secrets, home, passphrase_source())))
        case [] | ["--foreground"]:
            foreground = bool(arguments)
            log.to_stream(plain=foreground, level=logging.INFO)
            ask = terminal_source(home) if foreground else passphrase_source()
            _run_loop(run(home, ask, foreground=foreground))
        case _:
            raise GarretError(f"Usage: {_USAGE}. Nothing was started.", code=Code.USAGE)


def _quieten_stream() -> None:
    for handler in logging.getLogger("garret").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.ERROR)


def _say(stream: TextIO, answer: dict[str, Any]) -> None:
    stream.write(f"{json.dumps(answer)}\n")
    stream.flush()


def _tell(error: GarretError, *, plain: bool) -> None:
    message = log.REDACTOR.clean(error.message)
    if plain:
        sys.stderr.write(f"garret: {visible(message)}\n")
        return
    reason = "taken" if isinstance(error, HomeTaken) else "sealed" if isinstance(error, SecretsLocked) else ""
    _say(sys.stderr, {"code": error.code.value, "message": message, "reason": reason, "pid": os.getpid()})


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
