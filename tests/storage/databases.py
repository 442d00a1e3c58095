"""What the tests of storage share: fixed keys, readers of a file, ways to damage it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from garret.base.clock import ManualClock
from garret.storage.connection import Access, Readers, connect
from garret.storage.objects import Sealed
from garret.storage.store import Keys

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
KEYS = Keys(KEY, OTHER_KEY)

FIRST_FORMAT = Sealed(
    bytes.fromhex(
        "9701ac6e6f74652e7772697474656ec420ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c05"
        "91c420ababababababababababababababababababababababababababababababababc081a474657874a568656c6c6f"
    ),
    bytes.fromhex(
        "32b97fa5a754f05360193b8c20136a1ad60e87bdea4eb6a6615a4de53d4b9c77"
        "8c0dca3b7b6deeee75362e4db16aa7b4f87a0f22b15d94bf3a3e143407a50b01"
    ),
)
"""A note as format 1 had it, of the device whose seed is 32 times seven."""


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
