"""Reads from a program file which dynamic loader it asks for.

Invariants: reads only, never raises for a file that is not a program. Neighbour: `sandbox`, which must let
the kernel execute the loader of every program granted.
"""

from __future__ import annotations

import os
import struct

_PT_INTERP = 3
_LONGEST_PATH = 4096  # bytes, PATH_MAX
_MOST_SEGMENTS = 128


def interpreter(path: str) -> str | None:
    """The PT_INTERP path of the 64-bit little-endian ELF file `path` (elf(5)); None if it has none."""
    try:
        with open(path, "rb") as file:
            header = file.read(64)
            if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":
                return None
            (table,) = struct.unpack_from("<Q", header, 32)
            size, count = struct.unpack_from("<HH", header, 54)
            if size < 56:
                return None
            for index in range(min(count, _MOST_SEGMENTS)):
                file.seek(table + index * size)
                segment = file.read(56)
                if len(segment) == 56 and struct.unpack_from("<I", segment)[0] == _PT_INTERP:
                    (offset,) = struct.unpack_from("<Q", segment, 8)
                    (length,) = struct.unpack_from("<Q", segment, 32)
                    file.seek(offset)
                    return os.fsdecode(file.read(min(length, _LONGEST_PATH)).rstrip(b"\0")) or None
    except (OSError, ValueError, OverflowError):
        return None
    return None
