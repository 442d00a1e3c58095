"""A control plane whose wall clock is moved from outside: `python jumping_daemon.py FILE`.

FILE holds one double, the seconds that the clock is wrong by; changing it is the jump. The monotonic
clock goes on as it does when NTP or a person sets the time.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path

_DOUBLE = struct.Struct("d")


def install(path: Path) -> None:
    """Have all of this process read the wall clock with the offset in `path`."""
    with path.open("rb") as file:
        offset = mmap.mmap(file.fileno(), _DOUBLE.size, prot=mmap.PROT_READ)
    right, right_ns = time.time, time.time_ns

    def now() -> float:
        return right() + float(_DOUBLE.unpack(offset[: _DOUBLE.size])[0])

    def now_ns() -> int:
        return right_ns() + int(_DOUBLE.unpack(offset[: _DOUBLE.size])[0] * 1e9)

    time.time, time.time_ns = now, now_ns


def jump(path: Path, seconds: float) -> None:
    """Set how wrong the clock is, in one step."""
    with path.open("r+b") as file:
        file.write(_DOUBLE.pack(seconds))


if __name__ == "__main__":
    install(Path(sys.argv[1]))
    from garret.daemon import main

    sys.exit(main([]))
