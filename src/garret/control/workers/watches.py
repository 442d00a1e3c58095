"""Watches on folders, made for a worker that may be told of what changes in them (inotify(7)).

The kernel lets a process watch every folder that its user may read, whatever its cage says, so the control
plane makes the watches, on granted folders and those below them only, and the worker gets the descriptor to
read from. Invariants: a folder is judged and watched by the same descriptor, so that exchanging it for a link
in between gains nothing. Neighbour: `lending`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from garret.base.errors import Code
from garret.control.errors import ControlError
from garret.worker import kernel
from garret.worker.syscall_numbers import NUMBERS

_CLOEXEC: Final = 0o2000000
_NONBLOCK: Final = 0o4000
# Written and closed, moved, created, deleted, and what becomes of the folder itself (linux/inotify.h).
_MASK: Final = 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
_ONLY_FOLDERS: Final = 0x01000000


class Watches:
    """One inotify descriptor, for folders at or below `granted` (absolute paths)."""

    def __init__(self, granted: tuple[str, ...]) -> None:
        """Raises ControlError where nothing was granted, OSError where the system gives no more of them."""
        if not granted:
            raise ControlError("This worker was granted no folder to watch.", code=Code.DENIED)
        self._granted = tuple(Path(path).resolve() for path in granted)
        self._numbers = NUMBERS[os.uname().machine]
        flags = _CLOEXEC | _NONBLOCK
        self.descriptor = kernel.syscall("inotify_init1", self._numbers["inotify_init1"], flags)

    def add(self, path: str) -> int:
        """Watch a folder; returns the number that its events carry.

        Raises ControlError (denied, not found), and OSError where the system gives no more watches.
        """
        try:
            folder = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise ControlError(f"{path} cannot be watched: {error.strerror}.", code=Code.NOT_FOUND) from error
        try:
            held = f"/proc/self/fd/{folder}"
            leads_to = Path(held).readlink()
            if not any(leads_to.is_relative_to(granted) for granted in self._granted):
                raise ControlError(
                    f"{path} is not among the folders that this worker may watch.", code=Code.DENIED
                )
            return kernel.inotify_add_watch(
                self._numbers["inotify_add_watch"], self.descriptor, held, _MASK | _ONLY_FOLDERS
            )
        finally:
            os.close(folder)

    def close(self) -> None:
        """Close the descriptor kept here; the worker's own goes on."""
        os.close(self.descriptor)
