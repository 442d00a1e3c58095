"""The person's shell in a terminal, started for a worker that was granted one.

A cage is inherited, so a caged worker cannot start a shell that may do what the person may. The control plane
makes the terminal and starts the shell on it, as a login does: in a session of its own, with the person's
environment and rights. The worker gets the end that types and reads. When nobody holds that end any more, the
kernel hangs up on the shell (pty(7)), so it ends with the worker and with the control plane; what a person
started there to outlast a closed window outlasts it, as everywhere.

Neighbours: `lending` asks, `plane` counts the shells among the processes that are no workers.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pwd
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Final

from garret.base import log
from garret.base.errors import Code
from garret.control.errors import ControlError

_logger = log.get("control.terminals")

_SIZE: Final = struct.Struct("4H")  # rows, columns, and twice nothing (tty_ioctl(4))
_MOST_CELLS: Final = 1000
_MOST: Final = 16
_FALLBACK: Final = "/bin/sh"
# It makes the terminal its session's own and becomes the shell. A program of its own does what has to happen
# after the fork, since the control plane has threads.
_STARTER: Final = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.argv[1], ['-' + os.path.basename(sys.argv[1])])\n"
)


class Terminals:
    """The shells that run. Belongs to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._shells: dict[int, tuple[subprocess.Popen[bytes], int]] = {}  # by pid, with a pidfd

    def pids(self) -> list[int]:
        """The process ids of the shells that have not ended."""
        return list(self._shells)

    def open(self, columns: int, rows: int) -> int:
        """Start the shell; return the terminal's end for the worker, the caller's to close.

        Raises ControlError for a size that makes no sense or too many shells, OSError.
        """
        if not (0 < columns <= _MOST_CELLS and 0 < rows <= _MOST_CELLS):
            raise ControlError(f"A terminal of {columns} x {rows} makes no sense.", code=Code.INVALID)
        if len(self._shells) >= _MOST:
            raise ControlError(f"{_MOST} shells are open already; close one first.", code=Code.FULL)
        ours, theirs = os.openpty()
        try:
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, _SIZE.pack(rows, columns, 0, 0))
            os.set_inheritable(ours, False)
            self._start(theirs)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return ours

    def _start(self, terminal: int) -> None:
        person = pwd.getpwuid(os.getuid())
        home = person.pw_dir if Path(person.pw_dir).is_dir() else "/"
        shell = person.pw_shell if os.access(person.pw_shell, os.X_OK) else _FALLBACK
        environ = {**os.environ, "TERM": "xterm-256color", "SHELL": shell, "HOME": home}
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _STARTER, shell],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=home,
            env=environ,
            start_new_session=True,
        )
        held = os.pidfd_open(process.pid)
        self._shells[process.pid] = (process, held)
        self._loop.add_reader(held, self._ended, process.pid)
        _logger.info("the shell %s was started in a terminal (process %d)", shell, process.pid)

    def _ended(self, pid: int) -> None:
        process, held = self._shells.pop(pid)
        self._loop.remove_reader(held)
        os.close(held)
        process.wait()

    def close(self) -> None:
        """Look after none of them any more; each ends with the worker that has its terminal."""
        for _, held in self._shells.values():
            self._loop.remove_reader(held)
            os.close(held)
        self._shells.clear()
