"""Which blobs were compared with their names in this run, and which of them were not what they should be.

A blob counts as compared while its inode, size and times are those that it had then (stat(2); the change time
cannot be set by a program). Another file under its name, or one that was written to, is compared anew.

Neighbours: `blobs` compares and asks.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final, TypeAlias

_REMEMBERED: Final = 20_000  # blobs; about 5 MB. What is forgotten is read once more
_SUSPECTS: Final = 1_000

Stamp: TypeAlias = tuple[int, int, int, int]


def stamp_of(descriptor: int) -> Stamp:
    """What tells an open file from the same one changed. Raises OSError."""
    return _stamp(os.fstat(descriptor))


def stamp_at(path: Path) -> Stamp:
    """The same of a file by its name. Raises OSError."""
    return _stamp(path.stat())


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


class BlobChecks:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sound: OrderedDict[str, Stamp] = OrderedDict()
        self._suspects: dict[str, None] = {}

    def knows(self, identity: str, stamp: Stamp) -> bool:
        """Whether this very file was compared and found sound."""
        with self._lock:
            return self._sound.get(identity) == stamp

    def found_sound(self, identity: str, stamp: Stamp) -> None:
        with self._lock:
            self._sound[identity] = stamp
            self._sound.move_to_end(identity)
            if len(self._sound) > _REMEMBERED:
                self._sound.popitem(last=False)
            self._suspects.pop(identity, None)

    def found_damaged(self, identity: str) -> None:
        with self._lock:
            self._sound.pop(identity, None)
            if len(self._suspects) < _SUSPECTS:
                self._suspects[identity] = None

    def forget(self, identity: str) -> None:
        """It was removed."""
        with self._lock:
            self._sound.pop(identity, None)
            self._suspects.pop(identity, None)

    def suspects(self) -> tuple[str, ...]:
        """Those found damaged in this run and not healed or removed since, at most 1,000."""
        with self._lock:
            return tuple(self._suspects)
