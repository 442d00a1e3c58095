"""Gives back what the start used: free pages that the C library keeps in case they are wanted again.

Measured 6 s after the page was there: 22 to 33 MiB of some 270 of this process, in a few milliseconds. The
allocator never does it by itself for what lies below the end of its heap (malloc_trim(3)); others than
glibc's have no such call and need none.

Belongs to Qt's main thread. Neighbour: `shell`, which asks once the page has settled.
"""

from __future__ import annotations

import ctypes
from typing import Final

from PySide6.QtCore import QObject, QTimer

SETTLED_MS: Final = 6_000


def give_back() -> bool:
    """Give free pages back to the system; whether any went."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return bool(trim(0)) if trim is not None else False


def give_back_later(owner: QObject) -> None:
    """Do it when what has just begun has settled, unless `owner` is gone by then."""

    def settled() -> None:
        give_back()

    QTimer.singleShot(SETTLED_MS, owner, settled)
