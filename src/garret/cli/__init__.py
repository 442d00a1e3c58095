"""The command line: a client like any other, which knows protocol, transport and the rooms' manifests.

A warm call has 150 ms as a whole process, and nearly all of it is importing. Before anything else,
msgspec is therefore loaded without typing_extensions, which it wants only for names that the standard
library has as well (measured: 12 to 15 ms of 120 ms).
"""

from __future__ import annotations

import importlib
import sys


def _load_msgspec() -> None:
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]


_load_msgspec()
