"""One window a home: the first holds a lock, and whoever comes second has the first come to the front.

The lock (`window.lock` in the home) is the kernel's and ends with its holder; the file names the holder's
process. A second start signals that process with SIGUSR1, which works with no control plane and without
anything that listens. While there is a control plane, `garret open` asks it instead (`desk.show`), since
that can name a page.

Neighbours: `__main__` takes the lock, `signals` hears the signal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from typing import Final

from garret.base.errors import Code
from garret.base.paths import Home
from garret.shell.errors import ShellError

LOCK: Final = "window.lock"
CALL: Final = signal.SIGUSR1
_LONGEST_NUMBER: Final = 20


class Instance:
    """The lock, held until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Home) -> Instance | None:
        """Hold the home's lock; None where another window does. Raises ShellError where it cannot be.

        The caller hears `CALL` already: a second start may send it the moment that the file names this
        process.
        """
        try:
            descriptor = os.open(home.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ShellError(
                f"{home.root / LOCK} cannot be written: {error.strerror}. No window was opened.",
                code=Code.READ_ONLY,
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let another window have it. The file stays: removing it could take it from who just locked it."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def holder(home: Home) -> int | None:
    """The process that holds the home's window; None where there is none, or it is only just starting."""
    try:
        descriptor = os.open(home.root / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        said = os.pread(descriptor, _LONGEST_NUMBER, 0)
        return int(said) if said.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


def call_first(home: Home) -> bool:
    """Have the first window come to the front; whether there was one to hear it."""
    process = holder(home)
    if process is None:
        return False
    try:
        os.kill(process, CALL)
    except OSError:
        return False
    return True
