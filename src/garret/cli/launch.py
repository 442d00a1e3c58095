"""Reaching the control plane of a home, and starting it where it does not run.

Two commands at once may both start one: the lock of the home decides, the loser says that the home is
taken, and both commands connect to the winner. What the started process says goes to `daemon.log` in the
home, so that it outlives the command; the last line of one that could not start is its reason, which is
told at once. One that was killed while it started has no reason, and another is started in its place; as long
as somebody is starting, a command waits. Neighbours: `session` uses this, `recovery` runs what is done while
no control plane runs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal

import msgspec

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli.errors import StartFailed
from garret.transport.client import Client
from garret.transport.errors import TransportError

if TYPE_CHECKING:
    import subprocess

START_SECONDS: Final = 10.0
"""After these it is said that the start takes long, and where nobody is starting any more, that it failed."""
LONGEST_START_SECONDS: Final = 300.0
"""The check of a large database, or a machine that does much else, may take minutes."""
STOP_SECONDS: Final = 30.0
"""A control plane that drains its workers and closes its database may take as long."""

_PAUSE: Final = 0.02  # seconds between two looks at a control plane that is starting; grows to
_LONGEST_PAUSE: Final = 0.5
_LOG_LIMIT: Final = 1 << 20  # bytes; a longer log begins anew
_NOTED: Final = 32  # bytes of each of the two things that the holder of a home's lock notes in it
_LEAST_SPACE: Final = 1 << 16  # bytes free on a disk that can take a start's first lines
_TAIL: Final = 65_536  # bytes of the log that are searched for the reason of a failed start


class _Said(msgspec.Struct):
    """A line of a control plane that could not start; other fields do not matter."""

    code: Code
    message: str
    reason: Literal["", "taken", "sealed"] = ""
    pid: int = 0


def daemon_command(*arguments: str) -> list[str]:
    """The command line that runs the control plane with this interpreter."""
    return [sys.executable, "-m", "garret.daemon", *arguments]


def environment(home: Home) -> dict[str, str]:
    """This process's environment, with the home it was told to use."""
    return {**os.environ, "GARRET_HOME": str(home.root)}


def connect(home: Home, *, start: bool = True) -> Client:
    """A proven connection. Raises TransportError where nothing runs and `start` is off, else StartFailed."""
    try:
        return Client.connect(home)
    except TransportError:
        if not start:
            raise
    return launch(home)


def launch(
    home: Home, passphrase: str | None = None, *, tell: Callable[[str], None] = lambda _: None
) -> Client:
    """Start the control plane and connect to it, or to the one that another command started.

    `tell` hears that it takes long. Raises GarretError with the code and message of the control plane that
    could not start.
    """
    home.create()
    start = _Start(home, tell)
    while True:
        process, begin = _spawn(home, passphrase)
        client = start.wait(process, begin)
        if client is not None:
            return client
        # That one was killed, or another was first and has ended before it answered: what hindered it is
        # learnt by trying.


def _spawn(home: Home, passphrase: str | None) -> tuple[subprocess.Popen[bytes], int]:
    """The process that is to be the control plane, and where in the log its lines begin."""
    import subprocess

    try:
        with _open_log(log_of(home)) as log, _handed(passphrase) as (variables, descriptors):
            begin = log.tell()
            process = subprocess.Popen(
                daemon_command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**environment(home), **variables},
                pass_fds=descriptors,
                start_new_session=True,
            )
    except OSError as error:
        raise StartFailed(f"Garret could not be started: {error}. Nothing was changed.") from error
    return process, begin


def offline(home: Home, *arguments: str, typed: str = "", passphrase: str | None = None) -> bytes:
    """Have something done while no control plane runs; what it answered.

    `typed` is what it reads from its standard input, `passphrase` opens a sealed home. Raises GarretError
    with its code and message where it fails.
    """
    import subprocess

    try:
        with _handed(passphrase) as (variables, descriptors):
            done = subprocess.run(
                daemon_command(*arguments),
                input=typed.encode(),
                capture_output=True,
                env={**environment(home), **variables},
                pass_fds=descriptors,
                check=False,
            )
    except OSError as error:
        raise StartFailed(f"Garret could not be started: {error}. Nothing was changed.") from error
    if done.returncode != 0:
        raise _reason(done.stderr.splitlines(), done.returncode, "", None)
    return done.stdout


@contextlib.contextmanager
def _handed(passphrase: str | None) -> Generator[tuple[Mapping[str, str], tuple[int, ...]]]:
    """Variables and descriptors by which a passphrase reaches the process that is started with them."""
    if passphrase is None:
        yield {}, ()
        return
    descriptor = os.memfd_create("passphrase")
    try:
        os.write(descriptor, passphrase.encode() + b"\n")
        yield {"GARRET_PASSPHRASE_FILE": f"/proc/self/fd/{descriptor}"}, (descriptor,)
    finally:
        os.close(descriptor)


def log_of(home: Home) -> Path:
    """Where control planes in the background write what happens until they are ready."""
    return home.root / "daemon.log"


def _open_log(path: Path) -> IO[bytes]:
    try:
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            os.truncate(path, 0)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StartFailed(
            f"{path} cannot be written: {error.strerror}. Garret did not start; nothing was changed. "
            + (
                "Free some space." if full else "Make its folder writable, or set GARRET_HOME to one that is."
            ),
            code=Code.FULL if full else Code.READ_ONLY,
        ) from error
    file = os.fdopen(descriptor, "ab")
    file.seek(0, os.SEEK_END)
    return file


class _Start:
    """One command's waiting for a control plane, over however many processes that takes."""

    def __init__(self, home: Home, tell: Callable[[str], None]) -> None:
        self._home = home
        self._tell = tell
        self._began = time.monotonic()
        self._pause = _PAUSE
        self._told = False

    def wait(self, process: subprocess.Popen[bytes], begin: int) -> Client | None:
        """A connection to whoever answers first; None where another one has to be started.

        Raises the reason of `process`, which could not start, or StartFailed where nobody answers in time.
        """
        lost = False
        while True:
            try:
                client = Client.connect(self._home)
            except TransportError as error:
                self._keep_waiting(process, error)
            else:
                # It is meant to outlive this process, so that nobody waits for it here.
                process.returncode = 0
                return client
            if lost and running_process(self._home) is None:
                return None
            if not lost and process.poll() is not None:
                if process.returncode < 0:
                    return None  # somebody killed it
                reason = failure(log_of(self._home), begin, process.returncode, process.pid)
                if reason.details.get("reason") != "taken":
                    raise reason
                lost = True  # another one was first; it will answer
            time.sleep(self._pause)
            self._pause = min(self._pause * 1.2, _LONGEST_PAUSE)

    def _keep_waiting(self, process: subprocess.Popen[bytes], error: TransportError) -> None:
        """Raise StartFailed where waiting on is in vain."""
        waited = time.monotonic() - self._began
        if waited < START_SECONDS:
            return
        starting = process.poll() is None or running_process(self._home) is not None
        if not starting or waited >= LONGEST_START_SECONDS:
            raise StartFailed(
                f"Garret did not answer within {waited:.0f} s of its start. {log_of(self._home)} may tell "
                "why; `garret doctor` examines the machine."
            ) from error
        if not self._told:
            self._told = True
            self._tell("Garret is still starting; this waits until it answers. Ctrl-C gives up.")


def failure(log: Path, begin: int, status: int | None, pid: int | None = None) -> GarretError:
    """Why a control plane ended at its start: the last error that it (`pid`) wrote after `begin` (bytes)."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(min(begin, end), end - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        lines = []
    if not lines and _is_full(log.parent):
        return StartFailed(
            f"There is no space left for {log.parent}. Garret did not start; nothing was changed. "
            "Free some space.",
            code=Code.FULL,
        )
    return _reason(lines, status, f" {log} has all it said.", pid)


def _is_full(folder: Path) -> bool:
    try:
        left = os.statvfs(folder)
    except OSError:
        return False
    return left.f_bavail * left.f_frsize < _LEAST_SPACE


def last_failure(home: Home) -> str:
    """Why the last start in the background failed, where it did and for a reason that stays; else ""."""
    try:
        with log_of(home).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return ""
    told = told_error(lines[-1:])  # one that came up has said something since
    return told.message if told is not None and not told.details["reason"] else ""


def _reason(lines: list[bytes], status: int | None, where: str, pid: int | None) -> GarretError:
    told = told_error(lines, pid)
    if told is not None:
        return told
    last = last_words(lines)
    ended = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
    return StartFailed(
        f"Garret ended before it had done anything ({ended}){': ' + last if last else ''}.{where}",
        code=Code.FAILED,
    )


def told_error(lines: list[bytes], pid: int | None = None) -> GarretError | None:
    """The last of the lines that is an error of the control plane: a JSON object with code and message.

    With `pid` the lines of other processes, which may have been started at the same moment, do not count.
    """
    for line in reversed(lines):
        try:
            said = msgspec.json.decode(line, type=_Said)
        except msgspec.MsgspecError:
            continue
        if pid is None or said.pid in (0, pid):
            return StartFailed(said.message, code=said.code, details={"reason": said.reason})
    return None


def last_words(lines: list[bytes]) -> str:
    """The last line that says something, at most 500 characters."""
    last = next((line for line in reversed(lines) if line.strip()), b"")
    return last.decode("utf-8", "replace").strip()[:500]


def running_process(home: Home) -> int | None:
    """The process id of the control plane that holds the home's lock; None where nobody does."""
    process, work = holder(home)
    return None if work else process


def holder(home: Home) -> tuple[int | None, str]:
    """Who holds the home's lock, and what for: "" is a control plane, else the home is "being" that."""
    import fcntl

    try:
        descriptor = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None, ""
    try:
        # A shared try on an open lock would keep a control plane out for a moment, so the lock is
        # looked at only when its writer is alive.
        said = os.pread(descriptor, 2 * _NOTED, 0).decode("ascii", "replace")
        number, work = said[:_NOTED].strip(), said[_NOTED:].strip()
        if not number.isdigit() or not _is_alive(int(number)):
            return None, ""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(number), work
        return None, ""  # the number belongs to some other process by now
    finally:
        os.close(descriptor)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def terminate(process: int) -> None:
    """Ask a control plane to stop that this program cannot talk to, such as one of another build."""
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise GarretError(
            f"Process {process}, which runs Garret here, belongs to another user. Nothing was done.",
            code=Code.DENIED,
        ) from error


def wait_for_end(process: int, seconds: float = STOP_SECONDS) -> bool:
    """Wait until a process that need not be a child has ended; False when it has not in time."""
    opened = getattr(os, "pidfd_open", None)
    if opened is not None:
        try:
            descriptor = opened(process)
        except ProcessLookupError:
            return True
        except OSError:  # a kernel before 5.3
            descriptor = -1
        if descriptor >= 0:
            try:
                return bool(select.select([descriptor], [], [], seconds)[0])
            finally:
                os.close(descriptor)
    end = time.monotonic() + seconds
    while _is_alive(process):
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
    return True
