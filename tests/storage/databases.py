"""What the tests of storage share: fixed keys, readers of a file, ways to damage it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from garret.base.clock import ManualClock
from garret.storage.connection import Access, Readers, connect
from garret.storage.store import Keys

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
KEYS = Keys(KEY, OTHER_KEY)


def readers_of(path: Path, clock: ManualClock, *, limit: int = 16) -> Readers:
    """Readers of the file at `path`."""
    return Readers(partial(connect, path, KEY, access=Access.READ), clock=clock, limit=limit)


def flip(path: Path, offset: int) -> None:
    """Damage one bit of the file at `path`."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
