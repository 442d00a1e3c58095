"""None, True and False as Python has them from 3.12 on: immortal, whoever miscounts their references.

The wheels of PySide6 6.12 return these three without counting a reference, which is right where they are
immortal. Under Python 3.11 each such call takes one away: measured, every call of a method without result, so
that a program dies ("deallocating None") after some 6,000 of them. What Python 3.12 does at its start is done
here instead: the counts are set so high that they never come near zero.

Neighbours: `transport.qt` and the window call this before they load PySide6.
"""

from __future__ import annotations

import sys
from typing import Final

_FIRST_IMMORTAL: Final = (3, 12)
_REFERENCES: Final = 1 << 60  # at a million lost in a second, 36,000 years


def keep_singletons() -> None:
    """See the module. Idempotent; does nothing where Python does it itself, or counts otherwise."""
    if sys.version_info >= _FIRST_IMMORTAL or sys.implementation.name != "cpython":
        return
    import ctypes  # 5 ms, and only here

    for kept in (None, True, False):
        if sys.getrefcount(kept) < _REFERENCES // 2:
            # The count is the first field of every object of CPython (Include/object.h, PyObject).
            ctypes.c_ssize_t.from_address(id(kept)).value += _REFERENCES
