"""Reaching the control plane of a home, and starting it where it does not run.

Two commands at once may both start one: the lock of the home decides, the loser ends with
`conflict`, and both commands connect to the winner. What the started process says goes to
`daemon.log` in the home, so that it outlives the command and a failed start can be explained.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli.errors import StartFailed
from garret.transport.client import Client
from garret.transport.errors import TransportError

if TYPE_CHECKING:
    import subprocess

START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 30.0
"""A control plane that drains its workers and closes its database may take as long."""

_PAUSE: Final = 0.02  # seconds between two looks at a control plane that is starting
_LOG_LIMIT: Final = 1 << 20  # bytes; a longer log begins anew
_TAIL: Final = 65_536  # bytes of the log that are searched for the reason of a failed start


class _Said(msgspec.Struct):
    """A line of a control plane that could not start; other fields do not matter."""

    code: Code
    message: str


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


def launch(home: Home, passphrase: str | None = None) -> Client:
    """Start the control plane and connect to it, or to the one that another command started.

    The passphrase that opens a sealed home goes over in memory that only the new process inherits.
    """
    import subprocess

    home.create()
    path = home.root / "daemon.log"
    variables = environment(home)
    handed: tuple[int, ...] = ()
    if passphrase is not None:
        handed = (_in_memory(passphrase),)
        variables["GARRET_PASSPHRASE_FILE"] = f"/proc/self/fd/{handed[0]}"
    try:
        with _open_log(path) as log:
            begin = log.tell()
            process = subprocess.Popen(
                daemon_command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=variables,
                pass_fds=handed,
                start_new_session=True,
            )
    except OSError as error:
        raise StartFailed(f"Garret could not be started: {error}. Nothing was changed.") from error
    finally:
        for descriptor in handed:
            os.close(descriptor)
    client = _wait(home, process, path, begin)
    # It is meant to outlive this process, so that nobody waits for it here.
    process.returncode = 0
    return client


def _in_memory(text: str) -> int:
    descriptor = os.memfd_create("passphrase")
    os.write(descriptor, text.encode() + b"\n")
    return descriptor


def _open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        os.truncate(path, 0)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    file = os.fdopen(descriptor, "ab")
    file.seek(0, os.SEEK_END)
    return file


def _wait(home: Home, process: subprocess.Popen[bytes], log: Path, begin: int) -> Client:
    end = time.monotonic() + START_SECONDS
    lost = False
    while True:
        try:
            return Client.connect(home)
        except TransportError as error:
            if time.monotonic() >= end:
                raise StartFailed(
                    f"Garret did not answer within {START_SECONDS:.0f} s of its start. {log} may tell why; "
                    "`garret doctor` examines the machine."
                ) from error
        if not lost and process.poll() is not None:
            reason = failure(log, begin, process.returncode)
            if reason.code != Code.CONFLICT:
                raise reason
            lost = True  # another one was first; it will answer
        time.sleep(_PAUSE)


def failure(log: Path, begin: int, status: int | None) -> GarretError:
    """Why a control plane ended at its start: the last error it wrote after `begin` (bytes)."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(min(begin, end), end - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        lines = []
    told = told_error(lines)
    if told is not None:
        return told
    last = last_words(lines)
    ended = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
    return StartFailed(
        f"Garret ended at its start ({ended}){': ' + last if last else ''}. Nothing was changed; {log} has "
        "all it said.",
        code=Code.FAILED,
    )


def told_error(lines: list[bytes]) -> GarretError | None:
    """The last of the lines that is an error of the control plane: a JSON object with code and message."""
    for line in reversed(lines):
        try:
            said = msgspec.json.decode(line, type=_Said)
        except msgspec.MsgspecError:
            continue
        return StartFailed(said.message, code=said.code)
    return None


def last_words(lines: list[bytes]) -> str:
    """The last line that says something, at most 500 characters."""
    last = next((line for line in reversed(lines) if line.strip()), b"")
    return last.decode("utf-8", "replace").strip()[:500]


def running_process(home: Home) -> int | None:
    """The process id of the control plane that holds the home's lock; None where nobody does."""
    import fcntl

    try:
        descriptor = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A shared try on an open lock would keep a control plane out for a moment, so the lock is
        # looked at only when its writer is alive.
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        if not holder.isdigit() or not _is_alive(int(holder)):
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(holder)
        return None  # the number belongs to some other process by now
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
