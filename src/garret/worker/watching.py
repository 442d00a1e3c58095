"""Watches on folders: what changed in them, told by the kernel (inotify(7)).

The control plane makes the watches, since the kernel holds nobody to a path there, and passes the descriptor;
reading it is the worker's. A watch is on one folder, without those below it. Invariants: nothing is polled;
a queue that overflowed is told as such, never passed over. Neighbour: `asking`.
"""

from __future__ import annotations

import os
import select
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from garret.protocol.asking import AskWatch
from garret.worker.asking import Asking
from garret.worker.errors import WorkerError

_EVENT: Final = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
_READ_BYTES: Final = 65_536  # some 2000 events; a name takes 256 bytes at most


class Change(IntFlag):
    """What happened, in the kernel's numbering (linux/inotify.h)."""

    WRITTEN = 0x8
    MOVED_FROM = 0x40
    MOVED_TO = 0x80
    CREATED = 0x100
    DELETED = 0x200
    FOLDER_DELETED = 0x400
    FOLDER_MOVED = 0x800
    UNMOUNTED = 0x2000
    OVERFLOW = 0x4000
    GONE = 0x8000
    IS_FOLDER = 0x40000000


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of `name` in the watched `folder`; both empty where the queue overflowed and some are lost."""

    folder: str
    name: str
    change: Change


class FolderWatch:
    """Watched folders of one worker. Use as a context manager. Methods are for one thread at a time."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._folders: dict[int, str] = {}
        self._descriptor = -1

    def add(self, folder: str) -> None:
        """Watch `folder`, which a grant to watch has to cover. Raises WorkerError (denied, not found)."""
        given, descriptors = self._asking.ask(AskWatch(folder))
        for descriptor in descriptors:
            self._descriptor = descriptor
        self._folders[given.number] = folder

    def changes(self, seconds: float | None = None) -> Iterator[Changed]:
        """What changed since the last look, waiting up to `seconds` (None: for ever) for something to change.

        Raises WorkerError where nothing is watched.
        """
        if self._descriptor < 0:
            raise WorkerError("No folder is watched.")
        waiting = select.poll()
        waiting.register(self._descriptor, select.POLLIN)
        if not waiting.poll(None if seconds is None else seconds * 1000):
            return
        data = os.read(self._descriptor, _READ_BYTES)
        position = 0
        while position < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, position)
            position += _EVENT.size
            name = os.fsdecode(data[position : position + length].rstrip(b"\0"))
            position += length
            yield Changed(self._folders.get(watch, ""), name, Change(mask))

    def __enter__(self) -> FolderWatch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
